"""A record in words, for the `{field}` places of a rule's texts, and as JSON, for webhooks."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy.orm import Session

from chassis import directory
from chassis.settings import Settings, load
from engines import record_kit
from engines.conditions.explain import shown
from engines.conditions.memory import reader
from engines.explain import fill
from engines.objects import REFERENCES, Field
from engines.rules.automated import Automated


def of(session: Session, automated: Automated, record: Any) -> dict[str, Any]:
    """Each field by name as people read it; choices as {"zh", "en"}, people by name; `title` and `link` besides."""
    people = directory.snapshot(session).users
    found = {}
    for item in automated.kind.fields:
        value = shown(item, reader(item, False)(record))
        found[item.name] = _said(item, value, people)
    link = record_kit.link(session, automated.name, record.id)
    return found | {"title": automated.label(record), "link": f"{_front()}{link}" if link else ""}


def values(automated: Automated, record: Any) -> dict[str, Any]:
    """Each field by name as JSON."""
    return {item.name: shown(item, reader(item, False)(record)) for item in automated.kind.fields}


def filled(texts: Mapping[str, str] | None, data: Mapping[str, Any]) -> dict[str, str]:
    """A text in both languages with its places filled."""
    given = texts or {}
    zh, en = given.get("zh") or given.get("en") or "", given.get("en") or given.get("zh") or ""
    return {"zh": fill({"zh": zh}, data, "zh"), "en": fill({"en": en}, data, "en")}


@cache
def _front() -> str:
    return load(Settings, "crm").public_url.rstrip("/")


def _said(item: Field, value: Any, people: Mapping[str, Any]) -> Any:
    if isinstance(item.choices, Mapping) and isinstance(value, str):
        return item.choices.get(value) or value
    if item.kind in REFERENCES and isinstance(value, str) and value in people:
        return people[value].name
    return value
