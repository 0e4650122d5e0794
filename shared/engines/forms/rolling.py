"""Roll-ups: what a record adds up over those that point at it, worked out in the transaction that changes one of them."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engines.conditions.sql import column
from engines.conditions.sql_functions import ListHas
from engines.fields import Spec
from engines.forms import in_force
from engines.forms.definition import Compiled
from engines.objects import ObjectType


def changed(
    session: Session, kind: ObjectType, before: Mapping[str, Any], after: Mapping[str, Any], record: Any
) -> None:
    """Work out anew what the records add up that this one of `kind` points at, or pointed at before."""
    whole = in_force.of(session, kind).kind
    for parent, spec in _rolled_over(session, kind.kind):
        through = whole.by_name.get(spec.options["through"])
        if through is None:
            continue
        if through.json_key:
            pointed = {*_ids(before.get(through.json_key)), *_ids(after.get(through.json_key))}
        else:
            pointed = set(_ids(getattr(record, through.column, None)))
        if pointed:
            session.flush()
            _renew(session, parent, spec, pointed)


def begun(session: Session, kind: ObjectType, record: Any) -> None:
    """A new record of `kind` was stored: it counts from now on."""
    if in_force.every_kind(session):
        changed(session, kind, {}, record.custom or {}, record)


def ended(session: Session, kind: ObjectType, record: Any) -> None:
    """A record of `kind` was deleted: it counts no more."""
    changed(session, kind, record.custom or {}, {}, record)


def _rolled_over(session: Session, kind: str) -> list[tuple[Compiled, Spec]]:
    """Every roll-up over records of `kind`, with the form it is in."""
    found = []
    for name in in_force.every_kind(session):
        parent = in_force.kinds(session, name)
        if parent is not None:
            form = in_force.of(session, parent)
            found += [(form, spec) for spec in form.rolled if spec.options["object"] == kind]
    return found


def _ids(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value) if isinstance(value, list) else []


def _renew(session: Session, parent: Compiled, spec: Spec, ids: Iterable[str]) -> None:
    from engines.forms import editing

    for id_ in sorted(ids):
        record = session.get(parent.kind.model, id_, with_for_update=True)
        if record is None:
            continue
        found = added_up(session, spec, id_)
        if (record.custom or {}).get(spec.key) != found:
            custom = {key: value for key, value in (record.custom or {}).items() if key != spec.key}
            record.custom = custom | ({spec.key: found} if found is not None else {})
            editing.tell(session, parent.kind, record, how="roll_up")


def added_up(session: Session, spec: Spec, id_: str) -> int | None:
    """What the roll-up comes to for one record, in its stored form."""
    child = in_force.kinds(session, spec.options["object"])
    through = child.by_name.get(spec.options["through"]) if child is not None else None
    if child is None or through is None:
        return None
    pointer = column(through, child.model)
    points = ListHas(pointer, id_) if through.kind == "texts" else pointer == id_
    function, added = spec.kind.function(spec), child.by_name.get(spec.options.get("field") or "")  # type: ignore[attr-defined]
    if function == "count" or added is None:
        return int(session.execute(select(func.count()).select_from(child.model).where(points)).scalar_one())
    value = column(added, child.model)
    work = {
        "sum": func.coalesce(func.sum(value), 0),
        "min": func.min(value),
        "max": func.max(value),
        "avg": func.avg(value),
    }
    found = session.execute(select(work[function]).select_from(child.model).where(points)).scalar_one()
    if found is None:
        return None
    kept: int | None = spec.kind.kept(spec, Decimal(str(found)).scaleb(-(added.scale or 0)))  # type: ignore[attr-defined]
    return kept
