"""Rights at the door: what `allow=` of a route checks before anything else happens."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from chassis.caller import Caller
from chassis.db import Database
from chassis.directory import STALE_SECONDS
from chassis.errors import Forbidden, StaleReplica
from chassis.i18n import lazy as _
from engines import objects
from engines.access import sight
from engines.access.field_rules import Masking, check_edit
from engines.access.grants import granted
from engines.access.shares import any_shared

FRESH = frozenset({"export", "import", "bulk", "administer"})  # refused while the replica of roles is out of date


def has_right(source: Session | Database, caller: Caller, kind: str, name: str) -> bool:
    """Whether the caller holds a named right, or may create, read, edit or delete some record of the kind."""
    if name in FRESH and caller.replica_age > STALE_SECONDS:
        return False
    return granted(source, caller, kind).may(name) or (name == "read" and any_shared(source, caller, kind))


def require_right(source: Session | Database, caller: Caller, kind: str, name: str) -> None:
    """Forbidden unless `has_right`; StaleReplica where only a current replica of the roles could tell."""
    if name in FRESH and caller.replica_age > STALE_SECONDS:
        raise StaleReplica()
    if not has_right(source, caller, kind, name):
        raise Forbidden(_("Your role does not allow this: %(right)s of %(kind)s", right=name, kind=kind))


class Answering(Masking):
    """Masking of answers, which also say the company's own fields as the API says them, not as they are stored."""

    def __init__(self, source: Session | Database, caller: Caller, kind: str):
        super().__init__(source, caller, kind)
        self._say = objects.outward(source, kind)

    @property
    def touched(self) -> frozenset[str] | None:
        found = super().touched
        return found if found is None or self._say is None else found | {"custom"}

    def __call__(self, dumped: dict[str, Any]) -> dict[str, Any]:
        if self._say is not None and dumped.get("custom"):
            dumped = {**dumped, "custom": self._say(dumped["custom"])}
        return super().__call__(dumped)


class Right:
    """`allow=` of a route: may the caller do this to some record of the kind, and which members of an answer he sees.

    Which record exactly is for `access.get` and `access.readable` in the route. For create and edit what was sent, as
    JSON or as a form, is held against the field rules at once.
    """

    def __init__(self, kind: str, action: str):
        self.kind = kind
        self.action = action

    def __call__(self, call: Any) -> bool:
        require_right(call.database, call.caller, self.kind, self.action)
        if self.action in {"create", "edit"} and granted(call.database, call.caller, self.kind).fields:
            check_edit(call.database, call.caller, self.kind, _sent(call.request))
        return True

    def masking(self, call: Any) -> Masking:
        """What makes of an answer, or an item of a list, what the caller may see of it."""
        return Answering(call.session if call.session is not None else call.database, call.caller, self.kind)

    def veil(self, call: Any) -> None:
        """After a write: the records at hand as the caller may see them."""
        sight.veil(call.session, call.caller)

    def closed(self, call: Any) -> frozenset[str]:
        """Members the caller may not sort by: hidden and masked ones."""
        return granted(call.database, call.caller, self.kind).hidden

    def hidden(self, call: Any) -> frozenset[str]:
        """Members the caller does not see at all."""
        rules = granted(call.database, call.caller, self.kind).fields
        return frozenset(name for name, rule in rules.items() if rule == "none")


def _sent(request: Any) -> Mapping[str, Any]:
    """What a request would set by name: the members of its JSON body, or the fields of its form."""
    if request.is_json:
        body = request.get_json(silent=True)
        return body if isinstance(body, dict) else {}
    return {name.partition(":")[0]: value for name, value in request.form.items()}  # "amount:currency" is of amount


def right(kind: str, action: str) -> Right:
    """`allow=right("lead", "read")`: create, read, edit, delete or a named right such as export."""
    return Right(kind, action)
