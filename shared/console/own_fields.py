"""The company's own fields on pages: as controls of forms, as cells and sections, and from what was posted back."""

import io
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

import segno
from markupsafe import Markup, escape

from chassis.api import Call
from chassis.i18n import current
from chassis.i18n import gettext as _
from console import details, forms, reader
from console.fields import COLOURS, Choice, Field
from engines import record_kit
from engines.conditions import language
from engines.fields import Notation, Spec, World
from engines.fields.choosing import offered, walked
from engines.fields.numbers import Rating
from engines.fields.references import Lookup, Lookups
from engines.forms import in_force
from engines.objects import ObjectType

_TYPED = {  # kind of field → the console's control for it, where the names differ
    "rich_text": "rich_text", "long_text": "long_text", "number": "number", "integer": "integer", "money": "money",
    "percent": "percent", "rating": "choice", "date": "date", "datetime": "datetime", "time": "time",
    "boolean": "boolean", "choice": "choice", "choices": "choices", "cascade": "choice", "texts": "texts",
    "phone": "phone", "email": "email", "url": "url", "person": "person", "department": "department",
    "lookup": "record", "lookups": "texts", "files": "choices", "images": "choices", "sub_table": "sub_table",
    "json": "code",
}  # fmt: skip
_PLAIN_SHOWN = frozenset(
    ("text", "long_text", "number", "integer", "money", "percent", "date", "datetime", "time", "boolean", "choice", "choices",
     "texts", "phone", "email", "url", "person", "department")
)  # fmt: skip


def control(spec: Spec, service: str, *, files: Mapping[str, str] | None = None) -> Field:
    """The field as it is typed in; `files` are those of the record, for fields that hold some of them."""
    kind = spec.kind.widget
    readonly = spec.kind.computed
    helps = spec.help or (
        {} if kind not in ("region", "address") else {"zh": "例如：广东/深圳/南山区", "en": "Such as 广东/深圳/南山区"}
    )
    lookup = ""
    if kind in ("person", "department"):
        lookup = f"/{service}/records/lookup/{'people' if kind == 'person' else 'departments'}"
    elif isinstance(spec.kind, Lookup) and not isinstance(spec.kind, Lookups):
        lookup = f"/{service}/records/lookup/records/{spec.options['object']}"
    return Field(
        name=spec.name,
        label=dict(spec.label),
        kind=_shown_kind(spec) if readonly else _TYPED.get(kind, "text"),
        choices=_choices(spec, files or {}),
        required=spec.required,
        readonly=readonly,
        help=dict(helps) if helps else (_("Names or numbers, separated by commas") if kind == "lookups" else ""),
        lookup=lookup,
        currency=spec.kind.currency(spec) or "CNY",
        max_length=spec.options.get("max_length"),
        minimum=spec.options.get("minimum"),
        maximum=spec.options.get("maximum"),
        wide=kind in ("rich_text", "sub_table", "json", "address"),
        when=spec.visible_when,
        columns=tuple(_column(each) for each in spec.kind.columns(spec)) if kind == "sub_table" else (),  # type: ignore[attr-defined]
    )


def _column(spec: Spec) -> tuple[str, str, str]:
    """A column of a sub-table for the browser: key, title, type of its inputs."""
    types = {"date": "date", "time": "time", "integer": "number", "boolean": "checkbox", "email": "email", "url": "url"}
    return spec.key, spec.title(current()), types.get(spec.kind.name, "text")


def _choices(spec: Spec, files: Mapping[str, str]) -> tuple[Choice, ...]:
    if spec.kind.widget in ("files", "images"):
        return tuple(Choice(value=id_, label=name) for id_, name in files.items())
    if isinstance(spec.kind, Rating):
        return tuple(Choice(value=str(n), label="★" * n) for n in range(1, int(spec.options.get("stars", 5)) + 1))
    if spec.kind.widget == "cascade":
        labels = {path[-1]: label for path, label in walked(spec.options.get("tree") or ())}
        paths = [path for path, _label in walked(spec.options.get("tree") or ())]
        return tuple(
            Choice(
                value="/".join(path),
                label={at: " / ".join(labels[p].get(at) or p for p in path) for at in ("zh", "en")},
            )
            for path in paths
        )
    given = {each["value"]: each for each in offered(spec)}
    return tuple(
        Choice(
            value=value, label=dict(label) or value,
            colour=given.get(value, {}).get("colour") or COLOURS[place % len(COLOURS)],
        )
        for place, (value, label) in enumerate(spec.kind.choices(spec).items())
    )  # fmt: skip


def listed(call: Call, kind: ObjectType) -> list[Field]:
    """The own fields a list may show, filter and sort by, as its reader may."""
    form = in_force.of(call.session, kind)
    return [item for spec in form.specs.values() if (item := _in_list(call, form.kind, spec)) is not None]


def _in_list(call: Call, kind: ObjectType, spec: Spec) -> Field | None:
    rule = reader.grant(kind.kind).rule(spec.name)
    if rule == "none":
        return None
    typed = control(spec, call.service.name)
    field = kind.by_name[spec.name]
    return Field(
        name=spec.name,
        label=typed.label,
        kind=_shown_kind(spec),
        like=field.kind,
        choices=_flat_choices(spec),
        lookup=typed.lookup,
        currency=typed.currency,
        sortable=rule != "mask" and spec.kind.sortable,
        filterable=rule != "mask" and field.kind in language.OPERATORS,
    )


def _flat_choices(spec: Spec) -> tuple[Choice, ...]:
    """Choices by the values that are stored: of a cascade every step of it."""
    if spec.kind.widget == "cascade":
        return tuple(
            Choice(value=value, label=dict(label) or value) for value, label in spec.kind.choices(spec).items()
        )
    return _choices(spec, {}) if spec.kind.choices(spec) else ()


def _shown_kind(spec: Spec) -> str:
    if spec.kind.computed and spec.kind.widget == "computed":
        return spec.kind.stored_as(spec)
    return (
        _TYPED[spec.kind.widget]
        if _TYPED.get(spec.kind.widget) in _PLAIN_SHOWN and spec.kind.widget in _PLAIN_SHOWN
        else "text"
    )


def cells(call: Call, kind: ObjectType, custom: Mapping[str, Any] | None) -> dict[str, Any]:
    """A record's own values as lists and pages show them, by key; what its reader may not see is left out."""
    form, grant = in_force.of(call.session, kind), reader.grant(kind.kind)
    world = World(call.session, call.caller)
    found = {}
    for key, stored in (custom or {}).items():
        spec = form.specs.get(key)
        rule = grant.rule(f"custom.{key}")
        if spec is None or rule == "none":
            continue
        found[key] = stored if rule == "mask" else _cell(call, spec, stored, world)
    return found


def _cell(call: Call, spec: Spec, stored: Any, world: World) -> Any:
    try:
        value = spec.kind.cell(spec, stored, world)
    except (ValueError, TypeError, AttributeError, ArithmeticError, KeyError):
        return stored if isinstance(stored, str) else None
    draw = _DRAWN.get(spec.kind.widget)
    if draw is None or value is None:
        return value["amount"] if isinstance(value, Mapping) and "amount" in value else value
    return draw(call, spec, value)


def _rich(_call: Call, _spec: Spec, value: str) -> Markup:
    return Markup('<div class="rich-text">{}</div>').format(Markup(value))  # noqa: S704 - sanitised when it came in


def _code(_call: Call, _spec: Spec, value: str) -> Markup:
    return Markup('<code class="json-text">{}</code>').format(value)


def _stars(_call: Call, spec: Spec, value: int) -> Markup:
    most = int(spec.options.get("stars", 5))
    return Markup('<span role="img" aria-label="{}">{}{}</span>').format(
        f"{value}/{most}", "★" * value, "☆" * (most - value)
    )


def _link(call: Call, spec: Spec, value: Mapping[str, str]) -> Markup:
    kept = record_kit.find(call.session, spec.options["object"])
    if kept is None or value["name"] == "…":
        return Markup("{}").format(value["name"])
    return Markup('<a href="{}">{}</a>').format(kept.link(value["id"]), value["name"])


def _links(call: Call, spec: Spec, value: Iterable[Mapping[str, str]]) -> Markup:
    return Markup(", ").join(_link(call, spec, each) for each in value)


def _files(call: Call, spec: Spec, value: Iterable[Mapping[str, str]]) -> Markup:
    base = f"/{call.service.name}/records/attachments"
    picture = spec.kind.widget == "images"
    shown = []
    for each in value:
        address = f"{base}/{quote(each['id'])}"
        inner = (
            Markup('<img class="own-image" src="{}" alt="{}" loading="lazy">').format(
                f"{address}?inline=1", each["name"]
            )
            if picture
            else escape(each["name"])
        )
        shown.append(Markup('<a href="{}">{}</a>').format(address, inner))
    return Markup(" ").join(shown)


def _table(_call: Call, _spec: Spec, value: Mapping[str, Any]) -> Markup:
    head = Markup("").join(Markup('<th scope="col">{}</th>').format(title) for title in value["columns"])
    rows = Markup("").join(
        Markup("<tr>{}</tr>").format(Markup("").join(Markup("<td>{}</td>").format(cell) for cell in row))
        for row in value["rows"]
    )
    return Markup(
        '<div class="table-wrap" tabindex="0"><table class="table simple-table"><thead><tr>{}</tr></thead>'
        "<tbody>{}</tbody></table></div>"
    ).format(head, rows)


def _qr(_call: Call, _spec: Spec, value: str) -> Markup:
    drawn = io.BytesIO()
    segno.make(value, error="m").save(
        drawn, kind="svg", scale=3, border=2, xmldecl=False, svgns=True, title=value, light="#fff"
    )
    return Markup('<span class="qr-code">{}</span>').format(Markup(drawn.getvalue().decode()))  # noqa: S704 - drawn here


_DRAWN: Mapping[str, Any] = {
    "rich_text": _rich, "json": _code, "rating": _stars, "lookup": _link, "lookups": _links, "files": _files,
    "images": _files, "sub_table": _table, "qr_code": _qr,
}  # fmt: skip


def groups(call: Call, kind: ObjectType, record: Any = None) -> list[forms.Group]:
    """The own fields of a form, section by section; without those its reader may not fill in."""
    form = in_force.of(call.session, kind)
    subject = (kind.kind, record.id) if record is not None else None
    files = World(call.session, call.caller, subject=subject).files() if record is not None else {}
    made = []
    for section in form.sections:
        offered_here = [
            control(spec, call.service.name, files=files) for spec in section.specs if _offered(spec, record)
        ]
        if offered_here:
            title = dict(section.title) or _("More")
            made.append(forms.Group(title=title, fields=offered_here, columns=section.columns))
    return made


def _offered(spec: Spec, record: Any) -> bool:
    return not spec.kind.computed and (record is not None or spec.kind.widget not in ("files", "images"))


def values(call: Call, kind: ObjectType, record: Any) -> dict[str, Any]:
    """What the controls of a form hold for a record, by field name; defaults for a new one."""
    form = in_force.of(call.session, kind)
    world = World(call.session, call.caller, subject=(kind.kind, record.id) if record is not None else None)
    found = {}
    for spec in form.specs.values():
        stored = (record.custom or {}).get(spec.key) if record is not None else None
        if record is None and spec.default is not None:
            found[spec.name] = spec.default
        elif stored is not None:
            found[spec.name] = _typed(spec, stored, world)
    return found


def _typed(spec: Spec, stored: Any, world: World) -> Any:
    widget = spec.kind.widget
    if widget in ("region", "address", "json"):
        return stored
    if widget == "sub_table":
        return spec.kind.to_text(spec, stored, world, Notation())
    if widget == "lookups":
        return [each["name"] if each["name"] != "…" else each["id"] for each in spec.kind.cell(spec, stored, world)]
    if widget in ("files", "images"):
        return stored
    if widget == "rating":
        return str(stored)
    found = spec.kind.typed(spec, stored, world)
    return found["amount"] if isinstance(found, Mapping) and "amount" in found else found


def posted(form: forms.Form, sent: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What was posted: (built-in fields, own fields by key)."""
    typed = forms.values(form, sent)
    own = {name.removeprefix("custom."): typed.pop(name) for name in list(typed) if name.startswith("custom.")}
    return typed, own


def sections(call: Call, kind: ObjectType, record: Any) -> tuple[list[details.Section], dict[str, Any]]:
    """The own fields of a record's page, section by section, with the values by name; none where the form has none."""
    form = in_force.of(call.session, kind)
    if not form.specs:
        return [], {}
    grant = reader.grant(kind.kind)
    edits = record_kit.of(call.session, kind.kind).may(call.session, call.caller, record, "write")
    address = f"/{call.service.name}/records/{kind.kind}/{record.id}/fields" if edits else ""
    made = []
    for section in form.sections:
        seen = [_on_page(spec) for spec in section.specs if grant.rule(spec.name) != "none"]
        if seen:
            made.append(details.Section(title=dict(section.title) or _("More"), fields=seen, edit=address))
    return made, {"custom": cells(call, kind, record.custom)}


def _on_page(spec: Spec) -> Field:
    return Field(
        name=spec.name, label=dict(spec.label), kind=_shown_kind(spec), choices=_flat_choices(spec),
        currency=spec.kind.currency(spec) or "CNY",
        wide=spec.kind.widget in ("rich_text", "sub_table", "long_text", "json", "qr_code", "images"),
    )  # fmt: skip
