"""Decisions are stored with all they looked at and read as sentences in either language."""

import orjson

from chassis.db import Database
from engines import conditions, explain
from tests.shared.engines import things
from tests.shared.engines.things import THING


def test_a_decision_reads_in_both_languages_from_its_data(database: Database) -> None:
    with database.transaction() as session:
        made = explain.decide(
            session, kind="score", subject="lead/1", rule="default", version=3, inputs={"region": "华东"}, outcome=70,
            steps=[{
                "text": {"zh": "{label}为{values}：+{points}", "en": "{label} is {values}: +{points}"},
                "data": {"label": {"zh": "区域", "en": "Region"}, "values": ["华东", None], "points": 20},
            }],
        )  # fmt: skip
    with database.reading() as session:
        stored = explain.find(session, made.id)
        assert stored is not None
        assert explain.text(stored, "zh-CN") == "区域为华东、–：+20"
        assert explain.text(stored, "en") == "Region is 华东, –: +20"
        document = stored.document("en")
        assert (document["outcome"], document["rule"], document["version"]) == (70, "default", 3)
        assert orjson.loads(orjson.dumps(document))["steps"][0]["data"]["points"] == 20
        assert stored.inputs == {"region": "华东"}


def test_the_newest_decisions_on_a_subject_come_first(database: Database) -> None:
    with database.transaction() as session:
        for kind in ("score", "assignment", "score"):
            explain.decide(session, kind=kind, subject="lead/1", rule="r", version=1, inputs={}, outcome=kind)
        explain.decide(session, kind="score", subject="lead/2", rule="r", version=1, inputs={}, outcome=None)
    with database.reading() as session:
        assert [found.kind for found in explain.decisions_of(session, "lead/1")] == ["score", "assignment", "score"]
        assert len(explain.decisions_of(session, "lead/1", kind="score")) == 2


def test_a_conditions_explanation_shows_the_value_behind_each_comparison_and_runs_again_from_the_inputs() -> None:
    record = next(r for r in things.records() if r.amount_minor == 50_000_00 and r.name)
    context = conditions.Context(caller=things.CALLER, now=things.NOW, zone=things.ZONE)
    condition = {
        "all": [
            {"field": "amount", "op": "ge", "value": "50000"},
            {
                "not": {
                    "any": [
                        {"field": "name", "op": "eq", "value": "nobody"},
                        {"field": "met", "op": "this", "value": "week"},
                    ]
                }
            },
        ]
    }
    found = conditions.explain(condition, record, context, THING)
    amount, inner = found["all"]
    assert (amount["actual"], amount["result"]) == ("50000.00", True)
    name, met = inner["not"]["any"]
    assert (name["actual"], name["result"]) == (record.name, False)
    assert met["bounds"] == [["ge", "2026-03-22T23:00:00Z"], ["lt", "2026-03-29T22:00:00Z"]]
    inputs = orjson.loads(orjson.dumps(conditions.snapshot(THING, record, conditions.fields_used(condition))))
    assert conditions.explain(condition, inputs, context, THING) == found
    assert conditions.fields_used({"field": "amount", "op": "lt", "value": {"field": "limit"}}) == {"amount", "limit"}
