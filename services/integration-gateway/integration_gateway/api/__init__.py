"""JSON routes of the gateway, a file per noun."""

from integration_gateway.api import clients, directory, erasures, hand_overs, inbox, me, sessions, timeline

APIS = [directory.api, clients.api, sessions.api, me.api, inbox.api, timeline.api, erasures.api, hand_overs.api]
