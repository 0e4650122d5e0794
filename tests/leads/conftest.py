"""A lead desk: two sellers in the east, one elsewhere, their head, and marketing; definitions in force."""

from dataclasses import dataclass
from typing import Any

import orjson
import pytest
from sqlalchemy import select

from chassis import directory, event_log
from chassis.caller import SYSTEM, Caller
from chassis.db import Database
from leads import capture, definitions
from leads.app import SERVICE
from leads.models import Lead

SELLER = {"lead": {"create": True, "read": "own", "edit": "own", "rights": ["see_pool", "claim", "convert"]}}
HEAD = {
    "lead": {
        "create": True, "read": "all", "edit": "all",
        "rights": ["see_pool", "claim", "convert", "assign", "merge", "import", "bulk", "export"],
    },
    "assignment_rule": {"read": "all", "edit": "all", "rights": ["simulate"]},
    "scoring_model": {"read": "all", "edit": "all", "rights": ["simulate"]},
    "capture_form": {"read": "all", "edit": "all"},
}  # fmt: skip
CALL_CENTRE = {"lead": {"create": True, "read": "all", "edit": "none", "fields": {"phones": "mask", "emails": "none"}}}

MODEL = {
    "base": 10,
    "rules": [
        {"key": "phone", "title": {"zh": "有电话", "en": "Has a phone"}, "points": 20,
         "when": {"field": "phones", "op": "is_not_empty"}},
        {"key": "big", "title": {"zh": "大公司", "en": "Big company"}, "points": 40,
         "when": {"field": "company_size", "op": "in", "value": ["500-999", "1000+"]}},
    ],
    "behaviours": [{"kind": "download", "points": 10, "half_life_days": 7, "cap": 30},
                   {"kind": "form", "points": 5, "half_life_days": 7, "cap": 10}],
    "grades": {"A": 70, "B": 40, "C": 20},
}  # fmt: skip
RULES = {
    "rules": [
        {"key": "east", "title": {"zh": "华东", "en": "East"}, "departments": ["east"], "response_minutes": 60,
         "when": {"field": "region", "op": "eq", "value": "华东"}},
        {"key": "scored", "title": {"zh": "其他", "en": "Others"}, "users": ["wu"], "response_minutes": 120, "daily_cap": 3,
         "when": {"field": "score", "op": "ge", "value": 30}},
    ],
    "fallback_pool": "default",
}  # fmt: skip
POLICY = {"default": "link", "by_source": {"website": "merge", "import": "merge", "manual": "refuse", "event": "allow"}}
FORM = {
    "title": {"zh": "联系我们", "en": "Contact us"},
    "thanks": {"zh": "谢谢", "en": "Thank you"},
    "consent": {"zh": "我同意", "en": "I agree"},
    "fields": [
        {"name": "name", "required": True, "label": {"zh": "姓名", "en": "Name"}},
        {"name": "phone", "required": True, "label": {"zh": "电话", "en": "Phone"}},
        {"name": "email", "label": {"zh": "邮箱", "en": "E-mail"}},
        {"name": "company", "label": {"zh": "公司", "en": "Company"}},
        {"name": "message", "label": {"zh": "留言", "en": "Message"}},
    ],
}


@pytest.fixture(scope="session")
def service():
    return SERVICE


@dataclass
class Desk:
    """Builders and look-ups on the test's database, each in a transaction of its own."""

    database: Database
    people: Any

    def open(self) -> "Desk":
        people = self.people
        people.role("seller", SELLER)
        people.role("head", HEAD)
        people.role("call_centre", CALL_CENTRE)
        people.department("sales", head="chen")
        people.department("east", parent="sales")
        people.add("anna", roles=("seller",), department="east")
        people.add("bo", roles=("seller",), department="east")
        people.add("wu", roles=("seller",), department="sales")
        people.add("chen", roles=("head",), department="sales", is_head=True)
        people.add("mia", roles=("call_centre",), department="sales")
        with self.database.transaction() as session:
            for purpose, body in (
                ("scoring_model", MODEL), ("assignment_rules", RULES), ("duplicate_policy", POLICY), ("capture_form", FORM)
            ):  # fmt: skip
                key = "contact" if purpose == "capture_form" else "standard"
                definitions.publish_definition(session, caller=SYSTEM, purpose=purpose, key=key, body=body)
        return self

    def caller(self, user_id: str) -> Caller:
        with self.database.reading() as session:
            return directory.caller_for(session, user_id)

    def capture(self, **given: Any) -> capture.Captured:
        with self.database.transaction() as session:
            values = {"source": "api", "name": "张晓明", "phones": ["13812345678"]} | given
            return capture.capture(session, caller=values.pop("caller", SYSTEM), **values)

    def lead(self, lead_id: str) -> Lead:
        with self.database.reading() as session:
            return session.get_one(Lead, lead_id)

    def leads(self) -> list[Lead]:
        with self.database.reading() as session:
            return list(session.scalars(select(Lead).order_by(Lead.created_at, Lead.id)))

    def do(self, function: Any, lead_id: str, **arguments: Any) -> Any:
        """Run a use case on a lead in a transaction of its own."""
        with self.database.transaction() as session:
            return function(session, session.get_one(Lead, lead_id), **arguments)

    def events(self, type_: str = "") -> list[dict[str, Any]]:
        with self.database.reading() as session:
            rows = session.execute(
                select(event_log.LOG.c.type, event_log.LOG.c.data, event_log.LOG.c.personal, event_log.LOG.c.changes)
                .where(event_log.LOG.c.type.contains(type_))
                .order_by(event_log.LOG.c.id)
            ).all()
        return [
            {
                "type": row.type,
                "data": orjson.loads(row.data),
                "personal": orjson.loads(row.personal or "{}"),
                "changes": orjson.loads(row.changes or "{}"),
            }
            for row in rows
        ]


@pytest.fixture
def desk(database, people) -> Desk:
    return Desk(database, people).open()


@pytest.fixture(autouse=True)
def _no_flood():
    from leads import forms

    forms.flood = forms.Flood()
