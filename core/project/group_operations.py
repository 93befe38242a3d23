"""Groups of nodes that are seen and edited as one (supernodes): making, naming, taking apart. A node is in one group at
most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from core.edits import Target
from core.graph import Node
from core.groups import GROUP_COLORS, Group
from core.project.change import Change
from core.project.document import Document

LEAST = 2  # nodes of a group


def group_of(document: Document, targets: Sequence[Target]) -> Group | None:
    """The group whose nodes are just these."""
    members = set(targets)
    return next((group for group in document.groups if set(group.nodes) == members), None)


def why_no_group(targets: Sequence[Target]) -> str:
    """Why targets cannot be a group; empty where they can."""
    if not all(isinstance(target, Node) for target in targets):
        return "A group holds nodes: select no edges with them"
    return "" if len(targets) >= LEAST else "Select two nodes or more to group them"


def make_group(document: Document, targets: Sequence[Target], name: str = "", color: str = "") -> Change:
    """Make nodes a group, or give the group that they are another name or colour. Raises ValueError where they cannot
    be one (see `why_no_group`)."""
    why = why_no_group(targets)
    if why:
        raise ValueError(why)
    present = group_of(document, targets)
    if present is not None:
        made = Group(name or present.name, color or present.color, present.nodes)
        renamed = made.name != present.name
        words = f"Rename {present.name} to {made.name}" if renamed else f"Colour {made.name} {made.color}"
        return Change(words, replace(document, groups=tuple(made if g is present else g for g in document.groups)))
    count = len(document.groups)
    nodes = tuple(target for target in targets if isinstance(target, Node))
    made = Group(name or f"group {count + 1}", color or GROUP_COLORS[count % len(GROUP_COLORS)], nodes)
    trimmed = (replace(group, nodes=tuple(n for n in group.nodes if n not in nodes)) for group in document.groups)
    groups = (*(group for group in trimmed if len(group.nodes) >= LEAST), made)
    return Change(f"Group {len(nodes)} nodes as {made.name}", replace(document, groups=groups))


def take_apart(document: Document, targets: Sequence[Target]) -> Change | None:
    """Take apart the group that targets are, or else all groups that hold one of them; None where there is none."""
    present, chosen = group_of(document, targets), set(targets)
    gone = [g for g in document.groups if g is present or (present is None and chosen & set(g.nodes))]
    if not gone:
        return None
    words = f"Ungroup {gone[0].name}" if len(gone) == 1 else f"Ungroup {len(gone)} groups"
    return Change(words, replace(document, groups=tuple(g for g in document.groups if g not in gone)))
