"""Chapters one and two: leads come in by file and by form; one of them is worked until it is ripe."""

import secrets
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from demo.outage import READER, READS
from demo.suite import BY_ID, Answer, Person, eq, persist, until

if TYPE_CHECKING:
    from demo.story import Stage

FORM = "contact"


def leads_come_in(stage: "Stage", file: Path) -> None:
    """The CSV goes through an import: brought, its plan confirmed, taken in by the worker; every row says why."""
    tell = stage.narration
    tell.chapter(f"1. Leads come in: {file.name}")
    marketing = stage.suite.log_in("zhao.yating")
    # just after the first start people are still on their way from the directory to the services
    known = until(lambda: all(marketing.suite.log_in(READER).get(path).ok for path in READS.values()))
    known = known and until(lambda: marketing.get(READS["leads"]).ok)
    tell.need(known, "every service knows who asks")
    began = time.monotonic()
    brought = marketing.post("/leads/api/v1/imports", content=file.read_bytes(), kind="lead", file_name=file.name)
    tell.need(brought.status == 201, f"the file was brought ({brought.status})")
    path = f"/leads/api/v1/imports/{brought['id']}"
    plan = {name: value for name, value in brought["plan"].items() if name != "headings"}
    tell.need(marketing.put(f"{path}/plan", plan).ok, "how it is read is declared: encoding, dates, columns")
    marketing.done(f"{path}/start")
    tell.need(until(lambda: marketing.read(path)["status"] == "done"), "the worker took it in")
    job = marketing.get(path)
    counts = {name: job[name] for name in ("rows", "created", "updated", "skipped", "failed")}
    tell.say(f"import {job['file_name']}: {counts}, {(time.monotonic() - began) * 1000:.0f} ms")
    parts = sum(counts[name] for name in ("created", "updated", "skipped", "failed"))
    tell.check(counts["rows"] == parts > 0, "rows in = created + updated + skipped + failed")
    for outcome in ("updated", "failed"):
        rows = marketing.read(f"/leads/api/v1/imports/{job['id']}/rows", outcome=outcome, limit=5)["items"]
        for row in rows[:3]:
            tell.say(f"    line {row['line']} {outcome}: {_reason(row)}")
        if outcome == "failed":
            tell.check(all(row["reason"] for row in rows), "each refused row says why")


def one_lead_is_worked(stage: "Stage") -> None:
    """A visitor fills the public form: in one transaction the lead is normalised, scored, assigned and has its task."""
    tell, suite = stage.narration, stage.suite
    tell.chapter("2. A visitor fills the form; the lead is scored, assigned and followed up")
    phone, tag = f"139{secrets.randbelow(10**8):08d}", secrets.token_hex(3)
    company = f"苏州恒泰{tag}精密机械有限公司"
    filled = {
        "name": "刘德凯",
        "company": company,
        "phone": f"{phone[:3]} {phone[3:7]} {phone[7:]}",
        "email": f"LDK@{tag}.EXAMPLE",
        "message": "我们想给 50 名销售上 CRM，预算 60 万，请尽快联系。",
        "city": "苏州",
        "company_size": "100-499",
        "consent": "on",
        "utm_source": "demo",
    }
    form = persist(lambda: suite.call("POST", f"/leads/api/v1/capture/{FORM}", body=filled))
    tell.need(form.status == 201, f"the form was accepted without log-in ({form.status} {_problem(form)})")
    director = suite.log_in("chen.jianguo")
    found = director.read("/leads/api/v1/leads", filter=eq(company=company))["items"]
    tell.need(len(found) == 1, "the sales director sees exactly one lead of that company")
    lead = director.read(f"/leads/api/v1/leads/{found[0]['id']}")
    stage.ids |= {"lead": lead["id"], "company": company, "email": f"ldk@{tag}.example"}
    tell.say(f"lead {lead['number']} {lead['id']}")
    tell.check(lead["phones"] == [f"+86{phone}"], f"the phone is stored as {lead['phones']}")
    tell.check(lead["region"] == "华东", f"the region was found from the city: {lead['region']}")
    tell.check(0 < lead["score"] <= 100 and lead["grade"], f"score {lead['score']}, grade {lead['grade']}")
    tell.explain(lead["score_explanation"])
    tell.need(
        lead["owner_id"] in BY_ID,
        f"assigned to {BY_ID[lead['owner_id']]['name']['zh'] if lead['owner_id'] in BY_ID else None}",
    )
    tell.explain(lead["assignment_explanation"])
    stage.owner = suite.by_id(lead["owner_id"])
    _twin_is_found(stage, director, phone)
    _owner_is_told(stage)
    _lead_is_qualified(stage)


def _twin_is_found(stage: "Stage", director: Person, phone: str) -> None:
    answer = director.done("/leads/api/v1/duplicates/check", {"phones": [f"0086-{phone}"], "name": "Liu Dekai"})
    twins = [item for item in answer["duplicates"] if item["lead_id"] == stage.ids["lead"]]
    stage.narration.check(twins, "the same person in another notation is recognised")
    for reason in (twins[0]["reasons"] if twins else [])[:3]:
        stage.narration.say(f"    because: {reason.get('text', reason)}")


def _owner_is_told(stage: "Stage") -> None:
    owner, lead_id = stage.seller, stage.ids["lead"]

    def told() -> Any:
        items = owner.read("/gateway/api/v1/notifications", limit=50)["items"]
        return [item for item in items if lead_id in str(item)]

    stage.narration.check(until(told), f"{owner.name} has a notification in the gateway's inbox")
    work = until(
        lambda: [item for item in owner.read("/gateway/api/v1/work-items", limit=200)["items"] if lead_id in str(item)]
    )
    stage.narration.check(work, f"the follow-up stands in {owner.name}'s work list")


def _lead_is_qualified(stage: "Stage") -> None:
    owner, path = stage.seller, f"/leads/api/v1/leads/{stage.ids['lead']}"
    owner.done(f"{path}/activities", {"kind": "call", "text": "电话沟通：预算已批，决策人是总经理。"})
    stage.narration.check(owner.read(path)["status"] == "working", "after the first call the lead is being worked")
    owner.done(f"{path}/behaviours", {"behaviours": [{"kind": "download"}]})
    owner.done(f"{path}/qualify")
    stage.narration.check(owner.read(path)["status"] == "qualified", f"{owner.name} finds it worth an opportunity")


def _reason(row: dict[str, Any]) -> str:
    reason = row.get("reason") or {}
    return str(reason.get("errors") or reason.get("code") or "")[:160]


def _problem(answer: Answer) -> str:
    return "" if answer.ok else str(answer.body)[:300]
