"""Comparing a document with what is set up, and bringing the difference in: all of a service's part, or nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from chassis import directory
from chassis.caller import SYSTEM, Caller
from chassis.configuration.names import Names, UnknownName
from chassis.configuration.section import Body, Section, exported
from chassis.errors import Problem
from chassis.i18n import retranslate

Document = Mapping[str, Mapping[str, Body]]


@dataclass(frozen=True)
class Change:
    """What a document would do to one thing. `kind` is add, change, same or extra (set up here, not in the document)."""

    section: str
    key: str
    kind: str
    before: Body | None
    after: Body | None


class Refused(Exception):
    """The document cannot be brought in; `reasons` name each place."""

    def __init__(self, reasons: Sequence[str]):
        super().__init__("; ".join(reasons))
        self.reasons = list(reasons)


def compare(session: Session, sections: Sequence[Section], wanted: Document) -> list[Change]:
    """Every difference, in the order in which it would be brought in. Refused for sections nobody knows."""
    unknown = [f"{name}: there is no such section" for name in wanted if name not in {each.name for each in sections}]
    if unknown:
        raise Refused(unknown)
    present = exported(session, sections, Names(directory.load(session, None)))
    return [
        _change(section.name, key, present[section.name].get(key), wanted[section.name].get(key))
        for section in sections
        if section.name in wanted
        for key in sorted({*present[section.name], *wanted[section.name]})
    ]


def apply(session: Session, sections: Sequence[Section], wanted: Document, *, caller: Caller = SYSTEM) -> list[Change]:
    """Bring in what differs; what is set up here beyond the document stays. Refused names every thing that does not hold,
    and the caller's transaction is to be given up then. A second call finds nothing to do."""
    found, reasons = compare(session, sections, wanted), []
    for section in sections:
        for change in found:
            if change.section == section.name and change.kind in ("add", "change"):
                reasons += _bring_in(session, section, change, caller)
    if reasons:
        raise Refused(reasons)
    return found


def _bring_in(session: Session, section: Section, change: Change, caller: Caller) -> list[str]:
    """Apply one change; the reasons why it does not hold."""
    place = f"{section.name}.{change.key}"
    assert change.after is not None
    try:
        names = Names(directory.load(session, None))
        body = names.inward(change.after)
        wrong = section.shape.validate(body) if section.shape else {}
        if wrong:
            return [f"{place}: {line}" for line in _flat(wrong)]
        with session.begin_nested():
            section.apply(session, caller, change.key, body)
            session.flush()
    except UnknownName as error:
        return [f"{place}.{error}"]
    except Problem as error:
        return [f"{place}: {line}" for line in _lines(error)]
    return []


def _change(section: str, key: str, before: Body | None, after: Body | None) -> Change:
    if after is None:
        return Change(section, key, "extra", before, None)
    return Change(section, key, "add" if before is None else "same" if before == after else "change", before, after)


def _lines(problem: Problem) -> list[str]:
    return _flat(problem.errors or {}) or [str(problem.detail or problem.title)]


def _flat(errors: Any, at: str = "") -> list[str]:
    if isinstance(errors, Mapping):
        return [line for key, item in errors.items() for line in _flat(item, f"{at}.{key}" if at else str(key))]
    if isinstance(errors, list):
        return [line for item in errors for line in _flat(item, at)]
    return [f"{at}: {retranslate(str(errors))}"]
