"""Kinds of records and their fields as data: what conditions, access, lists, imports and screens read."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import InitVar, dataclass, field
from functools import lru_cache
from typing import Any

from engines.money import digits

Label = Mapping[str, str]  # {"zh": "区域", "en": "Region"}

NUMBERS = frozenset({"number", "integer", "money", "percent"})
REFERENCES = frozenset({"id", "person", "department"})
LISTS = frozenset({"choices", "texts", "parts"})
KINDS = NUMBERS | REFERENCES | LISTS | {"text", "date", "datetime", "time", "boolean", "choice"}

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}(\.[a-z][a-z0-9_]{0,62})?")


@dataclass(frozen=True, eq=False)
class Field:
    """One field of a kind of record.

    `kind` is one of KINDS. `column` is the model's attribute that holds the value (default: the name); a name
    `custom.<x>` reads key x of the JSON column `custom`. `choices` maps each allowed value to its label (or is a
    plain sequence of values). `scale` is the number of decimals of a value stored as a scaled integer: money is
    minor units (2, or what its currency has), integer 0; None means stored as it is (float or numeric column).
    `currency` is what a money column is counted in when all rows share one, `currency_column` where each row says its
    own. `written=False` marks what only the system sets.
    """

    name: str
    kind: str
    label: Label = field(default_factory=dict)
    column: str = field(default="", kw_only=True)
    choices: Mapping[str, Label] | Sequence[str] = field(default=(), kw_only=True)
    scale: int | None = field(default=None, kw_only=True)
    currency: str | None = field(default=None, kw_only=True)
    currency_column: str = field(default="", kw_only=True)
    written: bool = field(default=True, kw_only=True)

    def __post_init__(self) -> None:
        if self.kind not in KINDS or not _NAME.fullmatch(self.name):
            raise ValueError(f"field {self.name!r} of kind {self.kind!r}")
        if not self.column:
            object.__setattr__(self, "column", "custom" if self.json_key else self.name)
        if self.scale is None and self.kind in {"integer", "money"}:
            object.__setattr__(self, "scale", digits(self.currency or "") if self.kind == "money" else 0)

    @property
    def json_key(self) -> str | None:
        """Key inside the JSON column, for `custom.<key>`."""
        head, _, key = self.name.partition(".")
        return key or None if head == "custom" else None

    def title(self, locale: str) -> str:
        """The label in `locale` (any zh or en), the name where there is none."""
        return self.label.get("zh" if locale.startswith("zh") else "en") or self.name


@dataclass(frozen=True, eq=False)
class ObjectType:
    """A kind of record that access is granted on.

    The columns every record has (owner_id, created_at, tags …) are added to `fields` by themselves. `rights` are the
    named rights beyond create, read, edit and delete. `open_to` maps a named right to the condition of records its
    holders may read whatever their scope is, such as those in the pool, or to a function (session, caller) that gives
    it. `searched` are the fields `q` looks into.
    """

    kind: str
    model: Any
    fields: Sequence[Field] = ()
    rights: Sequence[str] = ()
    label: Label = field(default_factory=dict)
    open_to: Mapping[str, Mapping[str, Any] | Callable[..., Mapping[str, Any]]] = field(
        default_factory=dict, kw_only=True
    )
    searched: Sequence[str] = field(default=(), kw_only=True)
    adds_record_fields: bool = field(default=True, kw_only=True)
    by_name: Mapping[str, Field] = field(init=False, repr=False)
    registered: InitVar[bool] = field(default=True, kw_only=True)

    def __post_init__(self, registered: bool) -> None:
        own = {item.name: item for item in self.fields}
        held = [item for item in RECORD_FIELDS if item.name not in own and hasattr(self.model, item.column)]
        if not self.adds_record_fields:
            held = []
        object.__setattr__(self, "fields", (*self.fields, *held))
        object.__setattr__(self, "by_name", {item.name: item for item in self.fields})
        if registered:
            _by_model[self.model] = self

    def with_fields(self, extra: Iterable[Field]) -> "ObjectType":
        """The same kind with further (custom) fields; `of_model` gives this one from now on."""
        return self._of((*self.fields, *extra), True)

    def _of(self, fields: Sequence[Field], registered: bool) -> "ObjectType":
        return ObjectType(
            self.kind,
            self.model,
            fields,
            self.rights,
            self.label,
            open_to=self.open_to,
            searched=self.searched,
            adds_record_fields=False,
            registered=registered,
        )


_by_model: dict[Any, ObjectType] = {}


def of_model(model: Any) -> ObjectType:
    """The kind that `model` (a class or a record) is declared as; KeyError when it is none."""
    return _by_model[model if isinstance(model, type) else type(model)]


def every() -> list[ObjectType]:
    """All kinds declared for a model of their own."""
    return list(_by_model.values())


def every_by_kind(kind: ObjectType) -> ObjectType | None:
    """The declared kind behind one that was extended or narrowed."""
    found = _by_model.get(kind.model)
    return found if found is not None and found.kind == kind.kind else None


_extend: list[Callable[[Any, ObjectType], ObjectType]] = []


def extend_by(extend: Callable[[Any, ObjectType], ObjectType]) -> None:
    """Let `extend` (session or database, kind) add the company's own fields to kinds of records."""
    _extend[:] = [extend]


def extended(source: Any, kind: ObjectType) -> ObjectType:
    """`kind` with the fields the company added to it, as the database of `source` knows them."""
    return _extend[0](source, kind) if _extend else kind


Say = Callable[[Mapping[str, Any]], Mapping[str, Any]]
_outward: list[Callable[[Any, str], Say | None]] = []


def outward_by(say: Callable[[Any, str], Say | None]) -> None:
    """Let `say` (session or database, kind's name) give what puts the company's own values as the API says them."""
    _outward[:] = [say]


def outward(source: Any, kind: str) -> Say | None:
    """What puts stored values of the company's own fields as the API says them; None where the kind has none."""
    return _outward[0](source, kind) if _outward else None


@lru_cache(maxsize=512)
def without(kind: ObjectType, hidden: frozenset[str]) -> ObjectType:
    """`kind` as somebody sees it who may not read the `hidden` fields."""
    return kind._of(tuple(item for item in kind.fields if item.name not in hidden), False) if hidden else kind


def _system(name: str, kind: str, zh: str, en: str) -> Field:
    return Field(name, kind, {"zh": zh, "en": en}, written=name in {"owner_id", "tags"})


RECORD_FIELDS = (
    _system("id", "id", "标识", "Id"),
    _system("number", "text", "编号", "Number"),
    _system("created_at", "datetime", "创建时间", "Created"),
    _system("updated_at", "datetime", "更新时间", "Updated"),
    _system("created_by", "person", "创建人", "Created by"),
    _system("owner_id", "person", "负责人", "Owner"),
    _system("department_id", "department", "部门", "Department"),
    _system("collaborator_ids", "texts", "协作人", "Collaborators"),
    _system("tags", "texts", "标签", "Tags"),
)
