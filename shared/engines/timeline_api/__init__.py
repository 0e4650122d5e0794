"""JSON routes of the record kit for all kinds of records of a service, within the access of each record; and its forms."""

from chassis.api import Api
from engines.forms import api as forms_api
from engines.timeline_api import activities, attachments, comments, followers, history, tags, tasks
from engines.timeline_api.subjects import Subjects

__all__ = ["Subjects", "mount"]


def mount(api: Api, *, tasks_too: bool = True) -> None:
    """Add the routes of the record kit to a service's API; `tasks_too=False` where it has tasks of its own kind."""
    subjects = Subjects(api.service)
    for part in (activities, comments, attachments, tags, followers, history):
        part.mount(api, subjects)
    forms_api.mount(api)
    if tasks_too:
        tasks.mount(api, subjects)
