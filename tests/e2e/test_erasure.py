"""A person's data goes from every service, and the logs still prove what happened."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import MetaData, select

from approvals.models import InstanceState
from chassis.audit import seals, verifying
from chassis.db import Base, Database
from chassis.erasure import person
from chassis.errors import Invalid
from chassis.ids import uuid7
from integration_gateway import erasures
from integration_gateway.models import Erasure
from reporting.models.selling import Account as DimAccount
from tests import together
from tests.together import Together

NAME, PHONE, EMAIL, WORDS = "欧阳不二", "13911112222", "ouyang.buer@example.cn", "他说他母亲住院了"


FIRM, CODE = "不二过精工", "91310000MA1K0AB123"


@pytest.fixture
def suite(tmp_path: Path) -> Iterator[Together]:
    with together.running(tmp_path) as made:
        yield made


@pytest.fixture
def anywhere(tmp_path: Path, database_kind: str, _templates: Any) -> Iterator[Together]:
    """The same on each kind of database."""
    with together.running(tmp_path, None if database_kind == "sqlite" else _templates.postgresql) as made:
        yield made


def known_person(suite: Together) -> str:
    """A lead with a call, converted to a contact, who wrote to the desk; returns the lead's id."""
    leads, desk = suite.client("leads"), suite.client("service-desk")
    answer = leads.post(
        "/leads/api/v1/leads",
        json={"name": NAME, "company": "二号公司", "phones": [PHONE], "emails": [EMAIL], "message": WORDS},
        headers={"Idempotency-Key": "the same"},
    )
    assert answer.status_code == 201, answer.text
    lead_id = str(answer.json["id"])
    note = {"subject_kind": "lead", "subject_id": lead_id, "kind": "call", "text": WORDS}
    assert leads.post("/leads/api/v1/activities", json=note).status_code == 201
    suite.settle()
    leads.post(f"/leads/api/v1/leads/{lead_id}/convert", json={})
    suite.settle()
    asked = desk.post(
        "/service-desk/api/v1/tickets",
        json={"subject": f"{NAME}的问题", "text": WORDS, "requester_name": NAME, "requester_email": EMAIL.upper()},
    )
    assert asked.status_code == 201, asked.text
    suite.settle()
    return lead_id


def holders(suite: Together, *values: str) -> set[str]:
    """Where any of the values still stands: "service.table"."""
    return {
        f"{name}.{table.name}"
        for name, database in suite.databases.items()
        for metadata in (Base.metadata, suite.services[name].metadata)
        for table in metadata.sorted_tables
        for row in rows_of(database, metadata, table)
        if any(value in row for value in values)
    }


def rows_of(database: Database, metadata: MetaData, table: Any) -> Iterator[str]:
    with database.reading() as session:
        for row in session.execute(select(table)):
            parts = [part.decode(errors="replace") if isinstance(part, bytes) else part for part in row]
            yield orjson.dumps(parts, default=str).decode().lower()


def ask(suite: Together, *, dry_run: bool, **whom: str) -> Erasure:
    with suite.databases["gateway"].transaction() as session:
        made = erasures.request(
            session, person=person.named(**whom), services=list(suite.services), by="u", dry_run=dry_run
        )
    suite.settle()
    with suite.databases["gateway"].reading() as session:
        return session.get_one(Erasure, made.id)


def test_a_person_is_erased_from_all_services_and_the_logs_stay_whole(anywhere: Together) -> None:
    suite = anywhere
    lead_id = known_person(suite)
    for database in suite.databases.values():
        while seals.seal(database):
            pass
    values = (NAME, PHONE, EMAIL, WORDS)
    before = holders(suite, *values)
    assert {"leads.lead", "leads.lead_key", "leads.activities", "leads.event_log", "leads.idempotency",
            "sales.contact", "sales.event_log", "service-desk.ticket", "service-desk.message"} <= before  # fmt: skip

    looked = ask(suite, dry_run=True, subject=f"lead/{lead_id}")
    assert (looked.state, looked.waiting) == ("done", [])
    assert looked.counts["leads"]["lead"] == 1
    assert looked.counts["service-desk"]["ticket"] == 1
    assert {item.partition("/")[0] for item in looked.given} >= {"lead", "contact"}
    assert holders(suite, *values) == before, "looking changes nothing, and what it asked with is gone"

    done = ask(suite, dry_run=False, subject=f"lead/{lead_id}")
    assert done.state == "done"
    assert done.counts["leads"]["lead"] == 1
    assert holders(suite, *values) == set()
    for name, database in suite.databases.items():
        with database.connection() as connection:
            found = verifying.verify(connection)
        assert found.whole, f"{name}: {found.reason}"
    types = [event.type for event in suite.log("leads") if event.subject == f"lead/{lead_id}"]
    assert "leads.lead.captured.v1" in types, "the fact stays"
    assert all(not event.private for event in suite.log("leads") if event.subject == f"lead/{lead_id}")


def test_somebody_who_shares_a_switchboard_is_left_alone(suite: Together) -> None:
    leads = suite.client("leads")
    ids = []
    for name, own in (("甲", "13800000001"), ("乙", "13800000002"), ("丙", "13800000003")):
        body = {"name": name, "company": f"公司{uuid7()}", "phones": ["021-6488 9000", own], "source": "event"}
        ids.append(str(leads.post("/leads/api/v1/leads", json=body).json["id"]))
    suite.settle()
    done = ask(suite, dry_run=True, phone="13800000002")
    assert done.found == [f"lead/{ids[1]}"], "found by one's own number, not by what else stands there"
    assert "13800000001" not in str(done.given)


@pytest.mark.parametrize(
    "whom", [{}, {"subject": "lead"}, {"phone": "12"}, {"email": "nobody"}, {"email": "a@b.c%"}, {"subject": "x/../y"}]
)
def test_nonsense_is_refused_before_anything_is_asked(whom: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        person.named(**whom)


def test_only_administrators_may_ask_and_see_what_came_of_it(suite: Together) -> None:
    gateway = suite.client("gateway")
    refused = gateway.post("/gateway/api/v1/erasures", json={"email": "nobody"})
    assert refused.status_code == 422
    made = gateway.post("/gateway/api/v1/erasures", json={"email": EMAIL, "reason": "DSR 7"})
    assert made.status_code == 201, made.text
    assert (made.json["dry_run"], made.json["state"]) == (True, "running")
    suite.settle()
    seen = gateway.get(f"/gateway/api/v1/erasures/{made.json['id']}").json
    assert (seen["state"], seen["waiting"], seen["reason"]) == ("done", [], "DSR 7")
    assert EMAIL not in str(seen)
    seller = suite.client("gateway").as_role("sales_rep")
    assert seller.get("/gateway/api/v1/erasures").status_code in (401, 403)


def known_customer(suite: Together) -> str:
    """A customer with a deal and a contract that was put before its approvers; returns the account's id."""
    sales = suite.client("sales")
    account = sales.post("/sales/api/v1/accounts", json={"name": FIRM, "legal_name": FIRM, "credit_code": CODE})
    assert account.status_code == 201, account.text
    account_id = str(account.json["id"])
    deal = {"account_id": account_id, "name": f"{FIRM}的项目", "amount": {"amount": "600000", "currency": "CNY"}}
    made = sales.post("/sales/api/v1/opportunities", json=deal)
    assert made.status_code == 201, made.text
    line = {"name": "ERP", "quantity": "1", "unit_price": "600000", "tax_percent": "0"}
    contract = sales.post(
        "/sales/api/v1/contracts",
        json={"account_id": account_id, "title": f"{FIRM}合同", "lines": [line],
              "payment_terms": [{"title": "全款", "percent": "100", "after_days": 0}]},
    )  # fmt: skip
    assert contract.status_code == 201, contract.text
    asked = sales.post(f"/sales/api/v1/contracts/{contract.json['id']}/submit", json={})
    assert asked.status_code == 200, asked.text
    suite.settle()
    return account_id


def test_an_erased_customer_does_not_come_back_when_figures_are_rebuilt(anywhere: Together) -> None:
    suite = anywhere
    account_id = known_customer(suite)
    before = holders(suite, FIRM, CODE.lower())
    assert {"sales.account", "sales.event_log", "approvals.approval", "approvals.approval_state",
            "approvals.approval_event", "approvals.event_log", "reporting.dim_account", "service-desk.account_replica",
            "gateway.notification"} <= before  # fmt: skip
    assert ask(suite, dry_run=False, subject=f"account/{account_id}").state == "done"
    assert holders(suite, FIRM, CODE.lower()) == set()
    for name, service in suite.services.items():
        for group in service.subscriptions.groups.values():
            if group.kind == "projection":
                suite.rebuild(name, group)
    assert holders(suite, FIRM, CODE.lower()) == set()
    with suite.databases["reporting"].reading() as session:
        kept = session.get(DimAccount, account_id)
        assert kept is not None, "the facts stay"
        assert not kept.name
    with suite.databases["approvals"].reading() as session:
        states = [row.state for row in session.scalars(select(InstanceState))]
        (state,) = [state for state in states if state["subject"].get("account_id") == account_id]
        assert state["subject"]["base_minor"] == 600_000_00, "what the route was chosen by stays"
