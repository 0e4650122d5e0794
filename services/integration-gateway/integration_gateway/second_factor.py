"""A person's second factor: enrol, confirm, use, remove; recovery codes for the day the phone is gone."""

import hmac
from dataclasses import dataclass

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from chassis import clock
from chassis.events import publish
from integration_gateway import one_time_codes
from integration_gateway.directory import roles, users
from integration_gateway.errors import SecondFactorExists, SecondFactorNeeded, WrongCode
from integration_gateway.events import CredentialChanged
from integration_gateway.models import Credential, RecoveryCode, User


@dataclass(frozen=True)
class Enrolment:
    """What the person scans or types into the authenticator app."""

    secret: str
    uri: str
    svg: str


def begin(session: Session, user: User, *, again: bool = True) -> Enrolment:
    """Make a new secret; it counts only after `confirm`. SecondFactorExists when one is in force.

    Not `again`: one that was begun and never confirmed is shown once more, so that a page may be loaded twice.
    """
    credential = session.get_one(Credential, user.id, with_for_update=True)
    if credential.otp_confirmed_at is not None:
        raise SecondFactorExists()
    secret = (None if again else credential.otp_secret) or one_time_codes.new_secret()
    credential.otp_secret = secret
    uri = one_time_codes.enrolment_uri(secret, account=user.email)
    return Enrolment(secret, uri, one_time_codes.qr_svg(uri))


def confirm(session: Session, user: User, *, code: str) -> list[str]:
    """The first code shows that the app works: the second factor is in force. Returns the recovery codes, once."""
    credential = session.get_one(Credential, user.id, with_for_update=True)
    if credential.otp_confirmed_at is not None:
        raise SecondFactorExists()
    if credential.otp_secret is None or not _right_code(credential, code):
        raise WrongCode()
    credential.otp_confirmed_at = clock.now()
    return renew_recovery_codes(session, user)


def remove_own(session: Session, user: User) -> None:
    """The person (who gave a code) takes the second factor away; SecondFactorNeeded when a role of theirs wants it."""
    if roles.asks_second_factor(session, user.roles):
        raise SecondFactorNeeded()
    remove(session, user)


def remove_for(session: Session, user: User) -> None:
    """An administrator takes away the second factor of somebody who lost it; who must have one logs in anew with it."""
    remove(session, user)
    if roles.asks_second_factor(session, user.roles):
        users.log_out_everywhere(session, user)


def remove(session: Session, user: User) -> None:
    """Take the second factor and its recovery codes away."""
    credential = session.get_one(Credential, user.id, with_for_update=True)
    credential.otp_secret = credential.otp_confirmed_at = None
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    _tell(session, user.id, "second_factor_removed")


def check(session: Session, credential: Credential, code: str) -> bool:
    """Whether `code` is a one-time code not used before, or an unused recovery code, which it uses up.

    The caller holds the credential's row lock, so that two requests cannot both use one code.
    """
    if credential.otp_confirmed_at is None:
        return False
    return _right_code(credential, code) or _use_recovery_code(session, credential.user_id, code)


def renew_recovery_codes(session: Session, user: User) -> list[str]:
    """Fresh recovery codes; the old ones stop working."""
    codes = one_time_codes.new_recovery_codes()
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    session.add_all(RecoveryCode(user_id=user.id, digest=one_time_codes.recovery_digest(code)) for code in codes)
    _tell(session, user.id, "recovery_codes")
    return codes


def recovery_codes_left(session: Session, user_id: str) -> int:
    """How many recovery codes are unused."""
    unused = select(func.count()).where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
    return session.scalar(unused) or 0


def _right_code(credential: Credential, code: str) -> bool:
    assert credential.otp_secret is not None
    typed = code.strip().replace(" ", "")
    step = one_time_codes.accepted_step(credential.otp_secret, typed, after=credential.otp_last_step)
    if step is None:
        return False
    credential.otp_last_step = step
    return True


def _use_recovery_code(session: Session, user_id: str, code: str) -> bool:
    wanted = one_time_codes.recovery_digest(code)
    unused = session.scalars(
        select(RecoveryCode).where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
    )
    found = [row for row in unused if hmac.compare_digest(row.digest, wanted)]
    if not found:
        return False
    used = update(RecoveryCode).where(RecoveryCode.id == found[0].id, RecoveryCode.used_at.is_(None))
    if session.execute(used.values(used_at=clock.now()).returning(RecoveryCode.id)).first() is None:
        return False
    _tell(session, user_id, "recovery_code_used")
    return True


def _tell(session: Session, user_id: str, what: str) -> None:
    publish(session, CredentialChanged(subject=f"user/{user_id}", user_id=user_id, what=what))
