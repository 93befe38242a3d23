"""What circuits recover over many pairs: the faithfulness curve, from sums over shards.

The circuits are those of `core.evaluation.faithfulness`, the best edges at some fractions and as many drawn at random;
the same in every shard. Of every pair the metric m of the whole model, of the empty circuit and of each circuit is
summed, and the products of these, so that

    recovered = (mean m(circuit) - mean m(nothing)) / (mean m(whole) - mean m(nothing))

has its interval from the sums alone: the variance of a ratio of means by the delta method (95 %: 1.96 standard errors).
Every pair's figures stand in the folder's Parquet files.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.edit_kinds import EditKind
from core.errors import ArgumentError, NothingToRecoverError
from core.sharded.job import PAIRS, ShardResult, Sums, check_replacement

if TYPE_CHECKING:
    from core.circuit import Circuit
    from core.datasets.row_pairs import AskedPairs
    from core.datasets.session_over import Shared
    from core.evaluation.faithfulness import Curve
    from core.graph import Graph
    from core.models.model import Model
    from core.tracing.scores import Scores

METRICS, PRODUCTS, RANDOM, RIGHT = "metrics", "products", "random", "right"
ERRORS = 1.96  # standard errors: 95 % of a normal distribution


@dataclass(frozen=True, eq=False)
class CurveWork:
    """values, method, scored_for, direction: of scores of edges or nodes. fractions: of the edges, which rise. random:
    draws of circuits of as many edges, by the seed."""

    values: NDArray[np.float64]
    method: str
    scored_for: EditKind
    level: str
    direction: int | None
    about: tuple[tuple[str, str], ...]
    replacement: EditKind
    fractions: tuple[float, ...]
    random: int = 3
    seed: int = 0
    metric: str | None = None
    memory: float | None = None

    @property
    def draws(self) -> bool:
        from core.engine.replacement import ablation

        return ablation(self.replacement).runs(2) > 0

    def told(self) -> dict[str, Any]:
        return {
            "what": "evaluate",
            "scores": self.digest,
            "method": self.method,
            "scored for": self.scored_for,
            "level": self.level,
            "replacement": self.replacement,
            "fractions": list(self.fractions),
            "random": self.random,
            "seed": self.seed,
            "metric": self.metric,
        }

    @property
    def digest(self) -> str:
        """Of the scores."""
        return digest_of_values(self.values)

    def of(self, model: Model, pairs: AskedPairs, like: Shared | None) -> tuple[ShardResult, Shared]:
        from core.datasets.session_over import Shared, session_over
        from core.evaluation.measured import measure
        from core.sharded.pair_columns import text_columns

        over = session_over(model, pairs, self.metric, self.memory, like)
        chosen = circuits_of(self, model.graph)
        measured = measure(over.session, [*chosen.best, *chosen.random], self.replacement, dataset=over.dataset)
        best = len(chosen.best)
        rows = np.stack([measured.whole, measured.nothing, *measured.circuits[:best]])
        sums = {METRICS: rows.sum(axis=1), PRODUCTS: rows @ rows.T, RANDOM: measured.circuits[best:].sum(axis=1)}
        names = ["whole", "nothing", *(str(size) for size in chosen.sizes)]
        columns = text_columns(model, over.dataset)
        columns |= {f"metric_{name}": row for name, row in zip(names, rows, strict=True)}
        if measured.whole_right is not None and measured.circuits_right is not None:
            right = np.stack([measured.whole_right, *measured.circuits_right[:best]])
            sums[RIGHT] = right.sum(axis=1).astype(np.float64)
            columns |= {f"correct_{name}": row for name, row in zip([names[0], *names[2:]], right, strict=True)}
        return ShardResult(sums, columns), like or Shared(over.session.parity)


@dataclass(frozen=True)
class Chosen:
    """The circuits of a curve, without edges on no path. sizes: with them. random: draw after draw."""

    sizes: tuple[int, ...]
    best: tuple[Circuit, ...]
    random: tuple[Circuit, ...]


def digest_of_values(values: NDArray[np.float64]) -> str:
    """By which a run knows the scores that it evaluates."""
    return hashlib.sha256(np.ascontiguousarray(values).tobytes()).hexdigest()


_chosen: dict[tuple[object, ...], Chosen] = {}  # of this process, one at most: to choose takes as long as to run


def circuits_of(work: CurveWork, graph: Graph) -> Chosen:
    from core.evaluation.faithfulness import drawn_circuits, sizes_of

    of_scores = work.digest, work.method, work.level, work.direction
    key = (graph, *of_scores, work.fractions, work.random, work.seed)
    if key not in _chosen:
        scores = _scores(work, graph)
        sizes = tuple(sizes_of(scores.values.size, work.fractions))
        best = [scores.select(size) for size in sizes]
        random = drawn_circuits(best, work.random, work.seed)
        _chosen.clear()
        _chosen[key] = Chosen(
            sizes,
            tuple(circuit.pruned() for circuit in best),
            tuple(circuit.pruned() for draw in random for circuit in draw),
        )
    return _chosen[key]


def _scores(work: CurveWork, graph: Graph) -> Scores:
    from core.tracing.scores import Scores

    return Scores(
        graph,
        work.values,
        work.method,
        work.scored_for,
        dict(work.about),
        work.level,  # type: ignore[arg-type]
        work.direction,  # type: ignore[arg-type]
    )


def check_evaluable(scores: Scores, replacement: EditKind) -> None:
    """Raise ArgumentError for scores whose circuits cannot be chosen alike in every shard, and for what removed edges
    cannot carry there."""
    if scores.level not in ("edges", "nodes") or scores.kept is not None:
        raise ArgumentError(
            "Scores of spans, and what a search has kept, are not evaluated in shards.", "Leave out the folder."
        )
    if scores.signed and scores.direction is None:
        raise ArgumentError("The scores name no direction of A.", "Leave out the folder, or trace anew.")
    if scores.rule != "top":
        raise ArgumentError(f"Circuits chosen by {scores.rule} are not evaluated in shards.", "Leave out the folder.")
    check_replacement(replacement)


def curve_work(
    scores: Scores,
    replacement: EditKind | None = None,
    fractions: tuple[float, ...] = (),
    seed: int = 0,
    metric: str | None = None,
    memory: float | None = None,
) -> CurveWork:
    """The work for some scores; fractions: none for those of `faithfulness`, each size once. Raises ArgumentError as
    `check_evaluable` does."""
    from core.evaluation.faithfulness import FRACTIONS, sizes_of

    check_evaluable(scores, replacement or scores.replacement)
    # each size once, so that it has a column of its own: in small graphs several fractions are one edge
    by_size = dict(zip(sizes_of(scores.values.size, fractions or FRACTIONS), fractions or FRACTIONS, strict=True))
    return CurveWork(
        np.asarray(scores.values, dtype=np.float64),
        scores.method,
        scores.replacement,
        scores.level,
        scores.direction,
        tuple(sorted(scores.about.items())),
        replacement or scores.replacement,
        tuple(by_size.values()),
        seed=seed,
        metric=metric,
        memory=memory,
    )


def curve_of(work: CurveWork, graph: Graph, sums: Sums) -> Curve:
    """The curve; its band is by the delta method. Raises NothingToRecoverError where the whole model and the empty
    circuit score alike."""
    from core.evaluation.faithfulness import Curve, areas
    from core.tracing.direction import FLAT

    chosen, pairs = circuits_of(work, graph), float(sums[PAIRS])
    means = sums[METRICS] / pairs
    whole, nothing = means[:2]
    gap = whole - nothing
    if abs(gap) < FLAT:
        raise NothingToRecoverError(
            f"The metric is {whole:.3g} with every edge and {nothing:.3g} with none: there is nothing to recover.",
            "Choose a counterfactual with another answer, or another metric.",
        )
    recovered = (means[2:] - nothing) / gap
    drawn = ((sums[RANDOM] / pairs - nothing) / gap).reshape(work.random, len(recovered))
    cpr, cmd = areas(work.fractions, recovered)
    right = sums[RIGHT] / pairs if RIGHT in sums else None
    curve = Curve(
        work.fractions,
        chosen.sizes,
        tuple(len(circuit) for circuit in chosen.best),
        tuple(float(share) for share in recovered),
        np.stack([drawn.min(axis=0), drawn.max(axis=0)]),
        cpr,
        cmd,
        work.replacement,
        accuracy=() if right is None else tuple(float(share) for share in right[1:]),
        whole_accuracy=None if right is None else float(right[0]),
        pairs=int(pairs),
    )
    if pairs < 2:
        return curve
    error = ERRORS * _standard_errors(sums[PRODUCTS] / pairs - np.outer(means, means), recovered, gap, pairs)
    return replace(curve, band=np.stack([recovered - error, recovered + error]))


def _standard_errors(
    covariance: NDArray[np.float64], recovered: NDArray[np.float64], gap: float, pairs: float
) -> NDArray[np.float64]:
    """Of ratios of means, [circuits], by the delta method. covariance: of whole, nothing and the circuits."""
    slopes = np.zeros((len(recovered), len(covariance)))
    slopes[:, 0], slopes[:, 1] = -recovered / gap, (recovered - 1) / gap
    slopes[np.arange(len(recovered)), 2 + np.arange(len(recovered))] = 1 / gap
    variances = np.einsum("ij,jk,ik->i", slopes, covariance, slopes) / (pairs - 1)
    errors: NDArray[np.float64] = np.sqrt(np.maximum(variances, 0))
    return errors
