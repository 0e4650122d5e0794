"""What the raw values of dimensions are called in the reader's language."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from babel import dates
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from chassis import directory
from chassis.i18n import current as language
from chassis.i18n import gettext as _
from chassis.i18n import pick
from engines.objects import Field
from reporting.facts import FACTS, stages
from reporting.models import Account, ApprovalTask

_CHUNK = 500


class Labels:
    """Names of values, looked up once per kind and question."""

    def __init__(self, session: Session, facts: Iterable[str] = ()):
        self._session = session
        self._facts = tuple(facts)  # where a name is looked up first, for a status means another thing in each
        self._nodes: dict[str, Any] | None = None
        self._stages: tuple[dict[str, Any], dict[str, Any]] | None = None
        self._accounts: dict[str, str] = {}

    def prepare(self, name: str, values: Iterable[Any]) -> None:
        """Fetch what naming these values needs."""
        if name == "account_id":
            missing = sorted({value for value in values if value} - self._accounts.keys())
            for start in range(0, len(missing), _CHUNK):
                query = select(Account.id, Account.name).where(Account.id.in_(missing[start : start + _CHUNK]))
                self._accounts |= {row.id: row.name or row.id for row in self._session.execute(query)}

    def of(self, name: str, value: Any, grain: str = "") -> str:
        """The text for one value of a dimension."""
        if value is None or value == "":
            return _("(none)")
        if name == "time":
            return step(date.fromisoformat(value), grain)
        found = field(name, self._facts)
        if found is not None and found.kind == "person":
            return directory.names(self._session, [value]).get(value, value)
        if found is not None and found.kind == "department":
            known = directory.snapshot(self._session).departments.get(value)
            return known.name if known else value
        if name == "account_id":
            return self._accounts.get(value, value)
        if name in ("stage", "pipeline"):
            return self._stage(name, value)
        if name == "node":
            return self._node(value)
        if found is not None and found.kind == "boolean":
            return _("Yes") if value else _("No")
        choices = found.choices if found is not None else ()
        if isinstance(choices, Mapping) and value in choices:
            return pick(choices[value])
        return str(value)

    def _node(self, value: str) -> str:
        if self._nodes is None:
            task = ApprovalTask
            newest = select(func.max(task.told_seq)).where(task.node_name.is_not(None)).group_by(task.node)
            named = select(task.node, task.node_name).where(task.told_seq.in_(newest))
            self._nodes = {row.node: row.node_name for row in self._session.execute(named)}
        return pick(self._nodes.get(value)) or value.rpartition("/")[2]

    def _stage(self, name: str, value: str) -> str:
        if self._stages is None:
            self._stages = stages.labels(self._session)
        label = self._stages[name == "pipeline"].get(value, value)
        return pick(label) or value


def field(name: str, facts: Iterable[str] = ()) -> Field | None:
    """The field of that name in the first of `facts` that has it, or in whichever has."""
    order = [*(FACTS[key] for key in facts), *FACTS.values()]
    return next((item.by_name[name] for item in order if name in item.by_name), None)


def dimension(name: str, facts: Iterable[str] = ()) -> str:
    """The heading of a dimension."""
    if name.partition(":")[0] == "time":
        return _("Time")
    found = field(name, facts)
    return pick(found.label) if found is not None else name


def step(day: date, grain: str) -> str:
    """A step of a time axis by its first day."""
    zh = language() == "zh"
    if grain == "year":
        return f"{day.year}年" if zh else str(day.year)
    if grain == "quarter":
        quarter = (day.month + 2) // 3
        return f"{day.year}年第{quarter}季度" if zh else f"Q{quarter} {day.year}"
    if grain == "month":
        return f"{day.year}年{day.month}月" if zh else dates.format_date(day, "MMM y", locale="en_GB")
    return f"{day.month}月{day.day}日" if zh else dates.format_date(day, "d MMM", locale="en_GB")
