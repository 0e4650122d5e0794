"""The blueprint of the pages, and what several of them need: versions, names, activities and tasks."""

from collections.abc import Iterable, Mapping
from typing import Any

from flask import request
from marshmallow import Schema, ValidationError
from sqlalchemy.orm import Session

from chassis import directory
from chassis.errors import StaleVersion
from console.fields import Choice
from console.pages import Pages

pages = Pages("sales")

COLOURS = {
    "open": "blue", "won": "green", "lost": "red", "draft": "grey", "in_approval": "orange", "approved": "azure",
    "active": "blue", "completed": "green", "terminated": "red", "sent": "indigo", "accepted": "green", "rejected": "red",
    "superseded": "grey", "expired": "grey", "partly_paid": "yellow", "closed": "green", "cancelled": "grey", "VIP": "purple",
    "A": "green", "B": "azure", "C": "grey",
}  # fmt: skip


def choices(labels: Mapping[str, Mapping[str, str]]) -> tuple[Choice, ...]:
    """Choices with the colours of sales."""
    return tuple(Choice(value=key, label=label, colour=COLOURS.get(key, "grey")) for key, label in labels.items())


def choice(labels: Mapping[str, Mapping[str, str]], value: str) -> Choice:
    """One choice of a closed list."""
    return Choice(value=value, label=labels.get(value, value), colour=COLOURS.get(value, "grey"))


def expect(record: Any) -> None:
    """StaleVersion when the page the form was on showed another version."""
    if is_stale(record):
        raise StaleVersion()


def is_stale(record: Any) -> bool:
    """Whether the page the form was on showed another version."""
    return request.form.get("version", "") not in ("", str(record.version))


def loaded(schema: Schema, values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What was typed, read by the API's own schema, and what is wrong with it by field; empty values are left out."""
    given = {name: value for name, value in values.items() if value is not None}
    try:
        return schema.load(given), {}
    except ValidationError as error:
        return {}, dict(error.normalized_messages())


def names(session: Session, ids: Iterable[str | None]) -> dict[str, str]:
    """Display names of people."""
    return directory.names(session, ids)
