"""Log-in of people for their own programs."""

from typing import Any, cast

from chassis.api import Api, Call
from integration_gateway import logging_in, tokens
from integration_gateway import sessions as log_in_sessions
from integration_gateway.errors import AddressNotAllowed, SecondFactorRequired, TooManyAttempts, WrongCredentials
from integration_gateway.models import LogInSession, User
from integration_gateway.permits import person
from integration_gateway.schemas import LogInIn, TokenOut
from integration_gateway.settings import Settings

api = Api("gateway", tag="log-in")


@api.post(
    "/sessions",
    body=LogInIn,
    answer=TokenOut,
    status=201,
    public=True,
    session="none",
    errors=[WrongCredentials, SecondFactorRequired, AddressNotAllowed, TooManyAttempts],
)
def log_in(call: Call) -> Any:
    """Log in with e-mail, password and, where it is set up, the authenticator's code; answers a Bearer token."""
    place = logging_in.Place(
        address=call.request.remote_addr or "",
        agent=call.request.user_agent.string,
        kind="api",
        lifetime=cast(Settings, call.settings).token_lifetime,
    )
    entered = logging_in.log_in(call.database, place=place, **call.body)
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
