"""JSON routes of reporting."""

from reporting.api import definitions, questions

APIS = (questions.api, definitions.api)
