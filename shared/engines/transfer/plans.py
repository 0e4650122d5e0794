"""What a person declared of an import: notation, which column is which field, what to do; checked as a whole before it runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from marshmallow import Schema, fields, post_load, validate
from sqlalchemy.orm import Session

from chassis.caller import Caller
from chassis.errors import Invalid
from chassis.i18n import lazy as _
from engines.objects import LISTS
from engines.transfer import columns as of_kind
from engines.transfer import values
from engines.transfer.columns import Column
from engines.transfer.declaring import MODES, Transferable
from engines.transfer.dialect import Dialect, DialectIn
from engines.transfer.reading import MAX_COLUMNS

EMPTY = ("keep", "clear")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """`fields` names the field of each column, "" for one that is left out; `headings` are the file's own words.

    `defaults` are texts for fields of new records that no column gives. `empty` says what an empty cell means for a record
    that exists: keep what it has, or clear it. `year` is the field whose year the verification samples by.
    """

    dialect: Dialect
    fields: tuple[str, ...] = ()
    headings: tuple[str, ...] = ()
    mode: str = "create"
    key: str = ""
    empty: str = "keep"
    defaults: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    year: str = ""

    def document(self) -> dict[str, Any]:
        return {
            "dialect": self.dialect.document(), "fields": list(self.fields), "headings": list(self.headings),
            "mode": self.mode, "key": self.key, "empty": self.empty, "defaults": dict(self.defaults),
            "options": dict(self.options), "year": self.year,
        }  # fmt: skip


_NAME = fields.String(validate=validate.Length(max=100))


class PlanIn(Schema):
    """The plan as the API takes it."""

    dialect = fields.Nested(DialectIn, required=True)
    fields_ = fields.List(
        _NAME, required=True, data_key="fields", attribute="fields", validate=validate.Length(1, MAX_COLUMNS),
        metadata={"description": "The field each column of the file goes to, in order; empty: left out"},
    )  # fmt: skip
    mode = fields.String(load_default="create", validate=validate.OneOf(MODES))
    key = fields.String(load_default="", validate=validate.Length(max=100))
    empty = fields.String(load_default="keep", validate=validate.OneOf(EMPTY))
    defaults = fields.Dict(
        keys=_NAME, values=fields.String(validate=validate.Length(max=2000)), load_default=dict,
        validate=validate.Length(max=100),
    )  # fmt: skip
    options = fields.Dict(keys=_NAME, values=_NAME, load_default=dict, validate=validate.Length(max=20))
    year = fields.String(load_default="", validate=validate.Length(max=100))

    @post_load
    def made(self, found: dict[str, Any], **_rest: Any) -> Plan:
        return Plan(**{**found, "fields": tuple(found["fields"])})


def of_document(document: Mapping[str, Any]) -> Plan:
    """A stored plan."""
    known = dict(document)
    known["dialect"] = Dialect(**known["dialect"])
    known["fields"], known["headings"] = tuple(known["fields"]), tuple(known.get("headings") or ())
    return Plan(**known)


def check(session: Session, caller: Caller, kind: Transferable, plan: Plan) -> list[Column]:
    """The columns the plan uses, in the file's order; Invalid names all that does not fit."""
    errors: dict[str, Any] = {}
    known = of_kind.of(session, caller, kind)
    found = {name: of_kind.find(known, name) for name in {*plan.fields, *plan.defaults, plan.key} if name}
    for place, name in enumerate(plan.fields):
        problem = _field_problem(plan, name, found.get(name), plan.fields[:place])
        if problem:
            errors.setdefault("fields", {})[str(place)] = [problem]
    for name in plan.defaults:
        column = found[name]
        if column is None or not column.taken or column.part:
            errors.setdefault("defaults", {})[name] = [_("This field cannot be set.")]
    _check_key(plan, found.get(plan.key), errors)
    if plan.mode != "update":
        given = {*plan.fields, *plan.defaults}
        missing = [column.title for column in known if column.required and not column.part and column.name not in given]
        if missing:
            errors.setdefault("fields", {})["_"] = [_("A new record needs: %(names)s", names=", ".join(missing))]
    _check_options(kind, plan, errors)
    if plan.dialect.zone and not values.known_zone(plan.dialect.zone):
        errors["dialect"] = {"zone": [_("There is no such time zone.")]}
    if plan.year and not any(name == plan.year for name in plan.fields):
        errors["year"] = [_("Choose a field that a column gives.")]
    if errors:
        raise Invalid(errors=errors)
    return [column for name in plan.fields if name and (column := found[name]) is not None]


def _field_problem(plan: Plan, name: str, column: Column | None, before: Sequence[str]) -> Any:
    if not name:
        return None
    if column is None:
        return _("There is no field “%(name)s”, or you may not see it.", name=name)
    if name in before and column.field.kind not in LISTS:
        return _("Two columns go to the field “%(name)s”.", name=column.title)
    may = column.edited if plan.mode == "update" else column.writable
    if not may and name != plan.key:
        return _("The field “%(name)s” is kept by the system and cannot be taken in.", name=column.title)
    return None


def _check_key(plan: Plan, column: Column | None, errors: dict[str, Any]) -> None:
    if plan.mode == "create":
        return
    if not plan.key:
        errors["key"] = [_("Choose the field that says which record a row is about.")]
    elif column is None or not column.is_key:
        errors["key"] = [_("This field does not say which record a row is about.")]
    elif plan.key not in plan.fields:
        errors["key"] = [_("No column gives this field.")]


def _check_options(kind: Transferable, plan: Plan, errors: dict[str, Any]) -> None:
    known = {option.name: option for option in kind.options}
    for name, value in plan.options.items():
        option = known.get(name)
        if option is None or (value and value not in option.choices):
            errors.setdefault("options", {})[name] = [_("This is not one of the choices.")]


def suggested(
    session: Session, caller: Caller, kind: Transferable, dialect: Dialect, headings: Sequence[str]
) -> dict[str, Any]:
    """A plan by the headings alone, for a person to confirm. Columns of what cannot be set are left out."""
    known = of_kind.of(session, caller, kind)
    names = of_kind.by_heading(kind, known, headings)
    key = next((name for name in ("id", *kind.keys) if name in names), "")
    taken: list[str] = []
    for name in names:
        column = of_kind.find(known, name) if name else None
        usable = column is not None and (column.writable or name == key)
        twice = name in taken and column is not None and column.field.kind not in LISTS
        taken.append(name if usable and not twice else "")
    mode = "upsert" if key in ("id", "number") else "create"
    options = {option.name: option.default for option in kind.options}
    plan = Plan(
        dialect=dialect, fields=tuple(taken), headings=tuple(headings), mode=mode, key=key if mode == "upsert" else "",
        options=options,
    )  # fmt: skip
    if mode == "create" and key in taken and not _writable(known, key):
        plan = Plan(**{**vars(plan), "fields": tuple("" if name == key else name for name in taken)})
    return plan.document()


def _writable(known: Sequence[Column], name: str) -> bool:
    column = of_kind.find(known, name)
    return column is not None and column.writable
