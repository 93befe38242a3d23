"""What the canvas shows beside the circuit, as the user sets it: the edges around the selection, the fill of nodes that
edits change; and why it is empty."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, QTimer
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu

from app.features.canvas.queries import ChangesQuery, ChangesReply
from app.messages.replies import ScoresReply
from app.presenters.canvas import AROUND, Around
from app.presenters.score_words import scored_words
from core.downstream import downstream
from core.edits import Edit
from views.canvas.data import NodeChanges

if TYPE_CHECKING:
    from app.window.main_window import Window

PATIENCE = 400  # milliseconds before the canvas says what it waits for


class GraphController(QObject):
    """Joins the canvas's own settings to the workbench."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self._window, self._workbench = window, window.workbench
        self._edits: tuple[Edit, ...] = ()
        self._empty = ""  # why nothing is shown, for good
        self._working = ""
        self._slow = QTimer(self)
        self._slow.setSingleShot(True)
        self._slow.setInterval(PATIENCE)
        self._slow.timeout.connect(self._say)
        self.menu = self._make_menu()
        workbench = self._workbench
        workbench.set_extent(replace(workbench.extent, around=window.settings.around()))
        self._ask_changes()
        workbench.on(ChangesReply, self._take_changes)
        workbench.on(ScoresReply, self._take_scored)
        workbench.history_changed.connect(self._follow_edits)
        workbench.nothing_to_show.connect(self._take_empty)
        workbench.metric_changed.connect(lambda _: self._take_empty(""))
        workbench.working.connect(self._take_working)
        workbench.idle.connect(lambda: self._take_working("", None))
        window.canvas.count_clicked.connect(self._open_menu)

    # ---- edges around the selection ----------------------------------------------------------------------------

    def _make_menu(self) -> QMenu:
        menu = QMenu("&Edges of the Selection", self._window)
        group = QActionGroup(menu)
        for around, words in AROUND.items():
            action = menu.addAction(words, partial(self._set_around, around))
            action.setCheckable(True)
            action.setChecked(around == self._window.settings.around())
            group.addAction(action)
        return menu

    def _set_around(self, around: Around) -> None:
        self._window.settings.set_around(around)
        self._workbench.set_extent(replace(self._workbench.extent, around=around))

    def _open_menu(self, point: QPoint) -> None:
        self.menu.popup(point)

    # ---- the colour of nodes -----------------------------------------------------------------------------------

    def set_colored(self) -> None:
        """Colour the nodes that edits change, or not, as the menu entry says."""
        self._window.settings.set_colors_changes(self._window.commands["show_changes"].isChecked())
        self._edits = ()
        self._ask_changes()
        self._follow_edits()

    def _ask_changes(self) -> None:
        self._workbench.set_query("changes", ChangesQuery() if self._window.settings.colors_changes() else None)

    def _follow_edits(self) -> None:
        """What an edit reaches is known at once; how much it changes there, when the engine has measured it."""
        workbench, opened = self._workbench, self._workbench.opened
        colored = self._window.settings.colors_changes()
        edits = workbench.document.edits if colored and opened is not None else ()
        usable = workbench.usable()
        edits = tuple(edit for edit in edits if not usable.waits(edit))
        if edits == self._edits and (workbench.extent.changes is None) == (not edits):
            return
        self._edits = edits
        changes = None
        if edits and opened is not None:
            targets = [edit.target for edit in edits if not isinstance(edit.target, str)]
            changes = NodeChanges(downstream(opened.graph, targets))
        workbench.set_extent(replace(workbench.extent, changes=changes))

    def _take_changes(self, found: ChangesReply) -> None:
        if found.reached is not None and self._edits:
            self._workbench.set_extent(
                replace(self._workbench.extent, changes=NodeChanges(found.reached, found.values))
            )

    # ---- why there is nothing to see ---------------------------------------------------------------------------

    def _take_empty(self, reason: str) -> None:
        self._empty = reason
        self._say()

    def _take_scored(self, scored: ScoresReply) -> None:
        self._take_empty(scored_words(scored))

    def _take_working(self, words: str, _fraction: object) -> None:
        self._working = words
        if not words:
            self._slow.stop()
            self._say()
        elif not self._slow.isActive():
            self._slow.start()

    def _say(self) -> None:
        workbench = self._workbench
        waits = workbench.scored is None and bool(self._working)
        self._window.canvas.set_notice(self._empty or (f"{self._working} …" if waits else ""))
