"""The JSON API of approvals, a file per noun."""

from approvals.api import definitions, delegations, instances, sharing, tasks, timeline

APIS = (tasks.api, instances.api, definitions.api, delegations.api, timeline.api, sharing.api)
