"""What a connector is: capabilities, settings, health, actions and mappings. Deliveries and pages know only this."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from marshmallow import Schema


class ConnectorError(Exception):
    """A call to an outside system failed.

    `permanent`: trying the same again cannot help (bad data, bad settings). `uncertain`: the request may have taken
    effect although no answer came, so look before trying again. `retry_after`: seconds the partner asked us to wait.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str = "",
        permanent: bool = False,
        uncertain: bool = False,
        retry_after: float | None = None,
    ):
        super().__init__(message)
        self.code = code
        self.permanent = permanent
        self.uncertain = uncertain
        self.retry_after = retry_after


@dataclass(frozen=True, kw_only=True)
class Action:
    """One thing a connector can do.

    `run(client, payload)` does it and returns what the partner answered (ids, numbers) as JSON. `find(client, payload)`
    returns the same if an earlier try already took effect, else None; an action without it is protected by the partner
    (a duplicate check) and simply tried again. `draft(client, payload)` is the request that would be sent: the dry run.
    """

    doc: Mapping[str, str]
    payload: type[Schema]
    run: Callable[[Any, dict[str, Any]], dict[str, Any]]
    draft: Callable[[Any, dict[str, Any]], dict[str, Any]]
    find: Callable[[Any, dict[str, Any]], dict[str, Any] | None] | None = None


@dataclass(frozen=True, kw_only=True)
class Health:
    """Answer of a health check: `detail` is a sentence for the administrator."""

    ok: bool
    detail: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Connector:
    """A plug-in. `settings` is a marshmallow schema; fields marked `metadata={"secret": True}` are stored encrypted.

    `open(settings)` makes a client; it does no I/O. `rate` and `burst` are calls per second and at once that the
    partner tolerates. `mappings` says which of our fields becomes which of theirs.
    """

    kind: str
    title: Mapping[str, str]
    capabilities: frozenset[str]
    settings: type[Schema]
    open: Callable[[dict[str, Any]], Any]
    health: Callable[[Any], Health]
    actions: Mapping[str, Action]
    mappings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    rate: float = 5.0
    burst: int = 10

    def secret_fields(self) -> frozenset[str]:
        """Names of the settings that are never shown."""
        declared = self.settings().fields
        return frozenset(name for name, item in declared.items() if item.metadata.get("secret"))
