"""Groups of nodes that are seen and edited as one, and regions, the same of positions."""

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


@dataclass(frozen=True)
class Region:
    """Positions of the stream with a name: patches of a picture. What is edited there keeps its positions when the
    region is brushed anew."""

    name: str
    positions: tuple[int, ...]
