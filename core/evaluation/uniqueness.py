"""A second circuit as good as this one, with as few of its edges as possible: how unique is it?

The second circuit has as many edges, and is good enough where it recovers at most WORSE less of the behaviour. It keeps
the best k of the first circuit's edges and fills up with the best others; the search is for the smallest k.

1. Repulsion: edges of the first circuit are penalised until only k of them are among the best. Circuits are really run,
   and k is halved to the smallest that is good enough (as far as more edges help more).
2. Others may be worth more once the first circuit's edges are gone, since they then stand in for these. So at the
   circuit of half that k the slope of the metric by each edge's share is taken (`core.engine.circuit_gradients`), the
   scores are mixed with it, and k is halved again, from there down. More of such rounds can be asked for.
3. Of all circuits that were run and are good enough, the one that shares fewest edges is taken.

Published: two fully accurate circuits of one task that share 4 % of their edges (arXiv 2605.12671). A circuit that
shares much is no proof that there is no other: the search may have missed it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.circuit import Circuit
from core.edits import EditKind
from core.evaluation.circuit_overlap import circuit_overlap
from core.evaluation.measured import measure
from core.evaluation.share_slopes import slopes_of_shares
from core.evaluation.stability import shared_edges
from core.evaluation.statement import Statement
from core.evaluation.verdict import THIRD, tone_of
from core.formatting import percent, share_words
from core.glossary import explained
from core.inputs.pair import Dataset
from core.progress import stage, watched
from core.session import Session
from core.tracing.over_pairs import sessions_over
from core.tracing.scores import Scores

WORSE = 0.05  # of the behaviour that a second circuit may recover less
ROUNDS = 1  # of step 2
FEW = 0.5  # of its edges: a circuit that has another as good with fewer in common is not unique
PAIRS = 24  # of a dataset that circuits are run on, at most

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class SecondCircuit:
    """circuit: the second one. shared: edges that it has in common with the first; jaccard and chance: their overlap,
    and that of two random circuits of as many edges. recovered: of the first and of the second. runs: circuits that
    were run."""

    circuit: Circuit
    shared: int
    jaccard: float
    chance: float
    recovered: tuple[float, float]
    runs: int


def second_circuit(
    session: Session,
    scores: Scores,
    circuit: Circuit,
    *,
    dataset: Dataset | None = None,
    replacement: EditKind | None = None,
    worse: float = WORSE,
    rounds: int = ROUNDS,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> SecondCircuit:
    """scores: of edges, by which both circuits are ranked. dataset: its first pairs are run; None: the session's.
    Raises InputError where there is nothing to recover, Cancelled."""
    kind = replacement or scores.replacement
    some = None if dataset is None else Dataset(dataset.pairs[:PAIRS], dataset.answers[:PAIRS])
    used = np.zeros(session.graph.n_edges, dtype=bool)
    used[circuit.edges] = True
    size, runs = len(circuit), 0
    good: dict[int, tuple[Circuit, float]] = {}  # good ones by the edges that they share

    def recovered(one: Circuit) -> float:
        nonlocal runs
        runs += 1
        return float(measure(session, [one], kind, dataset=some, cancelled=cancelled).recovered()[0])

    def halve(values: Floats, high: int) -> None:
        """Step 1, for the edges in some order of worth; high: a k that is known to be good enough, or is not asked."""
        first, rest = (_ranked(values, mask) for mask in (used, ~used))
        low = max(0, size - len(rest)) - 1  # that is taken to be too few
        while high - low > 1:
            k = (low + high) // 2
            one = circuit.with_parts(np.concatenate([first[:k], rest[: size - k]]))
            share = recovered(one)
            if share >= least:
                high = k
                good.setdefault(k, (one, share))
            else:
                low = k

    with watched(progress, cancelled):
        whole = recovered(circuit)
        least = whole - worse
        good[size] = circuit, whole
        values = np.nan_to_num(scores.towards.ravel(), nan=-np.inf)
        with stage(0.0, 1 / (1 + rounds)):
            halve(values, size)
        for number in range(rounds):
            with stage((1 + number) / (1 + rounds), (2 + number) / (1 + rounds)):
                best = min(good)
                if best == 0:
                    break
                first, rest = (_ranked(values, mask) for mask in (used, ~used))
                half = circuit.with_parts(np.concatenate([first[: best // 2], rest[: size - best // 2]]))
                slopes = _slopes(session, half, some, kind, cancelled)
                slopes *= -1.0 if scores.direction == -1 else 1.0
                values = _mixed(values, slopes)
                halve(values, best)
    shared = min(good)
    second, share = good[shared]
    overlap = circuit_overlap(circuit, second)
    return SecondCircuit(second, shared, overlap.jaccard, overlap.chance, (whole, share), runs)


def _ranked(values: Floats, mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The edges of a mask, the best first."""
    edges = np.flatnonzero(mask).astype(np.int64)
    return edges[np.argsort(-values[edges], kind="stable")]


def _mixed(values: Floats, slopes: Floats) -> Floats:
    """Both in units of their own size, so that neither rules."""
    finite = np.where(np.isfinite(values), values, 0.0)
    mixed: Floats = finite / max(float(np.abs(finite).max()), 1e-12) + slopes / max(float(np.abs(slopes).max()), 1e-12)
    return mixed


def _slopes(
    session: Session, circuit: Circuit, dataset: Dataset | None, kind: EditKind, cancelled: Callable[[], bool] | None
) -> Floats:
    """The gradient of the mean metric by each edge's share, in the run of a circuit: [edges]."""
    shares = np.zeros(session.graph.n_edges)
    shares[circuit.edges] = 1.0
    total, pairs = np.zeros(session.graph.n_edges), 0
    for each in [session] if dataset is None else sessions_over(session, dataset):
        total += each.pair.batch * slopes_of_shares(each, shares, kind, cancelled)[1]
        pairs += each.pair.batch
    return total / pairs


def say_unique(report: dict[str, Any]) -> list[Statement]:
    """What is under "second circuit" of a report; nothing where none was looked for."""
    numbers = report.get("second circuit")
    if numbers is None:
        return []
    if isinstance(numbers, str):
        return [Statement("Second circuit", "", f"No second circuit was looked for: {numbers}.", "unknown",
                          tip=explained("second circuit"))]  # fmt: skip
    size, shared = numbers["size"], numbers["shared"]
    share = shared / size
    first, second = numbers["recovered"]
    good = share >= FEW
    words = (
        f"Another circuit of {size:,} edges recovers {share_words(second)}, this one {share_words(first)}; "
        f"{percent(share)} of its edges are in both (by chance {percent(shared_edges(numbers['chance']), 1)})"
    )
    words += ": no other was found that shares fewer." if good else ": this circuit is one of several."
    if shared == size:
        words = f"No other circuit of {size:,} edges was found that recovers as much as this one, {share_words(first)}."
    return [
        Statement(
            "Second circuit",
            f"{percent(share)} shared",
            words,
            tone_of(good),
            f"{shared:,} of {size:,} edges are in both; {numbers['runs']:,} circuits were run to find it, over the "
            f"first {PAIRS} pairs at most. One that recovers up to {100 * WORSE:.0f} points less counts as good.",
            explained("second circuit"),
            "" if good else f"Another circuit does as well with only {percent(share)} of these edges.",
            THIRD + 1 - share,
        )
    ]
