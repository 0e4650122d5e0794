"""Handing a leaver's records to successors: every service counts first, then moves what it owns, then reports."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis import clock
from chassis.caller import Caller
from chassis.errors import Invalid
from chassis.events import publish
from chassis.i18n import lazy as _
from integration_gateway.directory import users
from integration_gateway.errors import HandOverRuns, NotCounted
from integration_gateway.events import HandOverCancelled, HandOverFinished, HandOverStarted, PreviewRequested
from integration_gateway.models import HandOver, HandOverAnswer, User

SERVICES = ("leads", "sales", "service-desk", "approvals")  # those that own records of people
KINDS = {
    "lead": {"zh": "线索", "en": "Leads"},
    "account": {"zh": "客户", "en": "Accounts"},
    "contact": {"zh": "联系人", "en": "Contacts"},
    "opportunity": {"zh": "商机", "en": "Opportunities"},
    "quote": {"zh": "报价", "en": "Quotes"},
    "contract": {"zh": "合同", "en": "Contracts"},
    "receivable": {"zh": "应收", "en": "Receivables"},
    "ticket": {"zh": "工单", "en": "Tickets"},
    "approval_task": {"zh": "待审批", "en": "Approval tasks"},
    "task": {"zh": "待办", "en": "Tasks"},
}
EVERYTHING_ELSE = "*"
COUNTING, RUNNING, DONE, CANCELLED = "counting", "running", "done", "cancelled"


def prepare(session: Session, *, caller: Caller, leaver_id: str) -> HandOver:
    """Begin a hand-over: every service is asked what the leaver has. HandOverRuns while one of his is not over."""
    if session.get(User, leaver_id) is None:
        raise Invalid(errors={"leaver_id": [_("There is no such person.")]})
    running = select(HandOver.id).where(HandOver.leaver_id == leaver_id, HandOver.status.in_((COUNTING, RUNNING)))
    if found := session.scalars(running).first():
        raise HandOverRuns(hand_over_id=found)
    record = HandOver(leaver_id=leaver_id, status=COUNTING, successors={}, created_by=caller.id, owner_id=caller.id)
    session.add(record)
    session.flush()
    session.add_all(HandOverAnswer(hand_over_id=record.id, service=service, counts={}) for service in SERVICES)
    publish(session, PreviewRequested(record, hand_over_id=record.id, leaver_id=leaver_id))
    return record


def count_again(session: Session, record: HandOver) -> HandOver:
    """Ask every service anew; what each said before is kept until it answers. HandOverRuns once it was started."""
    _require(record, COUNTING)
    record.asked_at = clock.now()
    publish(session, PreviewRequested(record, hand_over_id=record.id, leaver_id=record.leaver_id))
    return record


def start(
    session: Session, record: HandOver, *, caller: Caller, successors: Mapping[str, str], switch_off: bool = False
) -> HandOver:
    """Let every service move what it owns; with `switch_off` the leaver is signed out for good at once.

    NotCounted until every service has said what it has; Invalid for a kind with records and no successor, or a successor
    who is the leaver or not active.
    """
    _require(record, COUNTING)
    waiting = [answer.service for answer in answers(session, record) if answer.counted_at is None]
    if waiting:
        raise NotCounted(services=waiting)
    chosen = {kind: person for kind, person in successors.items() if person}
    _check(session, record, chosen)
    record.status, record.successors, record.started_at = RUNNING, chosen, clock.now()
    fact = HandOverStarted(
        record, hand_over_id=record.id, leaver_id=record.leaver_id, successors=chosen, requested_by=caller.id
    )
    publish(session, fact)
    leaver = session.get_one(User, record.leaver_id)
    if switch_off and leaver.active:
        users.change(session, leaver, active=False)
    return record


def cancel(session: Session, record: HandOver) -> HandOver:
    """Give a hand-over up before it was started. HandOverRuns afterwards."""
    _require(record, COUNTING)
    record.status = CANCELLED
    publish(session, HandOverCancelled(record, hand_over_id=record.id, leaver_id=record.leaver_id))
    return record


def counted(session: Session, service: str, *, hand_over_id: str, counts: Mapping[str, int]) -> None:
    """A service said what it has."""
    answer = session.get(HandOverAnswer, (hand_over_id, service), with_for_update=True)
    if answer is not None and answer.completed_at is None:
        answer.counts, answer.counted_at = dict(counts), clock.now()


def progressed(session: Session, service: str, *, hand_over_id: str, moved: Mapping[str, int]) -> None:
    """A service has moved some."""
    answer = session.get(HandOverAnswer, (hand_over_id, service), with_for_update=True)
    if answer is not None:
        answer.moved = dict(moved)


def completed(
    session: Session, service: str, *, hand_over_id: str, moved: Mapping[str, int], refused: Sequence[Mapping[str, Any]]
) -> None:
    """A service is through; after the last one the hand-over is done."""
    record = session.get(HandOver, hand_over_id, with_for_update=True)
    answer = session.get(HandOverAnswer, (hand_over_id, service), with_for_update=True)
    if record is None or answer is None or answer.completed_at is not None:
        return
    answer.moved, answer.refused, answer.completed_at = dict(moved), [dict(each) for each in refused], clock.now()
    session.flush()
    if all(each.completed_at for each in answers(session, record)):
        record.status, record.finished_at = DONE, clock.now()
        fact = HandOverFinished(
            record, hand_over_id=record.id, leaver_id=record.leaver_id, moved=total(session, record, "moved"),
            refused=sum(len(each.refused) for each in answers(session, record)),
        )  # fmt: skip
        publish(session, fact)


def answers(session: Session, record: HandOver) -> Sequence[HandOverAnswer]:
    """What each service said, in the order of SERVICES."""
    found = session.scalars(select(HandOverAnswer).where(HandOverAnswer.hand_over_id == record.id)).all()
    return sorted(found, key=lambda answer: SERVICES.index(answer.service))


def total(session: Session, record: HandOver, what: str) -> dict[str, int]:
    """Sums over all services per kind, of `counts` or `moved`."""
    sums: dict[str, int] = {}
    for answer in answers(session, record):
        for kind, number in getattr(answer, what).items():
            sums[kind] = sums.get(kind, 0) + number
    return sums


def details(session: Session, record: HandOver) -> dict[str, Any]:
    """A hand-over with its preview and report."""
    said = answers(session, record)
    own = {column.key: getattr(record, column.key) for column in HandOver.__mapper__.column_attrs}
    return own | {
        "counts": total(session, record, "counts"),
        "moved": total(session, record, "moved"),
        "waiting_for": [
            each.service
            for each in said
            if (each.counted_at is None if record.status == COUNTING else each.completed_at is None)
        ],
        "services": said,
    }


def _check(session: Session, record: HandOver, chosen: Mapping[str, str]) -> None:
    errors: dict[str, Any] = {}
    for kind, person_id in chosen.items():
        person = session.get(User, person_id)
        if kind not in KINDS and kind != EVERYTHING_ELSE:
            errors[kind] = [_("There is no such kind of record.")]
        elif person is None or not person.active or person_id == record.leaver_id:
            errors[kind] = [_("Choose somebody else who works here.")]
    for kind, number in total(session, record, "counts").items():
        if number and kind not in chosen and EVERYTHING_ELSE not in chosen:
            errors[kind] = [_("Choose who gets these.")]
    if errors:
        raise Invalid(errors={"successors": errors})


def _require(record: HandOver, status: str) -> None:
    if record.status != status:
        raise HandOverRuns(hand_over_id=record.id)
