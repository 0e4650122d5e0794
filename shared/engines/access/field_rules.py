"""Field rules: what a caller sees of a record's fields and which he may set."""

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from chassis.caller import Caller
from chassis.db import Database
from chassis.errors import Invalid
from chassis.i18n import lazy as _
from engines import objects
from engines.access import veils
from engines.access.grants import Granted, granted
from engines.objects import ObjectType

_MAIL = re.compile(r"([^@\s]?)[^@\s]*@([^@\s]+)")


def mask_out(source: Session | Database, caller: Caller, kind: str, dumped: dict[str, Any]) -> dict[str, Any]:
    """A dumped record as the caller may see it: fields ruled `none` are gone, `mask` shows only that there is a value.

    What a pool hides of its records until they are claimed is masked too.
    """
    return Masking(source, caller, kind)(dumped)


class Masking:
    """`mask_out` for many records of a kind: what it needs is looked up once."""

    def __init__(self, source: Session | Database, caller: Caller, kind: str):
        self._grant = granted(source, caller, kind)
        self._veils = {} if self._grant.everything else veils.veils_of(source, caller, kind)

    @property
    def touched(self) -> frozenset[str] | None:
        """The members that some record may be shown without, or with another value; None when it may be any."""
        return None if self._grant.fields else frozenset().union(*self._veils.values())

    def __call__(self, dumped: dict[str, Any]) -> dict[str, Any]:
        if self._grant.everything:
            return dumped
        shown = _ruled(self._grant, dumped) if self._grant.fields else dumped
        for name in veils.fields_hidden(self._veils, shown) & shown.keys():
            shown = shown | {name: masked(shown[name])}
        return shown


def _ruled(grant: Granted, dumped: dict[str, Any]) -> dict[str, Any]:
    kept = {name: _parts(grant, name, value) for name, value in dumped.items() if grant.rule(name) != "none"}
    for name in kept.keys() & grant.hidden:
        kept[name] = masked(kept[name])
    if isinstance(kept.get("custom"), Mapping):
        inner = {name: value for name, value in kept["custom"].items() if grant.rule(f"custom.{name}") != "none"}
        kept["custom"] = {
            name: masked(value) if grant.rule(f"custom.{name}") == "mask" else value for name, value in inner.items()
        }
    return kept


def _parts(grant: Granted, name: str, value: Any) -> Any:
    """The parts of a record (a list of mappings, such as lines) under the same rules: a hidden name is hidden in them."""
    if not isinstance(value, list) or not value or not isinstance(value[0], Mapping):
        return value
    shown = []
    for part in value:
        rules = {inner: grant.part_rule(name, inner) for inner in part}
        shown.append({
            inner: masked(item) if rules[inner] == "mask" else _parts(grant, inner, item)
            for inner, item in part.items()
            if rules[inner] != "none"
        })  # fmt: skip
    return shown


def masked(value: Any) -> Any:
    """`138****1234`, `a***@example.com`, `张**`; other values become null."""
    if isinstance(value, list | tuple):
        return [masked(item) for item in value]
    if not isinstance(value, str) or not value:
        return None
    mail = _MAIL.fullmatch(value)
    if mail:
        return f"{mail[1]}***@{mail[2]}"
    if sum(char.isdigit() for char in value) >= 7:
        return f"{value[:-8] or value[:1]}****{value[-4:]}"
    return f"{value[0]}**"


def check_edit(source: Session | Database, caller: Caller, kind: str, body: Mapping[str, Any]) -> None:
    """Invalid, naming each field, when `body` sets one the caller may not: a hidden field is an unknown one."""
    grant = granted(source, caller, kind)
    if grant.everything or not grant.fields:
        return
    custom = body.get("custom")
    names = [*body, *(f"custom.{name}" for name in (custom if isinstance(custom, Mapping) else ()))]
    errors: dict[str, Any] = {}
    rules = {name: grant.rule(name) for name in names}
    for name, value in body.items():
        for part in value if isinstance(value, list) else ():
            inner = part if isinstance(part, Mapping) else {}
            rules |= {f"{name}.{item}": grant.part_rule(name, item) for item in inner}
    for name, rule in rules.items():
        if rule != "edit":
            errors[name] = [_("Unknown field.") if rule == "none" else _("You may not change this field.")]
    if errors:
        raise Invalid(errors=errors)


def visible(source: Session | Database, caller: Caller, kind: ObjectType) -> ObjectType:
    """`kind` with only the fields the caller may read, the company's own among them: check his filters, sorts and
    searches against it."""
    return objects.without(objects.extended(source, kind), granted(source, caller, kind.kind).hidden)
