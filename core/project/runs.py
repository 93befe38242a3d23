"""What was run: each trace, evaluation and scan as a record, with what came out of it. The table *Runs* shows them, and
a project keeps them."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.circuit import Circuit
from core.edit_kinds import EditKind
from core.project.document import Document
from core.project.equality import EqualArrays
from core.towers_graph import Sizes, graph_of
from core.tracing.selection import USUAL

RunKind = Literal["trace", "evaluation", "scan", "repair", "heads", "study"]
ResultKind = Literal["scores", "heads", "page"]  # what a file that came out of a run is
CURVE = "curve"  # of `about`: what circuits of some sizes recover, in words
FIGURES, EXAMPLES, CORPUS, FILE = "figures", "examples", "corpus", "file"  # of `about`: see `RunRecord`
OVER: Mapping[RunKind, str] = {
    "repair": EXAMPLES,
    "heads": CORPUS,
    "study": CORPUS,
}  # runs that are told in words, and of what
MOST = 0.8  # of the behaviour: the size that recovers so much is a figure of a run


@dataclass(frozen=True, eq=False)
class RunRecord(EqualArrays):
    """kind: a trace scores edges or nodes, an evaluation asks how far a circuit can be trusted, a scan really edits the
    edges shown, one at a time, a repair finds cuts that take a fault away: its edges are those that are cut, its values
    how strongly, and `about` has its examples and its figures in words. Of cards of heads and of studies `about` has
    the corpus and the figures, and the path of the file that has them all. when: its end, in seconds since 1970 (UTC).
    document: as it left it. replacement: what removed edges carry; None where none are. by: the title of the method.
    metric: its name. pairs: of the dataset that it went over; 0: the pair on the cards. seconds: that it took. step:
    the number of its step in the project; -1: none.

    cpr, cmd: of the faithfulness curve of the same scores. size_at_80: the fewest edges of that curve's circuits that
    recover 80 %. stability: the share of its edges that circuits of other pairs have too. None where it is not known.

    graph: layers, heads, K/V heads, parallel, coupled; None where no circuit was chosen. edges: the circuit that it
    came to, by their numbers in the graph, most important first; values: their scores."""

    kind: RunKind
    when: float
    document: Document
    replacement: EditKind | None
    by: str = ""
    metric: str = ""
    pairs: int = 0
    seconds: float | None = None
    step: int = -1
    cpr: float | None = None
    cmd: float | None = None
    size_at_80: int | None = None
    stability: float | None = None
    graph: Sizes | None = None
    edges: NDArray[np.int64] | None = None
    values: NDArray[np.float64] | None = None
    about: Mapping[str, str] = field(default_factory=dict)

    @property
    def size(self) -> int | None:
        """Edges of its circuit."""
        return None if self.edges is None else len(self.edges)

    @property
    def circuit(self) -> Circuit | None:
        """What it came to."""
        if self.graph is None or self.edges is None:
            return None
        return Circuit(graph_of(self.graph), self.edges, self.values, dict(self.about))

    @property
    def of_other_pairs(self) -> bool:
        """Whether it went over pairs that the project does not have, as a job of the queue does: its scores lie in the
        file of that job, and its figures are not those of a curve that is run here."""
        traced = self.document.traced
        return self.pairs > 0 and traced is not None and bool(traced.file) and not traced.over_dataset

    @property
    def options(self) -> str:
        """What the method was told other than its defaults, what was scored, and by which rule edges were chosen. Of a
        repair, of cards of heads and of a study what came of it."""
        if self.kind in OVER:
            return self.about.get(FIGURES, "")
        traced = self.document.traced_last
        told = [] if traced is None else [f"{name.replace('_', ' ')} {value:g}" for name, value in traced.options]
        level = [] if traced is None or traced.level == "edges" else [LEVELS[traced.level]]
        rule = [f"chosen by {self.document.rule}"] if self.document.rule != USUAL else []
        edits = [f"{len(self.document.edits)} edits in place"] if self.kind == "scan" and self.document.edits else []
        return ", ".join([*level, *told, *rule, *edits])

    @property
    def data(self) -> str:
        """What it went over: "24 pairs", or A's words."""
        if self.kind in OVER:
            return self.about.get(OVER[self.kind], "")
        if self.pairs:
            return f"{self.pairs:,} pairs"
        return "" if self.document.clean is None else self.document.clean.words

    @property
    def moment(self) -> str:
        """Its end in UTC, as ISO 8601 has it."""
        return datetime.fromtimestamp(self.when, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


LEVELS = {"nodes": "of nodes", "positions": "of nodes at positions", "edge-spans": "of edges at spans"}


def size_at(sizes: Sequence[int], recovered: Sequence[float], share: float = MOST) -> int | None:
    """The first of some circuits, by their sizes, that recovers a share; None where none does."""
    return next((size for size, each in zip(sizes, recovered, strict=True) if each >= share), None)


COLUMNS = (
    *("when", "kind", "model", "precision", "data", "metric", "method", "options", "replacement"),
    *("edges", "cpr", "cmd", "size_at_80", "stability", "seconds"),
)


def runs_csv(runs: Sequence[RunRecord]) -> str:
    """A table of all of them; a cell is empty where a figure is not known."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for run in runs:
        writer.writerow("" if cell is None else cell for cell in run_cells(run))
    return out.getvalue()


def run_cells(run: RunRecord) -> tuple[str | int | float | None, ...]:
    """A run by the columns of `COLUMNS`; None where a figure is not known."""
    document = run.document
    words = run.moment, run.kind, document.model, document.precision, run.data, run.metric, run.by, run.options
    return *words, run.replacement, run.size, run.cpr, run.cmd, run.size_at_80, run.stability, run.seconds
