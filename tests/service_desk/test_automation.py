"""Automation rules on tickets, and those that come ready."""

from chassis.caller import SYSTEM
from engines.rules import definitions, publishing
from service_desk import automation, queries, tickets
from service_desk.models import Ticket
from tests.rules_running import run_rules


def test_a_vips_complaint_becomes_urgent_and_a_rule_may_write_a_note(database, people):
    people.add("liu", roles=(), name="刘洋")
    with database.transaction() as session:
        for key, (label, body) in automation.READY.items():
            publishing.publish_rule(session, caller=SYSTEM, key=key, body=body, title=label)
        body = {
            "about": "ticket", "trigger": {"on": "change", "fields": ["priority"]},
            "when": {"field": "priority", "op": "changed_to", "value": "urgent"},
            "actions": [{"do": "step:note", "values": {"text": "已加急：{subject}"}}],
        }  # fmt: skip
        publishing.publish_rule(session, caller=SYSTEM, key="note", body=body)
        assert len(definitions.in_force(session).rules) == len(automation.READY) + 1
    with database.transaction() as session:
        ticket = tickets.create(session, caller=SYSTEM, subject="无法登录", text="", channel="api", type="complaint")
        id_ = ticket.id
        tickets.edit(session, ticket, caller=SYSTEM, priority="urgent")
    run_rules(database)
    with database.reading() as session:
        assert session.get(Ticket, id_).priority == "urgent"
        assert [message.text for message in queries.messages(session, id_)][-1] == "已加急：无法登录"
