"""All neurons of a model in one ranking: `ws.rank_neurons`, and the strongest of them measured.

Steps:
1. The metric's gradient at what each MLP writes: with a B the mean over midpoints of the straight line from B's
   embedding to A's, as EAP-IG on inputs takes it (Hanna et al. 2024, section 3); without one that of A, as in EAP.
2. The score of a neuron is (activation - replacement) x (row x factor) . gradient, summed over positions: minus the
   estimated effect of replacing it, as of edges and nodes.
3. The best, by score x direction, are replaced one at a time, in runs.

The scores of an MLP's neurons and what belongs to none of them (`rest`) sum to the score that EAP-IG gives the MLP as a
node. An expert of a mixture stands for a neuron.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray

from core.edits import Edit, EditKind
from core.errors import ArgumentError
from core.graph import Node
from core.inputs.pair import Dataset
from core.lens.neurons import KINDS, changes_of_units
from core.lens.positions import NodeGradients
from core.models.units import Units
from core.scan import Scan
from core.session import Session
from core.towers_graph import check_one_tower
from core.tracing.direction import Direction, direction_of_gap
from core.tracing.over_pairs import metric_name, sessions_over

Cancel = Callable[[], bool] | None


@dataclass(frozen=True, eq=False)
class NeuronRanking:
    """units: of all MLPs that open, layer by layer. scores: [units], minus the estimated effects. rests: by MLP, what
    of its score is no unit's. whole, empty: the metric of A, and with all units replaced. direction: of A. steps: of
    the integral; 0 where the gradient is A's. effects: measured, by unit."""

    units: tuple[Node, ...]
    scores: NDArray[np.float64]
    rests: dict[Node, float]
    replacement: EditKind
    metric: str
    steps: int
    whole: float
    empty: float
    effects: dict[Node, float] = field(default_factory=dict)

    @property
    def direction(self) -> Direction:
        return direction_of_gap(self.whole - self.empty)

    def top(self, count: int = 20) -> list[Node]:
        """Those that make A's behaviour most, by score x direction; of equal ones the earlier."""
        return [self.units[number] for number in self.order[:count]]

    @property
    def order(self) -> NDArray[np.int64]:
        """Numbers of the units, the best first."""
        return np.argsort(-self.scores * (self.direction or 1), kind="stable")

    def score(self, unit: Node) -> float:
        return float(self.scores[self.units.index(unit)])

    def report(self) -> dict[str, object]:
        """All of it, as JSON has it: the units by name, the best first."""
        best = self.order.tolist()
        return {
            "format": "wirescope neurons",
            "version": 1,
            "metric": self.metric,
            "replacement": self.replacement,
            "steps": self.steps,
            "direction": self.direction,
            "whole": self.whole,
            "all replaced": self.empty,
            "scores": {self.units[number].name: float(self.scores[number]) for number in best},
            "rests": {node.name: rest for node, rest in self.rests.items()},
            "measured": {unit.name: effect for unit, effect in self.effects.items()},
        }


def rank_neurons(
    session: Session,
    replacement: EditKind | None = None,
    *,
    steps: int = 5,
    measure: int = 0,
    dataset: Dataset | None = None,
    cancelled: Cancel = None,
) -> NeuronRanking:
    """Rank the neurons (experts of mixtures) of all MLPs that open.

    replacement: "patch" (from B), "zero" or "mean"; by default from B, or zero where there is none. steps: points of
    the integral from B to A; without a B there is none. measure: how many of the best are measured, a run each.
    dataset: pairs instead of the session's own; all figures are means over them.
    Raises ArgumentError for another replacement, for a model without an MLP that opens and for counts that there are
    not, EditError for a patch without a B, Cancelled.
    """
    check_one_tower(session.graph, "Ranking all neurons")
    pairs = [session.pair] if dataset is None else dataset.pairs
    has_b = all(pair.counterfactual is not None for pair in pairs)
    kind: EditKind = replacement or ("patch" if has_b else "zero")
    if kind not in KINDS:
        raise ArgumentError(f"Neurons are not ranked by {kind!r}.", f"There are: {', '.join(KINDS)}.")
    if steps < 1 or measure < 0:
        raise ArgumentError(f"{steps} steps and {measure} runs cannot be made.", "Give 1 step or more, and 0 runs.")
    opened = [units for units in session.model.adapter.units if units is not None]
    if not opened:
        raise ArgumentError("No MLP of this model opens into neurons.", "Trace its nodes: ws.trace(level='nodes').")
    steps = steps if has_b else 0
    every = tuple(units.node(number) for units in opened for number in range(units.count))
    edits = [Edit(unit, kind) for unit in every]
    scores, rests, ends = np.zeros(len(every)), np.zeros(len(opened)), np.zeros(2)
    for share, each in shares_over(session, dataset):
        gradients = NodeGradients(each, cancelled, steps)
        parts = [_scores(each, units, kind, gradients) for units in opened]
        scores += share * np.concatenate([of_units for of_units, _ in parts])
        rests += share * np.array([rest for _, rest in parts])
        replaced = each.run(edits, cancelled=cancelled)
        ends += share * np.array([float(run.metric.mean()) for run in (each.clean, replaced)])
    whole, empty = ends.tolist()
    by_mlp = {Node("mlp", units.layer): float(rest) for units, rest in zip(opened, rests, strict=True)}
    ranking = NeuronRanking(every, scores, by_mlp, kind, metric_name(session, dataset), steps, whole, empty)
    if measure:
        best = ranking.top(measure)
        effects = sum(
            share * Scan(each, best, kind).run(cancelled=cancelled) for share, each in shares_over(session, dataset)
        )
        ranking.effects.update(zip(best, np.asarray(effects).tolist(), strict=True))
    return ranking


def shares_over(session: Session, dataset: Dataset | None) -> Iterator[tuple[float, Session]]:
    """The session itself, or those over the pairs of a dataset, each with its share of the rows."""
    if dataset is None:
        yield 1.0, session
        return
    rows = sum(pair.batch for pair in dataset.pairs)
    for each in sessions_over(session, dataset):
        yield each.pair.batch / rows, each


def _scores(
    session: Session, units: Units, kind: EditKind, gradients: NodeGradients
) -> tuple[NDArray[np.float64], float]:
    """Of one MLP's units, and what is none's."""
    with torch.no_grad():
        change, total = changes_of_units(session, units, kind, gradients.at(Node("mlp", units.layer)))
        of_units: NDArray[np.float64] = -change.sum(dim=1).mean(dim=0).cpu().double().numpy()
    return of_units, -float(total) - float(of_units.sum())
