"""The approval engine: `step(definition, state, command, surroundings) → events`.

Pure: no database, no clock of its own. Live requests, the preview of one request and simulations all run this function.
State and events are plain JSON, the state is the fold of its events, and a closed task has an event that says why.
"""

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from approvals.blocks import HUMAN, Node, Shape
from approvals.errors import AlreadyAsked, NotYourTask, TargetInactive, TargetNotPassed, TaskClosed, WrongState
from approvals.people import Found, People, find
from approvals.state import GONE, OPEN, Event, State, apply
from approvals.verdicts import verdict

COMMANDS = (
    "start", "approve", "reject", "transfer", "return", "withdraw", "resubmit", "urge", "remind", "time_out",
    "hand_over",
)  # fmt: skip


@dataclass(frozen=True)
class Surroundings:
    """What a step may ask of the world. `holds(condition, subject)` gives (result, explanation)."""

    people: People
    holds: Callable[[Any, Mapping[str, Any]], tuple[bool, Any]]
    now: datetime
    new_id: Callable[[], str]
    admins: tuple[str, ...] = ()


def step(definition: Mapping[str, Any], state: State, command: Mapping[str, Any], around: Surroundings) -> list[Event]:
    """Events that follow from `command` {"do", "by", …}; the caller applies and stores them in order.

    do: start · approve(fields), reject, transfer(to, administers), return(to: node id or "initiator") with `task` · withdraw ·
    resubmit(subject) · urge · remind and time_out with `task` (from timers) · hand_over(to) with `task` (of a leaver).
    Refusals are problems:
    TaskClosed, NotYourTask, WrongState, TargetNotPassed, TargetInactive, AlreadyAsked.
    """
    if command["do"] not in COMMANDS:
        raise ValueError(f"unknown command {command['do']!r}")
    run = _Run(Shape(definition), deepcopy(state), around, command)
    getattr(run, f"do_{command['do']}")()
    return run.events


class _Run:
    """One step: events so far and the state they lead to."""

    def __init__(self, shape: Shape, state: State, around: Surroundings, command: Mapping[str, Any]):
        self.shape, self.state, self.around, self.command = shape, state, around, command
        self.events: list[Event] = []
        self.by: str = command.get("by", "system")
        self.comment: str = command.get("comment") or ""

    # commands

    def do_start(self) -> None:
        self._require("new")
        self._emit("instance_started", subject=self.state["subject"], by=self.by)
        self._enter_sequence(self.shape.nodes, None)

    def do_resubmit(self) -> None:
        self._require("returned")
        self._require_initiator()
        subject = self.command.get("subject") or self.state["subject"]
        resume = self.state["resume"] if self.shape.definition.get("on_resubmit") == "resume" else None
        if resume is not None and not self._same_branches(subject):
            resume = None  # with other values the route is another one: nobody may be left out
        self._emit(
            "instance_resubmitted", subject=subject, by=self.by, comment=self.comment, resumes=resume is not None
        )
        if resume is None:
            self._enter_sequence(self.shape.nodes, None)
            return
        for node_id in resume["nodes"]:
            self._reopen_around(node_id, resume["arrived"])
        for node_id in resume["nodes"]:
            if self.state["status"] == "running":
                self._enter(self.shape.node(node_id))

    def do_withdraw(self) -> None:
        self._require("running", "returned")
        self._require_initiator()
        self._finish("withdrawn")

    def do_approve(self) -> None:
        task_id, task = self._my_task()
        self._close(task_id, task, "approved", self.comment, fields=self._fields(task))

    def do_reject(self) -> None:
        task_id, task = self._my_task()
        self._close(task_id, task, "rejected", self.comment)

    def do_transfer(self) -> None:
        task_id, task = self._open_task() if self.command.get("administers") else self._my_task()
        self._transfer(task_id, task, reason="transfer")

    def do_hand_over(self) -> None:
        """A leaver's task, asked already or still to be asked, goes to a successor."""
        task = self.state["tasks"].get(self.command["task"])
        if self.state["status"] != "running" or task is None or task["status"] not in OPEN:
            raise TaskClosed()
        self._transfer(self.command["task"], task, reason="hand_over")

    def _transfer(self, task_id: str, task: Mapping[str, Any], *, reason: str) -> None:
        to = self.command["to"]
        if to == task["assignee"] or not self.around.people.active(to) or to == self.state["initiator"]:
            raise TargetInactive()
        if any(other["assignee"] == to for _, other in self._of(task["node"])):
            raise AlreadyAsked()
        self._hand_over(task_id, task, to, comment=self.comment, reason=reason)

    def do_return(self) -> None:
        task_id, task = self._my_task()
        to = self.command["to"]
        if to != "initiator" and (
            to == task["node"] or to not in self.state["passed"] or task["node"] not in self.shape.reachable(to)
        ):
            raise TargetNotPassed()  # a step of another parallel branch is none that leads here
        self._emit(
            "task_completed", task=task_id, node=task["node"], outcome="returned", by=self.by, comment=self.comment
        )
        self._return_to(to, came_from=task["node"])

    def do_urge(self) -> None:
        self._require("running")
        self._require_initiator()
        asked = [task["assignee"] for task in self.state["tasks"].values() if task["status"] == "pending"]
        self._emit("urged", by=self.by, comment=self.comment, to=list(dict.fromkeys(asked)))

    def do_remind(self) -> None:
        task_id, task = self._open_task()
        self._emit("task_reminded", task=task_id, node=task["node"], assignee=task["assignee"])

    def do_time_out(self) -> None:
        """A deadline passed: what the node says happens then (remind, escalate, approve, reject)."""
        task_id, task = self._open_task()
        then = (self.shape.node(task["node"]).get("deadline") or {}).get("then", "remind")
        self._emit("task_overdue", task=task_id, node=task["node"], assignee=task["assignee"], then=then)
        if then == "escalate":
            above = self._above(task)
            if above is not None:
                self._hand_over(task_id, task, above, comment="", reason="escalated")
        elif then in ("approve", "reject"):
            self._close(task_id, task, "approved" if then == "approve" else "rejected", "", reason="deadline")

    # deciding

    def _close(
        self, task_id: str, task: Mapping[str, Any], outcome: str, comment: str, *, reason: str = "",
        fields: Mapping[str, Any] | None = None,
    ) -> None:  # fmt: skip
        node = self.shape.node(task["node"])
        self._emit("task_completed", task=task_id, node=node["id"], outcome=outcome, by=self.by, comment=comment,
                   reason=reason, **({"fields": dict(fields)} if fields else {}))  # fmt: skip
        found = verdict(node, [each["status"] for _, each in self._of(node["id"])])
        if found is None:
            self._open_next(node)
            return
        self._cancel([key for key, _ in self._open_of(node["id"])], reason=found)
        self._leave(node, outcome=found)
        if found == "approved":
            self._after(node)
        elif node.get("on_reject", "end") == "initiator":
            self._return_to("initiator", came_from=node["id"])
        else:
            self._finish("rejected")

    def _fields(self, task: Mapping[str, Any]) -> dict[str, Any]:
        """What was filled in, of the fields the node lets people fill in."""
        allowed = self.shape.node(task["node"]).get("fields") or []
        return {name: value for name, value in (self.command.get("fields") or {}).items() if name in allowed}

    def _open_next(self, node: Node) -> None:
        """Sequential mode: the next in line is asked."""
        waiting = [(key, task) for key, task in self._open_of(node["id"]) if task["status"] == "queued"]
        if node.get("mode") == "sequential" and waiting:
            key, task = min(waiting, key=lambda pair: pair[1]["order"])
            self._emit("task_opened", task=key, node=node["id"], assignee=task["assignee"], due_at=self._due(node))

    def _above(self, task: Mapping[str, Any]) -> str | None:
        """Who takes over an overdue task: the assignee's manager, else an administrator, who has not had it before."""
        people, asked = self.around.people, {other["assignee"] for _, other in self._of(task["node"])}
        for user in (people.manager(task["assignee"], 1), *self.around.admins):
            if user and people.active(user) and user not in {*asked, *task["held"], self.state["initiator"]}:
                return user
        return None

    def _hand_over(self, task_id: str, task: Mapping[str, Any], to: str, *, comment: str, reason: str) -> None:
        """The task is closed for one person and opened for another, in the same place."""
        self._emit("task_transferred", task=task_id, node=task["node"], **{"from": task["assignee"]}, to=to,
                   to_task=self.around.new_id(), by=self.by, comment=comment, reason=reason,
                   due_at=self._due(self.shape.node(task["node"])) if task["status"] == "pending" else None)  # fmt: skip

    # moving through the blocks

    def _enter_sequence(self, sequence: Any, owner: tuple[str, str] | None) -> None:
        if sequence:
            self._enter(sequence[0])
        elif owner is not None:
            self._arrive(owner)
        else:
            self._finish("approved")

    def _enter(self, node: Node) -> None:
        visit = self._note_entry(node)
        getattr(self, f"_run_{node['type']}")(node, visit)

    def _note_entry(self, node: Node) -> int:
        visit: int = self.state["visits"].get(node["id"], 0) + 1
        self._emit("node_entered", node=node["id"], type=node["type"], visit=visit)
        return visit

    def _leave(self, node: Node, *, outcome: str) -> None:
        self._emit("node_left", node=node["id"], outcome=outcome)

    def _after(self, node: Node) -> None:
        place = self.shape.places[node["id"]]
        if place.next is not None:
            self._enter(place.next)
        elif place.owner is not None:
            self._arrive(place.owner)
        else:
            self._finish("approved")

    def _arrive(self, owner: tuple[str, str]) -> None:
        block = self.shape.node(owner[0])
        if block["type"] == "parallel":
            self._emit("branch_arrived", node=block["id"], branch=owner[1])
            if len(self.state["arrived"][block["id"]]) < len(block["branches"]):
                return
        self._leave(block, outcome="passed")
        self._after(block)

    def _run_condition(self, node: Node, visit: int) -> None:
        taken, looked_at = self._branch_of(node, self.state["subject"])
        self._emit("branch_taken", node=node["id"], branch=taken["id"] if taken else None, looked_at=looked_at)
        self._enter_sequence(taken["nodes"] if taken else [], (node["id"], taken["id"] if taken else ""))

    def _branch_of(self, node: Node, subject: Mapping[str, Any]) -> tuple[Mapping[str, Any] | None, list[Any]]:
        """The first branch that holds, and what every branch up to it said."""
        looked_at = []
        for item in node["branches"]:
            held, why = (True, None) if item.get("when") is None else self.around.holds(item["when"], subject)
            looked_at.append({"branch": item["id"], "held": held, "why": why})
            if held:
                return item, looked_at
        return None, looked_at

    def _same_branches(self, subject: Mapping[str, Any]) -> bool:
        """Whether every condition passed in this round would take the same branch for `subject`."""
        for node_id, before in self.state["taken"].items():
            taken, _ = self._branch_of(self.shape.node(node_id), subject)
            if (taken["id"] if taken else None) != before:
                return False
        return True

    def _run_parallel(self, node: Node, visit: int) -> None:
        self._emit("block_opened", node=node["id"], arrived=[])
        for item in node["branches"]:
            if self.state["active"].get(node["id"]) == visit:  # a branch that was refused has ended it all
                self._enter_sequence(item["nodes"], (node["id"], item["id"]))

    def _run_cc(self, node: Node, visit: int) -> None:
        found = self._find(node)
        self._emit("cc_sent", node=node["id"], users=list(found.users), why=found.why)
        self._leave(node, outcome="passed")
        self._after(node)

    def _run_service(self, node: Node, visit: int) -> None:
        self._emit("service_asked", node=node["id"], event=node["event"])
        self._leave(node, outcome="passed")
        self._after(node)

    def _run_handle(self, node: Node, visit: int) -> None:
        self._run_approve(node, visit)

    def _run_approve(self, node: Node, visit: int) -> None:
        found = self._find(node)
        users, why = list(found.users), found.why
        nobody = node.get("nobody", "to_admin")
        if not users and nobody == "to_admin":
            users = [user for user in self.around.admins if self.around.people.active(user)]
            why = why | {"nobody": "to_admin"}
        if users:
            self._create_tasks(node, visit, users, why)
            return
        outcome = "skipped" if nobody == "skip" else "rejected"
        self._emit("node_empty", node=node["id"], then=outcome, why=why)
        self._leave(node, outcome=outcome)
        if outcome == "skipped":
            self._after(node)
        else:
            self._finish("rejected")

    def _create_tasks(self, node: Node, visit: int, users: list[str], why: dict[str, Any]) -> None:
        sequential = node.get("mode") == "sequential"
        for order, user in enumerate(users):
            queued = sequential and order > 0
            self._emit("task_created", task=self.around.new_id(), node=node["id"], visit=visit, assignee=user,
                       status="queued" if queued else "pending", order=order, why=why,
                       due_at=None if queued else self._due(node))  # fmt: skip
        if node.get("same_person", "once") == "once" and node["type"] == "approve":
            self._pass_for_those_who_approved(node, visit)

    def _pass_for_those_who_approved(self, node: Node, visit: int) -> None:
        """`same_person: once`: whoever approved at an earlier node of this round need not do it again."""
        for key, task in self._open_of(node["id"]):
            earlier = [at for at in self.state["approved_by"].get(task["assignee"], []) if at != node["id"]]
            still_open = self.state["tasks"][key]["status"] == "pending"
            if earlier and still_open and self.state["active"].get(node["id"]) == visit:
                before, self.by = self.by, task["assignee"]
                self._close(key, task, "approved", "", reason=f"approved at {earlier[-1]}")
                self.by = before

    # ending and going back

    def _finish(self, outcome: str) -> None:
        self._cancel(self._open(), reason=outcome)
        for node_id in list(self.state["active"]):
            self._emit("node_left", node=node_id, outcome="cancelled")
        self._emit("instance_completed", outcome=outcome, by=self.by, comment=self.comment)

    def _return_to(self, to: str, *, came_from: str) -> None:
        """Go back to `to`: every open task that `to` can reach is cancelled, other parallel branches go on."""
        undone = set(self.shape.places) if to == "initiator" else self.shape.reachable(to)
        resume = None
        if to == "initiator":
            human = [key for key in self.shape.places if key in self.state["active"] and self._is_human(key)]
            resume = {"nodes": list(dict.fromkeys([came_from, *human])), "arrived": deepcopy(self.state["arrived"])}
        self._cancel([key for key in self._open() if self.state["tasks"][key]["node"] in undone], reason="returned")
        around = {block for block, _ in self.shape.owners(to)} if to != "initiator" else set()
        for node_id in [item for item in self.state["active"] if item in undone - around]:
            self._emit("node_left", node=node_id, outcome="returned")
        self._emit("instance_returned", **{"from": came_from}, to=to, by=self.by, comment=self.comment, resume=resume,
                   undone=[key for key in self.shape.places if key in undone])  # fmt: skip
        if to != "initiator":
            self._reopen_around(to, {})
            self._enter(self.shape.node(to))

    def _reopen_around(self, node_id: str, arrived: Mapping[str, list[str]]) -> None:
        """Blocks around the node that are over open again; other branches of a parallel one stay done (or as `arrived`)."""
        for block_id, at in self.shape.owners(node_id)[::-1]:
            block = self.shape.node(block_id)
            if block_id in self.state["active"]:
                continue
            self._note_entry(block)
            if block["type"] == "parallel":
                done = arrived.get(block_id)
                others = [item["id"] for item in block["branches"] if item["id"] != at] if done is None else done
                self._emit("block_opened", node=block_id, arrived=list(others))

    def _cancel(self, task_ids: list[str], *, reason: str) -> None:
        for task_id in task_ids:
            self._emit("task_cancelled", task=task_id, node=self.state["tasks"][task_id]["node"], outcome="cancelled",
                       by=self.by, reason=reason)  # fmt: skip

    # small things

    def _emit(self, kind: str, **data: Any) -> None:
        event = deepcopy({"kind": kind, **data})
        apply(self.state, event)
        self.events.append(event)

    def _require(self, *statuses: str) -> None:
        if self.state["status"] not in statuses:
            raise WrongState(status=self.state["status"])

    def _require_initiator(self) -> None:
        if self.by != self.state["initiator"]:
            raise NotYourTask()

    def _open_task(self) -> tuple[str, dict[str, Any]]:
        task = self.state["tasks"].get(self.command["task"])
        if self.state["status"] != "running" or task is None or task["status"] != "pending":
            raise TaskClosed()
        return self.command["task"], task

    def _my_task(self) -> tuple[str, dict[str, Any]]:
        """The open task of the command; its assignee's alone."""
        task = self.state["tasks"].get(self.command["task"])
        if task is not None and task["assignee"] != self.by:
            raise NotYourTask()
        return self._open_task()

    def _is_human(self, node_id: str) -> bool:
        return self.shape.node(node_id)["type"] in HUMAN

    def _open(self) -> list[str]:
        return [key for key, task in self.state["tasks"].items() if task["status"] in OPEN]

    def _of(self, node_id: str) -> list[tuple[str, dict[str, Any]]]:
        """Tasks of a node's present visit that have or may have a say."""
        visit = self.state["visits"].get(node_id)
        return [
            (key, task)
            for key, task in self.state["tasks"].items()
            if task["node"] == node_id and task["visit"] == visit and task["status"] not in GONE
        ]

    def _open_of(self, node_id: str) -> list[tuple[str, dict[str, Any]]]:
        return [(key, task) for key, task in self._of(node_id) if task["status"] in OPEN]

    def _find(self, node: Node) -> Found:
        own = node.get("own", "allow" if node["type"] == "cc" else "manager")
        return find(
            node["who"], self.state["subject"], initiator=self.state["initiator"], people=self.around.people, own=own
        )

    def _due(self, node: Node) -> str | None:
        """ISO time by which a task opened now is to be done."""
        hours = (node.get("deadline") or {}).get("hours")
        if not hours:
            return None
        return (self.around.now + timedelta(hours=hours)).isoformat().replace("+00:00", "Z")
