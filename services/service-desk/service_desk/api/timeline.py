"""Routes of activities and tasks on tickets."""

from chassis.api import Api
from engines import timeline_api
from service_desk.objects import TICKET

api = Api("service-desk", tag="timeline")
timeline_api.mount(api, [TICKET])
