"""Who reads the page: name, rights and CSRF token, for the shell's templates."""

from typing import TYPE_CHECKING

from flask import current_app, g, has_request_context, request

from chassis import auth, directory
from chassis.caller import PUBLIC, Caller
from chassis.errors import Unauthorized
from engines import access
from engines.access import Granted, granted, has_right
from engines.access.grants import EVERYTHING

if TYPE_CHECKING:
    from console.shell import Console


def state() -> "Console":
    """The console of the app that answers this request."""
    found: Console = current_app.extensions["console"]
    return found


def current() -> Caller:
    """The caller of this request; PUBLIC on pages before log-in and on error pages."""
    found: Caller = g.get("caller") or PUBLIC
    return found


def grant(kind: str) -> Granted:
    """What the reader's roles grant on a kind; everything where no request is answered (what is shown has no reader)."""
    if not has_request_context() or "caller" not in g:
        return EVERYTHING
    return granted(current_app.extensions["crm"].database, g.caller, kind)


def veil() -> None:
    """Show the records this request has loaded for writing as its reader may see them; what he wrote is refused."""
    if has_request_context() and "caller" in g and g.get("crm_session") is not None:
        access.veil(g.crm_session, g.caller)


def csrf_token() -> str:
    """The token forms of this session carry; empty before log-in and where a Bearer token is used instead."""
    if "crm_csrf" not in g:
        try:
            g.crm_csrf = auth.csrf_token(current_app.extensions["crm"].authenticator.session_claims(request))
        except Unauthorized:
            g.crm_csrf = ""
    return str(g.crm_csrf)


def called(id_: str) -> str:
    """The name of a person or department by id; the id itself when it is of neither."""
    known = directory.of(current_app.extensions["crm"].database).snapshot()
    found = known.users.get(id_) or known.departments.get(id_)
    return found.name if found else id_


def may_see(kind: str) -> bool:
    """Whether the reader's roles grant reading a kind; roles of all services are known everywhere."""
    return granted(current_app.extensions["crm"].database, current(), kind).may("read")


def may_create(kind: str) -> bool:
    """Whether the reader may make records of a kind."""
    return has_right(current_app.extensions["crm"].database, current(), kind, "create")
