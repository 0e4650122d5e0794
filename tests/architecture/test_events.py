"""Events and those who hear them fit together; the committed contracts only ever grow."""

import re

import pytest
from marshmallow import fields

from chassis import reference

PARTICIPLE = re.compile(r"^[a-z-]+\.[a-z_]+\.[a-z_]+\.v[0-9]+$")


@pytest.fixture(scope="module")
def published(services):
    """Event type → its class, as every service publishes it."""
    return {
        reference.type_of(event, service): event
        for service in services.values()
        for event in reference.event_classes(service)
    }


def subscriptions(services):
    for service in services.values():
        for group in service.subscriptions.groups.values():
            for item in group.subscriptions:
                yield service.name, group, item


def test_every_subscription_has_a_publisher(services, published):
    for name, _group, item in subscriptions(services):
        pattern = re.compile(re.escape(item.pattern).replace(r"\*", "[^.]+"))
        assert any(pattern.fullmatch(type_) for type_ in published), f"{name} waits in vain for {item.pattern}"


def test_every_field_a_consumer_reads_is_in_the_publishers_event(services, published):
    """What a handler requires, every event it hears has; what it may find, at least one that its group hears has."""
    missing, wished, sent = set(), {}, {}
    for name, group, item in subscriptions(services):
        for type_, event in published.items():
            if item.reads is None or group.match(type_) is not item:
                continue
            has = _names(event.schema)
            needed = {key for key, field in _names(item.reads).items() if field.required}
            missing |= {f"{name} requires {key} of {type_}" for key in needed - set(has)}
            sent.setdefault((name, group.name), set()).update(has)
            wished.setdefault((name, group.name), set()).update(_names(item.reads))
    missing |= {f"{key} ({place})" for place, keys in wished.items() for key in keys - sent[place]}
    assert not missing


def test_fields_have_the_same_kind_at_both_ends(services, published):
    """A number read as text, or a list as a number, would be poison to the reader."""
    for name, group, item in subscriptions(services):
        if item.reads is None:
            continue
        for type_, event in published.items():
            if group.match(type_) is not item:
                continue
            for key, field in _names(item.reads).items():
                sent = _names(event.schema).get(key)
                if sent is not None:
                    assert _kind(field) in (_kind(sent), "raw") or _kind(sent) == "raw", f"{name}: {type_}.{key}"


def test_every_event_is_explained_and_named_as_a_fact(published):
    for type_, event in published.items():
        assert PARTICIPLE.match(type_), type_
        assert (event.__dict__.get("__doc__") or "").strip(), f"{type_} has no docstring"


def _names(schema):
    """Fields by the name they travel under."""
    return {field.data_key or key: field for key, field in schema.fields.items()}


def _kind(field):
    for kind in (fields.List, fields.Mapping, fields.Nested, fields.Boolean, fields.Number, fields.String):
        if isinstance(field, kind):
            return {fields.Nested: "mapping", fields.Mapping: "mapping"}.get(kind, kind.__name__)
    return "raw" if type(field) is fields.Raw else "String"  # times, dates, ids travel as text
