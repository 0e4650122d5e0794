"""One kind of thing a company sets up, and how it becomes a plain document."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, fields
from sqlalchemy.orm import Session

from chassis.caller import Caller
from chassis.configuration.names import Names

Body = dict[str, Any]
DEFINITION = Schema.from_dict(  # of a definition that its service checks itself
    {
        "title": fields.Dict(keys=fields.String(), values=fields.String()),
        "active": fields.Boolean(),
        "body": fields.Dict(required=True),
        "subject_kind": fields.String(),
    }
)


@dataclass(frozen=True, kw_only=True)
class Section:
    """`export(session)` gives every body by its key, plain JSON values only, without ids of this installation's own
    records and without secrets. `apply(session, caller, key, body)` puts one there by the service's own use case, with
    its checks and events; it raises a Problem where the body does not hold. `shape` is checked before it is called.
    """

    name: str
    export: Callable[[Session], Mapping[str, Body]]
    apply: Callable[[Session, Caller, str, Body], None]
    shape: Schema | None = None


def exported(session: Session, sections: Sequence[Section], names: Names) -> dict[str, dict[str, Body]]:
    """Section → key → body, sections in their order, keys and members sorted, people and departments by name."""
    return {
        section.name: {key: _sorted(names.outward(body)) for key, body in sorted(section.export(session).items())}
        for section in sections
    }


def _sorted(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list | tuple) else value
