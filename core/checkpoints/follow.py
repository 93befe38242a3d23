"""What becomes of a behaviour in training: the same questions to every checkpoint of a series.

    followed = ws.follow(ws.open_series("runs/names"), [("When Mary and John ...", "When Tom and John ...")],
                         ws.logit_difference(" Mary", " John"))

At each step: the metric of the pairs, with every edge and with none; what each head does and how much is copied
(`core.checkpoints.repeats`); the scores of all edges by a method, and how much the circuit of the best of them has in
common with that of the last step; and what the *last* step's circuits, the same edges at every step, recover there. The
last checkpoint is asked first, for its circuit; then they go by step, one set of weights at a time.

Figures are kept on this computer by what they depend on: the weights as they lie in the files, the pairs, the metric,
the method. Asked again, of a series that grew, what is not of the last step's circuits is computed for new
checkpoints alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.checkpoints.figures import Asked, StepFigures, figures_at
from core.checkpoints.opened import SeriesModel
from core.checkpoints.picture import Line, Panel, picture
from core.checkpoints.repeats import MATCHING, TRAITS
from core.checkpoints.series import Series
from core.circuit import Circuit
from core.edits import EditKind
from core.errors import ArgumentError
from core.evaluation.circuit_overlap import circuit_overlap, expected_jaccard
from core.graph import Graph
from core.inputs.pair import Dataset
from core.metrics import Metric, logit_difference
from core.models.model import Model
from core.pictures.picture import Picture
from core.precision_words import document_precision
from core.progress import stage, watched
from core.session import Session
from core.tracing.over_pairs import metric_name
from core.tracing.scores import Scores

EDGES = 20
METHOD = "eap"


@dataclass(frozen=True, eq=False)
class Followed:
    """figures: by step, rising. edges: of the circuits that are compared. metric, pairs: in words, and how many."""

    series: Series
    figures: tuple[StepFigures, ...]
    graph: Graph
    method: str
    replacement: EditKind
    metric: str
    pairs: int
    edges: int

    def circuit(self, figures: StepFigures) -> Circuit:
        """The best edges at a step, by the scores of that step."""
        return figures.ranking(self.graph, self.method, self.replacement).top(self.edges)

    def overlap(self, figures: StepFigures) -> float:
        """Jaccard overlap of a step's circuit with the last one's."""
        return circuit_overlap(self.circuit(figures), self.circuit(self.figures[-1])).jaccard

    @property
    def chance(self) -> float:
        """The overlap of two random circuits of this size."""
        return expected_jaccard(self.edges, self.edges, self.graph.n_edges)

    @property
    def change(self) -> tuple[int, int] | None:
        """Between which two steps the highest score of matching rises most; None of pictures."""
        best = [each.heads.best(MATCHING)[1] for each in self.figures if MATCHING in each.heads.traits]
        if len(best) < 2 or len(best) < len(self.figures):
            return None
        place = int(np.diff(best).argmax())
        return self.figures[place].step, self.figures[place + 1].step

    @property
    def traits(self) -> list[str]:
        """The scores of heads that are shown, of those that there are."""
        return [name for name in TRAITS if all(name in each.heads.traits for each in self.figures)]

    def panels(self) -> list[Panel]:
        """What is drawn of it: heads, metric, circuit."""
        figures = self.figures
        heads = [Line(f"{name}, best head", [each.heads.best(name)[1] for each in figures]) for name in self.traits]
        copied = [math.nan if each.heads.copied is None else each.heads.copied for each in figures]
        if not all(math.isnan(value) for value in copied):
            heads.append(Line("copied rightly", copied))
        metric = (
            Line("every edge", [each.metric for each in figures]),
            Line("no edge", [each.empty for each in figures]),
        )
        last = f"{figures[-1].step:,}"
        circuit = (
            Line(f"in common with step {last}", [self.overlap(each) for each in figures]),
            Line(f"recovered by that of step {last}", [each.circuit_recovered for each in figures]),
        )
        shown = [Panel("heads", tuple(heads), share=True)] if heads else []
        return [*shown, Panel(self.metric, metric), Panel(f"circuit of {self.edges} edges", circuit)]

    def picture(self) -> Picture:
        """Its figure."""
        title = f"{self.series.title}: {len(self.figures)} checkpoints"
        return picture(title, [each.step for each in self.figures], self.panels())

    def _repr_svg_(self) -> str:
        """In a notebook: the picture of it."""
        return self.picture().svg


Pairs = Sequence[tuple[Any, Any]]


def follow(
    series: Series,
    pairs: Pairs | Dataset,
    metric: Metric | None = None,
    *,
    method: str = METHOD,
    replacement: EditKind = "patch",
    edges: int = EDGES,
    seed: int = 0,
    dtype: str = "fp32",
    weights: str = "auto",
    model: SeriesModel | None = None,
    listener: Callable[[StepFigures], None] | None = None,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Followed:
    """Ask every checkpoint of a series the same questions.

    pairs: A and B as `model.pair` takes them, or a dataset, whose answers are then what the metric reads. metric:
    without one, and without answers, the log-probability of what the last checkpoint answers. edges: of the circuits
    that are compared. seed: of the repeated sequences. dtype, weights: as `load_model` takes them. model: one that goes
    through the series already, in these. listener: told the figures of each checkpoint as they come, the last one's
    first. progress: told the share that is done.

    Raises ArgumentError, InputError, EditError, ModelError, Cancelled; what was found by then is kept.
    """
    opened = model or SeriesModel(series, dtype, weights=weights)
    last = series.checkpoints[-1]
    with watched(progress, cancelled):
        total = len(series.checkpoints)
        with stage(0.0, 0.5 / total):
            at_last = opened.at(last.step)
        graph = at_last.graph
        if not 1 <= edges <= graph.n_edges:
            raise ArgumentError(f"A circuit of this graph has 1 to {graph.n_edges:,} edges, not {edges:,}.")
        dataset = pairs if isinstance(pairs, Dataset) else Dataset([at_last.pair(a, b) for a, b in pairs])
        metric = metric or _usual_metric(at_last, dataset)
        asked = Asked(dataset, metric, method, replacement, edges, seed, document_precision(dtype, weights))
        name = metric_name(Session(at_last, dataset.pairs[0], metric), dataset)
        del at_last  # the series' model alone keeps its weights
        by_step: dict[int, StepFigures] = {}
        ranking: Scores | None = None
        for number, checkpoint in enumerate((last, *series.checkpoints[:-1])):
            with stage(number / total, (number + 1) / total):
                figures = figures_at(opened, checkpoint.step, asked, ranking)
            if ranking is None:
                ranking = figures.ranking(graph, method, replacement)
            by_step[checkpoint.step] = figures
            if listener is not None:
                listener(figures)
    ordered = tuple(by_step[step] for step in series.steps)
    return Followed(series, ordered, graph, method, replacement, name, asked.count, edges)


def _usual_metric(model: Model, dataset: Dataset) -> Metric:
    """The logit difference of the answers; without any what a session on the last checkpoint takes, with its answer, so
    that it is one metric at all steps."""
    if dataset.answers:
        return logit_difference(*dataset.answers[0])
    return Session(model, dataset.pairs[0]).metric.metric
