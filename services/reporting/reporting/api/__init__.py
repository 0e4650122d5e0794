"""JSON routes of reporting."""

from reporting.api import definitions, questions, timeline

APIS = (questions.api, definitions.api, timeline.api)
