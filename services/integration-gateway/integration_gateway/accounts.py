"""Passwords of people: choosing one by link, changing it, and the one-time links themselves, the first one included."""

import hashlib
import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from sqlalchemy import delete
from sqlalchemy.orm import Session

from chassis import clock
from chassis.db import Database
from chassis.events import publish
from chassis.i18n import lazy as _
from integration_gateway import guard, passwords, second_factor
from integration_gateway.directory import users
from integration_gateway.errors import LinkExpired, WeakPassword, WrongCode, WrongCredentials
from integration_gateway.events import CredentialChanged
from integration_gateway.models import Credential, SetUpLink, User

T = TypeVar("T")
LINK_TIME = timedelta(hours=72)
FIRST_LINK_TIME = timedelta(hours=24)
_REASONS = {
    "short": _("At least 8 characters"),
    "long": _("At most 128 characters"),
    "guessable": _("This one is easy to guess"),
}


def set_password(session: Session, user: User, hashed: str) -> None:
    """Store a password's hash; all sessions of the person end."""
    credential = session.get_one(Credential, user.id, with_for_update=True)
    credential.password_hash = hashed
    credential.password_changed_at = clock.now()
    users.log_out_everywhere(session, user)
    publish(session, CredentialChanged(subject=f"user/{user.id}", user_id=user.id, what="password"))


def hashed_if_strong(password: str, *, about: tuple[str, ...]) -> str:
    """The hash to store; WeakPassword says why a password is refused. Slow: call it outside transactions."""
    reason = passwords.weakness(password, about=about)
    if reason:
        raise WeakPassword(errors={"password": [str(_REASONS[reason])]})
    return passwords.hashed(password)


def change_password(database: Database, *, user_id: str, current: str, new: str, address: str) -> None:
    """The person changes the password and proves that it is them by the current one; guesses are counted."""
    with database.transaction() as session:
        user = session.get_one(User, user_id)
        counted = guard.keys(account=user.email, address=address)
        guard.begin_or_refuse(session, counted)
        stored = session.get_one(Credential, user_id).password_hash
    if not passwords.matches(stored, current):
        with database.transaction() as session:
            guard.failed(session, counted)
        raise WrongCredentials()
    hashed = hashed_if_strong(new, about=(user.name, user.email))
    with database.transaction() as session:
        guard.succeeded(session, counted)
        set_password(session, session.get_one(User, user_id), hashed)


def with_code(database: Database, do: Callable[[Session, User], T], *, user_id: str, code: str, address: str) -> T:
    """Do something to a person's second factor once they gave a right code; guesses are counted."""
    with database.transaction() as session:
        counted = guard.keys(account=session.get_one(User, user_id).email, address=address)
        guard.begin_or_refuse(session, counted)
    with database.transaction() as session:
        credential = session.get_one(Credential, user_id, with_for_update=True)
        right = second_factor.check(session, credential, code)
        if right:
            guard.succeeded(session, counted)
            return do(session, session.get_one(User, user_id))
        guard.failed(session, counted)
    raise WrongCode()


def new_link(session: Session, user: User | None = None) -> str:
    """The secret of a one-time link: to choose a password, or (without a person) to make the first administrator.

    An earlier link for the same purpose stops working.
    """
    secret = secrets.token_urlsafe(32)
    user_id = user.id if user is not None else None
    session.execute(
        delete(SetUpLink).where(SetUpLink.user_id.is_(None) if user is None else SetUpLink.user_id == user_id)
    )
    time = FIRST_LINK_TIME if user is None else LINK_TIME
    session.add(SetUpLink(digest=_digest(secret), user_id=user_id, expires_at=clock.now() + time))
    return secret


def open_link(session: Session, secret: str) -> SetUpLink:
    """The link behind `secret`; LinkExpired when it has been used, replaced or is too old."""
    link = session.get(SetUpLink, _digest(secret), with_for_update=True)
    if link is None or link.expires_at <= clock.now():
        raise LinkExpired()
    return link


def choose_password(database: Database, *, secret: str, password: str) -> str:
    """Use a link to choose a password; returns the person's id."""
    with database.transaction() as session:
        user = _owner(session, secret)
    hashed = hashed_if_strong(password, about=(user.name, user.email))
    with database.transaction() as session:
        user = _owner(session, secret)
        set_password(session, user, hashed)
        session.delete(open_link(session, secret))
    return user.id


def make_first_administrator(database: Database, *, secret: str, name: str, email: str, password: str) -> str:
    """Use the first-run link: makes the administrator, who then enters everybody else; returns the id."""
    hashed = hashed_if_strong(password, about=(name, email))
    with database.transaction() as session:
        link = open_link(session, secret)
        if link.user_id is not None or users.anyone(session):
            raise LinkExpired()
        user = users.create(session, name=name, email=email, roles=[users.ADMINISTRATOR])
        set_password(session, user, hashed)
        session.delete(link)
    return user.id


def _owner(session: Session, secret: str) -> User:
    link = open_link(session, secret)
    user = session.get(User, link.user_id) if link.user_id else None
    if user is None or not user.active:
        raise LinkExpired()
    return user


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
