"""One state of the work, whole: what the canvas shows, a figure's caption, the circuit as JSON. The window and the
command line share it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from app.document import Document, Source
from app.inspection import recovered_words, scores_words
from app.messages import Opened, Ran, Recovered, Scored
from app.shown import said
from app.shown_edges import Extent, canvas_data
from core.circuit import Circuit
from core.edits import Edit
from core.interchange.circuit_files import to_json
from views.data import CanvasData, Target
from views.figure import FigureCaption
from views.widgets.text import change_words


@dataclass(frozen=True)
class Snapshot:
    """A document and what the engine has said of it so far."""

    document: Document
    opened: Opened
    ran: Ran | None = None
    scored: Scored | None = None
    recovered: Recovered | None = None
    measured: Mapping[Target, float] = field(default_factory=dict)
    has_counterfactual: bool = True  # whether the document's B, if it has one, can stand beside A
    labels: tuple[str, ...] = ()  # of the positions

    def canvas(
        self, selection: tuple[Target, ...] = (), stale: bool = False, extent: Extent | None = None
    ) -> CanvasData:
        """What the canvas shows."""
        return canvas_data(
            self.opened.graph,
            None if self.scored is None else self.scored.ranking,
            self.document if self.has_counterfactual else replace(self.document, counterfactual=None),
            selection,
            self.measured,
            input_label=self.opened.input_label,
            output_label=self.opened.output_label,
            stale=stale,
            extent=extent or Extent(),
            labels=self.labels,
        )

    def caption(self) -> FigureCaption:
        """What a reader of the figure must know."""
        metric = ""
        if self.ran is not None:
            metric = f"{self.ran.metric_name}: {self.ran.before:.3f} before"
            if self.ran.edits:
                metric += f", {self.ran.after:.3f} after ({change_words(self.ran.after - self.ran.before)})"
        lines = []
        if self.scored is not None:
            lines.append(scores_words(self.scored) + ".")
        if self.recovered is not None:
            lines.append(recovered_words(self.recovered) + ".")
        document = self.document
        for group in document.groups:
            lines.append(f"Group {group.name}: {', '.join(node.name for node in group.nodes)}.")
        inputs = f"A: {_words(document.clean)}\nB: {_words(document.counterfactual)}"
        title = f"{self.opened.title} ({self.opened.details})"
        edits = "; ".join(f"{edit.name} {said(edit, document, self.labels)}" for edit in self._edits_made())
        return FigureCaption(title, inputs, metric, edits or "none", lines)

    def _edits_made(self) -> tuple[Edit, ...]:
        """Those of the figures shown: a patch waits while B does not fit."""
        return self.document.edits if self.ran is None else self.ran.edits

    def circuit_json(self, data: CanvasData) -> str:
        """The edges shown with their scores, strongest first, and the edits. What was measured of an edge, the change
        of the metric by its edit, stands beside its score and never in its place."""
        shown = np.asarray([mark.index for mark in data.edges], dtype=np.int64)
        known = [None] * len(shown) if self.scored is None else self.scored.ranking.known(shown)
        order = sorted(range(len(shown)), key=lambda place: (-abs(known[place] or 0.0), shown[place]))
        document = self.document
        about = {
            "model": document.model,
            "clean": _plain(document.clean),
            "counterfactual": _plain(document.counterfactual),
            "metric": "" if self.ran is None else self.ran.metric_name,
            "method": "" if self.scored is None else self.scored.method,
            "replacement": document.cut_kind if self.scored is None else self.scored.kind,
            **self._about_scores(),
        }
        content = json.loads(to_json(Circuit(data.graph, shown[order], None, about)))
        for row, place in zip(content["edges"], order, strict=True):
            score, change = known[place], self.measured.get(data.graph.edge(int(shown[place])))
            row |= {} if score is None else {"score": score}
            row |= {} if change is None else {"measured": change}
        content["edits"] = [str(edit) for edit in self._edits_made()]
        if self.ran is not None:
            content["measured"] = {"before": self.ran.before, "after": self.ran.after}
        return json.dumps(content, indent=1, ensure_ascii=False)

    def _about_scores(self) -> dict[str, str]:
        """What the scores are, over how many pairs of a dataset, and how much of the work they are."""
        scored = self.scored
        if scored is None:
            return {}
        about = {"scores": scored.meaning.how}
        about |= {"pairs": str(scored.pairs)} if scored.pairs else {}
        return about | ({"partial": f"{scored.share:.0%} of the work"} if scored.share < 1 else {})


def _plain(source: Source | None) -> str:
    return "" if source is None else source.words


def _words(source: Source | None) -> str:
    if source is None:
        return "none"
    return f"“{source.text}”" if source.kind == "text" else source.words
