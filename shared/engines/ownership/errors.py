"""Why a record may not be taken, given or kept, each with a stable code and the figures behind it."""

from datetime import datetime
from typing import Any

from chassis import clock
from chassis.errors import Conflict, Forbidden, Invalid
from chassis.i18n import lazy as _


class AlreadyOwned(Conflict):
    code, title = "already_owned", _("Somebody else has this record already")


class NotAMember(Forbidden):
    """The pool is open to others only; `pool` names it."""

    code, title = "not_a_member", _("You are not a member of this pool")


class Frozen(Conflict):
    """A record that has just come into the pool waits until `until` before anybody may claim it."""

    code, title = "frozen", _("This record came into the pool only now and cannot be claimed yet")

    def __init__(self, until: datetime):
        super().__init__(until=clock.iso(until))


class CoolingDown(Conflict):
    """The last owner may not claim the record again before `until`."""

    code, title = "cooling_down", _("You gave this record up not long ago; others come first")

    def __init__(self, until: datetime):
        super().__init__(until=clock.iso(until))


class ClaimLimitReached(Conflict):
    """The person has made all claims of the day; `made`, `limit` and `resets_at` are the figures."""

    code, title = "claim_limit_reached", _("You have made all your claims of today")

    def __init__(self, *, made: int, limit: int, resets_at: datetime):
        detail = _("You have made %(made)s of %(limit)s claims today", made=made, limit=limit)
        super().__init__(detail, made=made, limit=limit, resets_at=clock.iso(resets_at))


class HoldingFull(Conflict):
    """The person holds as many records as the rule `rule` allows; `held`, `limit` and `person_id` are the figures."""

    code, title = "holding_full", _("This person holds as many records as allowed")

    def __init__(self, *, held: int, limit: int, rule: str, person_id: str, name: str = ""):
        detail = _("%(name)s holds %(held)s of %(limit)s records", name=name or person_id, held=held, limit=limit)
        super().__init__(detail, held=held, limit=limit, rule=rule, person_id=person_id)


class NotOwned(Conflict):
    code, title = "not_owned", _("Nobody owns this record")


class UnknownPerson(Invalid):
    code, title = "unknown_person", _("This person is not in the directory or no longer active")

    def __init__(self, field: str = "owner_id", **more: Any):
        super().__init__(errors={field: [str(self.title)]}, **more)


class UnknownPool(Invalid):
    code, title = "unknown_pool", _("There is no such pool")

    def __init__(self) -> None:
        super().__init__(errors={"pool": [str(self.title)]})


class PoolRuleWrong(Invalid):
    """A definition does not hold; `errors` names the places."""

    code, title = "definition_wrong", _("The definition is not valid")


CLAIM_REFUSED = [AlreadyOwned, NotAMember, Frozen, CoolingDown, ClaimLimitReached, HoldingFull]
