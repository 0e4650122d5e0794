"""The record kit on a record's page: timeline, composers, tasks, files, tags and followers, as data for its templates."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from markupsafe import Markup, escape

from chassis import clock, directory
from chassis.api import Call
from chassis.i18n import gettext as _
from chassis.i18n import ngettext, pick
from console import details, formats, forms, own_fields
from console.fields import Choice, Field
from engines import access, followers, history, record_kit, tags, timeline
from engines.attachments import keeping, sniffing
from engines.attachments.models import Blob
from engines.history import Entry
from engines.objects import Field as ObjectField
from engines.objects import ObjectType
from engines.record_kit import Kept
from engines.timeline import Activity, Task

PAGE = 20
_KINDS = {
    "call": (lambda: _("Call"), "phone", "green"),
    "visit": (lambda: _("Visit"), "map-pin", "orange"),
    "mail": (lambda: _("E-mail"), "mail", "azure"),
    "meeting": (lambda: _("Meeting"), "users", "purple"),
    "note": (lambda: _("Note"), "notes", "yellow"),
}


@dataclass(frozen=True, kw_only=True)
class Line:
    """One entry of the timeline as it is drawn."""

    at: Any
    title: str
    who: str = ""
    icon: str = "point"
    colour: str = "grey"
    text: Markup | str = ""
    facts: Sequence[str] = ()
    changes: Sequence[tuple[str, str, str]] = ()
    file: Mapping[str, Any] | None = None
    edited: bool = False
    edit: str = ""
    remove: str = ""


@dataclass(frozen=True, kw_only=True)
class Shown:
    """The kit of one record as its reader may see and use it."""

    address: str  # of its actions
    lines: Sequence[Line]
    more: str
    kinds: Sequence[tuple[str, str, str]] = ()  # (label, address, icon) of the timeline's filters
    title: str = ""
    activity: forms.Form | None = None
    comment: forms.Form | None = None
    upload: bool = False
    upload_limit: int = 0
    tasks: Sequence[Mapping[str, Any]] | None = None
    task: forms.Form | None = None
    files: Sequence[Mapping[str, Any]] = ()
    tags: Sequence[Choice] = ()
    offered_tags: Sequence[str] = ()
    may_tag: bool = False
    tag_list: str = ""
    followers: Sequence[str] = ()
    following: bool = False
    people: str = ""
    audit: str = ""  # the address of the record's entries in the audit trail
    version: Any = field(default="")
    own: Sequence[details.Section] = ()  # the company's own fields
    own_values: Mapping[str, Any] = field(default_factory=dict)


def shown(call: Call, kind: ObjectType, record: Any, *, only: Iterable[str] = (), title: str = "") -> Shown:
    """The kit of a record the reader may read; `only` keeps the timeline to some kinds of entries, and composers."""
    session, kept = call.session, record_kit.of(call.session, kind.kind)
    writes = kept.may(session, call.caller, record, "write") and not getattr(record, "duplicate_of", None)
    address = f"/{call.service.name}/records/{kind.kind}/{record.id}"
    kinds = frozenset(only) or frozenset(history.KINDS)
    page = history.page(session, call.caller, kept, record.id, limit=PAGE, kinds=kinds)
    following = followers.of(session, kind.kind, record.id)
    names = directory.names(session, following)
    has_tasks = _has_tasks(call)
    own, own_values = own_fields.sections(call, kind, record)
    return Shown(
        own=own,
        own_values=own_values,
        address=address,
        lines=lines(call, kept, page.entries),
        more=_more(address, page.next_cursor, kinds),
        kinds=_filters(address) if not only else (),
        title=title or _("Timeline"),
        activity=activity_form(address, call.service.name) if writes and not only else None,
        comment=comment_form(address) if "comment" in kinds else None,
        upload=writes,
        upload_limit=call.settings.max_upload // (1024 * 1024),
        tasks=open_tasks(call, kind.kind, record.id, writes=writes) if has_tasks else None,
        task=task_form(address, call) if writes and has_tasks else None,
        files=[shown_file(call, attachment, blob) for attachment, blob in keeping.of(session, kind.kind, record.id)],
        tags=tag_choices(session, kind.kind, record.tags or ()),
        offered_tags=[tag.name for tag in tags.listed(session, kind.kind)],
        may_tag=writes,
        tag_list=f"/{call.service.name}/tags?kind={kind.kind}" if tags.may_manage(session, call.caller, kept) else "",
        followers=[names[person] for person in following if person in names],
        following=call.caller.id in following,
        people=f"/{call.service.name}/records/lookup/people",
        audit=f"/{call.service.name}/audit?record={kind.kind}/{record.id}"
        if access.has_right(session, call.caller, "audit", "read") else "",
    )  # fmt: skip


def _has_tasks(call: Call) -> bool:
    return any(module is timeline for module in call.service.events)


def tag_choices(session: Any, kind: str, names: Iterable[str] | None = None) -> tuple[Choice, ...]:
    """Tags with their colours, those on a record or (names None) all of a kind: choices of a list's `tags` field."""
    known = {tag.name: tag.colour for tag in tags.listed(session, kind, archived=True)}
    wanted = known if names is None else names
    return tuple(Choice(value=name, label=name, colour=known.get(name, "grey")) for name in wanted)


def _filters(address: str) -> list[tuple[str, str, str]]:
    base = address.replace("/records/", "/fragments/records/", 1) + "/timeline"
    return [
        (_("All"), base, "history"),
        (_("Activities"), f"{base}?kinds=activity,task", "phone"),
        (_("Comments"), f"{base}?kinds=comment", "message"),
        (_("Files"), f"{base}?kinds=attachment", "paperclip"),
        (_("Changes"), f"{base}?kinds=change", "pencil"),
    ]


def _more(address: str, cursor: str, kinds: frozenset[str]) -> str:
    if not cursor:
        return ""
    base = address.replace("/records/", "/fragments/records/", 1)
    return f"{base}/timeline?kinds={','.join(sorted(kinds))}&cursor={cursor}"


def more_lines(call: Call, kept: Kept, record_id: str, *, cursor: str, kinds: frozenset[str]) -> tuple[list[Line], str]:
    """A further page of the timeline, and the address of the one after it."""
    page = history.page(call.session, call.caller, kept, record_id, limit=PAGE, cursor=cursor, kinds=kinds)
    address = f"/{call.service.name}/records/{kept.kind.kind}/{record_id}"
    return lines(call, kept, page.entries), _more(address, page.next_cursor, kinds)


def lines(call: Call, kept: Kept, entries: Sequence[Entry]) -> list[Line]:
    """Entries as they are drawn, with names, values in words and what the reader may do with each."""
    people = _people(call, kept, entries)
    contents = history.blobs(call.session, list(entries))
    return [_line(call, kept, entry, people, contents) for entry in entries]


def _people(call: Call, kept: Kept, entries: Sequence[Entry]) -> dict[str, str]:
    ids = {entry.by for entry in entries}
    for entry in entries:
        for change in entry.changes:
            if kept.kind.by_name[change.field].kind == "person":
                ids |= {value for value in (change.before, change.after) if isinstance(value, str)}
            elif change.field == "collaborator_ids":
                ids |= {*(change.before or ()), *(change.after or ())}
        if entry.kind == "comment":
            ids |= set(entry.item.mentions)
        elif entry.kind == "task":
            ids.add(entry.item.assignee_id or "")
    departments = directory.snapshot(call.session).departments
    return {id_: found.name for id_, found in departments.items()} | directory.names(call.session, ids)


def _line(call: Call, kept: Kept, entry: Entry, people: Mapping[str, str], contents: Mapping[str, Blob]) -> Line:
    who = people.get(entry.by) or (_("Automatic") if entry.by in ("system", "") else entry.by)
    base = f"/{call.service.name}/records"
    mine = entry.by == call.caller.id or "admin" in call.caller.roles
    item = entry.item
    if entry.kind == "activity":
        label, icon, colour = _KINDS[item.kind]
        return Line(
            at=entry.at, title=label(), who=who, icon=icon, colour=colour, text=item.text, facts=_activity_facts(item),
            edited=item.changed_at is not None, edit=f"{base}/activities/{item.id}/edit" if mine else "",
            remove=f"{base}/activities/{item.id}/remove" if mine else "",
        )  # fmt: skip
    if entry.kind == "comment":
        unseen = [people.get(person, person) for person in item.unseen]
        return Line(
            at=entry.at, title=_("Comment"), who=who, icon="message", colour="blue", text=_with_mentions(item, people),
            facts=[_("Not told, may not see this record: %(names)s", names=", ".join(unseen))] if unseen else (),
            edited=item.changed_at is not None, edit=f"{base}/comments/{item.id}/edit" if mine else "",
            remove=f"{base}/comments/{item.id}/remove" if mine else "",
        )  # fmt: skip
    if entry.kind == "attachment":
        file = shown_file(call, item, contents[item.blob_id])
        return Line(at=entry.at, title=_("File"), who=who, icon="paperclip", colour="teal", file=file,
                    remove=file["remove"])  # fmt: skip
    if entry.kind == "task":
        title = _("Task cancelled") if item.outcome else _("Task done")
        return Line(at=entry.at, title=title, who=who, icon="checklist", colour="grey" if item.outcome else "green",
                    text=pick(item.title))  # fmt: skip
    return Line(
        at=entry.at, title=pick(dict(entry.label)), who=who, icon=entry.icon, colour=entry.colour,
        changes=[
            (kept.kind.by_name[change.field].title(formats.locale().language),
             said(kept.kind.by_name[change.field], change.before, people),
             said(kept.kind.by_name[change.field], change.after, people))
            for change in entry.changes if kept.kind.by_name[change.field].kind != "id"
        ],
    )  # fmt: skip


def _activity_facts(item: Activity) -> list[str]:
    found = []
    if item.duration_minutes:
        found.append(ngettext("%(n)s minute", "%(n)s minutes", item.duration_minutes))
    if item.participants:
        found.append(_("With %(names)s", names=_(", ").join(one["name"] for one in item.participants)))
    if item.next_step or item.next_at:
        step = " · ".join(filter(None, (item.next_step or "", formats.time(item.next_at) if item.next_at else "")))
        found.append(_("Next: %(step)s", step=step))
    return found


def _with_mentions(item: Any, people: Mapping[str, str]) -> Markup:
    """The text with those mentioned set apart."""
    text = escape(item.text)
    for name in sorted({people[person] for person in item.mentions if person in people}, key=len, reverse=True):
        text = text.replace(escape(f"@{name}"), Markup('<span class="mention">@{}</span>').format(name))
    return Markup(text)  # noqa: S704 - escaped above, piece by piece


def said(item: ObjectField, value: Any, people: Mapping[str, str]) -> str:
    """A field's value in the reader's language."""
    if value is None or value == "" or value == []:
        return ""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if item.kind in ("person", "department"):
        return people.get(str(value), str(value))
    if item.kind == "datetime":
        return formats.time(value)
    if item.kind == "date":
        return formats.day(value)
    if item.kind == "money":
        return formats.number(value)
    if isinstance(value, list):
        return _(", ").join(people.get(one) or said(item, one, people) for one in value)
    if isinstance(item.choices, Mapping) and value in item.choices:
        return pick(dict(item.choices[value])) or str(value)
    return str(value)


def shown_file(call: Call, attachment: Any, blob: Blob) -> dict[str, Any]:
    """A file as its line is drawn."""
    address = f"/{call.service.name}/records/attachments/{attachment.id}"
    mine = attachment.by == call.caller.id or "admin" in call.caller.roles
    return {
        "name": attachment.name, "size": file_size(blob.size), "url": address,
        "picture": f"{address}?inline=1" if blob.media_type in sniffing.PICTURES else "",
        "remove": f"{address}/remove" if mine else "", "at": attachment.created_at,
    }  # fmt: skip


def file_size(size: int) -> str:
    """A size in bytes as people write it."""
    for unit in ("B", "KB", "MB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" or size >= 10 else f"{size:.1f} {unit}"
        size = size / 1024  # type: ignore[assignment]
    return f"{size:.1f} GB"


def open_tasks(call: Call, kind: str, record_id: str, *, writes: bool) -> list[dict[str, Any]]:
    """The tasks to be done about a record."""
    found = timeline.open_tasks(call.session, kind, record_id)
    people, now = directory.names(call.session, [task.assignee_id for task in found]), clock.now()
    base = f"/{call.service.name}/records/tasks"
    return [_task(task, people, now, base, writes or task.assignee_id == call.caller.id) for task in found]


def _task(task: Task, people: Mapping[str, str], now: Any, base: str, may: bool) -> dict[str, Any]:
    return {
        "id": task.id, "title": pick(task.title), "note": task.note or "", "due_at": task.due_at, "done": False,
        "assignee": people.get(task.assignee_id or "", ""), "late": task.due_at is not None and task.due_at < now,
        "remind_at": task.remind_at, "done_url": f"{base}/{task.id}/done" if may else "",
        "edit": f"{base}/{task.id}/edit" if may else "",
    }  # fmt: skip


def activity_fields(service: str, *, next_step: bool = True) -> list[Field]:
    """What an activity is typed in with."""
    kinds = tuple(Choice(value=key, label=label(), colour=colour) for key, (label, _icon, colour) in _KINDS.items())
    found = [
        Field(name="kind", label=_("Kind"), kind="choice", choices=kinds, required=True),
        Field(name="at", label=_("When"), kind="datetime", help=_("Empty: now")),
        Field(name="duration_minutes", label=_("Minutes"), kind="integer", minimum="0", maximum="44640"),
        Field(name="participants", label=_("With whom"), kind="texts", help=_("Names, separated by commas")),
        Field(name="text", label=_("What happened"), kind="long_text", required=True, wide=True, max_length=20000),
    ]
    if next_step:
        found += [
            Field(name="next_step", label=_("Next step"), max_length=200, help=_("Becomes a task of yours")),
            Field(name="next_at", label=_("By when"), kind="datetime"),
        ]
    return found


def activity_form(address: str, service: str) -> forms.Form:
    """The composer of activities."""
    return forms.Form(
        key=f"activity:{address}", title=_("Log an activity"), action=f"{address}/activities", submit=_("Log"),
        fields=activity_fields(service), values={"kind": "call"},
    )  # fmt: skip


def comment_fields() -> list[Field]:
    """What a comment is typed in with."""
    return [
        Field(
            name="text", label=_("Comment"), kind="long_text", required=True, wide=True, max_length=20000,
            help=_("Type @ and a name to tell a colleague."),
        )
    ]  # fmt: skip


def comment_form(address: str) -> forms.Form:
    """The composer of comments."""
    return forms.Form(
        key=f"comment:{address}", title=_("Comment"), action=f"{address}/comments", submit=_("Post"),
        fields=comment_fields(),
    )  # fmt: skip


def task_fields(service: str) -> list[Field]:
    """What a task is typed in with."""
    return [
        Field(name="title", label=_("To do"), required=True, max_length=200, wide=True),
        Field(name="due_at", label=_("Due"), kind="datetime"),
        Field(name="remind_at", label=_("Remind earlier at"), kind="datetime"),
        Field(name="assignee_id", label=_("Who"), kind="person", lookup=f"/{service}/records/lookup/people"),
        Field(name="note", label=_("Details"), kind="long_text", wide=True, max_length=20000),
    ]


def task_form(address: str, call: Call) -> forms.Form:
    """The form that plans a task, by default for oneself tomorrow at nine."""
    tomorrow = (clock.now().astimezone(formats.zone()) + timedelta(days=1)).replace(hour=9, minute=0, second=0)
    return forms.Form(
        key=f"task:{address}", title=_("Add a task"), action=f"{address}/tasks", submit=_("Add"),
        fields=task_fields(call.service.name),
        values={"due_at": tomorrow, "assignee_id": {"id": call.caller.id, "name": call.caller.name}},
    )  # fmt: skip
