"""Who may use routes about oneself: people, whatever their roles are."""

from chassis import keys
from chassis.api import Call


def person(call: Call) -> bool:
    """Only somebody who is logged in; no machine has an inbox, a password or work to do."""
    return call.caller.is_person and call.caller.id != keys.LOCAL
