"""Instances: started by a request, moved by commands; each step's events are stored, then tasks and timers follow them."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from approvals import definitions, followup, metrics, routes
from approvals.blocks import Shape
from approvals.directory_people import surroundings
from approvals.flow import step
from approvals.models import DefinitionVersion, Instance, InstanceEvent, InstanceState, Request, Task
from approvals.people import People
from approvals.state import Event, State, fold, new_state
from approvals.subjects import SubjectKind, clean, kind_of
from chassis import clock, directory
from chassis.errors import NotFound
from chassis.ids import uuid7
from engines import access
from engines.numbering import next_number


def start(
    session: Session, *, request_id: str, definition: str, subject_kind: str, subject_id: str, title: str,
    snapshot: Mapping[str, Any], requested_by: str | None, source: str = "approvals", account_id: str | None = None,
    link: str = "", people: People | None = None, admins: Sequence[str] = (),
) -> Instance:  # fmt: skip
    """Put a subject before its approvers; the same `request_id` again gives the same instance.

    A request for a subject that was returned resubmits it; one still running for it is withdrawn first. `people` and
    `admins` stand in for the directory. UnknownDefinition when the flow is not there.
    """
    known = session.get(Request, request_id)
    if known is not None:
        return session.get_one(Instance, known.instance_id)
    initiator = requested_by or snapshot.get("owner_id") or "system"
    earlier = _open_for(session, definition, source, subject_kind, subject_id)
    if earlier is not None and earlier.status == "returned" and earlier.owner_id == initiator:
        earlier.request_id, earlier.title = request_id, title[:300]
        session.add(Request(request_id=request_id, instance_id=earlier.id))
        command = {"do": "resubmit", "by": initiator, "subject": clean(kind_for(session, earlier), snapshot)}
        act(session, earlier.id, command, people=people, admins=admins)
        return earlier
    if earlier is not None:
        act(session, earlier.id, {"do": "withdraw", "by": earlier.owner_id}, people=people, admins=admins)
    flow, version = definitions.in_force(session, definition)
    kind = kind_of(version.subject_kind)
    instance = Instance(
        id=uuid7(), number=next_number(session, "approval", "AP"), definition_id=flow.id, definition_key=flow.key,
        definition_revision=version.revision, title=title[:300], subject_kind=subject_kind, subject_id=subject_id,
        account_id=account_id or snapshot.get("account_id"), source=source, request_id=request_id, link=link,
        owner_id=initiator, created_by=initiator, department_id=_department(session, initiator),
        started_at=clock.now(), status="running",
    )  # fmt: skip
    session.add(instance)
    session.flush()
    session.add(Request(request_id=request_id, instance_id=instance.id))
    state = new_state(initiator=initiator, subject=clean(kind, snapshot))
    session.add(InstanceState(instance_id=instance.id, state=state, length=0))
    session.flush()
    access.share(session, kind="approval", subject_id=instance.id, user_id=initiator, reason="approvals.initiator")
    metrics.STARTED.labels(flow.key).inc()
    around = surroundings(session, kind, people=people, admins=admins)
    routes.record(session, instance, version, state, around)
    _advance(session, instance, version, {"do": "start", "by": initiator}, around)
    return instance


def act(
    session: Session, instance_id: str, command: Mapping[str, Any], *, people: People | None = None,
    admins: Sequence[str] = (),
) -> list[Event]:  # fmt: skip
    """Do a command (see approvals.flow.step) on an instance, its row locked; returns the events that followed."""
    instance = session.scalars(select(Instance).where(Instance.id == instance_id).with_for_update()).first()
    if instance is None:
        raise NotFound()
    version = definitions.version(session, instance.definition_id, instance.definition_revision)
    around = surroundings(session, kind_of(version.subject_kind), people=people, admins=admins)
    return _advance(session, instance, version, command, around)


def act_on_task(session: Session, task_id: str, command: Mapping[str, Any]) -> Task:
    """Do a command with a task; returns the task as it is afterwards."""
    task = session.get(Task, task_id)
    if task is None:
        raise NotFound()
    act(session, task.instance_id, {**command, "task": task_id})
    session.refresh(task)
    return task


def state_of(session: Session, instance_id: str) -> State:
    """The instance's state as it is stored; a copy."""
    return dict(session.get_one(InstanceState, instance_id).state)


def events_of(session: Session, instance_id: str) -> list[InstanceEvent]:
    """Everything that happened, in order."""
    wanted = select(InstanceEvent).where(InstanceEvent.instance_id == instance_id)
    return list(session.scalars(wanted.order_by(InstanceEvent.place)))


def kind_for(session: Session, instance: Instance) -> SubjectKind:
    """The kind of subject the instance's version was made for: its fields are what conditions look at."""
    version = definitions.version(session, instance.definition_id, instance.definition_revision)
    return kind_of(version.subject_kind)


def shape_of(session: Session, instance: Instance) -> Shape:
    """The blocks of the version the instance runs on."""
    return Shape(definitions.version(session, instance.definition_id, instance.definition_revision).body)


def _advance(
    session: Session, instance: Instance, version: DefinitionVersion, command: Mapping[str, Any], around: Any
) -> list[Event]:
    """One step: its events are appended, the state folded on, tasks, copies, timers and facts follow."""
    stored = session.get_one(InstanceState, instance.id, populate_existing=True)
    before: State = stored.state
    events = step(version.body, before, command, around)
    after = fold(before, events)
    for place, event in enumerate(events, start=stored.length + 1):
        data = {name: value for name, value in event.items() if name != "kind"}
        session.add(InstanceEvent(instance_id=instance.id, place=place, kind=event["kind"], at=around.now, data=data))
    stored.state, stored.length = after, stored.length + len(events)
    followup.follow(session, instance, Shape(version.body), kind_of(version.subject_kind), before, after, events)
    return events


def _open_for(session: Session, definition: str, source: str, subject_kind: str, subject_id: str) -> Instance | None:
    """The instance of this flow that `source` has open for the subject: running, or returned to who asked."""
    wanted = select(Instance).where(
        Instance.subject_kind == subject_kind,
        Instance.subject_id == subject_id,
        Instance.definition_key == definition,
        Instance.source == source,
        Instance.status.in_(("running", "returned")),
    )
    return session.scalars(wanted.order_by(Instance.created_at.desc(), Instance.id.desc()).with_for_update()).first()


def _department(session: Session, user_id: str) -> str | None:
    person = directory.snapshot(session).users.get(user_id)
    return person.department_id if person else None
