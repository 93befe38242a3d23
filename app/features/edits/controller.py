"""The edits: what is done to the selection, to groups of it, and from the list of edits. Each is an intent of the
workbench, which makes a step of the history of it."""

from __future__ import annotations

from PySide6.QtCore import QObject

from app.messages.arrow import Arrow
from app.workbench.workbench import Workbench
from core.graph import Entries
from views.panels.edits.panel import EditsList


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

    def knock_out(self) -> None:
        """Hide the chosen key positions from the head at the chosen queries, or let it see them again; the same of the
        selected experts and their router."""
        self._workbench.editing.knock_out()

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
        """See what the edit at a place of the list is of: of weights of attention the head, with these chosen."""
        workbench, edit = self._workbench, self._workbench.document.edits[place]
        if not isinstance(edit.target, Entries):
            workbench.select((edit.target,))  # type: ignore[arg-type]
            return
        there = all(isinstance(place, int) and 0 <= place < len(workbench.labels) for place in edit.places)
        queries: tuple[int, ...] = tuple(edit.positions or ()) if there else ()  # type: ignore[arg-type]
        workbench.set_positions(queries)
        workbench.select((edit.target.head,))
        workbench.set_arrow(Arrow(edit.target, queries, armed=True) if there else None)
