"""What the user does to groups of nodes; what the steps are is `core.project.group_operations`."""

from __future__ import annotations

from app.workbench.workbench_like import WorkbenchLike
from core.groups import Group
from core.project import group_operations as operations


class Grouping:
    """The intents of a workbench that concern groups."""

    def __init__(self, workbench: WorkbenchLike) -> None:
        self._workbench = workbench

    def selected(self) -> Group | None:
        """The group whose nodes are just those selected."""
        return operations.group_of(self._workbench.document, self._workbench.selection)

    def why_not(self) -> str:
        """Why what is selected cannot be a group; empty where it can."""
        return operations.why_no_group(self._workbench.selection)

    def group(self, name: str = "", color: str = "") -> None:
        """Make the selected nodes a group, or give theirs another name or colour."""
        workbench, why = self._workbench, self.why_not()
        if why:
            workbench.message.emit(f"{why}.")
        else:
            workbench.take(operations.make_group(workbench.document, workbench.selection, name, color))

    def ungroup(self) -> None:
        """Take the selected group apart, or all groups that hold a selected node."""
        change = operations.take_apart(self._workbench.document, self._workbench.selection)
        if change is None:
            self._workbench.message.emit("No group is selected.")
        self._workbench.take(change)

    def touched(self) -> list[Group]:
        """The groups that hold a selected node."""
        chosen = set(self._workbench.selection)
        return [group for group in self._workbench.document.groups if chosen & set(group.nodes)]
