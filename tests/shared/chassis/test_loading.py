"""The short ways in and out of an event's data answer what marshmallow answers."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from marshmallow import EXCLUDE, Schema, ValidationError, fields, post_dump, validate

from chassis.ids import is_uuid, uuid7
from chassis.loading import Dumper, Loader


class Plain(Schema):
    name = fields.String(required=True)
    size = fields.Integer(allow_none=True)
    done = fields.Boolean(load_default=False, dump_default=True)
    more = fields.Dict()


class Mixed(Plain):
    amount = fields.Integer(as_string=True)
    at = fields.AwareDateTime()
    tags = fields.List(fields.String())
    kind = fields.String(validate=validate.OneOf(["a", "b"]), data_key="type")
    fixed = fields.Constant("always")
    other = fields.String(attribute="label")


class Hooked(Plain):
    @post_dump
    def mark(self, data: dict[str, Any], **_options: Any) -> dict[str, Any]:
        return data | {"marked": True}


VALUES = st.sampled_from([None, "", "a", "王芳", "7", "true", 0, -3, 2.5, True, False, {"a": 1}, ["x"], [1]])
NAMES = st.sampled_from(["name", "size", "done", "more", "amount", "tags", "kind", "type", "label", "other", "unknown"])
DATA = st.dictionaries(NAMES, VALUES)


@given(DATA, st.sampled_from([Plain, Mixed]))
def test_loading_the_short_way_answers_and_refuses_as_the_schema_does(
    data: dict[str, Any], schema: type[Schema]
) -> None:
    assert said(Loader(schema()), data) == said(lambda given: schema().load(given, unknown=EXCLUDE), data)


@given(DATA, st.sampled_from([Plain, Mixed, Hooked]))
def test_dumping_the_short_way_answers_as_the_schema_does(data: dict[str, Any], schema: type[Schema]) -> None:
    data = data | {"at": datetime(2026, 3, 1, tzinfo=UTC)}
    assert said(Dumper(schema()), data) == said(schema().dump, data)


def said(answer: Callable[[dict[str, Any]], dict[str, Any]], data: dict[str, Any]) -> object:
    """The members in their order, or why there are none."""
    try:
        return list(answer(data).items())
    except ValidationError as refused:
        return refused.messages
    except (ValueError, TypeError) as refused:
        return type(refused)


def test_ids_are_canonical_version_7_and_ascend() -> None:
    made = [uuid7() for _ in range(1000)]
    assert made == sorted(set(made))
    assert all(is_uuid(one) and one[14] == "7" and one[19] in "89ab" for one in made)
