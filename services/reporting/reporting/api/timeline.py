"""Timeline, tasks, comments, files, tags and followers of this service's records, by the shared routes."""

from chassis.api import Api
from engines import timeline_api

api = Api("reporting", tag="timeline")
timeline_api.mount(api)
