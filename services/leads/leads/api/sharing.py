"""Routes of shares, by the shared ones."""

from chassis.api import Api
from engines import sharing_api
from leads.objects import LEAD

api = Api("leads", tag="sharing")
sharing_api.mount(api, [LEAD])
