"""How much of the behaviour some neurons recover, over their number: `ws.neuron_curve`.

    recovered = (m(run) - m(all replaced)) / (m(A) - m(all replaced))

Only neurons of MLPs (experts of mixtures) are replaced, and attention is as each run makes it: so 0 is a model whose
neurons are all replaced, not B's run. `kept` is what the best neurons recover where all others are replaced; `cut` what
is left where they alone are replaced. Beside each stand as many neurons drawn at random from the same layers, as many
of each: what the layers do, and not the choice in them, is then the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.edits import Edit
from core.errors import ArgumentError, InputError
from core.evaluation.faithfulness import FRACTIONS, sizes_of
from core.graph import Node
from core.inputs.pair import Dataset
from core.lens.neuron_ranking import NeuronRanking, shares_over
from core.session import Session


@dataclass(frozen=True, eq=False)
class NeuronCurve:
    """One number a size. kept, cut: recovered with the best neurons alone, and without them. kept_random, cut_random:
    [draws, sizes], the same of random neurons of the same layers. of: how many neurons there are."""

    sizes: tuple[int, ...]
    of: int
    kept: tuple[float, ...]
    cut: tuple[float, ...]
    kept_random: NDArray[np.float64]
    cut_random: NDArray[np.float64]

    def report(self) -> dict[str, object]:
        """As JSON has it."""
        random = {"kept": self.kept_random.tolist(), "cut": self.cut_random.tolist()}
        return {"sizes": self.sizes, "of": self.of, "kept": self.kept, "cut": self.cut, "random": random}


def neuron_curve(
    session: Session,
    ranking: NeuronRanking,
    *,
    sizes: Sequence[int] | None = None,
    draws: int = 3,
    dataset: Dataset | None = None,
    seed: int = 0,
    cancelled: Callable[[], bool] | None = None,
) -> NeuronCurve:
    """Keep and cut the best of a ranking, at some sizes (by default at the fractions of `ws.faithfulness`).

    session, dataset: those of the ranking. draws: of random neurons. Each size takes 2 (1 + draws) runs.
    Raises InputError where replacing all neurons changes nothing, since there is nothing to recover; ArgumentError for
    sizes and draws that there are not; Cancelled.
    """
    if not ranking.direction:
        raise InputError(
            f"With all neurons replaced ({ranking.replacement}) the metric is as with none: nothing can be recovered.",
            "Take another replacement, pair or metric.",
        )
    of = len(ranking.units)
    chosen = sorted(set(sizes_of(of, FRACTIONS))) if sizes is None else list(sizes)
    if draws < 0 or not chosen or not all(0 <= size <= of for size in chosen):
        raise ArgumentError(f"Of {of:,} neurons sets of {chosen} cannot be taken, {draws} times.", f"Give 0 to {of:,}.")
    generator = np.random.default_rng(seed)
    sets = []
    for size in chosen:
        best = ranking.top(size)
        sets += [set(best), *(_like(best, ranking.units, generator) for _ in range(draws))]
    edits = {unit: Edit(unit, ranking.replacement) for unit in ranking.units}
    metrics = np.zeros((2, len(sets)))
    for share, each in shares_over(session, dataset):
        for number, units in enumerate(sets):
            for row, of_best in enumerate((False, True)):
                replaced = [edits[unit] for unit in ranking.units if (unit in units) == of_best]
                metrics[row, number] += share * float(each.run(replaced, cancelled=cancelled).metric.mean())
    recovered = (metrics - ranking.empty) / (ranking.whole - ranking.empty)
    by_draw = recovered.reshape(2, len(chosen), 1 + draws).swapaxes(1, 2)
    kept, cut = (tuple(each[0].tolist()) for each in by_draw)
    return NeuronCurve(tuple(chosen), of, kept, cut, by_draw[0, 1:], by_draw[1, 1:])


def _like(best: Sequence[Node], units: Sequence[Node], generator: np.random.Generator) -> set[Node]:
    """As many units of each layer as the best have, drawn at random."""
    drawn: set[Node] = set()
    for layer in dict.fromkeys(unit.layer for unit in best):
        there = [unit for unit in units if unit.layer == layer]
        count = sum(unit.layer == layer for unit in best)
        drawn |= {there[number] for number in generator.choice(len(there), count, replace=False).tolist()}
    return drawn
