"""The one mapping of any exception to an RFC 9457 problem document."""

import logging
import re
from typing import Any

import orjson
from flask import Response
from marshmallow import ValidationError
from sqlalchemy import exc as sql
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException

from chassis import metrics, telemetry
from chassis.errors import (
    BadRequest,
    Busy,
    Conflict,
    Forbidden,
    Gone,
    InternalError,
    Invalid,
    MethodNotAllowed,
    NotAcceptable,
    NotFound,
    Problem,
    StaleVersion,
    TooLarge,
    TooManyRequests,
    Unauthorized,
    UnsupportedMediaType,
)
from chassis.i18n import gettext, retranslate
from chassis.i18n import lazy as _

log = logging.getLogger(__name__)

_BY_STATUS: dict[int, type[Problem]] = {
    kind.status: kind
    for kind in (BadRequest, Unauthorized, Forbidden, NotFound, MethodNotAllowed, NotAcceptable, Conflict, Gone)
    + (StaleVersion, TooLarge, UnsupportedMediaType, Invalid, TooManyRequests, InternalError, Busy)
}
_BUSY = ("55P03", "40001", "40P01", "57014", "57P01", "57P02", "57P03", "53300", "25P03")  # locks, time-outs, restarts


def as_problem(error: BaseException) -> Problem:
    """The problem that `error` is to the one who asked; anything not foreseen is an InternalError, and logged."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, ValidationError):
        return Invalid(errors=error.normalized_messages())
    if isinstance(error, HTTPException):
        return _from_http(error)
    if isinstance(error, StaleDataError):
        return Conflict(_("Somebody changed this at the same moment; try again"))
    found = _from_database(error)
    if found is not None:
        log.info("refused by the database: %s", type(error).__name__, exc_info=error)
        return found
    log.error("unexpected %s", type(error).__name__, exc_info=error)
    return InternalError()


def response(problem: Problem, *, instance: str = "", docs: str = "") -> Response:
    """The problem as application/problem+json in the current language."""
    metrics.PROBLEMS.labels(problem.code, str(problem.status)).inc()
    answer = Response(orjson.dumps(document(problem, instance=instance, docs=docs), default=str), status=problem.status)
    answer.content_type = "application/problem+json"
    answer.headers.update(problem.headers)
    return answer


def document(problem: Problem, *, instance: str = "", docs: str = "") -> dict[str, Any]:
    """The members of the problem document; `type` leads to its paragraph on the service's docs page."""
    body: dict[str, Any] = {
        "type": f"{docs}#problem-{problem.code}" if docs else f"urn:crm:problem:{problem.code}",
        "code": problem.code,
        "title": str(problem.title),
        "status": problem.status,
        "trace_id": telemetry.trace_id(),
    }
    if problem.detail is not None:
        body["detail"] = str(problem.detail)
    if instance:
        body["instance"] = instance
    if problem.errors is not None:
        body["errors"] = _flat(problem.errors)
    return problem.facts | body


def _flat(errors: dict[str, Any], at: str = "") -> dict[str, list[str]]:
    """Nested marshmallow messages as {"phones.0.number": [messages]}, translated."""
    flat: dict[str, list[str]] = {}
    for name, messages in errors.items():
        path = f"{at}.{name}" if at else str(name)
        if isinstance(messages, dict):
            flat |= _flat(messages, path)
        else:
            listed = messages if isinstance(messages, list | tuple) else [messages]
            flat[path] = [retranslate(text) if isinstance(text, str) else str(text) for text in listed]
    return flat


def _from_http(error: HTTPException) -> Problem:
    kind = _BY_STATUS.get(error.code or 500)
    if kind is None:
        kind = BadRequest if (error.code or 500) < 500 else InternalError
    problem = kind()
    if kind is MethodNotAllowed and getattr(error, "valid_methods", None):
        problem.headers["Allow"] = ", ".join(sorted(error.valid_methods))  # type: ignore[attr-defined]
    return problem


def _from_database(error: BaseException) -> Problem | None:
    if isinstance(error, sql.TimeoutError):
        return Busy()
    if isinstance(error, OverflowError):
        return Invalid(_("A number is too large"))
    if not isinstance(error, sql.StatementError):
        return None
    cause = error.orig
    state = getattr(cause, "sqlstate", None) or ""
    words = str(cause)
    if isinstance(cause, OverflowError) or state == "22003":
        return Invalid(_("A number is too large"))
    if isinstance(cause, UnicodeError) or state == "22021" or "NUL" in words:
        return Invalid(_("The text has characters that cannot be stored"))
    if isinstance(error, sql.IntegrityError):
        return _from_constraint(state, words)
    if isinstance(error, sql.DataError):
        return Invalid(_("A value is too long or out of range"))
    lost = isinstance(error, sql.DBAPIError) and error.connection_invalidated
    if lost or state in _BUSY or state.startswith("08") or "database is locked" in words or "connection" in words:
        return Busy()
    return None


def _from_constraint(state: str, words: str) -> Problem:
    if state == "23505" or "UNIQUE" in words or "PRIMARY KEY" in words:
        return Conflict(_("This exists already"))
    if state == "23503" or "FOREIGN KEY" in words:
        return Conflict(_("This refers to something that does not exist, or is still in use"))
    named = re.search(r'column "(\w+)"|NOT NULL constraint failed: \w+\.(\w+)', words)
    field = next((name for name in named.groups() if name), None) if named else None
    return Invalid(errors={field: [gettext("Missing data for required field.")]} if field else None)
