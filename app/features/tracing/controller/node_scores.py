"""Scores of nodes in the window: their fill on the canvas and, at positions, on its second level; in words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PySide6.QtCore import QObject

from app.features.tracing.queries import NodeScoresQuery, NodeScoresReply
from app.messages.request import QueryRefusal
from app.workbench.workbench import Workbench
from core.edits import REPLACED
from core.formatting import pairs_words, percent, score_words, visible_token
from core.project.equality import same
from views.canvas.data import NodeScores

NAMED = 3  # nodes that the message names


class NodeScoresController(QObject):
    """Of one window."""

    def __init__(self, workbench: Workbench) -> None:
        super().__init__(workbench)
        self._workbench = workbench
        self._query = NodeScoresQuery()
        self._values: np.ndarray | None = None  # that are shown
        self._goes_on = False  # what was said last was a part of a trace that runs
        workbench.set_query("node scores", self._query)
        workbench.on(NodeScoresReply, self._take)
        workbench.on(QueryRefusal, self._take_refusal)

    def _take(self, scored: NodeScoresReply) -> None:
        workbench = self._workbench
        if scored.share == 1:
            self._end(scored)
        if scored.scores is not None and workbench.history.takes_figures:  # else they may be of other weights
            workbench.records.take_node_scores(workbench.document, scored.scores, scored.kind, scored.share)
        goes_on, self._goes_on = self._goes_on, scored.goes_on
        if same(scored.values, self._values) and (workbench.extent.scores is None) == (scored.values is None):
            if goes_on and not scored.goes_on:  # it was given up after the part that is shown
                workbench.message.emit(self._words(scored))
            return
        self._values = scored.values
        if scored.values is None:
            workbench.set_extent(replace(workbench.extent, scores=None))
            return
        at = scored.values if scored.values.ndim == 2 else None
        whole = scored.values if at is None else at.sum(axis=1)
        meaning = scored.meaning
        shown = NodeScores(np.append(whole, np.nan), meaning.how, at, meaning.signed, scored.direction)
        workbench.set_extent(replace(workbench.extent, scores=shown))
        if not scored.goes_on:
            workbench.message.emit(self._words(scored))

    def _end(self, scored: NodeScoresReply) -> None:
        """A trace of nodes is at its end."""
        traces = self._workbench.traces
        if scored.values is not None:
            asked = traces.running
            traces.end()
            if asked:
                self._workbench.runs.add("trace", traces.seconds, scored.title)

    def _words(self, scored: NodeScoresReply) -> str:
        """ "ACDC scored 37 nodes. The strongest: a2.h3 +1.20, m0 +0.81, a1.h2 −0.40 (measured, replaced from B)." """
        assert self._workbench.opened is not None
        assert scored.values is not None
        values = scored.values
        known = np.flatnonzero(np.isfinite(values))
        best = known[np.argsort(-np.abs(values.flat[known]), kind="stable")][:NAMED]
        signed = scored.meaning.signed
        named = ", ".join(
            f"{self._name(values, place)} {score_words(values.flat[place], signed)}" for place in best.tolist()
        )
        over = f", over {pairs_words(scored.pairs)}" if scored.pairs else ""
        part = f"; partial: {percent(scored.share)} of the work" if scored.share < 1 else ""
        nodes = f"{len(values):,} nodes"
        nodes += f", each at {values.shape[1]} positions" if values.ndim == 2 else ""
        strongest = f"The strongest: {named}" if named else "None is scored yet"
        how = f"{scored.meaning.how}, {REPLACED[scored.kind]}{over}{part}"
        return f"{scored.title} scored {nodes}. {strongest} ({how})."

    def _name(self, values: np.ndarray, place: int) -> str:
        """Of a node, or of a node at a position."""
        opened, labels = self._workbench.opened, self._workbench.labels
        assert opened is not None
        writers = opened.graph.writers
        if values.ndim == 1:
            return writers[place].name
        node, position = divmod(place, values.shape[1])
        label = visible_token(labels[position]) if position < len(labels) else str(position)
        patch = "patch " if not opened.is_text and position >= opened.prefix else ""
        return f"{writers[node].name} at {patch}“{label}”" if not patch else f"{writers[node].name} at {patch}{label}"

    def _take_refusal(self, refusal: QueryRefusal) -> None:
        if refusal.query == self._query:
            self._workbench.traces.end()
            self._values = None
            self._workbench.set_extent(replace(self._workbench.extent, scores=None))
            self._workbench.message.emit(refusal.words)
