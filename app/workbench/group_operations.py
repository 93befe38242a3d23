"""Groups of nodes that are seen and edited as one (supernodes): making, naming, taking apart, selecting. A node is in
one group at most."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from core.graph import Node
from core.project.groups import GROUP_COLORS, Group

if TYPE_CHECKING:
    from app.workbench.workbench import Workbench

LEAST = 2  # nodes of a group


class Grouping:
    """The intents of a workbench that concern groups."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench

    def selected(self) -> Group | None:
        """The group whose nodes are just those selected."""
        chosen = set(self._bench.selection)
        return next((group for group in self._bench.document.groups if set(group.nodes) == chosen), None)

    def why_not(self) -> str:
        """Why what is selected cannot be a group; empty where it can."""
        selection = self._bench.selection
        if not all(isinstance(target, Node) for target in selection):
            return "A group holds nodes: select no edges with them"
        return "" if len(selection) >= LEAST else "Select two nodes or more to group them"

    def group(self, name: str = "", color: str = "") -> None:
        """Make the selected nodes a group, or give theirs another name or colour."""
        why = self.why_not()
        if why:
            self._bench.message.emit(f"{why}.")
            return
        document, present = self._bench.document, self.selected()
        name = name or (f"group {len(document.groups) + 1}" if present is None else present.name)
        color = color or (GROUP_COLORS[len(document.groups) % len(GROUP_COLORS)] if present is None else present.color)
        nodes = tuple(target for target in self._bench.selection if isinstance(target, Node))
        made = Group(name, color, nodes if present is None else present.nodes)
        if present is not None:
            groups = tuple(made if group is present else group for group in document.groups)
            words = f"Rename {present.name} to {name}" if name != present.name else f"Colour {name} {color}"
        else:
            left = (replace(group, nodes=tuple(n for n in group.nodes if n not in nodes)) for group in document.groups)
            groups = (*(group for group in left if len(group.nodes) >= LEAST), made)
            words = f"Group {len(nodes)} nodes as {name}"
        self._bench.commit(words, replace(document, groups=groups))

    def ungroup(self) -> None:
        """Take the selected group apart, or all groups that hold a selected node."""
        document, chosen = self._bench.document, set(self._bench.selection)
        present = self.selected()
        gone = [
            group for group in document.groups if group is present or (present is None and chosen & set(group.nodes))
        ]
        if not gone:
            self._bench.message.emit("No group is selected.")
            return
        words = f"Ungroup {gone[0].name}" if len(gone) == 1 else f"Ungroup {len(gone)} groups"
        self._bench.commit(words, replace(document, groups=tuple(g for g in document.groups if g not in gone)))

    def able(self) -> dict[str, bool]:
        """Whether there is anything to do, by the key of the action."""
        chosen = set(self._bench.selection)
        grouped = any(chosen & set(group.nodes) for group in self._bench.document.groups)
        return {"group": not self.why_not() and self.selected() is None, "ungroup": grouped}
