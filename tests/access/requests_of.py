"""The requests a walker sends: every rule of the url map, filled with ids within and out of reach, bodies and queries."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from marshmallow import Schema, fields, validate

from chassis.api import Route
from engines.objects import LISTS, ObjectType

OUTSIDE = ("/health", "/ready", "/live", "/assets", "/docs", "/openapi", "static")
STEPS = ("assign", "claim", "disqualify", "close", "release", "qualify", "solved", "read", "lead", "name", "approve")


@dataclass
class Sent:
    """One request; `foreign` when it names records out of the walker's reach in what it sends."""

    method: str
    rule: str
    path: str
    body: Any = None
    form: dict[str, Any] | None = None
    foreign: bool = False
    must_refuse: bool = False
    accept: str = "application/json"

    def arguments(self) -> dict[str, Any]:
        given: dict[str, Any] = {"headers": {"Accept": self.accept}}
        if self.body is not None:
            given["json"] = self.body
        if self.form is not None:
            given["data"] = self.form
        return given

    def sent(self) -> str:
        return json.dumps(self.body if self.body is not None else self.form, default=str)


@dataclass
class Tables:
    """What the requests are made of: routes by rule and method, kinds by name, ids by kind."""

    routes: dict[tuple[str, str], Route]
    kinds: dict[str, ObjectType]
    foreign: dict[str, list[str]]
    own: dict[str, list[str]]
    hidden: dict[str, set[str]] = field(default_factory=dict)


def service(world: Any, name: str, walker: Any) -> Iterator[Sent]:
    """Every request for one service."""
    app = world.suite.apps[name]
    routes = {
        (f"{api.base}{route.rule}", route.method): route for api in app.extensions["crm"].apis for route in api.routes
    }
    hidden = {kind: hidden_from(walker, kind) for kind in walker.grants}
    kinds = {kind.kind: kind for kind in world.kinds(name)}
    tables = Tables(routes, kinds, world.foreign[name], world.own[name], hidden)
    for rule in sorted(app.url_map.iter_rules(), key=lambda each: each.rule):
        if any(part in rule.rule for part in OUTSIDE):
            continue
        view = app.view_functions[rule.endpoint]
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield from _of_rule(tables, rule, method, getattr(getattr(view, "access", None), "kind", None))


def hidden_from(walker: Any, kind: str) -> set[str]:
    """The fields of a kind that the walker's role hides or masks."""
    return {name for name, rule in walker.grants.get(kind, {}).get("fields", {}).items() if rule in ("none", "mask")}


def _of_rule(tables: Tables, rule: Any, method: str, kind: str | None) -> Iterator[Sent]:
    route = tables.routes.get((rule.rule, method))
    for values, foreign in _values(tables, rule, kind):
        path = rule.rule
        for name, value in values.items():
            path = path.replace(f"<{name}>", value).replace(f"<path:{name}>", value).replace(f"<int:{name}>", "1")
        if method == "GET":
            yield from _reads(tables, rule.rule, path, route, kind)
        elif route is not None:
            for body, named in _bodies(tables, route):
                yield Sent(method, rule.rule, path, body=body, foreign=named or foreign)
        else:
            for form, named in _forms(tables, kind):
                yield Sent(method, rule.rule, path, form=form, foreign=named or foreign, accept="text/html")


def _values(tables: Tables, rule: Any, kind: str | None) -> Iterator[tuple[dict[str, str], bool]]:
    """Values for the rule's places: a record out of reach of each kind that it may mean, and one within."""
    names = sorted(rule.arguments)
    if not names:
        yield {}, False
        return
    every = [kind] if kind in tables.foreign or kind in tables.own else [*tables.foreign]
    if "account" in rule.rule and "account" in tables.foreign:
        every = ["account"]
    part = next((each for each in ("tasks", "activities") if f"/{each}/" in rule.rule and each in tables.foreign), None)
    if part is not None:
        every = [part]
    elif "kind" in names:
        every = [each for each in every if each in tables.kinds]
    elif not any(name.endswith("id") for name in names):
        every = every[:1]  # a key, a token, a step: no place for a record
    task = (tables.foreign.get("tasks") or ["none"])[0]
    steps = STEPS if {"step", "action", "status", "field", "part"} & set(names) else ("x",)
    for each in every or ["none"]:
        for ids, is_foreign in ((tables.foreign.get(each), True), (tables.own.get(each), False)):
            for step in steps if ids else ():
                found = {name: ids[0] if name.endswith("id") or name in ("number",) else step for name in names}
                known = {"task_id": task, "kind": each}
                yield found | {name: known[name] for name in known.keys() & found.keys()}, is_foreign


def _reads(tables: Tables, rule: str, path: str, route: Route | None, kind: str | None) -> Iterator[Sent]:
    accept = "application/json" if route is not None else "text/html"
    queries: list[tuple[dict[str, Any], bool]] = [({}, False)]
    if route is not None and route.query is not None:
        queries += [(query, False) for query in _queries(tables, route)]
    listed = (route is not None and route.page is not None) or (route is None and "<" not in rule)
    if listed and kind in tables.kinds:
        queries += _probes(tables, route, kind)
    if route is None and "<" not in rule:
        queries += [({"q": "cnr"}, False), ({"q": "199"}, False), ({"count": "1"}, False)]
        named = {name: ids[0] for name, ids in tables.foreign.items() if name in tables.kinds}
        queries.append((named | {f"{name}_id": id_ for name, id_ in named.items()}, False))
    for query, refused in queries:
        query = {name: value for name, value in query.items() if value is not None}
        target = f"{path}?{urlencode(query)}" if query else path
        yield Sent("GET", rule, target, must_refuse=refused and route is not None, accept=accept)


def _probes(tables: Tables, route: Route | None, kind: str) -> list[tuple[dict[str, Any], bool]]:
    """Filter, sort, search, count by fields; by those hidden from the walker an API must refuse, and a page show nothing."""
    found: list[tuple[dict[str, Any], bool]] = []
    closed, fields = tables.hidden.get(kind, set()), tables.kinds[kind].fields
    for item in [each for each in fields if each.name in closed] + [each for each in fields if each.name not in closed][
        :3
    ]:
        is_closed = item.name in closed
        found.append(({"filter": json.dumps({"field": item.name, "op": "is_not_empty"})}, is_closed))
        if item.kind not in LISTS and (route is None or item.name in (route.page.sort if route.page else {})):
            found.append(({"sort": f"-{item.name}", "limit": "1"}, is_closed))
    found += [({"q": "cnr"}, False), ({"count": "true", "limit": "200"}, False)]
    return found if route is not None else [(query, False) for query, _refused in found]


def _queries(tables: Tables, route: Route) -> list[dict[str, Any]]:
    """The declared query parameters, filled with what is out of reach."""
    assert route.query is not None
    names = {
        name for name in route.query.load_fields if name not in ("sort", "limit", "cursor", "fields", "count", "filter")
    }
    made = []
    for kind, ids in tables.foreign.items():
        if kind not in tables.kinds:
            continue
        query = {}
        for name in names:
            if name == "subject_kind":
                query[name] = kind
            elif name.endswith("_id"):
                query[name] = ids[0]
            elif name == "q":
                query[name] = "cnr"
        if query and query not in made:
            made.append(query)
    return made


def _bodies(tables: Tables, route: Route) -> Iterator[tuple[Any, bool]]:
    if route.body is None:
        yield None, False
        return
    yield _sample(tables, route.body, full=False)
    yield _sample(tables, route.body, full=True)


def _sample(tables: Tables, schema: Schema, *, full: bool, depth: int = 0) -> tuple[dict[str, Any], bool]:
    made, named = {}, False
    for name, item in schema.load_fields.items():
        if (item.required or full) and not item.dump_only:
            value, foreign = _value(tables, item.data_key or name, item, full=full, depth=depth)
            if value is not None:
                made[item.data_key or name] = value
                named |= foreign
    return made, named


def _value(tables: Tables, name: str, item: Any, *, full: bool, depth: int) -> tuple[Any, bool]:
    if isinstance(item, fields.Nested):
        if depth > 3:
            return None, False
        inner, foreign = _sample(tables, item.schema, full=full, depth=depth + 1)
        return ([inner] if item.many else inner), foreign
    if isinstance(item, fields.List):
        value, foreign = _value(tables, name.removesuffix("s"), item.inner, full=full, depth=depth + 1)
        return [value] if value is not None else [], foreign
    one_of = next((each for each in item.validators if isinstance(each, validate.OneOf)), None)
    if one_of is not None:
        return next(iter(one_of.choices)), False
    if name == "subject_kind":
        return next((kind for kind in tables.foreign if kind in tables.kinds), "lead"), False
    if name in ("id", "subject_id") or name.endswith("_id"):
        return _reference(tables, name)
    if isinstance(item, fields.Boolean):
        return True, False
    if isinstance(item, fields.Integer):
        return 1, False
    if isinstance(item, fields.Float | fields.Decimal):
        return "1", False
    if isinstance(item, fields.AwareDateTime | fields.DateTime):
        return "2031-01-02T03:04:05Z", False
    if isinstance(item, fields.Date):
        return "2031-01-02", False
    if isinstance(item, fields.Email):
        return "walk@walk.example", False
    if isinstance(item, fields.Dict):
        return None, False
    if name in ("budget", "amount"):
        return {"amount": "10.00", "currency": "CNY"}, False
    return ("CNY" if name == "currency" else "walk text"), False


def _reference(tables: Tables, name: str) -> tuple[str | None, bool]:
    """An id out of reach for what the name says; people are nobody's secret and left out."""
    wanted = name.removesuffix("_id")
    if wanted in ("assignee", "owner", "user", "to", "head", "created_by", "delegate", "person"):
        return None, False
    if wanted in ("id", "subject"):
        kind = next((kind for kind in tables.foreign if kind in tables.kinds), None)
        return (tables.foreign[kind][0], True) if kind else (None, False)
    for kind in (wanted, "account" if wanted == "parent" else wanted):
        if tables.foreign.get(kind):
            return tables.foreign[kind][0], True
    return None, False


def _forms(tables: Tables, kind: str | None) -> Iterator[tuple[dict[str, Any], bool]]:
    """What pages take: a bare confirmation, and everything a form may hold, references out of reach included."""
    yield {}, False
    found = {
        "text": "walk", "title": "walk", "name": "walk", "subject": "walk", "reason": "walk", "note": "walk",
        "kind": "note", "type": "question", "priority": "normal", "channel": "staff", "source": "manual", "all": "1",
        "filter": "{", "q": "", "comment": "walk", "due_on": "2031-01-02", "amount": "10", "close_date": "2031-01-02",
        "requester_name": "walk", "version": "999", "stage": "x", "to": "x", "value": "walk", "key": "walk",
    }  # fmt: skip
    yield dict(found), False
    named = {f"{each}_id": ids[0] for each, ids in tables.foreign.items() if each in tables.kinds}
    chosen = tables.foreign.get(kind or "") or []
    yield found | named | {"filter": "", "ids": chosen[:2]}, bool(named)
    yield {**found, "filter": "", "all": "1"}, False
