"""A contract's way through its approvers, asked for and answered by events."""


def test_a_small_contract_needs_its_sellers_manager_only(company):
    request = company.ask()
    (task,) = company.tasks().values()
    assert task.assignee_id == "wang"
    company.act("wang", comment="同意")
    assert company.instance().status == "approved"
    (answer,) = company.events("instance.completed")
    assert (answer["request_id"], answer["subject_kind"], answer["subject_id"]) == (request, "contract", "c1")
    assert (answer["outcome"], answer["decided_by"], answer["comment"]) == ("approved", "wang", "同意")
    assert [(part["node"], part["by"], part["outcome"]) for part in answer["trace"]] == [
        ("manager", "wang", "approved")
    ]


def test_half_a_million_adds_risk_control_and_a_deep_discount_the_director_both_at_once(company):
    company.ask(base=500_000_00, discount=20.01)
    company.act("wang")
    assert set(company.tasks()) == {"he", "chen"}
    company.act("he")
    assert company.instance().status == "running"
    company.act("chen")
    assert company.instance().status == "approved"


def test_just_below_both_limits_nobody_is_added(company):
    company.ask(base=499_999_99, discount=20)
    company.act("wang")
    assert company.instance().status == "approved"
