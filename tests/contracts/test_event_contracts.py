"""Events as contracts: within a version they only grow, and everybody who hears one can read it."""

import json
from datetime import UTC, datetime

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from marshmallow import fields

from chassis import places, reference
from chassis.events import _json
from chassis.subscriptions import Received

SERVICES = {place: place.service() for place in places.places()}
PUBLISHED = {
    reference.type_of(event, service): event
    for service in SERVICES.values()
    for event in reference.event_classes(service)
}
MOMENT = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)


@pytest.mark.parametrize("place", SERVICES, ids=lambda place: place.name)
def test_nothing_is_taken_from_a_published_event(place):
    """Against the committed contract: no type, field or promise (required) goes, and no field changes its kind."""
    committed = json.loads((place.folder / "contracts" / "asyncapi.json").read_text())["components"]["schemas"]
    now = reference.asyncapi(SERVICES[place])["components"]["schemas"]
    for type_, before in committed.items():
        assert type_ in now, f"{type_} is gone: publish it on beside its next version"
        _grows(before, now[type_], type_)


@pytest.mark.parametrize("type_", sorted(PUBLISHED))
def test_whoever_hears_an_event_can_read_every_example_of_it(type_):
    readers = [
        (service.name, group.name, item)
        for service in SERVICES.values()
        for group in service.subscriptions.groups.values()
        if (item := group.match(type_)) is not None
    ]

    @given(data=example_of(PUBLISHED[type_]))
    @settings(max_examples=8, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    def read(data):
        body = json.loads(json.dumps(data, default=str))
        event = Received("e", type_.partition(".")[0], type_, "x/1", MOMENT, 1, "epoch", 1, body)
        for _service, _group, item in readers:
            item.load(event)

    read()


@pytest.mark.parametrize("type_", sorted(PUBLISHED))
def test_an_event_is_written_as_its_schema_says(type_):
    """The dumper that stands for the schema in every business save writes the same JSON."""
    event = PUBLISHED[type_]

    @given(data=example_of(event))
    @settings(max_examples=8, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    def written(data):
        loaded = event.schema.load(json.loads(json.dumps(data, default=str)), partial=True)
        assert orjson.loads(_json(event.dump(loaded))) == orjson.loads(_json(event.schema.dump(loaded)))

    written()


def example_of(event):
    """Data as the publisher writes it: its own schema, dumped."""
    required, optional = {}, {}
    for name, field in event.schema.fields.items():
        (required if field.required or field.metadata.get("always") else optional)[field.data_key or name] = _values(
            field
        )
    return st.fixed_dictionaries(required, optional=optional)


def _values(field):
    made = _some(field)
    return st.one_of(st.none(), made) if field.allow_none else made


def _some(field):
    if isinstance(field, fields.List):
        return st.lists(_some(field.inner), max_size=2)
    if isinstance(field, fields.Nested):
        inner = {key: _values(item) for key, item in field.schema.fields.items()}
        return st.lists(st.fixed_dictionaries(inner), max_size=2) if field.many else st.fixed_dictionaries(inner)
    if isinstance(field, fields.Dict):
        inner = _some(field.value_field) if field.value_field else st.text(max_size=5)
        return st.dictionaries(st.sampled_from(["zh", "en", "key"]), inner, max_size=2)
    if isinstance(field, fields.Boolean):
        return st.booleans()
    if isinstance(field, fields.Integer):
        return st.integers(0, 10**12)
    if isinstance(field, fields.Number):
        return st.integers(0, 10**6).map(lambda number: f"{number / 100:.2f}")
    if isinstance(field, fields.Date) and not isinstance(field, fields.DateTime):
        return st.dates().map(str)
    if isinstance(field, fields.DateTime) or field.metadata.get("format") == "date-time":
        return st.just("2026-01-05T02:00:00Z")
    return st.text(max_size=12).filter(str.strip) if isinstance(field, fields.String) else st.just("x")


def _grows(before, now, path):
    if before.get("type") and now.get("type"):
        kinds = [{kinds} if isinstance(kinds, str) else set(kinds) for kinds in (before["type"], now["type"])]
        assert kinds[0] <= kinds[1] | {"null"}, f"{path} was {before['type']}, is {now['type']}"
    assert set(before.get("required", [])) <= set(now.get("required", [])), f"{path} promises less than before"
    for name, was in before.get("properties", {}).items():
        assert name in now.get("properties", {}), f"{path}.{name} is gone"
        _grows(was, now["properties"][name], f"{path}.{name}")
