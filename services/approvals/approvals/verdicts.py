"""When the people asked at a node have decided: the rule of each mode."""

from collections.abc import Sequence

from approvals.blocks import Node

MODES = ("any", "all", "percent", "sequential")


def verdict(node: Node, statuses: Sequence[str]) -> str | None:
    """approved, rejected, or None while it is open; `statuses` are those of the node's tasks that have a say.

    any: the first decides either way. all, sequential: one rejection is enough. percent: approved once so many have
    approved, rejected as soon as that has become impossible.
    """
    approved, rejected, asked = statuses.count("approved"), statuses.count("rejected"), len(statuses)
    match node.get("mode", "any"):
        case "any":
            return "approved" if approved else "rejected" if rejected else None
        case "percent":
            need = node["percent"] * asked
            if approved * 100 >= need:
                return "approved"
            return "rejected" if (asked - rejected) * 100 < need else None
        case _:
            return "rejected" if rejected else "approved" if approved == asked else None
