"""JSON routes of the leads service, a file per noun."""

from leads.api import automation, capture, definitions, imports, leads, ownership, sharing, timeline

APIS = [leads.api, capture.api, definitions.api, imports.api, timeline.api, ownership.api, sharing.api, automation.api]
