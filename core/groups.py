"""Groups of nodes that are seen and edited as one."""

from __future__ import annotations

from dataclasses import dataclass

from core.graph import Node

GROUP_COLORS = ("violet", "teal", "pink", "olive", "slate")


@dataclass(frozen=True)
class Group:
    """Nodes that are seen and edited as one (a supernode). color: a name of `views.theme`'s palette of groups."""

    name: str
    color: str
    nodes: tuple[Node, ...]
