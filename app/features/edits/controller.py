"""The edits: what is done to the selection, to groups of it, and from the list of edits. Each is an intent of the
workbench, which makes a step of the history of it."""

from __future__ import annotations

from PySide6.QtCore import QObject

from app.workbench.workbench import Workbench
from views.panels.edits.panel import EditsList


def why_no_edit(workbench: Workbench) -> str:
    return "" if workbench.editing.editable() else "Select a node or a wire first"


def why_no_restore(workbench: Workbench) -> str:
    return "" if workbench.editing.edited() else "Select what is edited"


def why_no_reset(workbench: Workbench) -> str:
    return "" if workbench.document.edits else "Nothing is edited"


def why_no_group(workbench: Workbench) -> str:
    grouping = workbench.grouping
    return grouping.why_not() or ("" if grouping.selected() is None else "These are a group already")


def why_no_ungroup(workbench: Workbench) -> str:
    return "" if workbench.grouping.touched() else "Select a group"


class EditsController(QObject):
    """Edits what is selected, and keeps the list of edits in step. listed: the list, which lies in the panel of the
    inputs."""

    def __init__(self, workbench: Workbench, listed: EditsList) -> None:
        super().__init__(listed)
        self._workbench, self._listed = workbench, listed
        listed.restore_requested.connect(workbench.editing.restore)
        listed.reset_requested.connect(self.reset)
        listed.edit_selected.connect(self._select)
        workbench.edits_changed.connect(listed.set_edits)

    def cut(self) -> None:
        """Cut all that is selected; restore it where all of it is edited."""
        self._workbench.editing.toggle_selection("cut")

    def patch(self) -> None:
        """The same with values from B."""
        self._workbench.editing.toggle_selection("patch")

    def restore(self) -> None:
        """Take the edits of the selection back."""
        self._workbench.editing.restore_selection()

    def reset(self) -> None:
        """Take all edits back."""
        self._workbench.editing.reset()

    def group(self) -> None:
        """See and edit the selected nodes as one."""
        self._workbench.grouping.group()

    def ungroup(self) -> None:
        """Take the selected group apart."""
        self._workbench.grouping.ungroup()

    def _select(self, place: int) -> None:
        """See what the edit at a place of the list is of."""
        self._workbench.select((self._workbench.document.edits[place].target,))  # type: ignore[arg-type]
