"""Whatever the flow and whatever people do: the state is the fold of its events, nothing hangs, nobody is left out."""

import json
from itertools import count

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from approvals.blocks import HUMAN, Shape
from approvals.flow import step
from approvals.state import apply, fold, new_state
from chassis.errors import Problem
from tests.approvals.flows import Crew, around

USERS = ["ann", "bob", "cat", "dan", "gone"]
FLAGS = ["big", "cheap", "odd"]
CREW = Crew(managers={"ann": "bob", "bob": "cat", "me": "ann"}, gone={"gone"}, substitutes={"dan": "cat"})
NAME = {"zh": "节点", "en": "node"}
CLOSING = ("task_completed", "task_cancelled", "task_transferred")


def _who(draw):
    kind = draw(st.sampled_from(["users"] * 7 + ["manager", "nobody"]))
    if kind == "manager":
        return {"kind": "manager", "level": draw(st.integers(1, 4))}
    names = (
        ["gone"] if kind == "nobody" else draw(st.lists(st.sampled_from(USERS), min_size=1, max_size=4, unique=True))
    )
    return {"kind": "users", "users": names}


@st.composite
def sequences(draw, depth=0, least=0):
    nodes = []
    for _ in range(draw(st.integers(least, 4 if depth == 0 else 2))):
        kinds = (
            ["approve"] * 4
            + ["handle", "cc", "service"]
            + (["condition", "condition", "parallel", "parallel"] if depth < 3 else [])
        )
        kind = draw(st.sampled_from(kinds))
        node = {"type": kind, "name": NAME}
        if kind in HUMAN:
            node |= {
                "who": _who(draw),
                "mode": draw(st.sampled_from(["any", "all", "percent", "sequential"])),
                "percent": draw(st.integers(1, 100)),
                "nobody": draw(st.sampled_from(["skip", "to_admin", "to_admin", "reject"])),
                "same_person": draw(st.sampled_from(["once", "each"])),
                "on_reject": draw(st.sampled_from(["end", "initiator", "initiator"])),
                "deadline": {"hours": 8, "then": draw(st.sampled_from(["remind", "escalate", "approve", "reject"]))},
            }
        elif kind == "cc":
            node["who"] = _who(draw)
        elif kind == "service":
            node["event"] = "print"
        elif kind == "condition":
            node["branches"] = [
                {
                    "id": f"b{n}",
                    "name": NAME,
                    "when": draw(st.sampled_from([*FLAGS, None])),
                    "nodes": draw(sequences(depth + 1)),
                }
                for n in range(draw(st.integers(1, 3)))
            ]
        else:
            node["branches"] = [
                {"id": f"b{n}", "name": NAME, "nodes": draw(sequences(depth + 1))}
                for n in range(draw(st.integers(2, 3)))
            ]
        nodes.append(node)
    return nodes


def numbered(nodes, numbers):
    for node in nodes:
        node["id"] = f"n{next(numbers)}"
        for branch in node.get("branches", ()):
            numbered(branch["nodes"], numbers)
    return nodes


@st.composite
def definitions(draw):
    return {
        "nodes": numbered(draw(sequences(least=1)), count(1)),
        "on_resubmit": draw(st.sampled_from(["restart", "resume"])),
    }


subjects = st.fixed_dictionaries({flag: st.booleans() for flag in FLAGS})


def some_command(draw, definition, state):
    """A command, mostly a sensible one of somebody who is asked."""
    tasks = sorted(state["tasks"])
    if state["status"] == "returned" and draw(st.integers(0, 9)):
        return {"do": "resubmit", "by": "me", "subject": draw(st.none() | subjects)}
    if not tasks or draw(st.integers(0, 29)) == 0:
        return {
            "do": draw(st.sampled_from(["withdraw", "resubmit", "urge"])),
            "by": draw(st.sampled_from(["me", "ann"])),
        }
    pending = [key for key in tasks if state["tasks"][key]["status"] == "pending"]
    task = draw(st.sampled_from(pending if pending and draw(st.integers(0, 19)) else tasks))
    by = state["tasks"][task]["assignee"] if draw(st.integers(0, 19)) else draw(st.sampled_from([*USERS, "me"]))
    do = draw(st.sampled_from(["approve"] * 12 + ["return"] * 5 + ["reject", "transfer", "time_out", "remind"]))
    command = {"do": do, "by": "system" if do in ("time_out", "remind") else by, "task": task}
    if do == "return":
        places = list(Shape(definition).places)
        command["to"] = draw(
            st.sampled_from(["initiator", *(state["passed"] or places)] if draw(st.integers(0, 4)) else places)
        )
    elif do == "transfer":
        command["to"] = draw(st.sampled_from(USERS))
    return command


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(definition=definitions(), subject=subjects, data=st.data())
def test_whatever_happens_the_promises_hold(definition, subject, data):
    begin = new_state(initiator="me", subject=subject)
    state, events, surroundings = fold(begin, []), [], around(CREW)
    command = {"do": "start", "by": "me"}
    for _ in range(data.draw(st.integers(1, 40))):
        before = fold(state, [])
        try:
            happened = step(definition, state, command, surroundings)
        except Problem:
            assert state == before, "a refused command changes nothing"
            command = some_command(data.draw, definition, state)
            continue
        assert state == before, "a step does not touch the state it is given"
        for event in happened:
            apply(state, event)
        events += happened
        holds_always(begin, state, events)
        holds_for_step(definition, before, state, command, happened)
        command = some_command(data.draw, definition, state)
    if state["status"] == "approved":
        nobody_left_out(definition, state, events)


def holds_always(begin, state, events):
    assert state == fold(begin, json.loads(json.dumps(events))), "the state is the fold of plain JSON events"
    completions = [n for n, event in enumerate(events) if event["kind"] == "instance_completed"]
    assert len(completions) <= 1
    if completions:
        assert not events[completions[0] + 1 :]
    pending = [task for task in state["tasks"].values() if task["status"] == "pending"]
    open_ = [task for task in state["tasks"].values() if task["status"] in ("pending", "queued")]
    if state["status"] == "running":
        assert pending, "somebody is asked while it runs"
    else:
        assert not open_, "nobody is asked when it does not"
        assert not state["active"]
        assert not state["arrived"]
    for key, task in state["tasks"].items():
        closing = [event for event in events if event["kind"] in CLOSING and event["task"] == key]
        assert len(closing) == (task["status"] not in ("pending", "queued")), (
            "a closed task has one event that says why"
        )
        if task["status"] in ("pending", "queued"):
            assert state["active"].get(task["node"]) == task["visit"], "only steps that are under way ask"


def holds_for_step(definition, before, state, command, happened):
    shape = Shape(definition)
    if command["do"] in ("approve", "reject", "return", "transfer"):
        asked = before["tasks"][command["task"]]
        assert asked["status"] == "pending"
        assert asked["assignee"] == command["by"], "nobody not asked can decide"
    for node in shape.human():
        if node["mode"] == "sequential":
            now = [
                task for task in state["tasks"].values() if task["node"] == node["id"] and task["status"] == "pending"
            ]
            assert len(now) <= 1, "one after the other"
    returned = [event for event in happened if event["kind"] == "instance_returned"]
    if command["do"] == "return" and returned:
        back = set(shape.places) if command["to"] == "initiator" else shape.reachable(command["to"])
        opened = {key for key, task in before["tasks"].items() if task["status"] in ("pending", "queued")} - {
            command["task"]
        }
        undone = {key for key in opened if before["tasks"][key]["node"] in back}
        place = happened.index(returned[0])
        cancelled = {event["task"] for event in happened[:place] if event["kind"] == "task_cancelled"}
        assert cancelled == undone, "a return cancels exactly what its target can reach"


def nobody_left_out(definition, state, events):
    """Every step on the route of the final subject was passed in the last round, or had nobody and says so."""
    skipped = {event["node"] for event in events if event["kind"] == "node_empty" and event["then"] == "skipped"}

    def check(nodes):
        for node in nodes:
            if node["type"] in HUMAN:
                assert node["id"] in state["passed"] or node["id"] in skipped
            elif node["type"] == "parallel":
                for branch in node["branches"]:
                    check(branch["nodes"])
            elif node["type"] == "condition":
                taken = next((b for b in node["branches"] if b["when"] is None or state["subject"][b["when"]]), None)
                check(taken["nodes"] if taken else [])

    check(definition["nodes"])
