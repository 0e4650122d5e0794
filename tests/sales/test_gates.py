"""A stage lets in only what has met its demands, and names everything that is missing at once."""

from hypothesis import given
from hypothesis import strategies as st

from sales import gates
from sales.pipeline_templates import TEMPLATES


def stage(key, category="open", probability=10, **demands):
    return {"key": key, "category": category, "probability": probability, **demands}


STAGES = [
    stage("need", required_fields=["name"]),
    stage("offer", probability=50, checklist=[{"key": "budget"}, {"key": "nice", "required": False}]),
    stage("close", probability=80, required_documents=["quote"], required_fields=["close_date"]),
    stage("won", "won", 100, required_documents=["contract"]),
    stage("lost", "lost", 0, required_fields=["loss_reason"]),
]


def missing(target, *, values=None, done=(), documents=()):
    return gates.missing(STAGES, target=target, values=values or {}, done=done, documents=documents).as_dict()


def test_a_skipped_stage_still_demands_what_it_demands():
    assert missing("won", values={"name": "x"}) == {
        "fields": ["close_date"],
        "checklist": ["budget"],
        "documents": ["quote", "contract"],
    }


def test_a_lost_deal_owes_nothing_but_the_reason():
    assert missing("lost") == {"fields": ["loss_reason"], "checklist": [], "documents": []}
    assert not gates.missing(STAGES, target="lost", values={"loss_reason": "price"}, done=(), documents=())


def test_an_optional_check_does_not_hold_a_deal():
    assert missing("offer", values={"name": "x"}, done=["budget"])["checklist"] == []


@given(
    st.sampled_from(STAGES),
    st.sets(st.sampled_from(["budget", "nice"])),
    st.sets(st.sampled_from(["quote", "contract"])),
)
def test_giving_everything_that_is_missing_opens_the_gate(target, done, documents):
    values = {"name": "", "close_date": None}
    lack = gates.missing(STAGES, target=target["key"], values=values, done=done, documents=documents)
    filled = values | dict.fromkeys(lack.fields, "given")
    assert not gates.missing(
        STAGES,
        target=target["key"],
        values=filled,
        done=done | set(lack.checklist),
        documents=documents | set(lack.documents),
    )


@given(st.integers(0, 10**14), st.integers(0, 100))
def test_the_expected_value_never_exceeds_the_amount(amount, probability):
    assert 0 <= gates.weighted(amount, probability) <= amount


def test_the_shipped_pipelines_are_sound_and_have_five_and_seven_open_to_won_stages():
    for template in TEMPLATES:
        assert gates.faults(template["stages"]) == {}
    assert sorted(sum(s["category"] != "lost" for s in t["stages"]) for t in TEMPLATES) == [5, 7]


def test_a_pipeline_without_an_end_is_refused_with_the_place():
    assert "stages" in gates.faults([stage("need")])
    assert list(gates.faults([*STAGES, stage("need")])) == ["stages.5.key"]
    assert "stages.3.probability" in gates.faults([*STAGES[:3], stage("won", "won", 90), STAGES[4]])


def test_the_forecast_follows_the_probability_unless_the_stage_says_otherwise():
    told = [gates.forecast_category(s) for s in STAGES]
    assert told == ["pipeline", "best_case", "most_likely", "closed", "omitted"]
    assert gates.forecast_category(stage("x", forecast_category="commit")) == "commit"
