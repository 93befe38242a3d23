"""How much of the behaviour a circuit recovers, over its size.

    recovered = (m(circuit) - m(B)) / (m(A) - m(B))

At MIB's fractions of the edges, with the edges of the highest scores (Mueller et al. 2025, "MIB: A Mechanistic
Interpretability Benchmark", section 3): CPR is the area under the curve, CMD the area between it and 1, both by
trapezoids over the linear axis of fractions. The random band holds circuits of as many edges drawn at random. Edges on
no path from `input` to `logits` are dropped from all of them first. For `zero` and `mean`, m(B) is the metric of the
empty circuit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.circuit import Circuit
from core.edits import EditKind
from core.errors import InputError
from core.session import Session
from core.tracing.scores import Scores

FRACTIONS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
FLAT = 1e-6  # of a metric: below it, A and B score alike


@dataclass(frozen=True)
class Curve:
    """fractions, sizes (edges), connected (edges left after pruning), recovered: one a point. random_band: [2,
    points], lowest and highest."""

    fractions: tuple[float, ...]
    sizes: tuple[int, ...]
    connected: tuple[int, ...]
    recovered: tuple[float, ...]
    random_band: NDArray[np.float64]
    cpr: float
    cmd: float
    replacement: EditKind


def faithfulness(
    session: Session,
    scores: Scores,
    *,
    fractions: Sequence[float] = FRACTIONS,
    replacement: EditKind | None = None,
    random_circuits: int = 3,
    seed: int = 0,
    cancelled: Callable[[], bool] | None = None,
) -> Curve:
    """The faithfulness curve of a ranking. Raises InputError where A and B score alike: there is nothing to
    recover."""
    kind = replacement or scores.replacement
    graph = session.graph

    def metrics(circuits: Sequence[Circuit]) -> list[float]:
        return [float(result.metric.mean()) for result in session.run_circuits(circuits, kind, cancelled)]

    whole = float(session.clean.metric.mean())
    sizes = [min(graph.n_edges, max(1, round(fraction * graph.n_edges))) for fraction in fractions]
    circuits = [scores.top(size).pruned() for size in sizes]
    connected = [len(circuit) for circuit in circuits]
    empty, *measured = metrics([Circuit(graph, np.empty(0, dtype=np.int64)), *circuits])
    if abs(whole - empty) < FLAT:
        raise InputError(
            f"The metric is {whole:.3g} with every edge and {empty:.3g} with none: there is nothing to recover.",
            "Choose a counterfactual with another answer, or another metric.",
        )
    recovered = [(value - empty) / (whole - empty) for value in measured]
    generator = np.random.default_rng(seed)
    band = np.full((2, len(sizes)), np.nan)
    for _ in range(random_circuits):
        order = generator.permutation(graph.n_edges).astype(np.int64)
        drawn = metrics([Circuit(graph, order[:size]).pruned() for size in sizes])
        values = [(value - empty) / (whole - empty) for value in drawn]
        band[0] = np.fmin(band[0], values)
        band[1] = np.fmax(band[1], values)
    x = np.asarray(fractions, dtype=np.float64)
    y = np.asarray(recovered)
    cpr = float(np.trapezoid(y, x))
    cmd = float(np.trapezoid(np.abs(1 - y), x))
    return Curve(tuple(fractions), tuple(sizes), tuple(connected), tuple(recovered), band, cpr, cmd, kind)
