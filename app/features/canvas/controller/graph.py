"""What the canvas shows beside the circuit, as the user sets it: the edges around the selection, the fill of nodes that
edits change; and why it is empty."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu

from app.features.canvas.queries import ChangesQuery, ChangesReply
from app.messages.replies import ScoresReply
from app.presenters.canvas import AROUND, Around
from app.presenters.score_words import scored_words
from app.services.settings import Settings
from app.workbench.workbench import Workbench
from core.downstream import downstream
from core.edits import Edit
from views.canvas.canvas import Canvas
from views.canvas.data import NodeChanges

PATIENCE = 400  # milliseconds before the canvas says what it waits for


class GraphController(QObject):
    """Joins the canvas's own settings to the workbench. around: the menu of how many edges the selection shows.
    colored: the action that says whether nodes that edits change are filled."""

    def __init__(
        self, workbench: Workbench, canvas: Canvas, settings: Settings, around: QMenu, colored: QAction
    ) -> None:
        super().__init__(canvas)
        self._workbench, self._canvas, self._settings, self._colored = workbench, canvas, settings, colored
        self._edits: tuple[Edit, ...] = ()
        self._empty = ""  # why nothing is shown, for good
        self._working = ""
        self._slow = QTimer(self)
        self._slow.setSingleShot(True)
        self._slow.setInterval(PATIENCE)
        self._slow.timeout.connect(self._say)
        self._fill(around)
        colored.setChecked(settings.colors_changes())
        workbench.set_extent(replace(workbench.extent, around=settings.around()))
        self._ask_changes()
        workbench.on(ChangesReply, self._take_changes)
        workbench.on(ScoresReply, self._take_scored)
        workbench.document_changed.connect(lambda *_: self._follow_edits())
        workbench.metric_changed.connect(lambda _: self._follow_edits())  # with B, patches can be made that waited
        workbench.nothing_to_show.connect(self._take_empty)
        workbench.metric_changed.connect(lambda _: self._take_empty(""))
        workbench.working.connect(self._take_working)
        workbench.idle.connect(lambda: self._take_working("", None))
        canvas.count_clicked.connect(lambda point: around.popup(point))

    # ---- edges around the selection ----------------------------------------------------------------------------

    def _fill(self, menu: QMenu) -> None:
        group = QActionGroup(menu)
        for around, words in AROUND.items():
            action = menu.addAction(words, partial(self._set_around, around))
            action.setCheckable(True)
            action.setChecked(around == self._settings.around())
            group.addAction(action)

    def _set_around(self, around: Around) -> None:
        self._settings.set_around(around)
        self._workbench.set_extent(replace(self._workbench.extent, around=around))

    # ---- the colour of nodes -----------------------------------------------------------------------------------

    def set_colored(self) -> None:
        """Colour the nodes that edits change, or not, as the menu entry says."""
        self._settings.set_colors_changes(self._colored.isChecked())
        self._edits = ()
        self._ask_changes()
        self._follow_edits()

    def _ask_changes(self) -> None:
        self._workbench.set_query("changes", ChangesQuery() if self._settings.colors_changes() else None)

    def _follow_edits(self) -> None:
        """What an edit reaches is known at once; how much it changes there, when the engine has measured it."""
        workbench, opened = self._workbench, self._workbench.opened
        colored = self._settings.colors_changes()
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

    def _take_changes(self, reply: ChangesReply) -> None:
        if reply.reached is not None and self._edits:
            self._workbench.set_extent(
                replace(self._workbench.extent, changes=NodeChanges(reply.reached, reply.values))
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
        self._canvas.set_notice(self._empty or (f"{self._working} …" if waits else ""))
