"""One state of the work, whole: what the canvas shows, a figure's caption, the files that are saved of it. The window
and the command line share it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from app.messages.replies import CircuitRunReply, InputsReply, ModelReply, RunReply, ScoresReply
from app.presenters.canvas import Extent, canvas_data
from app.presenters.notes import with_notes
from app.presenters.subject import Subject, over_words, subject_of
from core.edits import EditTarget, Target
from core.notes import Note
from core.project.document import Document, Source
from views.canvas.data import CanvasData
from views.figures.data import FigureCaption


@dataclass(frozen=True)
class Snapshot:
    """A document and what the engine has said of it so far."""

    document: Document
    opened: ModelReply
    ran: RunReply | None = None  # None while it is of an earlier state
    scored: ScoresReply | None = None
    kept: CircuitRunReply | None = None  # the circuit that was run last
    measured: Mapping[EditTarget, float] = field(default_factory=dict)  # over the pairs that the scores are over
    deltas: Mapping[EditTarget, float] = field(default_factory=dict)  # by the edits, on the pair on the cards
    has_counterfactual: bool = True  # whether the document's B, if it has one, can stand beside A
    labels: tuple[str, ...] = ()  # of the positions
    ready: InputsReply | None = None  # None while it is of other inputs
    extent: Extent = field(default_factory=Extent)  # what the canvas shows beside the circuit
    notes: Mapping[str, Note] = field(default_factory=dict)  # on nodes and edges, by their names
    circuit_note: str = ""

    @property
    def usable(self) -> Document:
        """The document without a B that cannot stand beside A."""
        return self.document if self.has_counterfactual else replace(self.document, counterfactual=None)

    @property
    def subject(self) -> Subject:
        """The one description of what is shown."""
        return subject_of(
            self.usable,
            self.opened,
            self.ready,
            self.ran,
            self.scored,
            self.kept,
            self.extent.strongest,
            self.labels,
        )

    def canvas(
        self, selection: tuple[Target, ...] = (), stale: bool = False, extent: Extent | None = None
    ) -> CanvasData:
        """What the canvas shows."""
        data = canvas_data(
            self.opened.graph,
            None if self.scored is None else self.scored.ranking,
            self.usable,
            selection,
            self.measured,
            deltas=self.deltas,
            input_label=self.opened.input_label,
            output_label=self.opened.output_label,
            stale=stale,
            extent=extent or self.extent,
            labels=self.labels,
            noise_floor=0.0 if self.ready is None else self.ready.noise_floor,
        )
        if self.opened.graph.towers:
            data = replace(data, text_label=f"texts · {', '.join(self.opened.class_names)}")
        data = with_notes(data, self.notes)
        pairs = 0 if self.scored is None else self.scored.pairs
        return replace(data, over=over_words(pairs)) if pairs else data

    def caption(self) -> FigureCaption:
        """What a reader of the figure must know."""
        subject, document = self.subject, self.document
        lines = [f"{words}." for words in (subject.scores_words, subject.recovered_words)]
        for group in document.groups:
            lines.append(f"Group {group.name}: {', '.join(node.name for node in group.nodes)}.")
        inputs = f"A: {_words(document.clean)}\nB: {_words(document.counterfactual)}"
        title = f"{subject.model} ({subject.details})"
        return FigureCaption(title, inputs, subject.metric_words, "; ".join(subject.edits) or "none", lines)


def _words(source: Source | None) -> str:
    if source is None:
        return "none"
    return f"“{source.text}”" if source.kind == "text" else source.words
