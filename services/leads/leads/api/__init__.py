"""JSON routes of the leads service, a file per noun."""

from leads.api import automation, capture, definitions, leads, ownership, sharing, timeline

APIS = [leads.api, capture.api, definitions.api, timeline.api, ownership.api, sharing.api, automation.api]
