"""Automation rules of this service's records, by the shared routes."""

from chassis.api import Api
from engines.rules import api as rules

api = Api("sales", tag="automation")
rules.mount(api)
