"""Chapters nine and ten: onboarding asked for by event; the customer writes, is helped and says how it was."""

import re
from typing import TYPE_CHECKING, Any

from demo import mailbox
from demo.mailbox import Mailbox
from demo.suite import BY_ID, eq, until

if TYPE_CHECKING:
    from demo.story import Stage

TICKETS = "/service-desk/api/v1/tickets"
LEAD = "liu.yang"  # leads the service team, sees every ticket


def onboarding_begins(stage: "Stage") -> None:
    """The approved contract asked for the ticket; it is dispatched by rule, its clocks run in business time."""
    tell, lead = stage.narration, stage.suite.log_in(LEAD)
    tell.chapter("9. Onboarding: a ticket that nobody typed")
    found = until(lambda: lead.read(TICKETS, filter=eq(contract_id=stage.ids["contract"]))["items"])
    tell.need(found, "the service desk has a ticket for the contract")
    tell.check(len(found) == 1, "exactly one")
    ticket = until(lambda: _for_vip(lead.read(f"{TICKETS}/{found[0]['id']}"))) or lead.read(
        f"{TICKETS}/{found[0]['id']}"
    )
    stage.ids["onboarding"] = ticket["id"]
    tell.say(f"ticket {ticket['number']} {ticket['id']}: {ticket['subject']}")
    tell.check(
        ticket["type"] == "onboarding" and ticket["account_id"] == stage.ids["account"],
        f"type {ticket['type']}, for {ticket['account_name']}",
    )
    tell.check(ticket["account_tier"] == "VIP", f"the desk knows the customer as {ticket['account_tier']}")
    _tell_ticket(stage, ticket)


def the_customer_asks(stage: "Stage") -> None:
    """By the public form, answered, solved; the survey's link comes by mail and is answered once."""
    tell, suite = stage.narration, stage.suite
    tell.chapter("10. The customer writes to the service desk, and says how it was")
    with mailbox.receiving(suite) as box:
        ticket = _by_the_form(stage)
        agent = suite.by_id(ticket["assignee_id"])
        path = f"{TICKETS}/{ticket['id']}"
        agent.done(f"{path}/note", {"text": "客户是 VIP，先给临时方案。"})
        answered = agent.done(f"{path}/reply", {"text": "您好，已为您重置，请再试一次。", "status": "pending"})
        states = {clock["metric"]: clock["state"] for clock in answered["sla"]}
        tell.check(states.get("first_response") == "met", f"{agent.name} answers in time; clocks: {states}")
        solved = agent.done(f"{path}/reply", {"text": "已确认恢复正常。", "status": "solved"})
        states = {clock["metric"]: clock["state"] for clock in solved["sla"]}
        tell.check(solved["status"] == "solved" and states.get("solution") == "met", f"solved; clocks: {states}")
        _by_mail(stage, box, ticket, agent_path=path)


def _by_the_form(stage: "Stage") -> Any:
    tell, suite, lead = stage.narration, stage.suite, stage.suite.log_in(LEAD)
    form = {
        "name": "刘德凯",
        "email": stage.ids["email"],
        "type": "incident",
        "subject": "登录后看不到订单",
        "text": "今天早上开始，登录后订单列表是空的。",
        "website_url": "",
    }
    status, page = suite.page("/service-desk/portal/new", form)
    number = re.search(r"T-\d{4}-\d+", page)
    tell.need(status == 201 and number, f"the public form takes it without log-in ({status}): {number and number[0]}")
    found = until(lambda: lead.read(TICKETS, filter=eq(requester_email=stage.ids["email"]))["items"])
    tell.need(found, "it is in the team's list")
    ticket = lead.read(f"{TICKETS}/{found[0]['id']}")
    stage.ids["ticket"] = ticket["id"]
    tell.check(
        ticket["account_id"] == stage.ids["account"],
        f"by its address it belongs to {ticket['account_name']}, {ticket['account_tier']}",
    )
    tell.need(
        ticket["assignee_id"] in BY_ID,
        f"dispatched to {BY_ID.get(ticket['assignee_id'], {}).get('name', {}).get('zh')}",
    )
    _tell_ticket(stage, ticket)
    return ticket


def _by_mail(stage: "Stage", box: Mailbox | None, ticket: Any, *, agent_path: str) -> None:
    tell, address = stage.narration, stage.ids["email"]
    if box is None:
        tell.say("this suite mails through a server of its own: the survey is left to whoever reads that mailbox")
        return
    surveyed = until(lambda: [one for one in box.to(address) if "/survey/" in mailbox.text_of(one)], seconds=30)
    for mail in box.to(address):
        tell.say(f"    mail: {mail['Subject']} — {mailbox.text_of(mail).strip().splitlines()[0][:60]}")
    tell.need(surveyed, "the customer has the survey by mail")
    link = re.search(r"/service-desk/survey/[^\s?]+", mailbox.text_of(surveyed[0]))
    assert link is not None
    opened, _page = stage.suite.page(f"{link[0]}?score=5")
    before = stage.suite.log_in(LEAD).read(agent_path)["csat"]
    tell.check(opened == 200 and before is None, "opening the link does not count as an answer")
    sent, _page = stage.suite.page(link[0], {"score": "5", "comment": "很快，谢谢！"})
    after = stage.suite.log_in(LEAD).read(agent_path)["csat"]
    tell.check(sent == 200 and after == 5, f"the customer gives {after} of 5")
    again, _page = stage.suite.page(link[0], {"score": "1"})
    after = stage.suite.log_in(LEAD).read(agent_path)["csat"]
    tell.check(again == 200 and after == 5, f"a second answer changes nothing: {after}")
    stage.facts["csat"] = 5


def _tell_ticket(stage: "Stage", ticket: Any) -> None:
    """Who has it and why, which policy and why, and when each clock is due."""
    tell = stage.narration
    tell.check(
        ticket["assignment_explanation"],
        f"queue {ticket['queue']}, {BY_ID.get(ticket['assignee_id'], {}).get('name', {}).get('zh')}",
    )
    tell.explain(ticket["assignment_explanation"])
    tell.check(ticket["sla_explanation"] and ticket["sla"], f"under the policy {ticket['sla_policy']!r}")
    tell.explain(ticket["sla_explanation"])
    for clock in ticket["sla"]:
        tell.say(
            f"    {clock['metric']}: {clock['target_minutes']} min of business time, due {clock['due_at']}, {clock['state']}"
        )


def _for_vip(ticket: Any) -> Any:
    return ticket if ticket["account_tier"] == "VIP" else None
