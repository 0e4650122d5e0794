"""The caller's own profile, password, second factor and sessions."""

from typing import Any

from chassis.api import Api, Call
from integration_gateway import accounts, calendar_feeds, second_factor, sessions
from integration_gateway.directory import users
from integration_gateway.errors import (
    SecondFactorExists,
    SecondFactorNeeded,
    TooManyAttempts,
    WeakPassword,
    WrongCode,
    WrongCredentials,
)
from integration_gateway.models import Credential, User
from integration_gateway.permits import person
from integration_gateway.schemas import (
    CalendarOut,
    CodeIn,
    EnrolmentOut,
    MeChange,
    MeOut,
    PasswordChange,
    RecoveryCodesOut,
    SessionList,
    UserOut,
)

api = Api("gateway", tag="me")


@api.get("/me", answer=MeOut, allow=person)
def read_me(call: Call) -> Any:
    """The caller."""
    return _me(call)


@api.patch("/me", body=MeChange, answer=MeOut, allow=person)
def change_me(call: Call) -> Any:
    """Change the caller's language or mobile number."""
    users.change(call.session, _user(call), **call.body)
    call.session.flush()
    return _me(call)


@api.post(
    "/me/password",
    body=PasswordChange,
    status=204,
    allow=person,
    session="none",
    errors=[WeakPassword, WrongCredentials, TooManyAttempts],
)
def change_password(call: Call) -> Any:
    """Change the password; all sessions end, this one included."""
    accounts.change_password(call.database, user_id=call.caller.id, address=call.request.remote_addr or "", **call.body)


@api.get("/me/sessions", answer=SessionList, allow=person)
def list_sessions(call: Call) -> Any:
    """Where the caller is logged in."""
    return {"items": sessions.listed(call.session, call.caller.id)}


@api.delete("/me/sessions/<session_id>", status=204, allow=person)
def end_session(call: Call, session_id: str) -> Any:
    """End one of the caller's sessions."""
    sessions.end(call.session, user_id=call.caller.id, session_id=session_id)


@api.post("/me/log-out-everywhere", status=204, allow=person)
def log_out_everywhere(call: Call) -> Any:
    """End all of the caller's sessions, this one included."""
    users.log_out_everywhere(call.session, _user(call))


@api.post("/me/second-factor", answer=EnrolmentOut, allow=person, errors=[SecondFactorExists])
def enrol(call: Call) -> Any:
    """Begin to set up the second factor: a secret for the authenticator app, also as QR code in SVG."""
    return second_factor.begin(call.session, _user(call))


@api.post(
    "/me/second-factor/confirm",
    body=CodeIn,
    answer=RecoveryCodesOut,
    allow=person,
    errors=[WrongCode, SecondFactorExists],
)
def confirm(call: Call) -> Any:
    """Finish setting up with the first code; answers the recovery codes, once."""
    return {"recovery_codes": second_factor.confirm(call.session, _user(call), code=call.body["code"])}


@api.post(
    "/me/second-factor/remove",
    body=CodeIn,
    status=204,
    allow=person,
    session="none",
    errors=[WrongCode, TooManyAttempts, SecondFactorNeeded],
)
def remove(call: Call) -> Any:
    """Take the second factor away; needs a code."""
    accounts.with_code(
        call.database,
        second_factor.remove_own,
        user_id=call.caller.id,
        code=call.body["code"],
        address=call.request.remote_addr or "",
    )


@api.post(
    "/me/recovery-codes",
    body=CodeIn,
    answer=RecoveryCodesOut,
    allow=person,
    session="none",
    errors=[WrongCode, TooManyAttempts],
)
def renew_recovery_codes(call: Call) -> Any:
    """Fresh recovery codes; needs a code, and the old ones stop working."""
    codes = accounts.with_code(
        call.database,
        second_factor.renew_recovery_codes,
        user_id=call.caller.id,
        code=call.body["code"],
        address=call.request.remote_addr or "",
    )
    return {"recovery_codes": codes}


@api.get("/me/calendar", answer=CalendarOut, allow=person)
def read_calendar(call: Call) -> Any:
    """Whether the caller's work can be read as a calendar, and when one last did"""
    return _calendar(call)


@api.post("/me/calendar", answer=CalendarOut, status=201, allow=person)
def renew_calendar(call: Call) -> Any:
    """A private address of the caller's work as iCalendar; a former one stops at once"""
    token = calendar_feeds.renew(call.session, call.caller.id)
    return _calendar(call) | {"address": calendar_feeds.address(call.settings.public_url, token)}


@api.delete("/me/calendar", status=204, allow=person)
def revoke_calendar(call: Call) -> None:
    """Take the address of the caller's calendar back"""
    calendar_feeds.revoke(call.session, call.caller.id)


def _calendar(call: Call) -> dict[str, Any]:
    found = calendar_feeds.of(call.session, call.caller.id)
    if found is None:
        return {"exists": False, "created_at": None, "read_at": None}
    return {"exists": True, "created_at": found.created_at, "read_at": found.read_at}


def _user(call: Call) -> User:
    return call.session.get_one(User, call.caller.id)


def _me(call: Call) -> dict[str, Any]:
    user = _user(call)
    credential = call.session.get_one(Credential, user.id)
    return {name: getattr(user, name) for name in UserOut().dump_fields} | {
        "second_factor": credential.otp_confirmed_at is not None,
        "recovery_codes_left": second_factor.recovery_codes_left(call.session, user.id),
    }
