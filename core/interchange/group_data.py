"""The groups of a circuit as files hold them: `[{"name", "color", "nodes": [names]}]`."""

from __future__ import annotations

from typing import Any

from core.circuit import Circuit
from core.errors import InputError
from core.graph import LOGITS, Graph, Node
from core.groups import GROUP_COLORS, Group

MOST_GROUPS = 1000


def groups_of(circuit: Circuit) -> list[dict[str, Any]]:
    """As plain data."""
    return [
        {"name": group.name, "color": group.color, "nodes": [node.name for node in group.nodes]}
        for group in circuit.groups
    ]


def groups_in(data: Any, graph: Graph) -> tuple[Group, ...]:
    """The groups that a file holds. Raises InputError for what are none."""
    if not isinstance(data, list) or len(data) > MOST_GROUPS:
        raise InputError(f"The groups of a file are a list, of {MOST_GROUPS:,} at most.")
    groups = tuple(_group(each, graph) for each in data)
    if len({group.name for group in groups}) < len(groups):
        raise InputError("Two groups of this file have one name.")
    return groups


def _group(data: Any, graph: Graph) -> Group:
    form = 'A group is {"name": text, "color": text, "nodes": [names]}.'
    if not isinstance(data, dict):
        raise InputError(f"{data!r:.60} is no group.", form)
    name, color, nodes = data.get("name"), data.get("color", GROUP_COLORS[0]), data.get("nodes")
    if not isinstance(name, str) or not isinstance(nodes, list) or color not in GROUP_COLORS:
        raise InputError(f"{data!r:.60} is no group.", f"{form} Colours are {', '.join(GROUP_COLORS)}.")
    if not nodes or not all(isinstance(each, str) for each in nodes):
        raise InputError(f"The group {name!r:.60} has no nodes, or what are none.", form)
    return Group(name, color, tuple(_node(each, graph) for each in nodes))


def _node(name: str, graph: Graph) -> Node:
    if name == LOGITS.name:  # which names a reader too
        return LOGITS
    node = graph.parse(name)
    if not isinstance(node, Node):
        raise InputError(f"{name!r:.60} in a group is no node.", "Nodes are input, a0.h1, m0 and logits.")
    return node
