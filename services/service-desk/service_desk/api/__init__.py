"""JSON routes of the service desk, a file per noun."""

from service_desk.api import automation, definitions, sharing, tickets, timeline

APIS = [tickets.api, definitions.api, timeline.api, sharing.api, automation.api]
