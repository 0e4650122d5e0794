"""What every connector promises, whatever it is given."""

import contextlib
from typing import Any

import pytest
from gateway_connectors.test_kingdee_protocol import CUSTOMER, ORDER, RECEIVABLE
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st
from marshmallow import ValidationError

from integration_gateway.connectors import seed
from integration_gateway.connectors.contract import ConnectorError
from integration_gateway.connectors.registry import KINDS

SETTINGS: dict[str, dict[str, Any]] = {
    "wecom": seed.WECOM | {"url": "http://127.0.0.1:9"},
    "kingdee": seed.KINGDEE | {"url": "http://127.0.0.1:9"},
    "smtp": {"host": "mail.example", "sender": "crm@qiming.example"},
    "webhook": {"url": "http://127.0.0.1:9/hook", "secret": "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="},
}
CARD = {"users": ["u"], "task_id": "t", "title": "x", "link": "http://crm.example/1", "facts": {"a": "b"}}
PAYLOADS: dict[tuple[str, str], dict[str, Any]] = {
    ("wecom", "notify"): {"users": ["u"], "title": "x", "link": "http://crm.example/1"},
    ("wecom", "approval_card"): CARD,
    ("wecom", "finish_card"): {"users": ["u"], "response_code": "c", "label": "x", "title": "x"},
    ("kingdee", "customer"): CUSTOMER,
    ("kingdee", "sales_order"): ORDER,
    ("kingdee", "receivable"): RECEIVABLE,
    ("smtp", "mail"): {"to": "a@b.example", "subject": "s", "text": "t"},
    ("webhook", "call"): {"id": "r1", "type": "sales.rule.acted", "data": {"rule": "r"}},
}
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def test_every_action_is_tried_here():
    assert set(PAYLOADS) == {(kind, action) for kind, spec in KINDS.items() for action in spec.actions}


@pytest.mark.parametrize("kind", KINDS)
def test_names_are_there_in_both_languages_and_secrets_are_marked(kind):
    spec = KINDS[kind]
    for texts in (spec.title, *(action.doc for action in spec.actions.values())):
        assert set(texts) == {"zh", "en"}
    words = ("secret", "password", "token", "key")
    looks_secret = {name for name in spec.settings().fields if any(word in name for word in words)}
    assert looks_secret == spec.secret_fields()


@pytest.mark.parametrize(("kind", "action"), PAYLOADS)
@effort(max_examples=60, deadline=None)
@given(data=st.data())
def test_whatever_is_given_is_taken_or_refused_with_a_reason(kind, action, data):
    spec, settings, payload = KINDS[kind], dict(SETTINGS[kind]), dict(PAYLOADS[kind, action])
    where = settings if data.draw(st.booleans()) else payload
    schema = spec.settings if where is settings else spec.actions[action].payload
    where[data.draw(st.sampled_from(sorted(schema().fields)))] = data.draw(ANYTHING)
    with contextlib.suppress(ValidationError, ConnectorError):
        client = spec.open(spec.settings().load(settings))
        assert spec.actions[action].draft(client, spec.actions[action].payload().load(payload))
