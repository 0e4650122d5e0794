"""Where the record kit keeps personal data: a service adds these to its own erasers."""

from chassis.erasure.declaring import Personal
from engines.attachments.models import Attachment
from engines.comments import Comment
from engines.explain import DecisionRow
from engines.forms.models import UniqueValue
from engines.ownership.models import OwnerChange
from engines.timeline.activity import Activity
from engines.timeline.tasks import Task
from engines.transfer.models import ImportRow

_RECORD = ("subject_kind", "subject_id")

KIT = (
    Personal(Activity, ("text", "participants", "next_step"), about=_RECORD),
    Personal(Task, ("title", "note"), about=_RECORD),
    Personal(Comment, ("text",), about=_RECORD),
    Personal(DecisionRow, ("inputs", "steps"), about=("subject",)),
    Personal(OwnerChange, ("reason",), about=_RECORD),
    Personal(DecisionRow, ("inputs", "steps"), about=("subject",)),
    Personal(UniqueValue, about=_RECORD, delete=True),
    Personal(
        ImportRow, ("reason", "before", "kept_because"), about=("kind", "record_id"), mentions=("reason", "before")
    ),
    Personal(Attachment, about=_RECORD, delete=True),  # the sweep removes content that nothing refers to
)
