"""Facts of tickets, their service level clocks and the answers to surveys."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from chassis import clock
from chassis.subscriptions import Received, Subscriptions
from reporting.models import Csat, SlaClock, Ticket
from reporting.projecting import fields_of, put
from reporting.subscriptions.reading import reads

on = Subscriptions()
GROUP: dict[str, Any] = {
    "group": "service_facts",
    "kind": "projection",
    "tables": [Ticket, SlaClock, Csat],
    "batch": True,
}
STATE = (
    "number", "status", "channel", "type", "priority", "queue", "account_id", "contract_id", "assignee_id",
    "department_id", "sla_policy", "breached", "reopened", "next_due_at", "first_response_at",
)  # fmt: skip
_STATE: dict[str, Any] = {
    "texts": "number status channel type priority queue account_id contract_id assignee_id department_id sla_policy",
    "moments": "created_at next_due_at first_response_at",
    "flags": "breached",
}
TicketState = reads(required="ticket_id", integers="reopened", **_STATE)
Replied = reads(required="ticket_id", integers="reopened first_response_minutes", **_STATE)
Solved = reads(required="ticket_id", integers="reopened resolution_minutes replies", **_STATE)
Breached = reads(
    required="ticket_id metric", texts=_STATE["texts"] + " policy", moments=_STATE["moments"] + " due_at", flags="breached",
    integers="reopened target_minutes",
)  # fmt: skip
Met = reads(
    required="ticket_id metric", texts="account_id assignee_id policy priority", integers="target_minutes used_minutes",
    moments="met_at", flags="in_time",
)  # fmt: skip
Answered = reads(
    required="survey_id ticket_id", texts="account_id assignee_id queue", integers="score", moments="answered_at"
)
TOLD = ("policy", "priority", "assignee_id", "account_id", "target_minutes")
ANSWER = ("ticket_id", "account_id", "assignee_id", "queue", "score", "answered_at")
ONE_ROUND = ("first_response", "solution")  # the other clocks start anew with each exchange


@on("service-desk.ticket.created.v1", reads=TicketState, **GROUP)
@on("service-desk.ticket.changed.v1", reads=TicketState, **GROUP)
@on("service-desk.ticket.assigned.v1", reads=TicketState, **GROUP)
def ticket_state(session: Session, events: Sequence[Received]) -> None:
    rows = [
        fields_of(
            event, STATE, id=event.data["ticket_id"], created_at=event.data["created_at"], state_seq=event.sequence
        )
        for event in events
    ]
    put(session, Ticket, rows, latest={"state_seq": STATE}, earliest=["created_at"])


@on("service-desk.ticket.replied.v1", reads=Replied, **GROUP)
def ticket_replied(session: Session, events: Sequence[Received]) -> None:
    ticket_state(session, events)
    first = [event for event in events if event.data["first_response_minutes"] is not None]
    rows = [
        fields_of(event, ["first_response_minutes"], id=event.data["ticket_id"], response_seq=event.sequence)
        for event in first
    ]
    put(session, Ticket, rows, first={"response_seq": ["first_response_minutes"]})


@on("service-desk.ticket.solved.v1", reads=Solved, **GROUP)
def ticket_solved(session: Session, events: Sequence[Received]) -> None:
    """The last solution counts: one that was taken back did not help."""
    ticket_state(session, events)
    names = ["resolution_minutes", "replies"]
    rows = [
        fields_of(event, names, id=event.data["ticket_id"], solved_at=event.time, solved_seq=event.sequence)
        for event in events
    ]
    put(session, Ticket, rows, latest={"solved_seq": [*names, "solved_at"]})


@on("service-desk.ticket.closed.v1", reads=TicketState, **GROUP)
def ticket_closed(session: Session, events: Sequence[Received]) -> None:
    ticket_state(session, events)
    rows = [{"id": event.data["ticket_id"], "closed_at": event.time} for event in events]
    put(session, Ticket, rows, earliest=["closed_at"])


@on("service-desk.ticket.breached.v1", reads=Breached, **GROUP)
def clock_breached(session: Session, events: Sequence[Received]) -> None:
    ticket_state(session, events)
    rows = []
    for event in events:
        at = event.data["due_at"] or event.time
        rows.append(_clock(event, at=at) | {"breached_at": at})
    put(session, SlaClock, rows, latest={"told_seq": TOLD}, earliest=["breached_at"])


@on("service-desk.sla.met.v1", reads=Met, **GROUP)
def clock_met(session: Session, events: Sequence[Received]) -> None:
    """A late answer stays late: it adds when the clock ended, and stands as a breach even before that is told."""
    for event in events:
        data, at = event.data, event.data["met_at"] or event.time
        late = not data["in_time"]
        if late and data["metric"] not in ONE_ROUND:
            continue  # its breach is told by an event of its own, which alone knows which round it was
        row = _clock(event, at=at) | {"used_minutes": data["used_minutes"], "met_at": at, "met_seq": event.sequence}
        row |= {"breached_at": at} if late else {}
        groups = {"told_seq": TOLD, "met_seq": ["met_at", "used_minutes"]}
        put(session, SlaClock, [row], latest=groups, earliest=["breached_at"] if late else [])


@on("service-desk.survey.answered.v1", reads=Answered, **GROUP)
def survey_answered(session: Session, events: Sequence[Received]) -> None:
    rows = [fields_of(event, ANSWER, id=event.data["survey_id"], state_seq=event.sequence) for event in events]
    put(session, Csat, rows, latest={"state_seq": ANSWER})


def _clock(event: Received, *, at: object) -> dict[str, object]:
    data = event.data
    again = data["metric"] not in ONE_ROUND
    return fields_of(event, ["policy", "priority", "assignee_id", "account_id", "target_minutes"]) | {
        "ticket_id": data["ticket_id"],
        "metric": data["metric"],
        "round": clock.iso(at) if again else "",  # type: ignore[arg-type]
        "told_seq": event.sequence,
    }
