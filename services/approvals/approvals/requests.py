"""What people do by hand, from API and pages alike: ask, decide, hand on, withdraw, urge, comment, resubmit."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from approvals import instances
from approvals.errors import UrgedRecently, WrongState
from approvals.models import Instance, InstanceEvent, Task
from approvals.subjects import clean
from chassis import changes, clock
from chassis.caller import Caller
from chassis.errors import Invalid, NotFound
from chassis.i18n import gettext as _
from chassis.ids import uuid7
from chassis.problems import as_problem, document
from engines import access, comments

# Kinds whose services ask for approval themselves: a request by hand could say anything about their records, and would
# share them with whoever is asked.
OWNED = frozenset({"contract", "quote", "opportunity", "account", "lead", "ticket", "payment", "invoice", "receivable"})


def ask(
    session: Session, *, caller: Caller, definition: str, subject_kind: str, subject_id: str, title: str,
    snapshot: Mapping[str, Any], account_id: str | None = None, link: str = "", chosen: Mapping[str, Any] | None = None,
) -> Instance:  # fmt: skip
    """Start a flow by hand. Kinds of subjects that belong to a service are refused: their services ask by event."""
    if subject_kind in OWNED:
        raise Invalid(
            errors={"subject_kind": [_("The service that owns these records asks for their approval itself.")]}
        )
    return instances.start(
        session, request_id=uuid7(), definition=definition, subject_kind=subject_kind, subject_id=subject_id, title=title,
        snapshot={**snapshot, "chosen": dict(chosen or {})}, requested_by=caller.id, account_id=account_id, link=link,
    )  # fmt: skip


def readable(session: Session, caller: Caller, instance_id: str) -> Instance:
    """The instance, if the caller may see it: by role, as who asked, or as somebody it was put before; else NotFound."""
    return access.get(session, caller, Instance, instance_id)


def readable_task(session: Session, caller: Caller, task_id: str) -> Task:
    """The task of an instance the caller may see; else NotFound."""
    task = session.get(Task, task_id)
    if task is None:
        raise NotFound()
    readable(session, caller, task.instance_id)
    return task


def decide(session: Session, *, caller: Caller, task_id: str, do: str, **more: Any) -> Task:
    """approve, reject, return or transfer a task: its assignee may; an administrator may hand on anybody's."""
    readable_task(session, caller, task_id)
    command = {"do": do, "by": caller.id, **more}
    if do == "transfer" and access.granted(session, caller, "approval").everything:
        command["administers"] = True
    return instances.act_on_task(session, task_id, command)


def approve_all(session: Session, *, caller: Caller, ids: Sequence[str], comment: str = "") -> dict[str, Any]:
    """Approve several tasks, each in a savepoint of its own; a refused one is reported and leaves the rest alone."""
    items = []
    for task_id in dict.fromkeys(ids):
        try:
            with session.begin_nested():
                decide(session, caller=caller, task_id=task_id, do="approve", comment=comment)
                session.flush()
            items.append({"id": task_id, "ok": True, "problem": None})
        except Exception as error:  # each row's refusal is an answer, as a single request's would be
            changes.forget(session)
            session.expire_all()
            items.append({"id": task_id, "ok": False, "problem": document(as_problem(error))})
    return {"items": items, "done": sum(item["ok"] for item in items)}


def withdraw(session: Session, *, caller: Caller, instance_id: str, comment: str = "") -> Instance:
    """Take a request back; only who asked may."""
    return _done(session, caller, instance_id, {"do": "withdraw", "comment": comment})


def urge(session: Session, *, caller: Caller, instance_id: str, minutes: int, comment: str = "") -> Instance:
    """Remind everybody who is asked now; only who asked may, and not again within `minutes`."""
    readable(session, caller, instance_id)
    last = session.scalars(
        select(InstanceEvent.at)
        .where(InstanceEvent.instance_id == instance_id, InstanceEvent.kind == "urged")
        .order_by(InstanceEvent.place.desc())
        .limit(1)
    ).first()
    if last is not None and (clock.now() - last).total_seconds() < minutes * 60:
        raise UrgedRecently()
    return _done(session, caller, instance_id, {"do": "urge", "comment": comment})


def comment(
    session: Session, *, caller: Caller, instance_id: str, comment: str, mentions: Sequence[str] = ()
) -> Instance:
    """Say something everybody in the instance can read; people who are mentioned are told, and may read it too."""
    instance = readable(session, caller, instance_id)
    for user_id in comments.mentioned(session, comment, mentions):
        access.share(session, kind="approval", subject_id=instance_id, user_id=user_id, reason="approvals.mention")
    comments.add(
        session, caller=caller, subject_kind="approval", subject_id=instance_id, text=comment, mentions=mentions
    )
    return instance


def resubmit(
    session: Session, *, caller: Caller, instance_id: str, snapshot: Mapping[str, Any] | None, comment: str = ""
) -> Instance:
    """Put a returned request before its approvers again. One that a service asked for is resubmitted there."""
    instance = readable(session, caller, instance_id)
    if instance.source != "approvals":
        raise WrongState(_("Submit it again where it comes from: %(link)s", link=instance.link))
    subject = None
    if snapshot is not None:
        before = instances.state_of(session, instance_id)["subject"]
        subject = clean(instances.kind_for(session, instance), {"chosen": before.get("chosen"), **snapshot})
    return _done(session, caller, instance_id, {"do": "resubmit", "comment": comment, "subject": subject})


def _done(session: Session, caller: Caller, instance_id: str, command: Mapping[str, Any]) -> Instance:
    instance = readable(session, caller, instance_id)
    instances.act(session, instance_id, {**command, "by": caller.id})
    return instance
