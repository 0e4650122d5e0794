"""The list every kind of record is read, filtered and worked through in. The address carries its whole state."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from flask import render_template, request

from chassis.i18n import gettext as _
from console import conditions, reader, saved_views
from console.fields import Field, Words, words

PAGE = 20  # rows before "load more": a warm page stays under 10 KB compressed


@dataclass(frozen=True, kw_only=True)
class Bulk:
    """Something to do with the chosen rows. POSTed to `url` with `ids` (repeated), or `filter` and `all=1`.

    With `fields` a dialog asks for them first; with `confirm` it asks whether.
    """

    key: str
    label: Words
    url: str
    icon: str = "bolt"
    fields: Sequence[Field] = ()
    confirm: Words = ""
    danger: bool = False


@dataclass(frozen=True, kw_only=True)
class View:
    """A view: a condition with columns and a sort. `own` ones were saved by the reader, who may delete them."""

    id: str
    name: Words
    condition: Mapping[str, Any] | None = None
    sort: str = ""
    columns: Sequence[str] = ()
    shared: bool = False
    own: bool = False


@dataclass(frozen=True, kw_only=True)
class List:
    """What a list page consists of. Build it per request, so that it holds only what the reader may see and do.

    `columns` are the names shown first, of `fields`; the first of them heads the card on a phone. `quick` fields are
    offered as menus beside the search box. `edit` is the address of one cell (`/leads/leads/{id}/cells/{field}`,
    console.cells); rows whose `may_edit` is False are left alone.
    Saved views come by themselves, by `key` (console.saved_views); `views` given to `asked` and `page` are shipped ones.
    """

    key: str
    title: Words
    url: str
    fields: Sequence[Field]
    columns: Sequence[str]
    link: str = ""
    sort: str = "-created_at"
    quick: Sequence[str] = ()
    create: tuple[str, Words] | None = None
    bulk: Sequence[Bulk] = ()
    exports: Sequence[tuple[Words, str]] = ()
    imports: str = ""
    edit: str = ""
    search_hint: Words = ""
    empty: Words = ""
    tabs: Sequence[tuple[Words, str, bool]] = ()
    others: Sequence[tuple[Words, str, str]] = ()  # (label, address, icon): the same records as a board, say

    def field(self, name: str) -> Field | None:
        return next((item for item in self.fields if item.name == name), None)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the address asks for. `condition`, `sort`, `q`, `cursor` and `limit` go to the query as they are."""

    condition: dict[str, Any] | None = None
    sort: str = ""
    q: str = ""
    view: str = ""
    columns: tuple[str, ...] = ()
    cursor: str | None = None
    limit: int = PAGE
    part: str = ""
    problem: str = ""
    given: dict[str, str] = field(default_factory=dict)  # as written in the address

    def query(self, **changes: Any) -> str:
        """The query string of this state with `changes`; empty values are left out, the cursor never kept."""
        state = {key: value for key, value in self.given.items() if key not in {"cursor", "part"}}
        for key, value in changes.items():
            state[key] = json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value or "")
        kept = {key: value for key, value in state.items() if value}
        return "?" + urlencode(kept) if kept else "?"


def asked(definition: List, args: Mapping[str, str] | None = None, views: Sequence[View] = ()) -> Asked:
    """Read the state of a list from the address; a view fills in what the address leaves out."""
    args = request.args if args is None else args
    views = offered(definition, views)
    wanted = args.get("view", "")
    if not set(args) - {"part", "cursor"}:  # the list itself was opened: with the view the reader chose for that
        wanted = saved_views.of_list(definition.key).chosen
    view = next((item for item in views if item.id == wanted), None)
    condition, problem = _condition(args.get("filter", ""))
    if view and "filter" not in args:
        condition = dict(view.condition) if view.condition else None
    names = {item.name for item in definition.fields}
    columns = [name for name in args.get("columns", "").split(",") if name in names]
    columns = columns or [name for name in (view.columns if view else ()) if name in names]
    sort = args.get("sort") or (view.sort if view else "") or definition.sort
    return Asked(
        condition=condition,
        sort=sort if sort.lstrip("-") in names | {definition.sort.lstrip("-")} else definition.sort,
        q=args.get("q", "").strip(),
        view=view.id if view else "",
        columns=tuple(columns or definition.columns),
        cursor=args.get("cursor") or None,
        part=args.get("part", ""),
        problem=problem,
        given={key: value for key, value in args.items() if value} | ({"view": view.id} if view else {}),
    )


def offered(definition: List, shipped: Sequence[View] = ()) -> list[View]:
    """The views a reader may choose from: those the service ships, those shared, and the reader's own."""
    me = reader.current().id
    saved = saved_views.of_list(definition.key).saved
    own = [
        View(
            id=item.id, name=item.name, condition=item.condition, sort=item.sort, columns=item.columns,
            shared=item.shared, own=item.owner_id == me,
        )
        for item in saved
    ]  # fmt: skip
    return [*shipped, *sorted(own, key=lambda view: not view.own)]


def page(
    definition: List,
    state: Asked,
    *,
    rows: Sequence[Any],
    next_cursor: str | None = None,
    total: int | None = None,
    views: Sequence[View] = (),
    problem: str = "",
    template: str = "console/list.html",
    **extra: Any,
) -> str:
    """The whole page, or only the rows, the table or the dialogs when the browser asks for a part of it.

    `problem` is shown above the table (a condition that was refused, a search too slow to finish).
    """
    if state.part == "rows":
        template = "console/list_rows.html"
    elif state.part == "dialogs":
        template = "console/list_dialogs.html"
    elif request.headers.get("HX-Target") == "list":
        template = "console/list_region.html"
    return render_template(
        template,
        list=definition,
        state=replace(state, problem=problem or state.problem),
        columns=[item for name in state.columns if (item := definition.field(name))],
        rows=rows,
        next_cursor=next_cursor,
        total=total,
        views=offered(definition, views),
        chosen_view=saved_views.of_list(definition.key).chosen,
        views_url=saved_views.address(definition.key) if reader.current().is_person else "",
        **extra,
    )


def cell(definition: List, row: Any, name: str) -> str:
    """One cell as it is shown: the answer to an accepted inline edit, or to its cancelling."""
    return render_template("console/list_cell.html", list=definition, row=row, field=definition.field(name))


def editor(definition: List, row: Any, name: str, *, value: Any = None, error: str = "") -> str:
    """One cell as a small form: the answer to GET on `edit`, and to a POST that was refused (status 422)."""
    return render_template(
        "console/list_editor.html", list=definition, row=row, field=definition.field(name), typed=value, error=error
    )


def conflict(definition: List, row: Any, name: str, *, value: Any, changed_by: str = "") -> tuple[str, int]:
    """Both values of a cell (409): `row` is the record as it is now, `value` what was typed over an earlier one."""
    body = render_template(
        "console/list_editor.html", list=definition, row=row, field=definition.field(name), typed=value, error="",
        theirs=True, changed_by=changed_by,
    )  # fmt: skip
    return body, 409


def chips(definition: List, state: Asked) -> list[tuple[str, str]]:
    """Each part of the filter in words with the address of the list without it."""
    return [
        (
            conditions.describe(part, definition.fields),
            definition.url + state.query(filter=conditions.without(state.condition, place)),
        )
        for place, part in enumerate(conditions.leaves(state.condition))
    ]


def _condition(text: str) -> tuple[dict[str, Any] | None, str]:
    if not text:
        return None, ""
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if isinstance(found, dict) and found:
        return (None, "") if found in ({"all": []}, {"any": []}) else (found, "")
    return None, _("The filter in the address could not be read; everything is shown.")


__all__ = ["PAGE", "Asked", "Bulk", "List", "View", "asked", "cell", "chips", "conflict", "editor", "page", "words"]
