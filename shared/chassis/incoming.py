"""Reading a request: JSON body, query parameters and preconditions, refusing what cannot be stored or understood."""

from typing import Any
from urllib.parse import unquote_to_bytes

import orjson
from flask import Request
from marshmallow import Schema, fields

from chassis.errors import BadRequest, Invalid, StaleVersion, UnsupportedMediaType
from chassis.i18n import lazy as _

NUL = _("The text has characters that cannot be stored")


def body(request: Request, schema: Schema) -> Any:
    """The JSON body loaded by `schema`; a Problem when it cannot be."""
    raw = request.get_data(cache=True)
    mimetype = request.mimetype
    if mimetype != "application/json" and not mimetype.endswith("+json"):
        if raw or mimetype or request.method != "POST":
            raise UnsupportedMediaType()
        raw = b"{}"  # a POST without any body asks for the defaults
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise BadRequest(_("The body is not valid JSON")) from None
    if b"\\u0000" in raw and (places := list(_with_nul(value))):
        raise Invalid(errors={place: [NUL] for place in places})
    return schema.load(value)


def query(request: Request, schema: Schema) -> dict[str, Any]:
    """The query parameters loaded by `schema`; a parameter that is no list may be given once."""
    if b"%" in request.query_string:
        try:
            text = unquote_to_bytes(request.query_string).decode()
        except UnicodeDecodeError:
            raise BadRequest(_("The address is not valid UTF-8")) from None
        if "\0" in text:
            raise Invalid(NUL)
    values: dict[str, Any] = {}
    for name, given in request.args.lists():
        field = schema.load_fields.get(name)
        values[name] = given if isinstance(field, fields.List) or len(given) > 1 else given[0]
    loaded: dict[str, Any] = schema.load(values)
    return loaded


def expected_versions(request: Request) -> frozenset[int] | None:
    """The versions If-Match accepts, None when there is no condition; StaleVersion when it can match none of ours."""
    given = request.headers.get("If-Match")
    if given is None or given.strip() == "*":
        return None
    versions = set()
    for part in given.split(","):
        tag = part.strip().removeprefix("W/").strip('"')
        if tag.isascii() and tag.isdigit() and len(tag) < 19:
            versions.add(int(tag))
    if not versions:
        raise StaleVersion()
    return frozenset(versions)


def _with_nul(value: Any, at: str = "") -> Any:
    """Paths of the texts and names with a NUL character, which PostgreSQL cannot store."""
    if isinstance(value, str):
        if "\0" in value:
            yield at or "_schema"
    elif isinstance(value, dict):
        for name, item in value.items():
            if "\0" in name:
                yield at or "_schema"
            else:
                yield from _with_nul(item, f"{at}.{name}" if at else name)
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _with_nul(item, f"{at}.{place}" if at else str(place))
