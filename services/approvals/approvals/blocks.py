"""A definition's shape: nodes in sequences, condition and parallel blocks that own their branches and join by themselves.

A definition is `{"nodes": [node, …], "on_resubmit": "restart" | "resume"}`. A node is `{"id", "type", "name": {zh, en}}`
with, by type: approve and handle `who, mode, percent, nobody, own, same_person, deadline, on_reject`, handle also
`fields`; cc `who`; service `event`; condition `branches: [{"id", "name", "when": <condition> or null, "nodes": […]}]` (the
first that holds; null: otherwise); parallel `branches` (all). Start, joins and end are implied, so every node can be
reached and every path ends.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Node = Mapping[str, Any]
HUMAN = ("approve", "handle")
BLOCKS = ("condition", "parallel")
TYPES = (*HUMAN, "cc", "service", *BLOCKS)


@dataclass(frozen=True)
class Place:
    """Where a node stands: its sequence, its index there, and the (block id, branch id) that owns the sequence."""

    node: Node
    sequence: Sequence[Node]
    index: int
    owner: tuple[str, str] | None

    @property
    def next(self) -> Node | None:
        return self.sequence[self.index + 1] if self.index + 1 < len(self.sequence) else None


class Shape:
    """Index over a definition: places by node id, in the order a reader would list them."""

    def __init__(self, definition: Mapping[str, Any]):
        self.definition = definition
        self.nodes: Sequence[Node] = definition["nodes"]
        self.places: dict[str, Place] = {place.node["id"]: place for place in _walk(self.nodes, None)}

    def node(self, node_id: str) -> Node:
        return self.places[node_id].node

    def human(self) -> list[Node]:
        """The nodes where people decide."""
        return [place.node for place in self.places.values() if place.node["type"] in HUMAN]

    def owners(self, node_id: str) -> list[tuple[str, str]]:
        """The (block, branch) pairs around a node, innermost first."""
        found = []
        owner = self.places[node_id].owner
        while owner is not None:
            found.append(owner)
            owner = self.places[owner[0]].owner
        return found

    def reachable(self, node_id: str) -> set[str]:
        """Nodes a run that stands at `node_id` may still enter: itself, what follows it, and what follows its blocks.

        Other branches of a block around it are not: they run on their own, or are not taken.
        """
        found: set[str] = set()
        at: str | None = node_id
        while at is not None:
            place = self.places[at]
            for node in place.sequence[place.index if at == node_id else place.index + 1 :]:
                found.update(inner.node["id"] for inner in _walk([node], None))
            if place.owner is not None:
                found.add(place.owner[0])
            at = place.owner[0] if place.owner else None
        return found


def _walk(sequence: Sequence[Node], owner: tuple[str, str] | None) -> Iterator[Place]:
    for index, node in enumerate(sequence):
        yield Place(node, sequence, index, owner)
        for item in node.get("branches", ()):
            yield from _walk(item["nodes"], (node["id"], item["id"]))


def branch(block: Node, branch_id: str) -> Mapping[str, Any]:
    """The branch of a block by id; KeyError when there is none."""
    for item in block["branches"]:
        if item["id"] == branch_id:
            return item
    raise KeyError(branch_id)
