"""Pages that work from forms alone: the company's own fields of any record, and records of its own kinds."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import render_template, request
from marshmallow import Schema
from sqlalchemy import func, select

from chassis import directory, paging
from chassis.answers import Dumper
from chassis.api import Call
from chassis.errors import NotFound, Problem, StaleVersion
from chassis.i18n import gettext as _
from chassis.i18n import pick
from console import boards, details, fields, forms, lists, own_fields, replies
from console.pages import Pages, signed_in
from engines import access, listing, record_kit
from engines.access import right
from engines.forms import editing, in_force
from engines.objects import ObjectType

FOUND_AT_ONCE = 20


def mount_fields(pages: Pages) -> None:
    """Add the form of any record's own fields, and the look-ups it needs."""

    @pages.get("/records/<kind>/<id>/fields", allow=signed_in, feature=f"{pages.service}.records")
    def own_fields_form(call: Call, kind: str, id: str) -> Any:
        """The company's own fields of a record, to be changed."""
        kept, record = _writable(call, kind, id)
        return forms.page(form_of(call, kept, record))

    @pages.post("/records/<kind>/<id>/fields", allow=signed_in, feature=f"{pages.service}.records")
    def save_own_fields(call: Call, kind: str, id: str) -> Any:
        """Take in the own fields, or say what is wrong with them."""
        kept, record = _writable(call, kind, id)
        form = form_of(call, kept, record)
        if request.form.get("version") != str(record.version):
            raise StaleVersion()
        _builtin, given = own_fields.posted(form, request.form)
        access.check_edit(call.session, call.caller, kind, {"custom": given})
        try:
            editing.edit(call.session, kept.kind, record, given, caller=call.caller)
        except Problem as problem:
            return forms.page(forms.typed(form, request.form, problem.errors or {"": [str(problem)]}))
        return replies.go(kept.link(id), _("Saved"), accepted=form.key)

    @pages.get("/records/lookup/departments", allow=signed_in, feature=f"{pages.service}.records")
    def departments(call: Call) -> Any:
        """Departments to choose from."""
        wanted = request.args.get("q", "").strip().casefold()
        known = directory.snapshot(call.session).departments
        found = sorted((each for each in known.values() if wanted in each.name.casefold()), key=lambda each: each.path)
        return {"items": [{"value": each.id, "label": each.name, "hint": ""} for each in found[:FOUND_AT_ONCE]]}

    @pages.get("/records/lookup/records/<kind>", allow=signed_in, feature=f"{pages.service}.records")
    def records(call: Call, kind: str) -> Any:
        """Readable records of a kind by name or number, to choose one."""
        kept = record_kit.find(call.session, kind)
        if kept is None or not access.has_right(call.session, call.caller, kind, "read"):
            raise NotFound()
        q = request.args.get("q", "")
        found = listing.readable(call.session, call.caller, kept.kind, q=q).order_by(kept.kind.model.id.desc())
        items = call.session.scalars(found.limit(FOUND_AT_ONCE)).all()
        return {"items": [{"value": each.id, "label": _called(each), "hint": each.number or ""} for each in items]}


def form_of(call: Call, kept: record_kit.Kept, record: Any) -> forms.Form:
    """The form of a record's own fields."""
    kind = kept.kind.kind
    return forms.Form(
        key=f"own:{kind}:{record.id}",
        kind=kind,
        title=f"{pick(dict(in_force.of(call.session, kept.kind).kind.label))} {_called(record)}",
        action=f"/{call.service.name}/records/{kind}/{record.id}/fields",
        cancel=kept.link(record.id),
        groups=own_fields.groups(call, kept.kind, record),
        values=own_fields.values(call, kept.kind, record),
        version=record.version,
    )


def _writable(call: Call, kind: str, record_id: str) -> tuple[record_kit.Kept, Any]:
    kept = record_kit.find(call.session, kind)
    if kept is None or not _has_fields(call, kept.kind):
        raise NotFound()
    return kept, kept.record(call.session, call.caller, record_id, "write")


def _has_fields(call: Call, kind: ObjectType) -> bool:
    return bool(in_force.of(call.session, kind).specs)


def _called(record: Any) -> str:
    return record_kit.title(record) or record.number or record.id


# ---- records of the company's own kinds


class _Own:
    """`allow=` of a page under /objects/<object>: the right on the kind the address names."""

    def __init__(self, action: str):
        self.action = action

    def __call__(self, call: Call) -> bool:
        key = str((call.request.view_args or {}).get("object"))
        with call.database.reading() as session:
            if key not in in_force.own_keys(session):
                raise NotFound()
        return right(key, self.action)(call)


class _AsIs(Dumper):
    """Pages show records themselves."""

    def one(self, source: Any, wanted: Any = None) -> Any:
        return source

    def attributes(self, wanted: Any = None) -> None:
        return None


_RECORDS = _AsIs(Schema())


def mount_own(pages: Pages) -> None:
    """Add the pages of records of the company's own kinds: list, board, one record, its forms."""
    _mount_lists(pages)
    _mount_forms(pages)
    _mount_board(pages)


def _mount_lists(pages: Pages) -> None:
    @pages.get("/objects", allow=signed_in)
    def own_kinds(call: Call) -> str:
        """The kinds of records that are the company's own."""
        keys = [key for key in in_force.own_keys(call.session) if _may(call, key, "read")]
        rows = [(key, in_force.of(call.session, editing.own_kind(call.session, key))) for key in keys]
        designs = (
            f"/{pages.service}/record-forms" if access.has_right(call.session, call.caller, "form", "edit") else ""
        )
        return render_template("console/own_kinds.html", kinds=rows, base=f"/{pages.service}/objects", designs=designs)

    @pages.get("/objects/<object>", allow=_Own("read"))
    def own_list(call: Call, object: str) -> Any:
        """The records of a kind the reader may see."""
        kind = editing.own_kind(call.session, object)
        shown = _list(call, kind)
        asked = lists.asked(shown)
        try:
            listing.check_sort(call.session, call.caller, kind, asked.sort)
            found = listing.readable(
                call.session, call.caller, kind, filter=asked.condition, q=asked.q, sort=asked.sort,
                zone=call.settings.time_zone,
            )  # fmt: skip
            wanted = paging.Asked(sort=asked.sort, limit=asked.limit, cursor=asked.cursor or "")
            page = paging.page(call.session, found, listing.paged(kind), _RECORDS, wanted)
        except Problem as problem:
            texts = [str(text) for messages in (problem.errors or {}).values() for text in messages]
            return lists.page(shown, asked, rows=[], problem=" ".join(texts) or str(problem))
        return lists.page(shown, asked, rows=_rows(call, kind, page.items), next_cursor=page.next_cursor)


def _mount_forms(pages: Pages) -> None:
    @pages.get("/objects/<object>/new", allow=_Own("create"))
    def new_own(call: Call, object: str) -> Any:
        """The form for a new record."""
        return forms.page(_form(call, editing.own_kind(call.session, object), None))

    @pages.post("/objects/<object>/new", allow=_Own("create"))
    def make_own(call: Call, object: str) -> Any:
        """Take in a new record, or say what is wrong with it."""
        form = _form(call, editing.own_kind(call.session, object), None)
        given, own = own_fields.posted(form, request.form)
        own = {key: value for key, value in own.items() if value is not None}
        try:
            record = editing.create(call.session, object, caller=call.caller, name=given["name"] or "", custom=own)
        except Problem as problem:
            return forms.page(forms.typed(form, request.form, problem.errors or {"": [str(problem)]}))
        return replies.go(_address(call, record), _("Saved"), accepted=form.key)

    @pages.get("/objects/<object>/<id>", allow=_Own("read"))
    def own_page(call: Call, object: str, id: str) -> Any:
        """One record with its kit."""
        kind = editing.own_kind(call.session, object)
        return details.page(_detail(call, kind, access.get(call.session, call.caller, kind.model, id)))

    @pages.get("/objects/<object>/<id>/edit", allow=_Own("edit"))
    def edit_own(call: Call, object: str, id: str) -> Any:
        """The form of a record."""
        kind = editing.own_kind(call.session, object)
        return forms.page(_form(call, kind, access.get(call.session, call.caller, kind.model, id, "edit")))

    @pages.post("/objects/<object>/<id>/edit", allow=_Own("edit"))
    def save_own(call: Call, object: str, id: str) -> Any:
        """Take in a changed record, or say what is wrong with it."""
        kind = editing.own_kind(call.session, object)
        record = access.get(call.session, call.caller, kind.model, id, "edit")
        form = _form(call, kind, record)
        if request.form.get("version") != str(record.version):
            raise StaleVersion()
        given, own = own_fields.posted(form, request.form)
        try:
            editing.change(call.session, record, caller=call.caller, name=given["name"], custom=own)
        except Problem as problem:
            return forms.page(forms.typed(form, request.form, problem.errors or {"": [str(problem)]}))
        return replies.go(_address(call, record), _("Saved"), accepted=form.key)

    @pages.post("/objects/<object>/<id>/delete", allow=_Own("delete"))
    def delete_own(call: Call, object: str, id: str) -> Any:
        """Delete a record."""
        kind = editing.own_kind(call.session, object)
        editing.delete(call.session, access.get(call.session, call.caller, kind.model, id, "delete"))
        return replies.go(f"/{pages.service}/objects/{object}", _("Deleted"))


def _mount_board(pages: Pages) -> None:
    @pages.get("/objects/<object>/board", allow=_Own("read"))
    def own_board(call: Call, object: str) -> Any:
        """The records of a kind as cards, a column for each choice of its stage."""
        kind = editing.own_kind(call.session, object)
        if in_force.of(call.session, kind).board() is None:
            raise NotFound()
        return boards.page(_board(call, kind, request.args.get("q", "")))

    @pages.post("/objects/<object>/<id>/move", allow=_Own("edit"))
    def move_own(call: Call, object: str, id: str) -> Any:
        """Put a card into another column."""
        kind = editing.own_kind(call.session, object)
        stage = in_force.of(call.session, kind).board()
        record = access.get(call.session, call.caller, kind.model, id, "edit")
        if stage is None:
            raise NotFound()
        access.check_edit(call.session, call.caller, object, {"custom": {stage.key: None}})
        if request.form.get("version") not in (None, "", str(record.version)):
            raise StaleVersion()
        try:
            editing.change(
                call.session, record, caller=call.caller, how="moved", custom={stage.key: request.form.get("to")}
            )
        except Problem as problem:
            texts = [str(text) for messages in (problem.errors or {}).values() for text in messages]
            return boards.refused(str(problem), missing=texts, fix=f"{_address(call, record)}/edit")
        call.session.flush()
        board = _board(call, kind, "")
        return boards.moved(board, board.columns, card=_card(call, record), message=_("Saved"))


def _list(call: Call, kind: ObjectType) -> lists.List:
    base, label = f"/{call.service.name}/objects/{kind.kind}", pick(dict(kind.label))
    own = own_fields.listed(call, kind)
    board = in_force.of(call.session, kind).board() is not None
    return lists.List(
        key=f"{call.service.name}.{kind.kind}",
        title=label,
        url=base,
        link=base + "/{id}",
        fields=[
            *fields.of_object(
                kind, "name", "number", "owner_id", "tags", "created_at", "updated_at", name={"sortable": True},
                number={"sortable": True}, created_at={"sortable": True, "kind": "relative"},
                updated_at={"sortable": True, "kind": "relative"},
                owner_id={"lookup": f"/{call.service.name}/records/lookup/people"},
                tags={"choices": _tags(call, kind.kind)},
            ),
            *own,
        ],
        columns=["name", "number", *(item.name for item in own[:5]), "owner_id", "created_at"],
        quick=[item.name for item in own if item.like == "choice"][:3],
        create=(f"{base}/new", _("New: %(name)s", name=label)) if _may(call, kind.kind, "create") else None,
        others=[(_("Board"), f"{base}/board", "layout-kanban")] if board else [],
        search_hint=_("Name or number"),
        empty=_("Nothing here yet"),
    )  # fmt: skip


def _tags(call: Call, kind: str) -> Any:
    """The tags of a kind with their colours."""
    from console import record_kit as kit

    return kit.tag_choices(call.session, kind)


def _rows(call: Call, kind: ObjectType, records: Sequence[Any]) -> list[dict[str, Any]]:
    people = directory.names(call.session, [record.owner_id for record in records])
    return [_row(call, kind, record, people) for record in records]


def _row(call: Call, kind: ObjectType, record: Any, people: Mapping[str, str]) -> dict[str, Any]:
    plain = {
        name: getattr(record, name) for name in ("id", "name", "number", "tags", "created_at", "updated_at", "version")
    }
    shown = access.mask_out(call.session, call.caller, kind.kind, plain) | {"id": record.id}
    shown["owner_id"] = {"id": record.owner_id, "name": people.get(record.owner_id, "")} if record.owner_id else None
    return shown | {"custom": own_fields.cells(call, kind, record.custom)}


def _form(call: Call, kind: ObjectType, record: Any) -> forms.Form:
    label = pick(dict(kind.label))
    base = f"/{call.service.name}/objects/{kind.kind}"
    address = f"{base}/{record.id}" if record else base
    name = fields.Field(
        name="name", label=dict(kind.by_name["name"].label), required=True, max_length=editing.MAX_NAME, wide=True
    )
    return forms.Form(
        key=f"own:{kind.kind}:{record.id if record else 'new'}",
        kind=kind.kind,
        title=f"{label} {record.name}" if record else _("New: %(name)s", name=label),
        action=f"{address}/edit" if record else f"{base}/new",
        cancel=address,
        fields=[name],
        groups=own_fields.groups(call, kind, record),
        values={"name": record.name if record else ""} | own_fields.values(call, kind, record),
        version=record.version if record else "",
    )


def _detail(call: Call, kind: ObjectType, record: Any) -> details.Detail:
    base, people = _address(call, record), directory.names(call.session, [record.owner_id])
    actions = []
    if access.allows(call.session, call.caller, kind, record, "edit"):
        actions.append(details.Action(label=_("Edit"), url=f"{base}/edit", icon="pencil", method="get", primary=True))
    if access.allows(call.session, call.caller, kind, record, "delete"):
        actions.append(
            details.Action(
                label=_("Delete"), url=f"{base}/delete", icon="trash", danger=True, more=True,
                confirm=_("Delete this record? It cannot be brought back."),
            )
        )  # fmt: skip
    return details.Detail(
        title=record.name,
        number=record.number or "",
        kicker=pick(dict(kind.label)),
        back=(f"/{call.service.name}/objects/{kind.kind}", pick(dict(kind.label))),
        record=_row(call, kind, record, people),
        version=record.version,
        actions=actions,
        facts=[
            details.Fact(label=_("Owner"), value=people.get(record.owner_id or "", "–")),
            details.Fact(label=_("Created"), value=record.created_at, kind="relative"),
        ],
        kit=_kit(call, kind, record),
    )


def _kit(call: Call, kind: ObjectType, record: Any) -> Any:
    from console import record_kit as kit

    return kit.shown(call, kind, record)


def _board(call: Call, kind: ObjectType, q: str) -> boards.Board:
    stage = in_force.of(call.session, kind).board()
    assert stage is not None
    base = f"/{call.service.name}/objects/{kind.kind}"
    columns = []
    for value, label in stage.kind.choices(stage).items():
        found = listing.readable(
            call.session, call.caller, kind, filter={"field": stage.name, "op": "eq", "value": value}, q=q
        )
        count = call.session.scalar(select(func.count()).select_from(found.order_by(None).subquery())) or 0
        records = call.session.scalars(found.order_by(kind.model.created_at.desc()).limit(boards.PAGE)).all()
        columns.append(
            boards.Column(
                id=value, label=dict(label) or value, cards=[_card(call, each) for each in records], count=count
            )
        )
    return boards.Board(
        key=f"{call.service.name}.{kind.kind}", title=pick(dict(kind.label)), url=f"{base}/board", columns=columns,
        move_url=base + "/{id}/move", q=q, others=[(_("List"), base, "list")],
        create=(f"{base}/new", _("New: %(name)s", name=pick(dict(kind.label)))) if _may(call, kind.kind, "create") else None,
    )  # fmt: skip


def _card(call: Call, record: Any) -> boards.Card:
    people = directory.names(call.session, [record.owner_id])
    return boards.Card(
        id=record.id, title=record.name, subtitle=record.number or "", link=_address(call, record),
        owner=people.get(record.owner_id or "", ""), version=record.version,
    )  # fmt: skip


def _may(call: Call, key: str, action: str) -> bool:
    return access.has_right(call.session, call.caller, key, action)


def _address(call: Call, record: Any) -> str:
    return f"/{call.service.name}/objects/{record.__kind__}/{record.id}"
