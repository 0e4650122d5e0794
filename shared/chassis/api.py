"""JSON routes declared with everything the edge needs to know; the route itself loads, calls one function, dumps.

api = Api("leads")

@api.post("/leads", body=LeadIn, answer=LeadOut, status=201, allow=right("lead", "create"))
def create_lead(call): ...
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, Request, Response, current_app, request
from marshmallow import Schema, fields, validate
from sqlalchemy import Select, event
from sqlalchemy.orm import Session

from chassis import answers, auth, i18n, idempotency, incoming, paging, telemetry
from chassis.answers import Dumper
from chassis.caller import PUBLIC, Caller
from chassis.causation import Cause, because
from chassis.db import Database
from chassis.errors import Forbidden, Problem, StaleVersion
from chassis.i18n import lazy as _
from chassis.paging import Page, Paged
from chassis.service import Service
from chassis.settings import Settings

MAX_BODY = 1024 * 1024
_RULE_NAMES = {"get": "read", "post": "write", "put": "write", "patch": "write", "delete": "write"}


class MissingScope(Forbidden):
    code, title = "missing_scope", _("The token lacks a scope this address needs")


@dataclass
class Call:
    """One request as a route's function sees it."""

    service: Service
    settings: Settings
    database: Database
    request: Request
    caller: Caller
    body: Any = None  # loaded by the route's body schema
    query: dict[str, Any] = field(default_factory=dict)
    session: Session = None  # type: ignore[assignment]  # open while the function runs, unless session="none"
    headers: dict[str, str] = field(default_factory=dict)  # of the answer
    expected: frozenset[int] | None = None  # versions If-Match accepts
    matched: bool = False

    def match(self, version: int) -> None:
        """StaleVersion unless If-Match allows `version`. Needed only where the record is not loaded by the ORM."""
        if self.expected is not None and version not in self.expected:
            raise StaleVersion()
        self.matched = True


@dataclass(frozen=True, kw_only=True)
class Route:
    """What a decorator declared."""

    api: "Api"
    method: str
    rule: str
    function: Callable[..., Any]
    status: int
    allow: Callable[[Call], bool] | None
    scope: str
    body: Schema | None
    query: Schema | None
    answer: Schema | None
    dumper: Dumper | None
    page: Paged | None
    errors: tuple[type[Problem], ...]
    tags: tuple[str, ...]
    summary: str
    description: str
    session: str
    max_body: int

    @property
    def public(self) -> bool:
        return self.allow is None

    @property
    def name(self) -> str:
        return self.function.__name__

    @property
    def unsafe(self) -> bool:
        return self.method != "GET"


class Api:
    """The JSON routes of one service, or of one noun of it; a service may have several."""

    def __init__(self, service: str, *, tag: str | None = None):
        self.base = f"/{service}/api/v1"
        self.service = service
        self.tag = tag
        self.routes: list[Route] = []

    def get(self, rule: str, **declared: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """See `route`."""
        return self.route("GET", rule, **declared)

    def post(self, rule: str, **declared: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """See `route`."""
        return self.route("POST", rule, **declared)

    def put(self, rule: str, **declared: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """See `route`."""
        return self.route("PUT", rule, **declared)

    def patch(self, rule: str, **declared: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """See `route`."""
        return self.route("PATCH", rule, **declared)

    def delete(self, rule: str, **declared: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """See `route`."""
        return self.route("DELETE", rule, **declared)

    def route(
        self,
        method: str,
        rule: str,
        *,
        body: type[Schema] | Schema | None = None,
        query: type[Schema] | Schema | Mapping[str, fields.Field[Any]] | None = None,
        answer: type[Schema] | Schema | None = None,
        status: int = 200,
        allow: Callable[[Call], bool] | None = None,
        public: bool = False,
        scope: str | None = None,
        page: Paged | None = None,
        errors: Iterable[type[Problem]] = (),
        tags: Sequence[str] = (),
        session: str | None = None,
        max_body: int = MAX_BODY,
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Declare a route; its docstring's first line is its summary.

        Say `allow` (called with the Call before anything is read; False is 403) or `public=True`. `allow.masking(call)`
        gives a function that may remove or mask members of an answer (those it `touched`; None: any); `allow.hidden(call)`
        names members not to be seen or sorted by.
        A token with scopes needs `scope`, by default `<service>:read` for GET and `<service>:write` otherwise.
        With `page` the function returns a Select, or a Page. `session` is write, read or none (default by method).
        """
        if (allow is None) != public:
            raise TypeError(f"{method} {rule}: say either allow=… or public=True")
        method = method.upper()
        answer_schema = _instance(answer)
        kind = session or ("read" if method == "GET" else "write")

        def declare(function: Callable[..., Any]) -> Callable[..., Any]:
            summary, _line, description = (function.__doc__ or "").strip().partition("\n")
            if not summary:
                raise TypeError(f"{method} {rule}: {function.__name__} needs a docstring, it is the route's summary")
            self.routes.append(
                Route(
                    api=self, method=method, rule=rule, function=function, status=status, allow=allow,
                    scope=scope or f"{self.service}:{_RULE_NAMES[method.lower()]}", body=_instance(body),
                    query=_query_schema(query, page), answer=answer_schema,
                    dumper=Dumper(answer_schema) if answer_schema is not None else None, page=page,
                    errors=tuple(errors), tags=tuple(tags) or ((self.tag,) if self.tag else ()), summary=summary,
                    description=description.strip(), session=kind, max_body=max_body,
                )
            )  # fmt: skip
            return function

        return declare

    def blueprint(self, service: Service, *, name: str = "api") -> Blueprint:
        """The Flask blueprint of these routes."""
        made = Blueprint(name, __name__, url_prefix=self.base)
        for route in self.routes:
            view = _view(route)
            auth.declare(view, allow=route.allow, public=route.public)
            made.add_url_rule(route.rule, f"{route.method} {route.name}", view, methods=[route.method])
        return made


def _view(route: Route) -> Callable[..., Response]:
    def view(**values: Any) -> Response:
        web = current_app.extensions["crm"]
        request.max_content_length = route.max_body
        call = Call(web.service, web.settings, web.database, request, PUBLIC)
        if not route.public:
            call.caller = web.authenticator.api_caller(request)
            i18n.speak(
                i18n.negotiate(user=call.caller.locale if call.caller.is_person else None, cookie=i18n.current())
            )
            _permit(route, call)
        if route.query is not None:
            call.query = incoming.query(request, route.query)
        if route.body is not None:
            call.body = incoming.body(request, route.body)
        if route.unsafe:
            call.expected = incoming.expected_versions(request)
        return _answer(route, call, values)

    view.__name__ = route.name
    return view


def require_scope(caller: Caller, scope: str) -> None:
    """MissingScope unless the caller's token has `scope`; a person's token without scopes may do what its roles allow."""
    if (caller.scopes or caller.kind == "client") and scope not in caller.scopes and "*" not in caller.scopes:
        raise MissingScope(scope=scope)


def _permit(route: Route, call: Call) -> None:
    require_scope(call.caller, route.scope)
    assert route.allow is not None
    if not route.allow(call):
        raise Forbidden()


def _answer(route: Route, call: Call, values: dict[str, Any]) -> Response:
    """Run the route in its one transaction, within the context that its events will carry."""
    caller, remote = call.caller, request.remote_addr or ""
    asked = None
    if route.method == "POST" and route.session == "write":
        who = f"{caller.kind}:{caller.id}" if not route.public else f"public:{remote}"
        key = request.headers.get("Idempotency-Key")
        asked = idempotency.asked(key, caller=who, route=request.path, body=request.get_data())
    cause = Cause(actor=caller.id, origin=f"api {remote}", traceparent=telemetry.traceparent())
    with because(cause), idempotency.alone(asked), _session(route, call) as session:
        call.session = session
        if asked is not None and (stored := idempotency.find(session, asked)):
            return _response(stored.answer, stored.status, {**stored.headers, "Idempotent-Replayed": "true"})
        with _Watch(call, values):
            result = route.function(call, **values)
            if route.session == "write":
                session.flush()
                veil = getattr(route.allow, "veil", None)
                if veil is not None:
                    veil(call)
        if isinstance(result, Response):
            return result
        status, content, headers = _dumped(route, call, result)
        if asked is not None:
            idempotency.keep(session, asked, idempotency.Stored(status, headers, content))
    return _response(content, status, headers)


def _session(route: Route, call: Call) -> Any:
    if route.session == "none":
        return nullcontext()
    return call.database.transaction() if route.session == "write" else call.database.reading(call.caller)


class _Watch:
    """With If-Match: compare the version of the record in the address as soon as the ORM loads it."""

    def __init__(self, call: Call, values: dict[str, Any]):
        self.call = call
        self.ids = set(values.values()) if call.expected is not None and call.session is not None else set()

    def __enter__(self) -> None:
        if self.ids:
            event.listen(self.call.session, "loaded_as_persistent", self._loaded)

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if kind is None and self.call.expected is not None and not self.call.matched:
            raise StaleVersion()  # nothing could be compared: better refused than overwritten

    def _loaded(self, _session: Session, record: Any) -> None:
        version = getattr(record, "version", None)
        if getattr(record, "id", None) in self.ids and isinstance(version, int):
            self.call.match(version)


def _dumped(route: Route, call: Call, result: Any) -> tuple[int, bytes, dict[str, str]]:
    headers = dict(call.headers)
    if route.status == 204 or (result is None and route.dumper is None):
        return 204, b"", headers
    if route.page is not None:
        return route.status, answers.to_json(_page(route, call, result)), headers
    item = route.dumper.one(result) if route.dumper is not None else result
    version = item.get("version") if isinstance(item, dict) else None
    masking = _masking(route, call)
    if masking is not None and isinstance(item, dict):
        item = masking(item)
    if isinstance(version, int):
        headers["ETag"] = f'"{version}"'
    return route.status, answers.to_json(item), headers


def _masking(route: Route, call: Call) -> Any:
    """What masks an answer for this caller, None where the route's `allow` knows of nothing like it."""
    found = getattr(route.allow, "masking", None)
    return found(call) if found is not None else None


def _page(route: Route, call: Call, result: Any) -> dict[str, Any]:
    assert route.page is not None
    assert route.dumper is not None
    masking = _masking(route, call)
    if isinstance(result, Select):
        hidden = getattr(route.allow, "hidden", None)
        text = call.query.get("filter")
        asked = paging.Asked(
            sort=call.query["sort"],
            limit=call.query["limit"],
            cursor=call.query["cursor"],
            fields=tuple(part for part in call.query["fields"].split(",") if part),
            count=call.query["count"],
            clause=route.page.filter(call, text) if text and route.page.filter else None,
            hidden=hidden(call) if hidden else frozenset(),
            closed=closed(call) if (closed := getattr(route.allow, "closed", None)) else frozenset(),
            touched=masking.touched if masking else frozenset(),
        )
        made = paging.page(call.session, result, route.page, route.dumper, asked)
    else:
        made = result if isinstance(result, Page) else Page(result)
        made.items = [route.dumper.one(item) for item in made.items]
    if masking is not None:
        made.items = [masking(item) for item in made.items]
    return made.document()


def _response(content: bytes, status: int, headers: dict[str, str]) -> Response:
    made = Response(content, status=status, mimetype="application/json")
    if status == 204:
        del made.headers["Content-Type"]
    made.headers.update(headers)
    return made


def _instance(schema: type[Schema] | Schema | None) -> Schema | None:
    return schema() if isinstance(schema, type) else schema


def _query_schema(query: Any, page: Paged | None) -> Schema | None:
    """The schema of the query parameters; without any declared, any given one is refused."""
    declared: dict[str, Any] = {}
    if isinstance(query, Mapping):
        declared |= query
    elif query is not None:
        schema = _instance(query)
        assert schema is not None
        if page is None:
            return schema
        declared |= schema.declared_fields
    if page is not None:
        declared |= _page_fields(page)
    return Schema.from_dict(declared, name="Query")()


def _page_fields(page: Paged) -> dict[str, fields.Field[Any]]:
    names = ", ".join(page.sort)
    made: dict[str, fields.Field[Any]] = {
        "sort": fields.String(
            load_default="",
            metadata={"description": f"Comma-separated, - for descending: {names}. Default {page.default}"},
        ),
        "limit": fields.Integer(
            load_default=page.limit, validate=validate.Range(1, paging.MAX_LIMIT), metadata={"description": "Page size"}
        ),
        "cursor": fields.String(load_default="", metadata={"description": "next_cursor of the page before"}),
        "fields": fields.String(load_default="", metadata={"description": "Comma-separated members to answer"}),
        "count": fields.Boolean(load_default=False, metadata={"description": "Count the list, up to 10 000"}),
    }
    if page.filter is not None:
        made["filter"] = fields.String(
            load_default="", metadata={"description": "A condition, see the developers' guide"}
        )
    return made
