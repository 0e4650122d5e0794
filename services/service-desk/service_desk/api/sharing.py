"""Routes of shares, by the shared ones."""

from chassis.api import Api
from engines import sharing_api
from service_desk.objects import TICKET

api = Api("service-desk", tag="sharing")
sharing_api.mount(api, [TICKET])
