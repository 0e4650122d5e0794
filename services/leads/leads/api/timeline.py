"""Activities and tasks of leads, by the shared routes."""

from chassis.api import Api
from engines import timeline_api
from leads import progress
from leads.objects import LEAD

api = Api("leads", tag="timeline")
timeline_api.mount(api, [LEAD], after_activity=progress.after_activity)
