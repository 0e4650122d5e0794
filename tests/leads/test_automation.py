"""Automation rules on leads, and those that come ready."""

from chassis.caller import SYSTEM
from engines.rules import definitions, publishing
from leads import automation, capture
from leads.models import Lead
from tests.rules_running import run_rules


def test_every_ready_rule_holds(database):
    with database.transaction() as session:
        for key, (label, body) in automation.READY.items():
            publishing.publish_rule(session, caller=SYSTEM, key=key, body=body, title=label)
        assert len(definitions.in_force(session).rules) == len(automation.READY)


def test_a_captured_lead_is_tagged_and_goes_back_to_the_pool_by_rule(database, people):
    body = {
        "about": "lead", "trigger": {"on": "event", "events": ["lead.captured"]},
        "when": {"field": "region", "op": "is_not_empty"},
        "actions": [{"do": "tag", "add": ["有区域"]}, {"do": "update", "values": {"title": "经理"}}],
    }  # fmt: skip
    with database.transaction() as session:
        publishing.publish_rule(session, caller=SYSTEM, key="tagged", body=body)
    with database.transaction() as session:
        found = capture.capture(session, caller=SYSTEM, name="周敏", phones=["13800138000"], city="上海", source="api")
        id_ = found.lead.id if hasattr(found, "lead") else found.id
    run_rules(database)
    with database.reading() as session:
        lead = session.get(Lead, id_)
        assert (lead.tags, lead.title) == (["有区域"], "经理")
