"""The rows of the clocks equal the arithmetic of the reference for every history; rebasing moves only what runs."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from chassis import timers
from chassis.caller import SYSTEM
from service_desk import calendars, clocks, definitions, progress, tickets
from service_desk.business_time import Calendar, calendar
from service_desk.errors import TooLateToReopen, WrongStatus
from service_desk.models import Step

TARGETS = {"first_response": 3600, "update": 14_400, "solution": 57_600}  # of the standard policy, in seconds
CHINA = calendar(calendars.chinese(2024, 2028))
steps = st.lists(
    st.tuples(
        st.sampled_from(["reply", "hear", "note", "pending", "on_hold", "open", "solved", "urgent", "high"]),
        st.integers(60, 20 * 3600),
    ),
    max_size=8,
)


class Reference:
    """One clock by plain stop-watch arithmetic: used time is added up at each stop, the due time taken from the rest."""

    def __init__(self, hours: Calendar, target: int):
        self.hours, self.target, self.wanted = hours, target, target
        self.used, self.since, self.met, self.alive = 0, None, None, False

    def start(self, at: datetime) -> None:
        self.used, self.since, self.met, self.alive = 0, at, None, True

    def stop(self, at: datetime) -> None:
        if self.since is not None:
            self.used += self.hours.between(self.since, at)
            self.since = None

    def resume(self, at: datetime) -> None:
        if self.alive and self.met is None and self.since is None:
            self.since = at

    def meet(self, at: datetime) -> None:
        if self.alive and self.met is None:
            self.stop(at)
            self.met = at

    def due(self) -> datetime | None:
        if self.since is None:
            return None
        left = self.target - self.used
        return self.hours.add(self.since, left) if left > 0 else None


def reference(history: list[tuple[str, datetime, dict[str, Any]]]) -> dict[str, Reference]:
    """The clocks after what really happened (kind, at, detail of the step)."""
    watches = {metric: Reference(CHINA, TARGETS[metric]) for metric in TARGETS}
    answered = unanswered = paused = done = False
    for kind, at, detail in history:
        if kind == "created":
            watches["first_response"].start(at)
            watches["solution"].start(at)
        elif kind == "agent_reply":
            answered = True
            watches["first_response"].meet(at)
            watches["update"].meet(at)
            unanswered = False
        elif kind == "customer_reply" and answered and not unanswered:
            unanswered = True
            watches["update"].start(at)
            watches["update"].target = watches["update"].wanted
        elif kind == "state_change" and detail["pausing"] != paused:
            paused = detail["pausing"]
            for watch in watches.values():
                watch.stop(at) if paused else watch.resume(at)
        elif kind == "closed" and not done:
            done, paused = True, False
            watches["solution"].meet(at)
            watches["first_response"].stop(at)
            watches["update"].stop(at)
        elif kind == "reopened":
            done = False
            watches["solution"].met = None
            for watch in watches.values():
                watch.resume(at)
        if detail.get("targets"):
            for metric, watch in watches.items():
                watch.wanted = detail["targets"][f"{metric}_min"] * 60
                if watch.met is None:
                    watch.target = watch.wanted
    return watches


def play(desk: Any, ticket_id: str, what: str) -> None:
    anna = desk.caller("anna")
    try:
        if what == "reply":
            desk.do(progress.reply, ticket_id, caller=anna, text="…")
        elif what == "hear":
            desk.do(progress.hear, ticket_id, text="…")
        elif what == "note":
            desk.do(progress.note, ticket_id, caller=anna, text="…")
        elif what in ("urgent", "high"):
            desk.do(tickets.edit, ticket_id, caller=anna, priority=what)
        else:
            desk.do(progress.set_status, ticket_id, caller=anna, to=what)
    except (WrongStatus, TooLateToReopen):
        pass


@settings(deadline=None, max_examples=12, suppress_health_check=list(HealthCheck))
@given(steps)
def test_the_rows_equal_stop_watch_arithmetic_over_the_history(desk, history):
    ticket_id = desk.ticket(account_id="acc-b")
    for what, gap in history:
        desk.time.pass_(seconds=gap)
        play(desk, ticket_id, what)
    with desk.database.reading() as session:
        happened = [(step.kind, step.at, step.detail) for step in clocks.steps_of(session, ticket_id)]
    is_done = desk.get(ticket_id).status == "solved"
    watches = reference(happened)
    rows = desk.clocks(ticket_id)
    for metric, row in rows.items():
        watch = watches[metric]
        assert (row.used_s, row.running_since, row.met_at) == (watch.used, watch.since, watch.met), metric
        if watch.met is None:
            assert row.target_s == watch.target
            left = watch.target - watch.used
            if left > 0:
                assert row.due_at == (None if is_done else watch.due()), metric
    assert set(rows) == {metric for metric, watch in watches.items() if watch.alive}


def test_a_changed_calendar_moves_running_clocks_only(desk):
    ticket_id = desk.ticket()
    desk.time.pass_(minutes=30)
    desk.do(progress.reply, ticket_id, caller=desk.caller("anna"), text="收到")
    met, running = desk.clocks(ticket_id)["first_response"], desk.clocks(ticket_id)["solution"]
    body = calendars.chinese(2024, 2028)
    body["holidays"] = [*body["holidays"], "2026-03-03"]
    with desk.database.transaction() as session:
        definitions.publish_definition(session, caller=SYSTEM, purpose="calendar", key="china", body=body)
    desk.due()
    after = desk.clocks(ticket_id)
    assert after["solution"].due_at == running.due_at + timedelta(days=1)
    assert (after["solution"].calendar_revision, after["first_response"].calendar_revision) == (2, 1)
    assert after["first_response"].due_at == met.due_at
    with desk.database.reading() as session:
        explained = {each["metric"]: each for each in clocks.explained(session, ticket_id)}
    assert {"date": "2026-03-03", "reason": "holiday"} in explained["solution"]["why"]["closed_days"]


def test_a_stricter_policy_breaches_what_is_already_too_old_and_gives_no_stale_warnings(desk):
    ticket_id = desk.ticket()
    desk.time.pass_(minutes=20)
    strict = {
        "position": 0,
        "calendar": "china",
        "targets": {"normal": {"first_response_min": 10, "solution_min": 1000}},
    }
    with desk.database.transaction() as session:
        definitions.publish_definition(session, caller=SYSTEM, purpose="sla_policy", key="strict", body=strict)
    desk.due()
    assert desk.get(ticket_id).sla_policy == "strict"
    assert desk.clocks(ticket_id)["first_response"].state == "breached"
    assert desk.notices("sla_warning") == []
    assert [each["data"]["metric"] for each in desk.events("ticket.breached")] == ["first_response"]


def test_without_a_policy_no_clock_runs(desk):
    with desk.database.transaction() as session:
        for key in ("vip", "standard"):
            found = definitions.find(session, "sla_policy", key)
            definitions.publish_definition(
                session, caller=SYSTEM, purpose="sla_policy", key=key, body=found.body, active=False
            )
    ticket_id = desk.ticket()
    assert desk.clocks(ticket_id) == {}
    desk.do(progress.reply, ticket_id, caller=desk.caller("anna"), text="…", status="solved")
    assert desk.events("ticket.solved")[0]["data"]["resolution_minutes"] is None


def test_due_clocks_are_claimed_from_an_index_alone(desk):
    if not desk.database.is_sqlite:
        pytest.skip("SQLite names covering indexes in its plan; the index is the same on both")
    desk.ticket()
    wanted = f"SELECT id, due_at FROM {timers.TABLE.name} WHERE due_at <= '2030-01-01' ORDER BY due_at, id LIMIT 500"
    with desk.database.reading() as session:
        plan = " ".join(row[3] for row in session.execute(text(f"EXPLAIN QUERY PLAN {wanted}")))
    assert "COVERING INDEX ix_timers_due_at_id" in plan
    assert "TEMP B-TREE" not in plan


def test_history_is_kept_in_order(desk):
    ticket_id = desk.ticket()
    desk.do(progress.reply, ticket_id, caller=desk.caller("anna"), text="…", status="pending")
    kinds = [step.kind for step in desk.all(Step) if step.ticket_id == ticket_id]
    assert kinds == ["created", "assigned", "agent_reply", "state_change", "state_change"]
