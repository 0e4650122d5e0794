"""What followers hear: changes they may see, at most one notice per record in a quarter of an hour, none of one's own."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from chassis import clock, directory, event_log
from chassis.caller import Caller
from chassis.db import is_sqlite
from chassis.timers import Timer, Timers, arm
from engines import followers, history, record_kit
from engines.followers import DIGEST, EVERY, Follower
from engines.notifications import notify

AT_ONCE = 2000
due = Timers()


@due(DIGEST)
def digest(session: Session, timer: Timer) -> None:
    """Tell followers what happened since the last time: one notice per record and person, none for one's own doing."""
    rows, through = _happened(session, int(timer.payload.get("after", 0)))
    by_record: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        by_record[row.subject].append(row)
    for subject, found in by_record.items():
        kind, _slash, record_id = subject.partition("/")
        if record_kit.find(session, kind) is not None:
            _tell(session, kind, record_id, found)
    if session.scalar(select(Follower.id).where(Follower.active).limit(1)):
        soon = through > int(timer.payload.get("after", 0)) and len(rows) == AT_ONCE
        next_at = clock.now() + (timedelta() if soon else EVERY)
        arm(session, kind=DIGEST, key="all", due_at=next_at, payload={"after": through})


def _happened(session: Session, after: int) -> tuple[list[Any], int]:
    """Log rows about followed records after a sequence, and how far the log was read."""
    session.flush()
    head = followers.head(session)
    position = event_log.LOG.c.id if is_sqlite(session) else event_log.LOG.c.sequence
    subject = Follower.subject_kind + "/" + Follower.subject_id
    is_followed = select(Follower.id).where(Follower.active, subject == event_log.LOG.c.subject).exists()
    rows = session.execute(
        select(*history.LOGGED, position.label("position"))
        .where(and_(position > after, position <= head), is_followed)
        .order_by(position)
        .limit(AT_ONCE)
    ).all()
    return list(rows), rows[-1].position if len(rows) == AT_ONCE else head


def _tell(session: Session, kind: str, record_id: str, rows: Iterable[Any]) -> None:
    following = session.scalars(
        select(Follower).where(Follower.subject_kind == kind, Follower.subject_id == record_id, Follower.active)
    ).all()
    since = {item.user_id: item.since for item in following}
    rows = list(rows)
    for caller in record_kit.readers(session, kind, record_id, list(since)):
        news = [
            entry
            for row in rows
            if row.actor != caller.id and row.time >= since[caller.id]
            for entry in [history.told(session, caller, kind, row)]
            if entry is not None
        ]
        if news:
            _notify(session, caller, kind, record_id, news)


def _notify(session: Session, caller: Caller, kind: str, record_id: str, news: list[history.Entry]) -> None:
    kept = record_kit.of(session, kind)
    name = record_kit.title(kept.record(session, caller, record_id))
    hidden = kept.kind.by_name.keys() - history.visible_fields(session, caller, kept.kind).keys()
    if {"name", "title", "subject", "company"} & hidden:
        name = ""  # who may not read the name does not get it in a notice either
    people = directory.names(session, [entry.by for entry in news])
    notify(
        session, to=[caller.id], key="followed", subject=f"{kind}/{record_id}", link=kept.link(record_id),
        title={locale: f"{kept.kind.label.get(locale, kind)} {name}".strip() + said
               for locale, said in (("zh", "：有更新"), ("en", ": news"))},
        text={locale: _lines(news, people, kept, locale) for locale in ("zh", "en")},
    )  # fmt: skip


def _lines(news: list[history.Entry], people: Mapping[str, str], kept: record_kit.Kept, locale: str) -> str:
    """The last things that happened, one a line."""
    lines = []
    for entry in news[-5:]:
        changed = ("、" if locale == "zh" else ", ").join(
            kept.kind.by_name[change.field].title(locale) for change in entry.changes
        )
        said = " · ".join(part for part in (people.get(entry.by, ""), entry.label.get(locale, ""), changed) if part)
        lines.append(said)
    if len(news) > len(lines):
        rest = len(news) - len(lines)
        lines.append(f"另有 {rest} 条" if locale == "zh" else f"and {rest} more")
    return "\n".join(lines)
