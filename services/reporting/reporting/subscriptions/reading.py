"""Schemas of the few fields a projection reads; everything else an event says is ignored."""

from datetime import date
from typing import Any

from marshmallow import Schema, fields


def reads(
    *,
    required: str,
    texts: str = "",
    integers: str = "",
    moments: str = "",
    flags: str = "",
    **others: fields.Field[Any],
) -> type[Schema]:
    """A schema from names in words: `required` texts, and optional ones of each kind that load as None."""
    made: dict[str, Any] = {name: fields.String(required=True) for name in required.split()}
    for names, kind in (
        (texts, fields.String), (integers, fields.Integer), (moments, fields.AwareDateTime), (flags, fields.Boolean),
    ):  # fmt: skip
        made |= {name: kind(load_default=None, allow_none=True) for name in names.split()}
    return Schema.from_dict(made | others, name="Reads" + required.split()[0].title().replace("_", ""))


def day(text: str | None) -> date | None:
    """The date of an ISO date or time."""
    return date.fromisoformat(text[:10]) if text else None
