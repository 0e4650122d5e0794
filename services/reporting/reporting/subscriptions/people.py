"""Facts of what people do, from every service: activities they log and features they use."""

from collections import Counter
from collections.abc import Sequence
from datetime import date

from marshmallow import fields
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from chassis.db import is_sqlite
from chassis.subscriptions import Received, Subscriptions
from reporting.models import Activity, Usage
from reporting.projecting import fields_of, put
from reporting.subscriptions.reading import reads

on = Subscriptions()
ActivityLogged = reads(required="activity_id subject kind by", moments="at")
Summarised = reads(required="hour", counts=fields.List(fields.Dict(), load_default=list))


@on(
    "*.activity.logged.v1",
    group="activity_facts",
    kind="projection",
    reads=ActivityLogged,
    tables=[Activity],
    batch=True,
)
def activity_logged(session: Session, events: Sequence[Received]) -> None:
    rows = []
    for event in events:
        kind, _, subject_id = event.data["subject"].partition("/")
        row = fields_of(
            event, ["kind", "by", "at"], id=event.data["activity_id"], subject_kind=kind, subject_id=subject_id
        )
        rows.append(row | {"state_seq": event.sequence})
    put(session, Activity, rows, latest={"state_seq": ["kind", "by", "at", "subject_kind", "subject_id"]})


@on("*.usage.summarised.v1", group="usage_facts", kind="projection", reads=Summarised, tables=[Usage], batch=True)
def usage_summarised(session: Session, events: Sequence[Received]) -> None:
    """Sums commute, and the cursor lets no event through twice; so uses simply add up."""
    uses: Counter[tuple[str, str, str]] = Counter()
    for event in events:
        for count in event.data["counts"]:
            uses[count["user_id"], count["feature"], str(count["day"])[:10]] += int(count["uses"])
    if not uses:
        return
    dialect = sqlite if is_sqlite(session) else postgresql
    made = dialect.insert(Usage.__table__)
    keys = ["user_id", "feature", "day"]
    adding = made.on_conflict_do_update(index_elements=keys, set_={"uses": Usage.uses + made.excluded.uses})
    rows = [
        {"user_id": user, "feature": feature, "day": date.fromisoformat(day), "uses": count}
        for (user, feature, day), count in sorted(uses.items())
    ]
    session.execute(adding, rows)
