"""Definitions people write: what a service tells the editor about a kind of them, and what the editor asks it.

A definition is a JSON document. `Part`s describe its places, so that people edit it with fields, rows and conditions.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from chassis.api import Call
from console.fields import Choice, Field, Words

Allow = Callable[[Call], bool]
Body = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Part:
    """One place of a definition and how it is edited.

    Values: text long_text key pair ({"zh", "en"}) number integer money percent boolean date time choice choices texts
    numbers (a list of integers) person people record records (with `lookup`) spans ([["09:00", "18:00"], …]) json.
    Places of places: condition (on the fields `about` names), group (a mapping with `parts`), rows (a list of
    mappings with `parts`; by the value of `by`, one of the `choices`, also those of `variants`), map (a mapping;
    its keys are the `choices`, or found by `lookup`, or of `key_kind`; each value is edited as `parts[0]`). `shape`
    takes the parts from Kind.shapes, for definitions that nest. `head` names the part whose value heads a row,
    `same` the one by which two versions of a row are told to be the same. `blank` is the value of a new row.
    `only_if` shows the part when another part of the same mapping has one of the values.
    """

    name: str
    label: Words = ""
    kind: str = "text"
    help: Words = ""
    required: bool = False
    choices: Sequence[Choice] = ()
    lookup: str = ""
    unit: Words = ""
    minimum: float | None = None
    maximum: float | None = None
    about: str = ""
    parts: Sequence["Part"] = ()
    shape: str = ""
    by: str = ""
    variants: Mapping[str, Sequence["Part"]] = field(default_factory=dict)
    head: str = ""
    same: str = ""
    add: Words = ""
    blank: Any = None
    key_kind: str = "text"
    only_if: tuple[str, Sequence[Any]] | None = None


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Something that does not hold at a place (`rules.2.when`); a warning does not keep it from being published."""

    at: str
    text: Words
    level: str = "error"


@dataclass(frozen=True, kw_only=True)
class Stored:
    """A definition as it is published; `revision` 0 when it never was."""

    key: str
    title: Words = ""
    body: Body = field(default_factory=dict)
    revision: int = 0
    active: bool = True
    changed_at: datetime | None = None
    note: Words = ""  # said in the list: how many run on it, what it is for


@dataclass(frozen=True, kw_only=True)
class Version:
    """A published version; `by` is a person's id or a name."""

    revision: int
    body: Body
    at: datetime
    by: str = ""


@dataclass(frozen=True, kw_only=True)
class Tried:
    """What a draft would have done with past records: figures, and the records whose outcome differs first.

    A row is cells of text; with `links` the first cell of each leads to the record.
    """

    figures: Sequence[tuple[Words, Any]] = ()
    headings: Sequence[Words] = ()
    rows: Sequence[Sequence[Any]] = ()
    links: Sequence[str] = ()
    tables: Sequence[tuple[Words, Sequence[Words], Sequence[Sequence[Any]]]] = ()
    note: Words = ""


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A draft as it was saved; `version` grows with each save, `based_on` is the published version it began from."""

    title: Mapping[str, str]
    body: Body
    version: int
    based_on: int = 0
    saved_at: datetime | None = None
    saved_by: str = ""


class Drafts(Protocol):
    """Where drafts are kept; console.drafts_kept.Kept keeps them in engines.drafts."""

    def find(self, call: Call, key: str) -> Draft | None: ...

    def all(self, call: Call) -> Mapping[str, Draft]: ...

    def save(self, call: Call, key: str, *, title: Body, body: Body, version: int, based_on: int) -> Draft:
        """StaleVersion when the stored draft is not the one of `version` (0: there is none)."""
        ...

    def drop(self, call: Call, key: str) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of definition with its pages under `url`; the callables are the service's, and get the call first.

    `parts`, `shapes` and `objects` (field lists that conditions are about) are asked per request, for the reader's
    language. `problems` says what is wrong with a body without changing anything. `publish` puts a body in force and
    returns the new revision; it checks again and may raise a Problem. `simulate` tries a body on the records of the
    last `days`. `names` gives labels for ids in a body; people and departments are known without it. `blank` is the
    body of a new one; None when no new ones are made here. `examples` offers bodies to begin from. `links` are further
    pages of one that is published (label, address, icon). With `changes` conditions may look at what an event changed.
    `remove` takes a definition away, or says by a Problem what still uses it; None where they only go out of use.
    """

    key: str
    title: Words
    noun: Words
    url: str
    read: Allow
    edit: Allow
    parts: Callable[[Call], Sequence[Part]]
    listed: Callable[[Call], Sequence[Stored]]
    find: Callable[[Call, str], Stored | None]
    versions: Callable[[Call, str], Sequence[Version]]
    problems: Callable[[Call, str, Body], Sequence[Problem]]
    publish: Callable[[Call, str, Body, Mapping[str, str]], int]
    simulate: Callable[[Call, str, Body, int], Tried] | None = None
    may_simulate: Allow | None = None
    objects: Callable[[Call], Mapping[str, Sequence[Field]]] = lambda call: {}
    shapes: Callable[[Call], Mapping[str, Sequence[Part]]] = lambda call: {}
    names: Callable[[Call, set[str]], Mapping[str, str]] = lambda call, ids: {}
    blank: Body | None = None
    examples: Callable[[Call], Mapping[str, tuple[Words, Body]]] = lambda call: {}
    remove: Callable[[Call, str], None] | None = None
    drafts: Drafts | None = None
    intro: Words = ""
    others: Sequence[tuple[Words, str, str]] = ()
    tabs: Callable[[Call], Sequence[tuple[Words, str, bool]]] = lambda call: ()
    links: Callable[[str], Sequence[tuple[Words, str, str]]] = lambda key: ()
    changes: bool = False
    template: str = "console/definition.html"


def problems_of(errors: Any, at: str = "") -> list[Problem]:
    """The messages of a validation (`{"rules": {2: {"points": ["…"]}}}`, or flat with dotted places) as problems."""
    if isinstance(errors, Mapping):
        return [
            found
            for name, inner in errors.items()
            for found in problems_of(inner, at if name in ("_schema", "") else f"{at}.{name}".lstrip("."))
        ]
    texts = errors if isinstance(errors, list | tuple) else [errors]
    return [Problem(at=at, text=str(text)) for text in texts]
