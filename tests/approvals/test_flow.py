"""The engine mode by mode: who decides when, where a return leads, what a deadline does, who is asked instead of whom."""

import pytest

from approvals.errors import AlreadyAsked, NotYourTask, TargetInactive, TargetNotPassed, TaskClosed, WrongState
from tests.approvals.flows import Crew, Run, ask, both_of, when


def test_any_the_first_decides_either_way():
    run = Run(ask("a", "ann", "bob")).start()
    run.act("bob")
    assert run.status == "approved"
    assert {task["assignee"]: task["status"] for task in run.state["tasks"].values()} == {
        "ann": "cancelled",
        "bob": "approved",
    }
    refused = Run(ask("a", "ann", "bob")).start()
    refused.act("ann", "reject")
    assert refused.status == "rejected"


def test_all_must_approve_and_one_rejection_is_enough():
    run = Run(ask("a", "ann", "bob", mode="all")).start()
    run.act("ann")
    assert (run.status, run.pending) == ("running", ["bob"])
    run.act("bob", "reject")
    assert run.status == "rejected"


@pytest.mark.parametrize(
    ("answers", "outcome"), [("aa", "approved"), ("rr", "rejected"), ("ar", "running"), ("ara", "approved")]
)
def test_percent_is_over_once_it_is_reached_or_impossible(answers, outcome):
    run = Run(ask("a", "ann", "bob", "cat", mode="percent", percent=60)).start()
    for person, answer in zip(("ann", "bob", "cat"), answers, strict=False):
        run.act(person, "approve" if answer == "a" else "reject")
    assert run.status == outcome


def test_sequential_asks_one_after_the_other():
    run = Run(ask("a", "ann", "bob", mode="sequential", deadline={"hours": 8})).start()
    assert run.pending == ["ann"]
    run.act("ann")
    assert run.pending == ["bob"]
    assert [task["due_at"] for task in run.state["tasks"].values()] == ["2026-03-02T17:00:00Z"] * 2


def test_nobody_else_and_nobody_twice():
    run = Run(ask("a", "ann", mode="all"), ask("b", "bob")).start()
    task = next(iter(run.state["tasks"]))
    with pytest.raises(NotYourTask):
        run.do("approve", "bob", task=task)
    run.do("approve", "ann", task=task)
    with pytest.raises(TaskClosed):
        run.do("approve", "ann", task=task)


def test_a_transfer_closes_the_task_and_opens_one_for_the_other():
    run = Run(ask("a", "ann", "bob", mode="all"), crew=Crew(gone={"zed"})).start()
    for nobody, refusal in (
        ("zed", TargetInactive),
        ("ann", TargetInactive),
        ("me", TargetInactive),
        ("bob", AlreadyAsked),
    ):
        with pytest.raises(refusal):
            run.act("ann", "transfer", to=nobody)
    run.act("ann", "transfer", to="cat")
    assert run.pending == ["bob", "cat"]
    run.act("bob")
    run.act("cat")
    assert run.status == "approved"


def test_a_leavers_task_goes_to_a_successor_asked_already_or_still_in_line():
    run = Run(ask("a", "ann", "bob", mode="sequential"), crew=Crew()).start()
    later = next(key for key, task in run.state["tasks"].items() if task["assignee"] == "bob")
    run.do("hand_over", task=later, by="admin", to="cat")
    assert run.pending == ["ann"]
    run.act("ann")
    assert run.pending == ["cat"]
    run.act("cat")
    assert run.status == "approved"


def test_a_return_to_a_step_undoes_what_it_leads_to_and_asks_again():
    run = Run(ask("a", "ann"), ask("b", "bob"), ask("c", "cat")).start()
    run.act("ann")
    run.act("bob")
    run.act("cat", "return", to="a")
    assert (run.status, run.pending) == ("running", ["ann"])
    run.act("ann")
    assert run.pending == ["bob"]


def test_a_return_inside_a_branch_leaves_the_other_branch_alone():
    run = Run(both_of("p", [ask("a", "ann"), ask("b", "bob")], [ask("c", "cat")])).start()
    run.act("ann")
    run.act("bob", "return", to="a")
    assert run.pending == ["ann", "cat"]
    with pytest.raises(TargetNotPassed):
        run.act("cat", "return", to="a")


def test_a_return_into_a_finished_block_keeps_its_other_branches_done():
    run = Run(both_of("p", [ask("a", "ann")], [ask("b", "bob")]), ask("c", "cat")).start()
    run.act("ann")
    run.act("bob")
    run.act("cat", "return", to="a")
    assert run.pending == ["ann"]
    run.act("ann")
    assert run.pending == ["cat"]


def test_an_earlier_approval_does_not_bounce_a_return_back():
    run = Run(ask("a", "ann"), ask("b", "bob"), ask("c", "ann", "bob", mode="all", same_person="each")).start()
    run.act("ann")
    run.act("bob")
    run.act("ann", "return", to="a")
    assert run.pending == ["ann"]


def test_only_steps_passed_in_this_round_can_be_returned_to():
    run = Run(when("w", ("big", [ask("a", "ann")]), (None, [])), ask("b", "bob"), subject={"big": True}).start()
    run.act("ann")
    run.act("bob", "return", to="initiator")
    run.do("resubmit", "me", subject={"big": False})
    assert run.pending == ["bob"]
    with pytest.raises(TargetNotPassed):
        run.act("bob", "return", to="a")


def test_resubmitting_resumes_where_it_was_returned_and_keeps_what_waited_beside_it():
    run = Run(ask("z", "zoe"), both_of("p", [ask("a", "ann")], [ask("b", "bob")]), on_resubmit="resume").start()
    run.act("zoe")
    run.act("ann", "return", to="initiator")
    assert (run.status, run.pending) == ("returned", [])
    run.do("resubmit", "me")
    assert run.pending == ["ann", "bob"]
    run.act("ann")
    run.act("bob")
    assert run.status == "approved"


def test_values_that_change_the_route_start_it_anew():
    nodes = [when("w", ("big", [ask("a", "ann")]), (None, [])), ask("b", "bob")]
    run = Run(*nodes, subject={"big": False}, on_resubmit="resume").start()
    run.act("bob", "return", to="initiator")
    run.do("resubmit", "me", subject={"big": True})
    assert run.pending == ["ann"]


def test_only_who_asked_withdraws_or_resubmits():
    run = Run(ask("a", "ann")).start()
    with pytest.raises(NotYourTask):
        run.do("withdraw", "ann")
    with pytest.raises(WrongState):
        run.do("resubmit", "me")
    run.do("withdraw", "me")
    assert (run.status, run.pending) == ("withdrawn", [])


@pytest.mark.parametrize(("then", "status", "pending"), [
    ("remind", "running", ["ann"]), ("escalate", "running", ["bob"]), ("approve", "approved", []), ("reject", "rejected", []),
])  # fmt: skip
def test_a_deadline_does_what_the_step_says(then, status, pending):
    run = Run(ask("a", "ann", deadline={"hours": 1, "then": then}), crew=Crew(managers={"ann": "bob"})).start()
    run.do("time_out", "system", task=next(iter(run.state["tasks"])))
    assert (run.status, run.pending) == (status, pending)


def test_escalation_never_comes_back_to_somebody_who_had_it():
    run = Run(ask("a", "ann", deadline={"hours": 1, "then": "escalate"}), crew=Crew(managers={"ann": "root"})).start()
    for _ in range(3):
        run.do(
            "time_out", "system", task=next(k for k, task in run.state["tasks"].items() if task["status"] == "pending")
        )
    assert run.pending == ["root"]


@pytest.mark.parametrize(("nobody", "status", "pending"), [
    ("skip", "running", ["bob"]), ("to_admin", "running", ["root"]), ("reject", "rejected", []),
])  # fmt: skip
def test_a_step_that_finds_nobody_is_skipped_rejected_or_goes_to_an_administrator(nobody, status, pending):
    run = Run(ask("a", "gone", nobody=nobody), ask("b", "bob"), crew=Crew(gone={"gone"})).start()
    assert (run.status, run.pending) == (status, pending)


def test_who_has_approved_need_not_approve_again_unless_the_step_wants_it():
    once = Run(ask("a", "ann"), ask("b", "ann")).start()
    once.act("ann")
    assert once.status == "approved"
    each = Run(ask("a", "ann"), ask("b", "ann", same_person="each")).start()
    each.act("ann")
    assert each.pending == ["ann"]


def test_nobody_approves_his_own_request_unless_the_step_allows_it():
    crew = Crew(managers={"me": "boss"})
    assert Run(ask("a", "me"), crew=crew).start().pending == ["boss"]
    assert Run(ask("a", "me", own="allow"), crew=crew).start().pending == ["me"]
    assert Run(ask("a", "me", own="skip", nobody="skip"), ask("b", "bob"), crew=crew).start().pending == ["bob"]


def test_a_substitute_is_asked_and_the_reason_says_for_whom():
    run = Run(ask("a", "ann"), crew=Crew(substitutes={"ann": "sub"})).start()
    assert run.pending == ["sub"]
    assert next(iter(run.state["tasks"].values()))["why"]["for"] == {"sub": "ann"}


def test_a_step_to_do_fills_the_fields_it_asks_for_and_no_others():
    node = ask("a", "ann", fields=["serial"]) | {"type": "handle"}
    run = Run(node, subject={"big": False}).start()
    run.act("ann", fields={"serial": "S-1", "big": True})
    assert run.state["subject"] == {"big": False, "serial": "S-1"}
