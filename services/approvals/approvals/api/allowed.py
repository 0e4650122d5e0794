"""Who may come in at all: what exactly somebody sees and does is decided for each instance."""

from chassis.api import Call
from engines.access import Right


class _Anybody(Right):
    """`allow=` for anybody with an identity: who was asked needs no role for it. Field rules hold all the same."""

    def __call__(self, call: Call) -> bool:
        return call.caller.kind in ("user", "client", "system")


anybody = _Anybody("approval", "read")
