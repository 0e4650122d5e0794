"""What existing records would not fit a draft of a form: counted, with samples, before it is published."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis.caller import SYSTEM
from chassis.i18n import Text
from chassis.i18n import lazy as _
from engines.fields import Spec, World, Wrong
from engines.forms.definition import Compiled
from engines.forms.uniqueness import digest
from engines.objects import ObjectType

SAMPLES, BATCH = 5, 1000


@dataclass
class Misfit:
    """One thing about one field that `count` records do not meet; `samples` are (number, value, id) of some of them.

    A `grave` one keeps the form from being published: the database could not hold it.
    """

    spec: Spec
    what: Text
    grave: bool = False
    count: int = 0
    samples: list[tuple[str, str, str]] = field(default_factory=list)

    def add(self, number: str, value: str, id_: str) -> None:
        self.count += 1
        if len(self.samples) < SAMPLES:
            self.samples.append((number, value, id_))


def misfits(session: Session, now: Compiled, then: Compiled) -> tuple[list[Misfit], int]:
    """Every misfit of the draft `then` with the records there are, and how many were looked at.

    Only fields that are new, stricter or gone are looked at; records that have no value for a field fit it unless it is
    required.
    """
    found: dict[tuple[str, str], Misfit] = {}
    changed = [
        spec for spec in then.specs.values() if not spec.kind.computed and _differs(now.specs.get(spec.key), spec)
    ]
    gone = [spec for spec in now.specs.values() if spec.key not in then.specs]
    twins: dict[str, Counter[str]] = {spec.key: Counter() for spec in changed if spec.unique}
    if not changed and not gone:
        return [], 0
    world, seen = World(session, SYSTEM, whole=True), 0
    for id_, number, custom in rows(session, then.kind):
        seen += 1
        for spec in changed:
            world.subject = (then.kind.kind, id_)
            _look(spec, now.specs.get(spec.key), custom.get(spec.key), (id_, number or id_), world, found, twins)
        for spec in gone:
            if spec.key in custom:
                _at(found, spec, "gone", _("These values are hidden once the field is gone.")).add(
                    number or id_, _short(custom[spec.key]), id_
                )
    return sorted(found.values(), key=lambda each: (not each.grave, -each.count)), seen


def rows(session: Session, kind: ObjectType) -> Iterator[tuple[str, str | None, Mapping[str, Any]]]:
    """(id, number, own values) of every record of a kind, a batch at a time."""
    model, after = kind.model, ""
    while True:
        wanted = select(model.id, model.number, model.custom).where(model.id > after).order_by(model.id).limit(BATCH)
        if hasattr(model, "object"):
            wanted = wanted.where(model.object == kind.kind)
        batch = session.execute(wanted).all()
        for row in batch:
            yield row[0], row[1], row[2] or {}
        if len(batch) < BATCH:
            return
        after = batch[-1][0]


def _look(
    spec: Spec, before: Spec | None, stored: Any, record: tuple[str, str], world: World,
    found: dict[tuple[str, str], Misfit], twins: dict[str, Counter[str]],
) -> None:  # fmt: skip
    id_, number = record
    if stored is None:
        if spec.required and not spec.visible_when:
            missing = _("Records without a value: whoever edits them next must fill it in.")
            _at(found, spec, "missing", missing).add(number, "–", id_)
        return
    try:
        given = (before or spec).kind.dump(before or spec, stored)
        spec.kind.load(spec, given, world)
    except Wrong as wrong:
        _at(found, spec, str(wrong.message), wrong.message).add(number, _short(stored), id_)
    if spec.unique:
        mark = digest(spec, stored)
        twins[spec.key][mark] += 1
        if twins[spec.key][mark] > 1:
            _at(found, spec, "twin", _("Several records have the same value."), grave=True).add(
                number, _short(stored), id_
            )


def _differs(before: Spec | None, after: Spec) -> bool:
    """Whether values that fitted the field before may not fit it now."""
    if before is None:
        return True
    strict = (after.unique and not before.unique, after.required and not before.required)
    return any(strict) or dict(before.options) != dict(after.options)


def _at(found: dict[tuple[str, str], Misfit], spec: Spec, what: str, text: Any, *, grave: bool = False) -> Misfit:
    return found.setdefault((spec.key, what), Misfit(spec, text, grave))


def _short(stored: Any) -> str:
    text = str(stored)
    return text if len(text) <= 60 else text[:59] + "…"
