"""Entries of the audit trail in words: who, what, which record, and each field before and after."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from chassis import directory, reference
from chassis.api import Call
from chassis.i18n import gettext as _
from chassis.i18n import pick
from chassis.service import Service
from console import formats, record_kit
from console.fields import Choice
from engines import access, history
from engines import record_kit as kit
from engines.objects import ObjectType

_UNTOLD = frozenset({"version", "updated_at"})
_AUTOMATIC = frozenset({"", "system"})


@dataclass(frozen=True, kw_only=True)
class Shown:
    """One entry as it is drawn; `link` is empty where the record has no page, or is not the reader's to see."""

    sequence: int
    at: Any
    who: str
    actor: str
    what: str
    type: str
    kind: str
    subject: str
    title: str
    link: str
    origin: str
    changes: tuple[tuple[str, str, str], ...]


def kinds(service: Service) -> tuple[Choice, ...]:
    """The kinds of records a service has entries about."""
    return tuple(Choice(value=item.kind, label=_kind_label(service, item.kind)) for item in service.objects)


def types(call: Call) -> tuple[Choice, ...]:
    """The kinds of events a service publishes."""
    names = [reference.type_of(item, call.service) for item in reference.event_classes(call.service)]
    found = [Choice(value=name, label=_what(call, name)) for name in names]
    return tuple(sorted(found, key=lambda choice: str(choice.label)))


def shown(call: Call, items: Iterable[Mapping[str, Any]]) -> list[Shown]:
    """A page of entries for this reader."""
    entries = list(items)
    people = _people(call, entries)
    records = _records(call, entries)
    return [_shown(call, item, people, records) for item in entries]


def _shown(
    call: Call, item: Mapping[str, Any], people: Mapping[str, str], records: Mapping[str, tuple[str, str]]
) -> Shown:
    kind = item["subject"].partition("/")[0]
    title, link = records.get(item["subject"], ("", ""))
    return Shown(
        sequence=item["sequence"],
        at=item["time"],
        who=people.get(item["actor"]) or (_("Automatic") if item["actor"] in _AUTOMATIC else item["actor"]),
        actor=item["actor"],
        what=_what(call, item["type"]),
        type=item["type"],
        kind=_kind_label(call.service, kind),
        subject=item["subject"],
        title=title,
        link=link,
        origin=item["origin"],
        changes=tuple(_changes(call, kind, item["changes"], people)),
    )


def _changes(
    call: Call, kind: str, changes: Mapping[str, Any], people: Mapping[str, str]
) -> Iterable[tuple[str, str, str]]:
    """Fields in their own words, as far as the reader's role shows them; further columns under their own names."""
    known = _object(call.service, kind)
    seen = history.visible_fields(call.session, call.caller, known) if known is not None else {}
    told = {change.field: change for change in history.changes_of(changes, seen)}
    language = formats.locale().language
    for name, change in told.items():
        item = seen[name]
        before, after = (record_kit.said(item, value, people) for value in (change.before, change.after))
        yield item.title(language), before, after
    fields = {item.column for item in known.fields} if known is not None else set()
    hidden = access.granted(call.session, call.caller, kind).hidden
    for column, (before, after) in changes.items():
        if column not in fields | _UNTOLD | hidden and column != "custom" and before != after:
            yield column, _plain(before, people), _plain(after, people)


def _plain(value: Any, people: Mapping[str, str]) -> str:
    if value is None or value == "" or value == [] or value == {}:
        return ""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    text = people.get(text, text)
    return text if len(text) <= history.MAX_TEXT else text[: history.MAX_TEXT] + "…"


def _people(call: Call, entries: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    ids: set[str] = set()
    for item in entries:
        ids.add(item["actor"])
        for pair in item["changes"].values():
            for value in pair:
                ids |= {one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)}
    departments = directory.snapshot(call.session).departments
    return {id_: found.name for id_, found in departments.items()} | directory.names(call.session, ids)


def _records(call: Call, entries: Iterable[Mapping[str, Any]]) -> dict[str, tuple[str, str]]:
    """Title and address of the records the reader may open, by subject."""
    asked: dict[str, set[str]] = {}
    for item in entries:
        kind, _slash, record_id = item["subject"].partition("/")
        asked.setdefault(kind, set()).add(record_id)
    found = {}
    for kind, ids in asked.items():
        kept = kit.find(call.session, kind)
        if kept is None:
            continue
        model = kept.kind.model
        seen = access.visible(call.session, call.caller, kept.kind).by_name
        for record in call.session.scalars(access.readable(call.session, call.caller, model).where(model.id.in_(ids))):
            number = getattr(record, "number", None) or ""
            title = kit.title(record) if {"name", "title", "subject", "company"} & seen.keys() else ""
            found[f"{kind}/{record.id}"] = (title or number, kept.link(record.id))
    return found


def _what(call: Call, type_: str) -> str:
    name = type_.split(".", 1)[1].rpartition(".")[0]
    told = history.happening(kit.find(call.session, name.partition(".")[0]), name)
    kind = name.partition(".")[0]
    noun = _kind_label(call.service, kind)
    return f"{noun} · {pick(dict(told.label))}" if told is not None else name


def _kind_label(service: Service, kind: str) -> str:
    known = _object(service, kind)
    return (pick(dict(known.label)) if known is not None and known.label else "") or kind


def _object(service: Service, kind: str) -> ObjectType | None:
    return next((item for item in service.objects if item.kind == kind), None)
