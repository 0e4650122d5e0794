"""Log-in of people for their own programs."""

from typing import Any, cast

from chassis.api import Api, Call
from integration_gateway import logging_in, tokens
from integration_gateway import sessions as log_in_sessions
from integration_gateway.errors import (
    AddressNotAllowed,
    EnrolmentRequired,
    SecondFactorRequired,
    TooManyAttempts,
    WrongCode,
    WrongCredentials,
)
from integration_gateway.models import LogInSession, User
from integration_gateway.permits import person
from integration_gateway.schemas import EnrolledOut, EnrolmentCode, EnrolmentIn, EnrolmentOut, LogInIn, TokenOut
from integration_gateway.settings import Settings

api = Api("gateway", tag="log-in")


@api.post(
    "/sessions",
    body=LogInIn,
    answer=TokenOut,
    status=201,
    public=True,
    session="none",
    errors=[WrongCredentials, SecondFactorRequired, EnrolmentRequired, AddressNotAllowed, TooManyAttempts],
)
def log_in(call: Call) -> Any:
    """Log in with e-mail, password and, where it is set up, the authenticator's code; answers a Bearer token.

    Somebody whose role requires a second factor and who has none gets no token but a `challenge` for /sessions/enrolment.
    """
    return _token(call, logging_in.log_in(call.database, place=_place(call), **call.body))


@api.post(
    "/sessions/enrolment",
    body=EnrolmentIn,
    answer=EnrolmentOut,
    public=True,
    session="none",
    errors=[WrongCredentials, TooManyAttempts],
)
def begin_enrolment(call: Call) -> Any:
    """The secret to set the authenticator app up with, for the challenge a log-in answered."""
    call.headers["Cache-Control"] = "no-store"
    return logging_in.begin_enrolment(
        call.database, challenge=call.body["challenge"], address=call.request.remote_addr or ""
    )


@api.post(
    "/sessions/enrolment/confirm",
    body=EnrolmentCode,
    answer=EnrolledOut,
    status=201,
    public=True,
    session="none",
    errors=[WrongCredentials, WrongCode, TooManyAttempts],
)
def finish_enrolment(call: Call) -> Any:
    """The app's first code: the second factor is in force; answers a Bearer token and the recovery codes."""
    entered, codes = logging_in.finish_enrolment(call.database, place=_place(call), **call.body)
    return _token(call, entered) | {"recovery_codes": codes}


def _place(call: Call) -> logging_in.Place:
    return logging_in.Place(
        address=call.request.remote_addr or "",
        agent=call.request.user_agent.string,
        kind="api",
        lifetime=cast(Settings, call.settings).token_lifetime,
    )


def _token(call: Call, entered: logging_in.Entered) -> dict[str, Any]:
    with call.database.transaction() as session:
        token = tokens.for_person(
            session, session.get_one(User, entered.user_id), session.get_one(LogInSession, entered.session_id)
        )
    call.headers["Cache-Control"] = "no-store"
    return {
        "access_token": token.text,
        "token_type": "Bearer",
        "expires_in": token.seconds,
        "session_id": entered.session_id,
        "user_id": entered.user_id,
    }


@api.delete("/sessions/current", status=204, allow=person)
def log_out(call: Call) -> Any:
    """End the session this token belongs to."""
    log_in_sessions.end(call.session, user_id=call.caller.id, session_id=call.caller.session_id)
