"""From a figure to the records it is made of, as far as the caller may read them."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import orjson
from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from chassis import clock
from chassis.caller import Caller
from chassis.errors import Invalid
from chassis.i18n import gettext as _
from engines import access, conditions
from reporting.errors import NoDrill, QueryInvalid
from reporting.facts import FACTS, Fact
from reporting.metrics import catalogue
from reporting.metrics.definition import Component, Metric
from reporting.querying import compile, scope
from reporting.querying.compile import Ground
from reporting.querying.periods import Period, buckets, grain_for, period
from reporting.querying.rows import Rows
from reporting.settings import current

MAX_RECORDS = 200
LINKS = {
    "lead": "/leads/leads/{}",
    "account": "/sales/accounts/{}",
    "opportunity": "/sales/opportunities/{}",
    "contract": "/sales/contracts/{}",
    "ticket": "/service-desk/tickets/{}",
}


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Records behind one figure: a metric, the values of its dimensions, and which part of a share."""

    metric: str
    at: Mapping[str, Any] = field(default_factory=dict)
    condition: Mapping[str, Any] = field(default_factory=lambda: {"all": []})
    period: Any = None
    grain: str = ""
    part: str = ""
    cursor: str = ""
    limit: int = 50


@dataclass
class Record:
    """One record: where it is, what it is called, and what the list shows of it."""

    kind: str
    id: str
    title: str
    link: str
    values: dict[str, Any]


@dataclass
class Records:
    """One page of them, and what the list is made of."""

    fact: Fact
    metric: Metric
    shown: list[str]
    items: list[Record]
    next_cursor: str | None


def records(session: Session, *, caller: Caller, wanted: Wanted) -> Records:
    """The records of a figure, newest first; NoDrill when the caller may see totals only."""
    known = catalogue.metrics(session)
    metric = catalogue.wanted(known, [wanted.metric])[0]
    component = _part(catalogue.components(known, metric), metric, wanted.part)
    fact = FACTS[component.fact]
    if not any(access.has_right(session, caller, kind, "read") for kind in (fact.record_kinds or [fact.record])):
        raise NoDrill()
    zone = current().time_zone
    within = _period(wanted, zone)
    context = conditions.Context(caller=caller, zone=zone)
    ground = Ground(session, caller, zone, within, (), wanted.condition, (), context)
    rows = Rows(session, fact)
    hidden = scope.hidden(session, caller, fact)
    conditions.check(wanted.condition, fact.object)
    used = {*wanted.at, *conditions.fields_used(wanted.condition)} - {"time"}
    scope.check_fields(session, caller, fact, used, drill=True)
    where = _where(ground, fact, rows, component, wanted)
    shown = [name for name in fact.shown if name not in hidden]
    statement, keys = _statement(fact, rows, component, shown, where, cursor=wanted.cursor)
    limit = min(wanted.limit, MAX_RECORDS)
    found = session.execute(statement.limit(limit + 1)).mappings().all()
    items = [_record(fact, dict(row), shown) for row in found[:limit]]
    after = _cursor([found[limit - 1][key] for key in keys]) if len(found) > limit else None
    return Records(fact, metric, shown, items, after)


def _part(components: Sequence[Component], metric: Metric, part: str) -> Component:
    """The rows of a simple metric; of a share those above the line, or with part `base` those below it."""
    if part not in ("", "base"):
        raise QueryInvalid(errors={"part": [_("Choose from: %(names)s", names="base")]})
    return components[-1] if part == "base" and len(components) > 1 else components[0]


def _period(wanted: Wanted, zone: str) -> Period:
    """The asked period, or the step of its time axis that `at` names."""
    whole = period(wanted.period, zone)
    if "time" not in wanted.at:
        return whole
    grain = wanted.grain or grain_for(whole)
    for bucket in buckets(whole, grain, zone):
        if bucket.label == wanted.at["time"]:
            return Period(bucket.first, bucket.last)
    raise QueryInvalid(errors={"at": [_("There is no such step in the period.")]})


def _where(ground: Ground, fact: Fact, rows: Rows, component: Component, wanted: Wanted) -> list[Any]:
    where = [
        *compile.base_filters(ground, fact, rows, drill=True),
        compile.component_filter(ground, fact, rows, component),
    ]
    for name, value in wanted.at.items():
        if name == "time":
            continue
        if name not in fact.dimensions:
            raise QueryInvalid(errors={"at": [_("Choose from: %(names)s", names=", ".join(fact.dimensions))]})
        where.append(rows.field(name).is_(None) if value is None else rows.field(name) == value)
    if component.time:
        since, until = compile.span(ground, fact, component, ground.period.first, ground.period.last)
        at = rows.field(component.time)
        where += [at >= since, at < until]
    return where


def _statement(
    fact: Fact, rows: Rows, component: Component, shown: Sequence[str], where: Sequence[Any], *, cursor: str
) -> tuple[Any, list[str]]:
    """Newest first by the metric's time, then by what makes a row one row."""
    columns = {name: rows.field(name) for name in dict.fromkeys([*fact.title, *shown])}
    columns |= {"_id": rows[fact.record_id]}
    columns |= {f"_link_{name}": rows[name] for name in _placeholders(fact.link)}
    if not fact.record:
        columns["_kind"] = rows["subject_kind"]
    order = {"_at": rows.field(component.time)} if component.time else {}
    order |= {f"_key{place}": column for place, column in enumerate(_identity(fact, rows))}
    statement = select(*(column.label(name) for name, column in {**columns, **order}.items()))
    statement = statement.select_from(rows.table).where(*where)
    if cursor:
        statement = statement.where(_after(list(order.values()), _read_cursor(cursor, len(order))))
    return statement.order_by(*(column.desc() for column in order.values())), list(order)


def _identity(fact: Fact, rows: Rows) -> list[Any]:
    if fact.table is None:
        return [rows["opportunity_id"], rows["place"]]
    return [rows[column.name] for column in fact.table.primary_key]


def _after(columns: Sequence[Any], values: Sequence[Any]) -> Any:
    choices: list[Any] = []
    same: list[Any] = []
    for column, value in zip(columns, values, strict=True):
        typed = _typed(column, value)
        choices.append(and_(*same, column < typed))
        same.append(column == typed)
    return or_(*choices)


def _typed(column: Any, value: Any) -> Any:
    kind = getattr(column.type, "impl_instance", column.type).python_type
    try:
        if kind is datetime:
            return clock.parse(value)
        if kind is date:
            return date.fromisoformat(value)
        if not isinstance(value, kind):
            raise ValueError
    except (ValueError, TypeError):
        raise _bad_cursor() from None
    return value


def _cursor(values: Sequence[Any]) -> str:
    plain = [clock.iso(value) if isinstance(value, datetime) else value for value in values]
    return base64.urlsafe_b64encode(orjson.dumps(plain)).rstrip(b"=").decode()


def _read_cursor(text: str, length: int) -> list[Any]:
    try:
        found = orjson.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
    except ValueError:
        raise _bad_cursor() from None
    if not isinstance(found, list) or len(found) != length:
        raise _bad_cursor()
    return found


def _bad_cursor() -> Invalid:
    return Invalid(errors={"cursor": [_("This cursor does not belong to this list")]})


def _record(fact: Fact, row: Mapping[str, Any], shown: Sequence[str]) -> Record:
    kind = fact.record or row["_kind"]
    title = next((str(row[name]) for name in fact.title if row[name]), row["_id"])
    if fact.link:
        link = fact.link.format(**{name: row[f"_link_{name}"] for name in _placeholders(fact.link)})
    else:
        link = LINKS.get(kind, "").format(row["_id"])
    return Record(kind, row["_id"], title, link, {name: row[name] for name in shown})


def _placeholders(link: str) -> list[str]:
    return [part.partition("}")[0] for part in link.split("{")[1:]]
