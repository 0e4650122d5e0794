"""Comments on records, with colleagues mentioned by @name: told if they may see the record, else the writer is told so."""

from collections.abc import Collection, Sequence
from datetime import datetime

from marshmallow import fields
from sqlalchemy import Index, String, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from chassis import clock, directory
from chassis.caller import Caller
from chassis.db import Base, Id, Json, UtcDateTime
from chassis.errors import Invalid
from chassis.events import Event, personal, publish
from chassis.i18n import lazy as _
from chassis.ids import uuid7
from engines import followers, record_kit
from engines.notifications import notify

MAX_MENTIONS = 50


class Comment(Base):
    """What somebody said about a record to colleagues; `mentions` are the ids of those named in it."""

    __tablename__ = "comments"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=uuid7)
    subject_kind: Mapped[str] = mapped_column(String(60))
    subject_id: Mapped[str] = mapped_column(Id)
    text: Mapped[str] = mapped_column(Text, info={"personal": True})
    mentions: Mapped[list[str]] = mapped_column(Json, default=list)
    unseen: Mapped[list[str]] = mapped_column(Json, default=list)  # mentioned, but may not read the record
    by: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    changed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index("ix_comments_subject", "subject_kind", "subject_id", "created_at", "id"),
        {"info": {"branch": "engines"}},
    )

    @property
    def subject(self) -> str:
        return f"{self.subject_kind}/{self.subject_id}"


class CommentFact(Event):
    """What every event about a comment says of it."""

    comment_id = fields.String(required=True)
    # The record it is about; filled in after construction, where `subject` names the event's own.
    subject = fields.String(metadata={"always": True})  # type: ignore[assignment]
    by = fields.String(required=True)
    mentions = fields.List(fields.String())
    text = personal(fields.String())


class CommentAdded(CommentFact, type="{service}.comment.added.v1"):
    """Somebody commented on a record."""


class CommentChanged(CommentFact, type="{service}.comment.changed.v1"):
    """The author changed a comment."""


class CommentRemoved(CommentFact, type="{service}.comment.removed.v1"):
    """A comment was taken away."""


def add(
    session: Session, *, caller: Caller, subject_kind: str, subject_id: str, text: str, mentions: Collection[str] = ()
) -> Comment:
    """Comment on a record and tell those mentioned, in `text` by @name or in `mentions` by id.

    Those who may not read the record are not told; they stand in `unseen`. The writer follows the record from now on.
    """
    comment = Comment(
        id=uuid7(), subject_kind=subject_kind, subject_id=subject_id, by=caller.id, text=text, mentions=[], unseen=[],
        created_at=clock.now(),
    )  # fmt: skip
    session.add(comment)
    _mention(session, comment, caller, mentioned(session, text, mentions), before=())
    followers.follow_unless_left(session, subject_kind, subject_id, caller)
    _publish(session, CommentAdded, comment)
    return comment


def of(session: Session, subject_kind: str, subject_id: str) -> Sequence[Comment]:
    """The comments on a record, the oldest first."""
    wanted = select(Comment).where(Comment.subject_kind == subject_kind, Comment.subject_id == subject_id)
    return session.scalars(wanted.order_by(Comment.created_at, Comment.id)).all()


def edit(session: Session, comment: Comment, *, caller: Caller, text: str, mentions: Collection[str] = ()) -> Comment:
    """Change what was said; only who is mentioned for the first time is told. Only the author may, or an administrator."""
    record_kit.require_author(comment.by, caller)
    before = tuple(comment.mentions)
    comment.text, comment.changed_at = text, clock.now()
    _mention(session, comment, caller, mentioned(session, text, mentions), before=before)
    _publish(session, CommentChanged, comment)
    return comment


def remove(session: Session, comment: Comment, *, caller: Caller) -> None:
    """Take a comment away; only the author may, or an administrator. That there was one stays in the log."""
    record_kit.require_author(comment.by, caller)
    event = CommentRemoved(subject=comment.subject, comment_id=comment.id, by=comment.by)
    event.data["subject"] = comment.subject
    publish(session, event)
    session.delete(comment)


def mentioned(session: Session, text: str, ids: Collection[str] = ()) -> list[str]:
    """The people `text` names by @name (the longest name that fits), and those given by id.

    Invalid for an unknown id, and for a name several people bear: write @name(e-mail) for one of them.
    """
    users = directory.snapshot(session).users
    unknown = [id_ for id_ in ids if id_ not in users or not users[id_].active]
    if unknown:
        raise Invalid(errors={"mentions": [_("There is no such person: %(id)s", id=unknown[0])]})
    found = dict.fromkeys(ids)
    by_name: dict[str, list[directory.Person]] = {}
    for person in users.values() if "@" in text else ():
        if person.active and person.name:
            by_name.setdefault(person.name.casefold(), []).append(person)
    longest = max((len(name) for name in by_name), default=0)
    for place in (at for at, char in enumerate(text) if char == "@"):
        chosen = _named(text[place + 1 :], by_name, longest)
        if chosen:
            found[chosen] = None
    if len(found) > MAX_MENTIONS:
        raise Invalid(errors={"text": [_("At most %(n)s people can be mentioned.", n=MAX_MENTIONS)]})
    return list(found)


def _named(rest: str, by_name: dict[str, list[directory.Person]], longest: int) -> str | None:
    """Whose name `rest` begins with; a mail address behind an @ is nobody's name."""
    for length in range(min(longest, len(rest)), 0, -1):
        people = by_name.get(rest[:length].casefold())
        if not people or _goes_on(rest, length):
            continue
        if len(people) == 1:
            return people[0].id
        wanted = rest[length:].lstrip("(（").partition(")")[0].partition("）")[0].strip().casefold()
        exact = [person for person in people if person.email.casefold() == wanted and wanted]
        if len(exact) == 1:
            return exact[0].id
        mails = ", ".join(f"@{person.name}({person.email})" for person in people)
        raise Invalid(errors={"text": [_("Several people bear this name; write one of: %(names)s", names=mails)]})
    return None


def _goes_on(rest: str, length: int) -> bool:
    """Whether a Latin name ends in the middle of a longer word; Chinese text runs on without a space."""
    return rest[:length][-1].isascii() and rest[length : length + 1].isascii() and rest[length : length + 1].isalnum()


def _mention(
    session: Session, comment: Comment, caller: Caller, people: Sequence[str], *, before: Sequence[str]
) -> None:
    readers = {item.id for item in record_kit.readers(session, comment.subject_kind, comment.subject_id, list(people))}
    comment.mentions = list(people)
    comment.unseen = [person for person in people if person not in readers]
    fresh = [person for person in people if person in readers and person not in before and person != caller.id]
    for person in fresh:
        known = directory.snapshot(session).caller(person)
        if known is not None:
            followers.follow_unless_left(session, comment.subject_kind, comment.subject_id, known)
    who = caller.name or caller.id
    notify(
        session, to=fresh, key="mention", subject=comment.subject,
        title={"zh": f"{who} 在评论中提到了你", "en": f"{who} mentioned you in a comment"},
        text={"zh": comment.text[:500], "en": comment.text[:500]},
        link=record_kit.link(session, comment.subject_kind, comment.subject_id),
    )  # fmt: skip


def _publish(session: Session, kind: type[CommentFact], comment: Comment) -> None:
    event = kind(
        subject=comment.subject, comment_id=comment.id, by=comment.by, mentions=comment.mentions, text=comment.text
    )
    event.data["subject"] = comment.subject
    publish(session, event)
