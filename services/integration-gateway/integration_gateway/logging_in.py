"""Log-in with password and second factor. Slow hashing happens between two short transactions, never inside one."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from chassis import clock, directory, networks
from chassis.db import Database
from chassis.errors import Problem
from integration_gateway import guard, passwords, second_factor, sessions
from integration_gateway.directory import roles, users
from integration_gateway.errors import (
    AddressNotAllowed,
    EnrolmentRequired,
    SecondFactorRequired,
    WrongCode,
    WrongCredentials,
)
from integration_gateway.models import Credential, LogInChallenge, User

CHALLENGE_TIME = timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where and how somebody logs in; `kind` is page or api, `lifetime` that of the session."""

    address: str
    agent: str
    kind: str
    lifetime: timedelta


@dataclass(frozen=True)
class Entered:
    """A log-in that worked."""

    session_id: str
    user_id: str
    epoch: int
    expires_in: timedelta


def log_in(database: Database, *, email: str, password: str, code: str = "", place: Place) -> Entered:
    """Check e-mail and password (and the second factor when there is one) and start a session.

    WrongCredentials says nothing about which part was wrong or whether the person exists, nor does the time it takes.
    SecondFactorRequired carries a `challenge` that `answer` takes with the code, so that a page asks in two steps.
    """
    counted = guard.keys(account=email, address=place.address)
    with database.transaction() as session:
        guard.begin_or_refuse(session, counted)
        user = users.by_email(session, email)
        stored = session.get_one(Credential, user.id).password_hash if user is not None else None
    right = passwords.matches(stored, password)
    fresh = passwords.hashed(password) if right and stored and passwords.needs_rehash(stored) else None
    with database.transaction() as session:
        outcome = _judge(session, user, stored, right=right, code=code, counted=counted, place=place, fresh=fresh)
    directory.of(database).forget()  # this process may be asked with the new token before it looks again
    if isinstance(outcome, Problem):  # raised only now: the counts above must be committed
        raise outcome
    return outcome


def answer(database: Database, *, challenge: str, code: str, place: Place) -> Entered:
    """The second step: the challenge of the first one, and the code."""
    with database.transaction() as session:
        owed = session.get(LogInChallenge, _digest(challenge))
        user = session.get(User, owed.user_id) if owed is not None and owed.expires_at > clock.now() else None
        counted = guard.keys(account=user.email if user is not None else "", address=place.address)
        guard.begin_or_refuse(session, counted)
    with database.transaction() as session:
        outcome = _judge_code(session, user.id if user is not None else None, challenge, code, counted, place)
    if isinstance(outcome, Problem):
        raise outcome
    return outcome


def begin_enrolment(database: Database, *, challenge: str, address: str) -> second_factor.Enrolment:
    """What somebody who must have a second factor, and has shown the password, sets the app up with."""
    with database.transaction() as session:
        guard.begin_or_refuse(session, guard.keys(address=address))
        owed, user = _owing(session, challenge)
        if user is None or owed is None:
            raise WrongCredentials()
        guard.taken_back(session, guard.keys(address=address))
        return second_factor.begin(session, user, again=False)


def finish_enrolment(database: Database, *, challenge: str, code: str, place: Place) -> tuple[Entered, list[str]]:
    """The first code of the new app: the second factor is in force, the session starts. With the recovery codes."""
    with database.transaction() as session:
        _owed, user = _owing(session, challenge)
        counted = guard.keys(account=user.email if user is not None else "", address=place.address)
        guard.begin_or_refuse(session, counted)
    with database.transaction() as session:
        owed, user = _owing(session, challenge)
        outcome: tuple[Entered, list[str]] | Problem = WrongCredentials()
        if owed is not None and user is not None and user.active:
            try:
                codes = second_factor.confirm(session, user, code=code)
            except WrongCode as refused:
                outcome = refused
            else:
                session.delete(owed)
                guard.succeeded(session, counted)
                outcome = _enter(session, user, place, second_factor_used=True), codes
        if isinstance(outcome, Problem):
            guard.failed(session, counted)
    directory.of(database).forget()
    if isinstance(outcome, Problem):
        raise outcome
    return outcome


def _owing(session: Session, challenge: str) -> tuple[LogInChallenge | None, User | None]:
    """The challenge, if it still holds, of somebody who has no second factor yet; and who that is."""
    owed = session.get(LogInChallenge, _digest(challenge), with_for_update=True)
    if owed is None or owed.expires_at <= clock.now():
        return None, None
    if session.get_one(Credential, owed.user_id).otp_confirmed_at is not None:
        return None, None
    return owed, session.get(User, owed.user_id)


def _judge(
    session: Session,
    seen: User | None,
    stored: str | None,
    *,
    right: bool,
    code: str,
    counted: list[str],
    place: Place,
    fresh: str | None,
) -> Entered | Problem:
    user = session.get(User, seen.id) if seen is not None else None
    credential = session.get_one(Credential, user.id, with_for_update=True) if user is not None else None
    if not right or user is None or credential is None or not user.active or credential.password_hash != stored:
        guard.failed(session, counted)
        return WrongCredentials()
    if not networks.allowed(place.address, [user.allowed_networks, *roles.networks_of(session, user.roles)]):
        guard.failed(session, counted)
        return AddressNotAllowed()
    if fresh:
        credential.password_hash = fresh
    if credential.otp_confirmed_at is not None:
        if not code:
            guard.taken_back(session, counted)  # not a success: a known password must not reset the guesses at codes
            return SecondFactorRequired(challenge=_challenge(session, user))
        if not second_factor.check(session, credential, code):
            guard.failed(session, counted)
            return WrongCredentials()
    elif roles.asks_second_factor(session, user.roles):
        guard.taken_back(session, counted)
        return EnrolmentRequired(challenge=_challenge(session, user))
    guard.succeeded(session, counted)
    return _enter(session, user, place, second_factor_used=credential.otp_confirmed_at is not None)


def _judge_code(
    session: Session, user_id: str | None, challenge: str, code: str, counted: list[str], place: Place
) -> Entered | Problem:
    owed = session.get(LogInChallenge, _digest(challenge), with_for_update=True)
    user = session.get_one(User, user_id) if user_id is not None and owed is not None else None
    credential = session.get_one(Credential, user.id, with_for_update=True) if user is not None else None
    if user is None or credential is None or not user.active or not second_factor.check(session, credential, code):
        guard.failed(session, counted)
        return WrongCredentials()
    session.delete(owed)
    guard.succeeded(session, counted)
    return _enter(session, user, place, second_factor_used=True)


def _enter(session: Session, user: User, place: Place, *, second_factor_used: bool) -> Entered:
    started = sessions.start(
        session,
        user,
        kind=place.kind,
        second_factor=second_factor_used,
        address=place.address,
        agent=place.agent,
        lifetime=place.lifetime,
    )
    return Entered(started.id, user.id, user.epoch, place.lifetime)


def _challenge(session: Session, user: User) -> str:
    token = secrets.token_urlsafe(32)
    session.add(LogInChallenge(digest=_digest(token), user_id=user.id, expires_at=clock.now() + CHALLENGE_TIME))
    return token


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
