"""Rules that wait for a day: one timer each looks once a day (for times once an hour) for the records whose moment came."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, delete, extract, false, func, or_, select
from sqlalchemy.orm import Session

from chassis import clock
from chassis.timers import Timer, Timers, arm, cancel
from engines.conditions import Context, to_sql
from engines.conditions.context import company_zone
from engines.conditions.sql import column
from engines.explain import DecisionRow
from engines.objects import Field
from engines.rules import definitions
from engines.rules.automated import Automated, kinds_of
from engines.rules.definitions import Rule
from engines.rules.models import AutomationRule, AutomationUse
from engines.rules.running import NOT_MET, Occasion, run

LOOK, SWEEP = "automation_due", "automation_sweep"
AT_ONCE = 100
MORNING = "09:00"
MISSED = 31  # days a worker may have been down without a day being left out
KEEP_NOT_MET = timedelta(days=7)
due = Timers()


def arm_rule(session: Session, rule: AutomationRule) -> None:
    """Set or take back the timer of a rule that was published."""
    trigger = rule.body["trigger"]
    if not rule.active or trigger["on"] in definitions.ON_LOG:
        cancel(session, kind=LOOK, key=rule.id)
    else:
        kind = kinds_of(session)[rule.subject_kind].kind
        now = clock.now()
        arm(session, kind=LOOK, key=rule.id, due_at=next_look(trigger, kind.by_name.get(trigger.get("field", "")), now),
            payload={"since": clock.iso(now)})  # fmt: skip
    arm(session, kind=SWEEP, key="all", due_at=clock.now() + timedelta(days=1))


def next_look(trigger: Mapping[str, Any], field: Field | None, after: datetime) -> datetime:
    """The next moment at which a rule looks, in UTC."""
    if trigger["on"] == "date" and field is not None and field.kind == "datetime":
        return after + timedelta(hours=1)
    zone = ZoneInfo(company_zone())
    local = after.astimezone(zone)
    at = time.fromisoformat(trigger.get("at") or MORNING)
    for ahead in range(40):
        day = local.date() + timedelta(days=ahead)
        moment = datetime.combine(day, at, zone).astimezone(UTC)
        if moment > after and _is_day(trigger, day):
            return moment
    raise AssertionError("every month has the day")


def _is_day(trigger: Mapping[str, Any], day: date) -> bool:
    every = trigger.get("every") if trigger["on"] == "schedule" else "day"
    if every == "week":
        return day.isoweekday() == int(trigger.get("weekday") or 1)
    return every != "month" or day.day == int(trigger.get("day") or 1)


@due(LOOK)
def look(session: Session, timer: Timer) -> None:
    """Run the rule for a batch of the records whose moment came since it last looked; armed again until all had it."""
    rule = definitions.in_force(session).rules.get(timer.key)
    if rule is None or rule.on_event:
        return
    automated = kinds_of(session)[rule.about]
    field = automated.kind.by_name.get(rule.trigger.get("field") or "")
    since, until = clock.parse(timer.payload["since"]), _until(timer)
    wanted = due_between(automated, rule, since, until)
    after = timer.payload.get("after", "")
    model = automated.kind.model
    ids = session.scalars(select(model.id).where(model.id > after, wanted).order_by(model.id).limit(AT_ONCE)).all()
    for record_id in ids:
        record = session.get(model, record_id, with_for_update=True)
        if record is not None:
            run(session, automated, rule, record, Occasion(what=rule.trigger["on"], at=until))
    if len(ids) == AT_ONCE:
        arm(session, kind=LOOK, key=rule.id, due_at=clock.now(),
            payload={"since": clock.iso(since), "until": clock.iso(until), "after": ids[-1]})  # fmt: skip
    else:
        arm(
            session,
            kind=LOOK,
            key=rule.id,
            due_at=next_look(rule.trigger, field, until),
            payload={"since": clock.iso(until)},
        )


def _until(timer: Timer) -> datetime:
    return clock.parse(timer.payload["until"]) if "until" in timer.payload else clock.now()


def due_between(automated: Automated, rule: Rule, since: datetime, until: datetime) -> ColumnElement[bool]:
    """The WHERE clause of the records whose moment lies in (since, until] and that meet the condition."""
    meets = to_sql(rule.condition, automated.kind, Context(now=until))
    if rule.trigger["on"] == "schedule":
        return meets
    field = automated.kind.by_name[rule.trigger["field"]]
    value, ahead = column(field, automated.kind.model), timedelta(days=int(rule.trigger.get("days") or 0))
    if field.kind == "datetime":
        first, last = since - ahead, until - ahead
        between = (
            and_(value > clock.iso(first), value <= clock.iso(last))
            if field.json_key
            else and_(value > first, value <= last)
        )
        return and_(between, meets)
    days = [day - ahead for day in days_between(since, until, rule.trigger.get("at") or MORNING)]
    if rule.trigger.get("yearly"):
        return and_(or_(false(), *(_on_day_of_year(field, value, day) for day in _with_leap_days(days))), meets)
    return and_(value.in_([day.isoformat() if field.json_key else day for day in days]), meets)


def days_between(since: datetime, until: datetime, at: str) -> list[date]:
    """The company's days whose moment `at` lies in (since, until], the last MISSED of them."""
    zone, moment = ZoneInfo(company_zone()), time.fromisoformat(at)
    day, found = since.astimezone(zone).date(), []
    while day <= until.astimezone(zone).date():
        if since < datetime.combine(day, moment, zone).astimezone(UTC) <= until:
            found.append(day)
        day += timedelta(days=1)
    return found[-MISSED:]


def _with_leap_days(days: list[date]) -> list[tuple[int, int]]:
    """(month, day) of each; who was born on 29 February has the 28th in other years."""
    found = [(day.month, day.day) for day in days]
    if any((day.month, day.day) == (2, 28) and not _is_leap(day.year) for day in days):
        found.append((2, 29))
    return found


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _on_day_of_year(field: Field, value: Any, day: tuple[int, int]) -> ColumnElement[bool]:
    if field.json_key:
        return func.substr(value, 6, 5) == f"{day[0]:02}-{day[1]:02}"
    return and_(extract("month", value) == day[0], extract("day", value) == day[1])


@due(SWEEP)
def sweep(session: Session, timer: Timer) -> None:
    """Forget occasions on which a condition did not hold, and counts of hours long past."""
    old = clock.now() - KEEP_NOT_MET
    wanted = select(DecisionRow.id).where(DecisionRow.kind == NOT_MET).order_by(DecisionRow.id).limit(5000)
    rows = session.execute(wanted.add_columns(DecisionRow.at)).all()
    gone = [row.id for row in rows if row.at < old]
    if gone:
        session.execute(delete(DecisionRow).where(DecisionRow.id.in_(gone)))
    session.execute(delete(AutomationUse).where(AutomationUse.hour < clock.now() - timedelta(days=2)))
    again = timedelta() if len(gone) == len(rows) == 5000 else timedelta(days=1)
    arm(session, kind=SWEEP, key="all", due_at=clock.now() + again)
