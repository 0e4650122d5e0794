"""A condition picks the same records in memory and as SQL, whatever the records hold."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from chassis.db import Database
from engines import conditions
from engines.conditions import language
from engines.objects import LISTS, NUMBERS, Field
from tests.shared.engines import things
from tests.shared.engines.things import THING, Thing

NUMBERS_ASKED = (0, 1, -1, 0.1, "0.10", 20, 1.005, "500000.00", "0.000001", 10**15, -(10**15), 21474836.47, 0.5, 1e-13)
OFFSETS = ("0d", "-7d", "+7d", "-1w", "1mo", "-1q", "-1y", "-9999y", "9999y", "9999d")
SHORT = ("-90min", "+1h", "-36h")
DATES = ("2026-03-29", "2026-03-30", "2026-03-01", "2024-02-29", "0001-01-01", "9999-12-31")
INSTANTS = ("2026-03-28T23:00:00Z", "2026-03-29T02:30:00+02:00", "2026-03-22T22:59:59.999999Z", "9999-12-31T23:59:59Z")


def values(field: Field, op: str) -> st.SearchStrategy[Any]:
    """What may stand in `value` of a comparison."""
    if op in {"this", "last"}:
        return st.sampled_from(language.PERIODS)
    if op in {"within_last", "within_next"}:
        units = OFFSETS if field.kind == "date" else OFFSETS + SHORT
        return st.sampled_from([unit.lstrip("+-") for unit in units])
    one = _single(field)
    if op == "between":
        return st.lists(one, min_size=2, max_size=2)
    if op in {"in", "not_in"}:
        many: st.SearchStrategy[Any] = st.lists(one, min_size=1, max_size=4)
        return st.one_of(many, st.just({"my_team": True})) if field.kind in {"person", "id", "texts"} else many
    others = [
        other.name for other in THING.fields
        if language.family(other) == language.family(field) and (other.scale or 0) == (field.scale or 0)
    ]  # fmt: skip
    if op in {"eq", "ne", "lt", "le", "gt", "ge"} and field.kind not in LISTS:
        return st.one_of(one, one, st.sampled_from(others).map(lambda name: {"field": name}))
    return one


def _single(field: Field) -> st.SearchStrategy[Any]:
    if field.kind in NUMBERS:
        return st.sampled_from(NUMBERS_ASKED)
    if field.kind == "boolean":
        return st.booleans()
    if field.kind in {"date", "datetime"}:
        known = DATES if field.kind == "date" else DATES + INSTANTS
        offsets = OFFSETS if field.kind == "date" else OFFSETS + SHORT
        return st.one_of(st.sampled_from(known), st.sampled_from(offsets).map(lambda text: {"now": text}))
    if field.choices:
        return st.sampled_from(things.STATUSES)
    if field.kind in {"person", "id", "department"}:
        return st.one_of(st.sampled_from([things.ME, things.STRANGER, "d-1", "r-003"]), st.just({"me": True}))
    pieces = [text[start:end] for text in things.TEXTS for start, end in ((0, 1), (-1, None), (0, None), (1, 3))]
    return st.sampled_from(sorted({piece for piece in pieces if piece}))


@st.composite
def leaves(draw: st.DrawFn) -> dict[str, Any]:
    field = draw(st.sampled_from(THING.fields))
    op = draw(st.sampled_from(sorted(language.OPERATORS[field.kind])))
    leaf: dict[str, Any] = {"field": field.name, "op": op}
    return leaf if op in language.NO_VALUE else leaf | {"value": draw(values(field, op))}


TREES = st.recursive(
    leaves(),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda parts: {"all": parts}),
        st.lists(inner, max_size=3).map(lambda parts: {"any": parts}),
        inner.map(lambda part: {"not": part}),
    ),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def filled(engines_database: Database) -> Iterator[tuple[Database, list[Thing]]]:
    with engines_database.transaction() as session:
        session.execute(delete(Thing))
        session.add_all(things.records())
    with engines_database.reading() as session:
        loaded = list(session.scalars(select(Thing)))
    yield engines_database, loaded
    with engines_database.transaction() as session:
        session.execute(delete(Thing))


def picked(database: Database, condition: Any, context: conditions.Context) -> set[str]:
    with database.reading() as session:
        return set(session.scalars(select(Thing.id).where(conditions.to_sql(condition, THING, context))))


def check_agreement(filled: tuple[Database, list[Thing]], condition: Any) -> None:
    database, loaded = filled
    context = conditions.Context(caller=things.CALLER, now=things.NOW, zone=things.ZONE)
    test = conditions.compile_memory(condition, THING)
    in_memory = {record.id for record in loaded if test(record, context)}
    assert picked(database, condition, context) == in_memory
    assert picked(database, {"not": condition}, context) == {record.id for record in loaded} - in_memory
    copies = [conditions.snapshot(THING, record) for record in loaded]
    assert {copy["id"] for copy in copies if test(copy, context)} == in_memory


@settings(max_examples=200, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None)
@given(condition=TREES)
def test_generated_conditions_pick_the_same_records_on_both_sides(
    filled: tuple[Database, list[Thing]], condition: Any
) -> None:
    check_agreement(filled, condition)


@pytest.mark.parametrize("field", THING.fields, ids=lambda field: field.name)
def test_every_operator_of_every_field_agrees_on_typical_values(
    filled: tuple[Database, list[Thing]], field: Field
) -> None:
    for op in sorted(language.OPERATORS[field.kind]):
        leaf: dict[str, Any] = {"field": field.name, "op": op}
        if op in language.NO_VALUE:
            check_agreement(filled, leaf)
            continue
        for value in _samples(field, op):
            check_agreement(filled, leaf | {"value": value})


def _samples(field: Field, op: str) -> list[Any]:
    if op in {"this", "last"}:
        return list(language.PERIODS)
    if op in {"within_last", "within_next"}:
        return ["7d", "1mo", "9999y"]
    if field.kind in NUMBERS:
        singles: list[Any] = [0, "0.1", 500000, -(10**15)]
    elif field.kind == "boolean":
        singles = [True, False]
    elif field.kind in {"date", "datetime"}:
        singles = ["2026-03-29", {"now": "-7d"}, "0001-01-01"]
    elif field.choices:
        singles = ["new", "won"]
    elif field.kind in {"person", "id", "department"}:
        singles = [things.ME, {"me": True}]
    else:
        singles = ["acme", "Ä", "%", "\\", "'", "华", "😀", "\U0010ffff"]
    if op == "between":
        return [[singles[0], singles[-1]], [singles[-1], singles[0]]]
    return [singles, singles[:1]] if op in {"in", "not_in"} else singles
