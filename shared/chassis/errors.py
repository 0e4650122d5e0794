"""Refusals with a stable code; a service adds its own. chassis.problems turns them into problem documents."""

from typing import Any, ClassVar

from chassis.i18n import Text
from chassis.i18n import lazy as _


class Problem(Exception):
    """A refusal people and programs can read.

    `code` is stable and names it in the API's documents; `title` is its kind, `detail` this case, `errors` the messages
    per field, `facts` further members of the document (ids, choices). Subclass it with a code, a status and a title.
    """

    code: ClassVar[str] = "problem"
    status: ClassVar[int] = 400
    title: ClassVar[Text | str] = _("The request was refused")

    def __init__(
        self,
        detail: Text | str | None = None,
        *,
        errors: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        **facts: Any,
    ):
        super().__init__(str(detail or self.title))
        self.detail = detail
        self.errors = errors
        self.headers = headers or {}
        self.facts = facts


class BadRequest(Problem):
    code, status, title = "bad_request", 400, _("The request could not be read")


class Unauthorized(Problem):
    code, status, title = "unauthorized", 401, _("You are not logged in")

    def __init__(self, detail: Text | str | None = None, **kwargs: Any):
        super().__init__(detail, headers={"WWW-Authenticate": 'Bearer realm="crm"'}, **kwargs)


class Forbidden(Problem):
    code, status, title = "forbidden", 403, _("You may not do this")


class StaleReplica(Forbidden):
    code, title = "directory_out_of_date", _("Permissions cannot be checked right now; try again in a moment")


class NotFound(Problem):
    code, status, title = "not_found", 404, _("There is no such thing, or you may not see it")


class MethodNotAllowed(Problem):
    code, status, title = "method_not_allowed", 405, _("This address does not take that method")


class NotAcceptable(Problem):
    code, status, title = "not_acceptable", 406, _("There is no such form of the answer")


class Conflict(Problem):
    code, status, title = "conflict", 409, _("This does not go with the present state")


class Gone(Problem):
    code, status, title = "gone", 410, _("This has been removed")


class StaleVersion(Problem):
    code, status, title = "stale_version", 412, _("Somebody changed this in the meantime; load it again")


class TooLarge(Problem):
    code, status, title = "too_large", 413, _("The request is too large")


class UnsupportedMediaType(Problem):
    code, status, title = "unsupported_media_type", 415, _("Send application/json")


class Invalid(Problem):
    code, status, title = "invalid", 422, _("Some of what was sent is not valid")


class TooManyRequests(Problem):
    code, status, title = "too_many_requests", 429, _("Too many requests; try again later")

    def __init__(self, detail: Text | str | None = None, *, retry_after: int = 1, **kwargs: Any):
        super().__init__(detail, headers={"Retry-After": str(retry_after)}, **kwargs)


class InternalError(Problem):
    code, status, title = "internal_error", 500, _("Something went wrong on our side; it has been logged")


class Busy(Problem):
    code, status, title = "busy", 503, _("The service is busy; try again in a moment")

    def __init__(self, detail: Text | str | None = None, **kwargs: Any):
        super().__init__(detail, headers={"Retry-After": "1"}, **kwargs)
