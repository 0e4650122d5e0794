"""The OpenAPI 3.1 document of a service, made from its routes' marshmallow schemas, and the page that shows it."""

import re
from collections.abc import Iterable
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import INCLUDE, Schema, fields

from chassis import errors
from chassis.api import Api, MissingScope, Route
from chassis.auth import COOKIE, CSRF_HEADER, CsrfRefused
from chassis.errors import Problem
from chassis.idempotency import InProgress, KeyReused
from chassis.service import Service

PROBLEM = "application/problem+json"
_PLACE = re.compile(r"<(?:(\w+):)?(\w+)>")


class ProblemDocument(Schema):
    """RFC 9457, with the members every refusal of this suite has; some have more, as the standard allows."""

    class Meta:
        unknown = INCLUDE

    type = fields.String(required=True, metadata={"description": "Address of the problem's description"})
    code = fields.String(required=True, metadata={"description": "Stable name of the problem"})
    title = fields.String(required=True, metadata={"description": "What kind of problem, in the caller's language"})
    status = fields.Integer(required=True)
    detail = fields.String(metadata={"description": "What happened in this case"})
    instance = fields.String(metadata={"description": "The address that was asked"})
    trace_id = fields.String(required=True, metadata={"description": "To quote to whoever runs the system"})
    errors = fields.Dict(
        keys=fields.String(), values=fields.List(fields.String()), metadata={"description": "Messages per field"}
    )


def document(service: Service, apis: Iterable[Api]) -> dict[str, Any]:
    """The OpenAPI document of all routes of `apis`."""
    marshmallow = MarshmallowPlugin(schema_name_resolver=_schema_name)  # type: ignore[arg-type]
    spec = APISpec(
        title=f"{service.name} API",
        version="1",
        openapi_version="3.1.0",
        plugins=[marshmallow],
        info={
            "description": "Times are UTC (ISO 8601), ids UUIDs, amounts decimal strings. Refusals are RFC 9457 problems."
        },
    )
    assert marshmallow.converter is not None
    marshmallow.converter.add_attribute_function(_number_as_text)
    spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"})
    spec.components.security_scheme("cookie", {"type": "apiKey", "in": "cookie", "name": COOKIE})
    spec.components.security_scheme("csrf", {"type": "apiKey", "in": "header", "name": CSRF_HEADER})
    spec.components.schema("Problem", schema=ProblemDocument)
    paths: dict[str, dict[str, Any]] = {}
    for api in apis:
        for route in api.routes:
            paths.setdefault(_PLACE.sub(r"{\2}", api.base + route.rule), {})[route.method.lower()] = _operation(route)
    for path, operations in paths.items():
        spec.path(path=path, operations=operations)
    return spec.to_dict()


def problems(route: Route) -> dict[int, list[type[Problem]]]:
    """Every refusal the route can give, by status."""
    found: list[type[Problem]] = [errors.Busy, *route.errors]
    if not route.public:
        found += [errors.Unauthorized, errors.Forbidden, MissingScope, CsrfRefused]
    if "<" in route.rule:
        found.append(errors.NotFound)
    if route.query is not None or "<" in route.rule:
        found += [errors.BadRequest, errors.Invalid]
    if route.body is not None:
        found += [errors.BadRequest, errors.Invalid, errors.TooLarge, errors.UnsupportedMediaType]
    if route.unsafe and route.session == "write":
        found += [errors.Conflict, errors.Invalid]
    if route.unsafe:
        found.append(errors.StaleVersion)
    if route.method == "POST" and route.session == "write":
        found += [InProgress, KeyReused, errors.TooLarge]
    by_status: dict[int, list[type[Problem]]] = {}
    for kind in dict.fromkeys(found):
        by_status.setdefault(kind.status, []).append(kind)
    return by_status


def _operation(route: Route) -> dict[str, Any]:
    made: dict[str, Any] = {
        "operationId": route.name,
        "summary": route.summary,
        "parameters": _parameters(route),
        "responses": _responses(route),
        "security": [] if route.public else [{"bearer": []}, {"cookie": [], "csrf": []}],
    }
    if route.description:
        made["description"] = route.description
    if route.tags:
        made["tags"] = list(route.tags)
    if route.body is not None:
        made["requestBody"] = {"required": True, "content": {"application/json": {"schema": route.body}}}
    return made


def _parameters(route: Route) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for converter, name in _PLACE.findall(route.rule):
        kind = {"type": "integer", "minimum": 0} if converter == "int" else {"type": "string", "minLength": 1}
        found.append({"name": name, "in": "path", "required": True, "schema": kind})
    if route.query is not None:
        found.append({"in": "query", "schema": route.query})  # type: ignore[dict-item]
    if route.method == "POST" and route.session == "write":
        found.append(_header("Idempotency-Key", "Repeat the request with the same key to get the first one's answer"))
    if route.unsafe and "<" in route.rule:
        found.append(_header("If-Match", "ETag of the version the change is based on"))
    return found


def _header(name: str, description: str) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": False, "description": description, "schema": {"type": "string"}}


def _responses(route: Route) -> dict[str, Any]:
    good: dict[str, Any] = {"description": route.summary}
    if route.status != 204 and route.answer is not None:
        schema: Any = route.answer
        if route.page is not None:
            schema = {
                "type": "object",
                "required": ["items", "next_cursor"],
                "properties": {
                    "items": {"type": "array", "items": route.answer},
                    "next_cursor": {"type": ["string", "null"]},
                    "count": {"type": "integer", "description": "Only with count=true; at most 10000"},
                    "count_is_exact": {"type": "boolean", "description": "False when there are more than 10000"},
                },
            }
        good["content"] = {"application/json": {"schema": schema}}
        if "version" in route.answer.fields and route.page is None:
            good["headers"] = {"ETag": {"description": "The record's version", "schema": {"type": "string"}}}
    made = {str(route.status): good}
    for status, kinds in sorted(problems(route).items()):
        codes = ", ".join(f"`{kind.code}`" for kind in kinds)
        made[str(status)] = {
            "description": codes,
            "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
    return made


def _number_as_text(_converter: Any, field: fields.Field[Any], **_options: Any) -> dict[str, Any]:
    """Decimals travel as text, so that no program on the way rounds them."""
    if isinstance(field, fields.Number) and getattr(field, "as_string", False):
        return {"type": ["string", "null"] if field.allow_none else "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"}
    return {}


def _schema_name(schema: Any) -> str | bool:
    """Names of the schemas shown as components; those made or cut down on the fly are written where they are used."""
    kind = schema if isinstance(schema, type) else type(schema)
    if kind.__name__ in ("GeneratedSchema", "Query"):
        return False
    if isinstance(schema, Schema) and (schema.only is not None or schema.exclude):
        return False
    return f"{kind.__name__}Change" if isinstance(schema, Schema) and schema.partial else kind.__name__
