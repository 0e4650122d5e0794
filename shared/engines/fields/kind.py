"""What a kind of field is: one object that reads, writes, shows and finds the values of fields of its kind."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from marshmallow import fields as shapes

from chassis.i18n import Text
from chassis.i18n import lazy as _
from engines.objects import Field, Label

if TYPE_CHECKING:
    from engines.fields.world import World

MAX_TEXT = 1000


class Wrong(Exception):
    """A value is not one of its field; `message` says why in the caller's language, `place` where inside it."""

    def __init__(self, message: Text | str, place: str = ""):
        self.message = message
        self.place = place
        super().__init__(str(message))


@dataclass(frozen=True, kw_only=True)
class Notation:
    """How values are written in a file: declared by whoever wrote it, never guessed.

    `date` is the order of year, month and day: ymd, dmy or mdy, with any of - / . and 年月日 between. `separator` stands
    between the values of a list, `zone` is that of times without one (None: the company's).
    """

    date: str = "ymd"
    decimal: str = "."
    grouping: str = ","
    separator: str = ";"
    zone: str | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class Spec:
    """One field as a form defines it. `options` are those its kind knows; conditions are as in docs/conditions.md."""

    key: str
    kind: "Kind"
    label: Label = field(default_factory=dict)
    help: Label = field(default_factory=dict)
    required: bool = False
    unique: bool = False
    indexed: bool = False
    default: Any = None
    options: Mapping[str, Any] = field(default_factory=dict)
    visible_when: Mapping[str, Any] | None = None
    required_when: Mapping[str, Any] | None = None
    read_only_when: Mapping[str, Any] | None = None

    @property
    def name(self) -> str:
        """As conditions, access rules and lists call it."""
        return f"custom.{self.key}"

    def title(self, locale: str) -> str:
        """The label in `locale`, the key where there is none."""
        return self.label.get("zh" if locale.startswith("zh") else "en") or next(iter(self.label.values()), self.key)


class Kind:
    """A kind of field. A stored value is what the JSON column holds under the field's key; None is no value.

    Subclasses say what they are in class attributes and override what differs. `stored` is the kind conditions compare
    the stored value as (engines.objects), `widget` the control it is typed in (console), `computed` marks values that
    only the system works out.
    """

    name: str = ""
    label: Label = {}
    family: str = "words"
    icon: str = "forms"
    options: Mapping[str, shapes.Field[Any]] = {}
    stored: str = "text"
    widget: str = "text"
    computed: bool = False
    sortable: bool = True
    may_be_unique: bool = False
    may_be_indexed: bool = True

    def check(self, spec: Spec) -> dict[str, Text]:
        """What does not hold in the options beyond their shape, by option."""
        return {}

    def load(self, spec: Spec, given: Any, world: "World") -> Any:
        """A value from JSON or a form in its stored form; None for an empty one; Wrong."""
        raise NotImplementedError

    def dump(self, spec: Spec, stored: Any) -> Any:
        """The stored value as the API and events say it."""
        return stored

    def from_text(self, spec: Spec, text: str, world: "World", notation: Notation) -> Any:
        """A value from the cell of a file in its stored form; None for an empty cell; Wrong."""
        return self.load(spec, text.strip(), world) if text.strip() else None

    def to_text(self, spec: Spec, stored: Any, world: "World", notation: Notation) -> str:
        """The cell of a file; what `from_text` reads as the same value."""
        return "" if stored is None else str(stored)

    def cell(self, spec: Spec, stored: Any, world: "World") -> Any:
        """The value as lists and pages show it, for the widget's display."""
        return self.dump(spec, stored)

    def typed(self, spec: Spec, stored: Any, world: "World") -> Any:
        """The value as the control of a form holds it."""
        return self.cell(spec, stored, world)

    def scale(self, spec: Spec) -> int | None:
        """Decimals of a value stored as a scaled integer."""
        return None

    def choices(self, spec: Spec) -> Mapping[str, Label]:
        """The values there are to choose from, with their labels."""
        return {}

    def stored_as(self, spec: Spec) -> str:
        """The kind conditions compare the stored value as."""
        return self.stored

    def field(self, spec: Spec) -> Field:
        """The field as conditions, lists, access and screens know it."""
        return Field(
            spec.name, self.stored_as(spec), dict(spec.label), choices=self.choices(spec), scale=self.scale(spec),
            currency=self.currency(spec), written=not self.computed,
        )  # fmt: skip

    def currency(self, spec: Spec) -> str | None:
        """What amounts are counted in."""
        return None

    def shape(self, spec: Spec) -> dict[str, Any]:
        """The JSON Schema of its values in the API."""
        return {"type": "string"}

    def unique_key(self, spec: Spec, stored: Any) -> str:
        """What must differ between records where the field is unique."""
        return str(stored).casefold()


def text_of(given: Any, limit: int = MAX_TEXT, *, lines: bool = False) -> str:
    """A text without surrounding space and characters no database stores; Wrong when it is none or longer than `limit`."""
    if isinstance(given, bool) or not isinstance(given, str | int | float):
        raise Wrong(_("Must be a text."))
    text = str(given).replace("\r\n", "\n").strip()
    if any(char == "\0" or "\ud800" <= char <= "\udfff" for char in text):
        raise Wrong(_("The text has characters that cannot be stored."))
    if not lines:
        text = " ".join(text.split())
    if len(text) > limit:
        raise Wrong(_("Longer than %(n)s characters.", n=limit))
    return text


def is_empty(given: Any) -> bool:
    """Whether a value given is none at all."""
    return given is None or given in ("", [], {})
