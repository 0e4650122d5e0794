"""Flows by their key: drafts, publishing after the check, versions, and the one in force."""

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from approvals import checking
from approvals.directory_people import replica
from approvals.errors import DefinitionWrong, UnknownDefinition
from approvals.events import DefinitionDrafted, DefinitionPublished
from approvals.models import Definition, DefinitionVersion
from approvals.shipped import SHIPPED
from approvals.structure import is_key
from approvals.subjects import kind_of
from chassis import clock
from chassis.caller import SYSTEM, Caller
from chassis.errors import NotFound
from chassis.events import publish
from chassis.i18n import gettext as _


def draft(
    session: Session, *, caller: Caller, key: str, body: Mapping[str, Any], title: Mapping[str, str] | None = None,
    subject_kind: str = "",
) -> Definition:  # fmt: skip
    """Save the draft of a flow, a new one by its key; what is wrong with it is for `publish_draft` to refuse."""
    if not is_key(key):
        raise DefinitionWrong(errors={"key": [_("Lower-case letters, digits, - and _, at most 60.")]})
    found = by_key(session, key, lock=True)
    if found is None:
        if not subject_kind:
            raise DefinitionWrong(errors={"subject_kind": [_("A new flow needs its kind of subject.")]})
        found = Definition(key=key, subject_kind=subject_kind, revision=0, created_by=caller.id, title={})
        session.add(found)
    found.title = dict(title or found.title or {"zh": key, "en": key})
    found.subject_kind = subject_kind or found.subject_kind
    found.draft = dict(body)
    publish(session, DefinitionDrafted(found, key=key))
    return found


def check(
    session: Session, definition: Definition, body: Mapping[str, Any], *, people: checking.Staff | None = None
) -> list[checking.Finding]:
    """What is wrong with `body`, or worth knowing, before it is published."""
    return checking.check(body, kind_of(definition.subject_kind), people or replica(session))


def publish_draft(
    session: Session, definition: Definition, *, caller: Caller, people: checking.Staff | None = None
) -> Definition:
    """Put the draft in force for what starts from now on; DefinitionWrong names every error of the check."""
    if definition.draft is None:
        raise DefinitionWrong(errors={"draft": [_("There is no draft to publish.")]})
    wrong = [
        finding for finding in check(session, definition, definition.draft, people=people) if finding.level == "error"
    ]
    if wrong:
        errors: dict[str, list[str]] = {}
        for finding in wrong:
            errors.setdefault(finding.at, []).append(finding.read())
        raise DefinitionWrong(errors=errors, findings=[finding.document() for finding in wrong])
    _put_in_force(session, definition, definition.draft, caller=caller)
    return definition


def in_force(session: Session, key: str) -> tuple[Definition, DefinitionVersion]:
    """The flow of this key and its newest published version; a shipped one that is missing is put there first."""
    found = by_key(session, key)
    if found is None and key in SHIPPED:
        found = ship(session, key)
    if found is None or not found.active or not found.revision:
        raise UnknownDefinition(definition=key)
    return found, version(session, found.id, found.revision)


def ensure_shipped(session: Session) -> None:
    """Put the shipped flows there that are missing; those a company changed stay as they are."""
    present = set(session.scalars(select(Definition.key)))
    for key in SHIPPED.keys() - present:
        ship(session, key)


def ship(session: Session, key: str) -> Definition:
    """Put one shipped flow in force."""
    subject_kind, title, body = SHIPPED[key]
    made = Definition(key=key, subject_kind=subject_kind, title=title, revision=0, created_by=SYSTEM.id)
    session.add(made)
    _put_in_force(session, made, body, caller=SYSTEM)
    return made


def by_key(session: Session, key: str, *, lock: bool = False) -> Definition | None:
    """The flow of this key."""
    wanted = select(Definition).where(Definition.key == key)
    return session.scalars(wanted.with_for_update() if lock else wanted).first()


def find(session: Session, key: str, *, lock: bool = False) -> Definition:
    """The flow of this key or id; NotFound."""
    found = by_key(session, key, lock=lock) or session.get(Definition, key, with_for_update=lock or None)
    if found is None:
        raise NotFound()
    return found


def version(session: Session, definition_id: str, revision: int) -> DefinitionVersion:
    """One published version; NotFound."""
    found = session.get(DefinitionVersion, (definition_id, revision))
    if found is None:
        raise NotFound()
    return found


def versions(session: Session, definition: Definition) -> list[DefinitionVersion]:
    """All published versions, newest first."""
    wanted = select(DefinitionVersion).where(DefinitionVersion.definition_id == definition.id)
    return list(session.scalars(wanted.order_by(DefinitionVersion.revision.desc())))


def _put_in_force(session: Session, definition: Definition, body: Mapping[str, Any], *, caller: Caller) -> None:
    definition.revision += 1
    definition.draft = None
    session.flush()
    digest = hashlib.sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).hexdigest()
    session.add(
        DefinitionVersion(
            definition_id=definition.id, revision=definition.revision, subject_kind=definition.subject_kind,
            body=dict(body), digest=digest, published_at=clock.now(), published_by=caller.id,
        )
    )  # fmt: skip
    published = DefinitionPublished(
        definition, key=definition.key, definition_version=definition.revision, digest=digest
    )
    publish(session, published)
