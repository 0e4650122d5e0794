"""HTML routes declared as API routes are: who may, which session; the view reads, builds a pattern and returns it.

pages = Pages("leads")

@pages.get("/leads", allow=right("lead", "read"))
def leads(call): ...
"""

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

from flask import Blueprint, Response, current_app, g, make_response, request

from chassis import auth, i18n, telemetry
from chassis.api import Call, require_scope
from chassis.caller import PUBLIC
from chassis.causation import Cause, because
from chassis.errors import Forbidden

View = Callable[..., Any]


class _RolledBack(Exception):
    """Carries an answer of 400 and more out of the transaction, so that nothing of a refused request stays."""

    def __init__(self, answer: Response):
        super().__init__(answer.status)
        self.answer = answer


class Pages:
    """The pages of one service, or of one noun of it; give its `blueprint` to the service's `blueprints`.

    A view gets a Call (caller, session, request, settings, service) and the address's values. Its answer is text,
    (text, status) or a response. Its session is write for POST and read for GET; an answer of 400 and more undoes what
    the view wrote. Uses are counted under `feature` (by default service and first word of the rule).
    """

    def __init__(
        self, service: str, *, name: str = "pages", template_folder: str | None = "templates", module: str = ""
    ):
        self.service = service
        self.blueprint = Blueprint(
            name, module or service.replace("-", "_"), url_prefix=f"/{service}", template_folder=template_folder
        )

    def get(self, rule: str, **declared: Any) -> Callable[[View], View]:
        """See `route`."""
        return self.route("GET", rule, **declared)

    def post(self, rule: str, **declared: Any) -> Callable[[View], View]:
        """See `route`."""
        return self.route("POST", rule, **declared)

    def route(
        self,
        method: str,
        rule: str,
        *,
        allow: Callable[[Call], bool] | None = None,
        public: bool = False,
        session: str | None = None,
        feature: str = "",
    ) -> Callable[[View], View]:
        """Declare a page. Say `allow` (such as `engines.access.right`) or `public=True`; session: write, read, none."""
        kind = session or ("read" if method == "GET" else "write")
        counted = feature or f"{self.service}.{rule.strip('/').split('/')[0] or 'home'}"

        def declare(function: View) -> View:
            def view(**values: Any) -> Response:
                call = _call(allow, public=public)
                if not public and call.caller.is_person and not rule.startswith("/fragments"):
                    current_app.extensions["crm"].usage.count(call.caller, counted)
                return _answer(call, kind, lambda: make_response(function(call, **values)))

            auth.declare(view, allow=allow, public=public)
            endpoint = function.__name__ if method == "GET" else f"{function.__name__}_{method.lower()}"
            self.blueprint.add_url_rule(rule, endpoint, view, methods=[method])
            return function

        return declare


def signed_in(call: Call) -> bool:
    """`allow=` of pages for anybody who is logged in."""
    return call.caller.is_person


def _call(allow: Callable[[Call], bool] | None, *, public: bool) -> Call:
    web = current_app.extensions["crm"]
    call = Call(web.service, web.settings, web.database, request, PUBLIC)
    if not public:
        call.caller = g.caller = web.authenticator.page_caller(request)
        i18n.speak(i18n.negotiate(user=request.cookies.get(i18n.COOKIE), cookie=call.caller.locale))
        require_scope(call.caller, f"{web.service.name}:{'read' if request.method in auth.SAFE_METHODS else 'write'}")
        assert allow is not None
        if not allow(call):
            raise Forbidden()
    return call


def _answer(call: Call, kind: str, run: Callable[[], Response]) -> Response:
    """Run the view in its one transaction."""
    opened: Any = nullcontext()
    if kind != "none":
        opened = call.database.transaction() if kind == "write" else call.database.reading(call.caller)
    cause = Cause(actor=call.caller.id, origin=f"page {request.remote_addr or ''}", traceparent=telemetry.traceparent())
    try:
        with because(cause), opened as session:
            call.session = g.crm_session = session
            answer = run()
            if kind == "write" and answer.status_code >= 400:
                raise _RolledBack(answer)
            return answer
    except _RolledBack as refused:
        return refused.answer
