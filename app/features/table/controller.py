"""The table in step with the rest of the window: its rows from what is known, its selection to the canvas and back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, QTimer

from app.messages.replies import ModelReply, ScoresReply
from app.messages.traits import TraitsQuery, TraitsReply
from app.presenters.edits import WAITS, said
from app.presenters.subject import over_words
from app.presenters.trait_words import trait_words
from app.services.actions import Actions
from app.workbench.workbench import Workbench
from core.edits import EDIT_WORDS, Target
from core.graph import Edge, Node
from core.project.document import Document
from views.canvas.canvas import Canvas
from views.panels.table.data import TableData
from views.panels.table.panel import TablePanel

ACTIONS = ("cut", "patch", "restore", "frame")


class TableController(QObject):
    """Keeps the table up to date while it is seen, and does what its user wants."""

    def __init__(self, workbench: Workbench, panel: TablePanel, canvas: Canvas, actions: Actions) -> None:
        super().__init__(panel)
        self._workbench, self._panel, self._canvas = workbench, panel, canvas
        self._shown: tuple[Any, ...] = ()  # what the table's rows were made of
        self._labels: dict[Target, str] = {}  # what each head does
        self._soon = QTimer(self, singleShot=True, interval=0)  # several changes in a row are one
        self._soon.timeout.connect(self.refresh)
        panel.set_actions([actions[key] for key in ACTIONS])
        panel.selection_changed.connect(workbench.select)
        panel.place_wanted.connect(self._show_place)
        panel.shown.connect(self._soon.start)
        workbench.canvas_changed.connect(lambda _: self._soon.start())
        workbench.on(TraitsReply, self._take_traits)
        workbench.document_changed.connect(self._forget_traits)
        panel.kinds["nodes"].toggled.connect(lambda _: self._soon.start())

    def refresh(self) -> None:
        """Show the present state, if anybody looks."""
        panel, workbench = self._panel, self._workbench
        if not panel.isVisible():
            workbench.set_query("traits", None)
            return
        opened = workbench.opened
        if not self._shown or opened is None or self._shown[0] != opened.graph:
            panel.set_selection(())  # what was selected may not be in this graph
        if opened is None:
            panel.show_nothing()
            self._shown = ()
            return
        state = workbench.scored, workbench.usable(), dict(workbench.known.measured), workbench.stale
        strongest = workbench.extent.strongest
        subject = workbench.presenter.subject()
        circuit = "" if subject is None or subject.size is None else f"kept: {subject.circuit}"
        ranked = None if subject is None else subject.ranked
        of = {
            "circuit": circuit,
            "estimated_of": "" if ranked is None else ranked.by,
            "measured_of": "" if subject is None else over_words(subject.pairs),
            "with_edits": bool(workbench.usable().edits),
            "noise_floor": 0.0 if workbench.ready_of_present is None else workbench.ready_of_present.noise_floor,
            "labels": self._labels,
        }
        if self._shown != (opened.graph, *state, strongest, of):
            self._shown = (opened.graph, *state, strongest, of)
            data = table_data(opened, *state, strongest, workbench.labels)
            panel.set_data(replace(data, **of))  # type: ignore[arg-type]
        workbench.set_query("traits", TraitsQuery() if panel.kind() == "nodes" else None)
        panel.set_selection(workbench.selection)

    def _forget_traits(self, before: Document, document: Document) -> None:
        """Those of other inputs or edits come again."""
        if not TraitsQuery().holds(before, document):
            self._labels = {}

    def _take_traits(self, reply: TraitsReply) -> None:
        self._labels = {node: words for node, each in reply.traits.items() if (words := trait_words(each))}
        self._soon.start()

    def _show_place(self) -> None:
        """To the canvas, where the selection is framed and has the focus."""
        self._canvas.frame_selection()
        self._canvas.setFocus()


def table_data(
    opened: ModelReply,
    scored: ScoresReply | None,
    document: Document,
    measured: dict[Target, float],
    stale: bool,
    strongest: int,
    labels: tuple[str, ...] = (),
) -> TableData:
    """What the table shows. document: with a B only if patches can take from it. strongest: how many edges are shown
    until a circuit is chosen. labels: of the positions, which edits are made at; a region is told by its name."""
    edits: dict[Target, str] = {}
    for edit in document.edits:
        if isinstance(edit.target, Node | Edge):
            words = WAITS if document.waits(edit) else said(edit, document, labels)
            known = edits.get(edit.target)
            edits[edit.target] = words if known is None else f"{known}, {words}"  # at other positions
    return TableData(
        opened.graph,
        None if scored is None else scored.ranking.told,
        None if scored is None or scored.ranking.large else scored.ranking.strongest,
        np.zeros(0, dtype=np.int64) if scored is None else scored.ranking.kept(document.size, strongest),
        measured,
        edits,
        "" if scored is None else EDIT_WORDS[scored.kind],
        opened.input_label,
        opened.output_label,
        stale,
        scored is not None and scored.measured,
        "estimated" if scored is None or scored.measured else scored.meaning.how,
        scored is None or scored.meaning.signed,
        1 if scored is None else scored.ranking.direction,
        1 if scored is None else scored.ranking.of_metric,
        scanned=None if scored is None else scored.ranking.scanned,
    )
