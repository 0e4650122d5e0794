"""How one field of a record is shown, filtered and typed in; made from an object's fields or by hand."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from chassis.i18n import Text, pick
from console import reader
from engines.objects import Field as ObjectField
from engines.objects import ObjectType

Words = str | Text | Mapping[str, str]  # a text, a lazy text, or a {"zh", "en"} pair out of a definition

COLOURS = ("blue", "azure", "indigo", "purple", "pink", "red", "orange", "yellow", "lime", "green", "teal", "grey")


def words(text: Words | None) -> str:
    """The text in the reader's language."""
    return pick(text) if isinstance(text, Mapping) else str(text or "")


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One value a field may have, its label and the colour of its badge (one of COLOURS)."""

    value: str
    label: Words
    colour: str = "grey"


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field on a page.

    `kind` is a kind of engines.objects, or one that only looks different: long_text, phone, email, url, score, record,
    relative (a time as distance from now), file, password. `name` may be a path into the row (`owner.name`).
    `lookup` is the address that answers `?q=` with `{"items": [{"value", "label", "hint"}]}`: the field becomes a
    search-and-choose box. `link` turns a list cell into a link; `{id}` in it is filled from the row.
    """

    name: str
    label: Words
    kind: str = "text"
    choices: Sequence[Choice] = ()
    required: bool = False
    readonly: bool = False
    help: Words = ""
    placeholder: Words = ""
    lookup: str = ""
    link: str = ""
    currency: str = "CNY"
    max_length: int | None = None
    minimum: str | None = None
    maximum: str | None = None
    sortable: bool = False
    filterable: bool = True
    editable: bool = False
    wide: bool = False
    autocomplete: str = ""
    like: str = ""  # the kind it is filtered as, where that is another
    when: Mapping[str, Any] | None = None  # the condition under which the control is shown
    columns: Sequence[tuple[str, str, str]] = ()  # of a sub-table: key, title, type of its inputs

    @property
    def title(self) -> str:
        return words(self.label)

    @property
    def path(self) -> list[str]:
        return self.name.split(".")

    def choice(self, value: Any) -> Choice | None:
        """The choice that `value` is, None for a value that is no longer offered."""
        return next((item for item in self.choices if item.value == value), None)


def of_object(kind: ObjectType, *names: str, **changes: Mapping[str, Any]) -> list[Field]:
    """The fields of a kind of record (all, or those named, in that order); `changes` gives attributes by field name.

    `of_object(LEAD, "name", "status", status={"choices": STATUS})`. While a request is answered, a field its reader may not
    see is left out, and one shown masked can be neither filtered nor sorted nor edited.
    """
    chosen = [kind.by_name[name] for name in names] if names else list(kind.fields)
    made = [replace(_from(item), **changes.get(item.name, {})) for item in chosen]
    grant = reader.grant(kind.kind)
    return [_allowed(item, grant.rule(item.name)) for item in made if grant.rule(item.name) != "none"]


def editable(made: Iterable[Field], *names: str) -> list[Field]:
    """The fields, those named to be edited in the cells of a list as far as the reader may."""
    return [replace(item, editable=True) if item.name in names and not item.readonly else item for item in made]


def _allowed(item: Field, rule: str) -> Field:
    if rule == "edit":
        return item
    closed = rule == "mask"
    return replace(
        item,
        readonly=True,
        editable=False,
        filterable=item.filterable and not closed,
        sortable=item.sortable and not closed,
        choices=() if closed else item.choices,
    )


def _from(item: ObjectField) -> Field:
    choices = item.choices
    pairs: Iterable[tuple[str, Words]] = (
        choices.items() if isinstance(choices, Mapping) else ((value, value) for value in choices)
    )
    return Field(
        name=item.name,
        label=dict(item.label) or item.name,
        kind=item.kind,
        choices=tuple(Choice(value=value, label=label or value) for value, label in pairs),
        currency=item.currency or "CNY",
        readonly=not item.written,
        filterable=item.kind != "id",
    )


def value_of(row: Any, name: str) -> Any:
    """The value at a path of names through mappings and objects; None when a part is missing."""
    for part in name.split("."):
        row = row.get(part) if isinstance(row, Mapping) else getattr(row, part, None)
        if row is None:
            return None
    return row
