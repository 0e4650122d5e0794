"""Timeline, comments, files, tags and followers of this service's records, by the shared routes."""

from chassis.api import Api
from engines import timeline_api

api = Api("approvals", tag="timeline")
timeline_api.mount(api, tasks_too=False)
