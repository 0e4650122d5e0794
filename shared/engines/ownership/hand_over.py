"""A leaver's records go to successors: each service counts what it has, moves it some at a time, and reports.

Moving is resumable and happens once: a part looks for what the leaver still has, so what has moved is not found again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, fields
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from chassis import changes, clock, directory
from chassis.caller import SYSTEM, Caller
from chassis.causation import Cause, because
from chassis.errors import Problem
from chassis.events import publish
from chassis.subscriptions import Received, Subscriptions
from chassis.timers import Timer, Timers, arm
from engines import timeline
from engines.ownership import metrics
from engines.ownership.events import HandOverCompleted, HandOverCounted, HandOverProgressed
from engines.ownership.models import HandOver

TIMER, AT_ONCE = "hand_over", 50
EVERYTHING_ELSE = "*"


@dataclass(frozen=True)
class Part:
    """One kind a service hands over. `find(session, leaver_id, after, limit)` gives ids beyond `after` in order, `count`
    how many there are, `move(session, id, to, caller)` moves one; a Problem it raises is reported and the record stays."""

    kind: str
    count: Callable[[Session, str], int]
    find: Callable[[Session, str, str, int], Sequence[str]]
    move: Callable[[Session, str, str, Caller], None]


def owned(
    kind: str, model: Any, move: Callable[[Session, Any, str, Caller], Any], *, only: Callable[[], ColumnElement[bool]]
) -> Part:
    """The part of records found by owner; `move(session, record, to, caller)` gets them locked."""

    def wanted(leaver_id: str) -> Any:
        return select(model.id).where(model.owner_id == leaver_id, only())

    def count(session: Session, leaver_id: str) -> int:
        return int(session.execute(select(func.count()).select_from(wanted(leaver_id).subquery())).scalar_one())

    def find(session: Session, leaver_id: str, after: str, limit: int) -> Sequence[str]:
        return session.scalars(wanted(leaver_id).where(model.id > after).order_by(model.id).limit(limit)).all()

    def one(session: Session, record_id: str, to: str, caller: Caller) -> None:
        move(session, session.get_one(model, record_id, with_for_update=True), to, caller)

    return Part(kind, count, find, one)


def _task(session: Session, task_id: str, to: str, caller: Caller) -> None:
    timeline.reassign_task(session, session.get_one(timeline.Task, task_id, with_for_update=True), to=to)


def _open_tasks(leaver_id: str) -> Any:
    return select(timeline.Task.id).where(timeline.Task.assignee_id == leaver_id, timeline.Task.done_at.is_(None))


TASKS = Part(
    "task",
    lambda session, leaver: int(
        session.execute(select(func.count()).select_from(_open_tasks(leaver).subquery())).scalar_one()
    ),
    lambda session, leaver, after, limit: session.scalars(
        _open_tasks(leaver).where(timeline.Task.id > after).order_by(timeline.Task.id).limit(limit)
    ).all(),
    _task,
)


class PreviewRequested(Schema):
    hand_over_id = fields.String(required=True)
    leaver_id = fields.String(required=True)


class Started(Schema):
    hand_over_id = fields.String(required=True)
    leaver_id = fields.String(required=True)
    successors = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    requested_by = fields.String(load_default="system")


def taking_part(*parts: Part) -> tuple[Subscriptions, Timers]:
    """A service's part in hand-overs, kinds in the order in which they move: include both in what the service declares."""
    on, due = Subscriptions(), Timers()

    @on("gateway.hand_over.preview_requested.v1", group="hand_over", kind="reaction", reads=PreviewRequested)
    def count(session: Session, event: Received) -> None:
        counts = {part.kind: part.count(session, event.data["leaver_id"]) for part in parts}
        publish(session, HandOverCounted(subject=_subject(event.data["hand_over_id"]), **event.data, counts=counts))

    @on("gateway.hand_over.started.v1", group="hand_over", kind="reaction", reads=Started)
    def begin(session: Session, event: Received) -> None:
        _begin(session, **event.data)

    @due(TIMER)
    def proceed(session: Session, timer: Timer) -> None:
        _proceed(session, timer, parts)

    return on, due


def _begin(
    session: Session, *, hand_over_id: str, leaver_id: str, successors: Mapping[str, str], requested_by: str
) -> None:
    """Note the order and begin; the same order again changes nothing."""
    if session.get(HandOver, hand_over_id) is not None:
        return
    session.add(
        HandOver(
            id=hand_over_id, leaver_id=leaver_id, successors=dict(successors), requested_by=requested_by, moved={},
            refused=[], started_at=clock.now(),
        )
    )  # fmt: skip
    arm(session, kind=TIMER, key=hand_over_id, due_at=clock.now())


def _proceed(session: Session, timer: Timer, parts: Sequence[Part]) -> None:
    """Move the next records; what is left follows in a transaction of its own."""
    job = session.get(HandOver, timer.key, with_for_update=True)
    if job is None or job.completed_at is not None:
        return
    with because(Cause(actor=job.requested_by, origin=_subject(job.id), correlation_id=job.id)):
        place, after = timer.payload.get("part", 0), timer.payload.get("after", "")
        if place >= len(parts):
            _complete(session, job)
            return
        part = parts[place]
        to = job.successors.get(part.kind) or job.successors.get(EVERYTHING_ELSE)
        ids = list(part.find(session, job.leaver_id, after, AT_ONCE)) if to else []
        if ids and to:
            _move(session, job, part, ids, to)
        more = len(ids) == AT_ONCE
        payload = {"part": place, "after": ids[-1]} if more else {"part": place + 1, "after": ""}
        arm(session, kind=TIMER, key=job.id, due_at=clock.now(), payload=payload)


def _move(session: Session, job: HandOver, part: Part, ids: Sequence[str], to: str) -> None:
    caller = directory.caller_for(session, job.requested_by) or SYSTEM
    moved, refused = 0, list(job.refused)
    for record_id in ids:
        try:
            with session.begin_nested():
                part.move(session, record_id, to, caller)
                session.flush()
            moved += 1
        except Problem as problem:
            changes.forget(session)
            session.expire_all()
            refused.append({"kind": part.kind, "id": record_id, "code": problem.code, "detail": str(problem)})
    job.moved = dict(job.moved) | {part.kind: job.moved.get(part.kind, 0) + moved}
    job.refused = refused[:200]
    metrics.HANDED_OVER.labels(part.kind).inc(moved)
    publish(session, HandOverProgressed(subject=_subject(job.id), **_of(job), moved=job.moved))


def _complete(session: Session, job: HandOver) -> None:
    job.completed_at = clock.now()
    publish(session, HandOverCompleted(subject=_subject(job.id), **_of(job), moved=job.moved, refused=job.refused))


def _of(job: HandOver) -> dict[str, Any]:
    return {"hand_over_id": job.id, "leaver_id": job.leaver_id}


def _subject(hand_over_id: str) -> str:
    return f"hand_over/{hand_over_id}"
