"""Minimality: whether a circuit needs its edges.

Steps: take each edge (or as many as asked for, drawn by the seed) out of the circuit, one at a time, and run what is
left. The need of an edge is what the circuit recovers less without it. An edge with a need near 0 could be left out; a
negative need means that the circuit recovers more without it. In half precision a need below the noise floor of the
metric (`core.noise`) may be rounding alone: of such an edge nothing is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.circuit import Circuit
from core.edits import EditKind
from core.evaluation.measured import measure
from core.inputs.pair import Dataset
from core.session import Session
from core.tracing.over_pairs import noise_floor_over


@dataclass(frozen=True)
class Minimality:
    """edges: those that were taken out, by their number in the graph; at: the numbers of their spans, of a circuit at
    spans, whose edges are taken out at one of them. needs: [edges], in shares of the behaviour.
    recovered: by the whole circuit, over `pairs`. accuracy, whole_accuracy: the share of pairs that the circuit, and
    the whole model, answers rightly; None for a model that gives no answers. noise: what rounding alone may change, in
    shares of the behaviour; 0 in fp32 and fp64."""

    edges: NDArray[np.int64]
    needs: NDArray[np.float64]
    recovered: float
    replacement: EditKind
    accuracy: float | None = None
    whole_accuracy: float | None = None
    pairs: int = 1
    noise: float = 0.0
    at: NDArray[np.int64] | None = None

    @property
    def below_noise(self) -> NDArray[np.bool_]:
        """[edges], whose need rounding alone may have made."""
        return np.abs(self.needs) < self.noise

    def share_needed(self, least: float = 0.001) -> float:
        """The share of the edges without which the circuit recovers less, by `least` of the behaviour and by more
        than rounding."""
        return float((self.needs >= max(least, self.noise)).mean()) if len(self.needs) else 1.0


def minimality(
    session: Session,
    circuit: Circuit,
    replacement: EditKind = "patch",
    *,
    dataset: Dataset | None = None,
    most: int = 64,
    seed: int = 0,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    memory: dict[Any, Any] | None = None,
) -> Minimality:
    """Needs of at most `most` edges of a circuit. memory: see `measure`. Raises InputError where A and B score
    alike, Cancelled."""
    rng = np.random.default_rng(seed)
    count = len(circuit)
    tested_edges = np.arange(count) if count <= most else np.sort(rng.choice(count, most, replace=False))
    edges = circuit.edges[tested_edges]
    less = [circuit.chosen(np.arange(count) != place) for place in tested_edges]
    runs = measure(
        session,
        [circuit, *less],
        replacement,
        dataset=dataset,
        progress=progress,
        cancelled=cancelled,
        memory=memory,
    )
    recovered, *without = (float(value) for value in runs.recovered())
    results = {} if memory is None else memory
    if "noise" not in results:
        results["noise"] = noise_floor_over(session, dataset) / abs(float(runs.whole.mean() - runs.nothing.mean()))
    return Minimality(
        edges,
        np.array([recovered - share for share in without]),
        recovered,
        replacement,
        runs.accuracy[0] if runs.accuracy else None,
        runs.whole_accuracy,
        runs.pairs,
        results["noise"],
        None if circuit.at is None else circuit.at[tested_edges],
    )
