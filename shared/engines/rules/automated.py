"""What a service says of a kind of record that rules may act on; the rest of this engine works on it alone."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from marshmallow import Schema
from sqlalchemy.orm import Session

from chassis.caller import Caller
from engines import record_kit
from engines.objects import Label, ObjectType

Names = Mapping[str, Label]


def _no_addresses(session: Session, record: Any) -> Sequence[str]:
    return ()


@dataclass(frozen=True, kw_only=True)
class Step:
    """Something of the service's own that a rule may do to a record: ask for approval, request a ticket, move a stage.

    `values` are what the rule's author fills in, by name with their labels; `texts` of them may hold `{field}` places,
    `choices` limits one to a closed list. `run(session, record, caller, values)` is a use case; it raises a Problem where
    it cannot be.
    """

    label: Label
    run: Callable[[Session, Any, Caller, Mapping[str, Any]], Any]
    values: Names = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    choices: Mapping[str, Names] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Automated:
    """A kind of record with what rules can hear of it and do to it.

    `events` are its facts by noun and participle ("contract.approved"). `edit(session, record, values)` writes what
    `shape` has loaded; `assign(session, record, owner_id=, caller=)` gives it to a person. `addresses` are the
    customer's e-mail addresses. `label` is what people call one.
    """

    kind: ObjectType
    events: Names
    shape: type[Schema]
    edit: Callable[..., Any]
    assign: Callable[..., Any] | None = None
    steps: Mapping[str, Step] = field(default_factory=dict)
    addresses: Callable[[Session, Any], Sequence[str]] = _no_addresses
    label: Callable[[Any], str] = record_kit.title

    @property
    def name(self) -> str:
        return self.kind.kind

    def step(self, do: str) -> Step | None:
        """The step that an action `step:<name>` means."""
        word, _colon, name = do.partition(":")
        return self.steps.get(name) if word == "step" else None

    def editable(self) -> dict[str, Any]:
        """The fields a rule may write: those of the shape that are fields of the kind, by name."""
        written = self.shape().fields
        return {name: item for name, item in self.kind.by_name.items() if name in written}


_automated: dict[tuple[str, str], Automated] = {}


def automate(service: str, kinds: Sequence[Automated]) -> Sequence[Automated]:
    """Declare the kinds of a service that rules may act on."""
    for item in kinds:
        _automated[service, item.name] = item
    return kinds


def kinds_of(session: Session) -> dict[str, Automated]:
    """What the session's service declared, by kind."""
    service = session.info["database"].service
    return {kind: item for (name, kind), item in _automated.items() if name == service}
