"""The record kit's events and timers, for a service's declaration in app.py and timers.py."""

from chassis.timers import Timers
from engines import comments, news, notifications, tags, timeline
from engines.attachments import keeping
from engines.forms import events as form_events
from engines.forms import publishing
from engines.timeline import activity

WITHOUT_TASKS = (activity, comments, keeping, tags, notifications, form_events)
EVENTS = (timeline, comments, keeping, tags, notifications, form_events)


def join(due: Timers, *, tasks: bool = True) -> None:
    """Add the kit's timers to a service's."""
    for other in (news.due, tags.due, publishing.due, *((timeline.due,) if tasks else ())):
        due.include(other)
