"""Who may come in at all: what exactly somebody sees and does is decided for each instance."""

from chassis.api import Call


def anybody(call: Call) -> bool:
    """`allow=` for anybody with an identity; somebody who was asked needs no role for it."""
    return call.caller.kind in ("user", "client", "system")
