"""How much of the behaviour a circuit recovers, over its size.

    recovered = (m(circuit) - m(B)) / (m(A) - m(B))

At MIB's fractions of the edges, with the edges of the highest scores x direction (`Scores.top`; or chosen by
another rule of `core.tracing.selection`; Mueller et al. 2025,
"MIB: A Mechanistic Interpretability Benchmark", section 3): CPR is the area under the curve, CMD the area between it
and 1, both by trapezoids over the linear axis of fractions. CPR above 1 means that edges which lead away from A were
left out, which is no merit: read CMD, best of a ranking by size. The random band holds circuits of as many edges drawn
at random. Edges on no path from `input` to `logits` are dropped from all of them first. For `zero` and `mean`, m(B) is
the metric of the empty circuit.

It differs from MIB's code in that sizes are at least 1, where its int(p n) may be 0, and in that it tells how many
edges are connected, where MIB tells their weighted count. What is recovered is a ratio of means over the pairs in both.

Of edges at spans (`core.spans`) all is counted in edges at spans. Beside each circuit stands its union, the same edges
at all positions, which keeps more: what it recovers beyond the circuit is what the left out spans of its edges do
(Haklay et al. 2025, "Position-aware Automatic Circuit Discovery", compare the two). Its CMD is over the same fractions,
those of the circuit at spans.

With `removed` the circuits are the others: the whole model without the best edges. What those still recover is what the
circuit does not explain (completeness; Wang et al. 2023, "Interpretability in the Wild", section 4).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.circuit import Circuit
from core.edits import EditKind
from core.errors import ArgumentError
from core.evaluation.limits import MOST
from core.evaluation.measured import measure
from core.inputs.pair import Dataset
from core.pictures.curve import curve_svg
from core.progress import at, watched
from core.session import Session
from core.tracing.direction import directed
from core.tracing.scores import Scores
from core.tracing.selection import USUAL, gap_of, rule_named

FRACTIONS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
MOST_DRAWN = 500  # edges
HALF = 0.5  # where only the whole model recovers so much: a circuit that recovers this


@dataclass(frozen=True)
class Union:
    """The same edges at all positions: sizes (edges) and recovered, one a point of a curve; cpr and cmd over its
    fractions."""

    sizes: tuple[int, ...]
    recovered: tuple[float, ...]
    cpr: float
    cmd: float


@dataclass(frozen=True)
class Curve:
    """fractions, sizes (of what is scored: edges, nodes or edges at spans), connected (edges left after pruning),
    recovered, accuracy (share of right answers): one a point. random_band: [2, points], lowest and highest. band: [2,
    points], 95 % by bootstrap over the pairs; None for one pair. whole_accuracy: of the whole model; None, and no
    accuracy, of a model that gives no answers. by_size, removed: which edges were kept; rule: by which of RULES they
    were chosen. gaps: by how much a better choice could be better, of its sum of scores; 0 where the rule came to its
    end. union: of circuits at spans."""

    fractions: tuple[float, ...]
    sizes: tuple[int, ...]
    connected: tuple[int, ...]
    recovered: tuple[float, ...]
    random_band: NDArray[np.float64]
    cpr: float
    cmd: float
    replacement: EditKind
    accuracy: tuple[float, ...] = ()
    whole_accuracy: float | None = None
    band: NDArray[np.float64] | None = None
    pairs: int = 1
    by_size: bool = False
    removed: bool = False
    rule: str = USUAL
    gaps: tuple[float, ...] = ()
    union: Union | None = None

    def _repr_svg_(self) -> str:
        """In a notebook: the picture of it."""
        title = f"recovered ({self.replacement}), CPR {self.cpr:z.3f}, CMD {self.cmd:z.3f}"
        return curve_svg(self.fractions, self.recovered, self.random_band, title)


def faithfulness(
    session: Session,
    scores: Scores,
    *,
    fractions: Sequence[float] = FRACTIONS,
    replacement: EditKind | None = None,
    dataset: Dataset | None = None,
    by_size: bool = False,
    removed: bool = False,
    rule: str | None = None,
    random_circuits: int = 3,
    seed: int = 0,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    memory: dict[Any, Any] | None = None,
) -> Curve:
    """The faithfulness curve of a ranking, on the session's pair (or batch) or a dataset.

    Scores that do not know A's direction get that of the session's metric here (`core.tracing.direction.directed`).

    by_size: the largest scores whatever their sign. removed: keep what is left without the best edges. rule: by which
    rule edges are chosen, as in `Scores.select`; `consensus` takes scores that know how sure their signs are
    (`with_agreement`). memory: see `measure`. Raises InputError where A and B score alike, since there is nothing to
    recover; ArgumentError for fractions that do not rise within (0, 1], and for a rule that cannot choose; Cancelled,
    asked while circuits are chosen too."""
    rising = len(fractions) > 0 and all(a < b for a, b in pairwise([0, *fractions]))
    if not rising or fractions[-1] > 1:
        raise ArgumentError(f"Fractions rise from above 0 to 1 at most, unlike {tuple(fractions)}.")
    kind = replacement or scores.replacement
    scores = directed(scores, session, dataset, cancelled)
    sizes = sizes_of(len(scores.values) if scores.level == "nodes" else scores.values.size, fractions)
    selected = []
    slow = not rule_named(scores.rule if rule is None else rule).nested  # many seconds for each size
    for size in sizes:
        with watched(None, cancelled):
            if slow:
                at()
            selected.append(scores.select(size, rule, by_size=by_size))
    circuits = [_kept(circuit, removed) for circuit in selected]
    random = drawn_circuits(circuits, random_circuits, seed)
    pruned = [circuit.pruned() for circuit in circuits]
    unions = [circuit.union() for circuit in circuits] if scores.spans else []
    beside = [*(circuit for draw in random for circuit in draw), *unions]
    runs = measure(
        session,
        [*pruned, *(circuit.pruned() for circuit in beside)],
        kind,
        dataset=dataset,
        progress=progress,
        cancelled=cancelled,
        memory=memory,
    )
    recovered = runs.recovered()
    points = len(sizes)
    drawn = recovered[points : points * (1 + random_circuits)].reshape(random_circuits, points)
    band = np.full((2, points), np.nan)
    if random_circuits:
        band = np.stack([np.fmin.reduce(drawn), np.fmax.reduce(drawn)])
    bootstrap = replace(runs, circuits=runs.circuits[:points]).band(seed)
    cpr, cmd = areas(fractions, recovered[:points])
    return Curve(
        fractions=tuple(fractions),
        sizes=tuple(sizes),
        connected=tuple(len(circuit) for circuit in pruned),
        recovered=tuple(float(value) for value in recovered[:points]),
        random_band=band,
        cpr=cpr,
        cmd=cmd,
        replacement=kind,
        accuracy=runs.accuracy[:points],
        whole_accuracy=runs.whole_accuracy,
        band=bootstrap,
        pairs=runs.pairs,
        by_size=by_size,
        removed=removed,
        rule=scores.rule if rule is None else rule,
        gaps=tuple(gap_of(circuit.about) for circuit in selected),
        union=_union(unions, fractions, recovered[-points:]) if unions else None,
    )


def _union(unions: Sequence[Circuit], fractions: Sequence[float], recovered: NDArray[np.float64]) -> Union:
    cpr, cmd = areas(fractions, recovered)
    return Union(tuple(len(circuit) for circuit in unions), tuple(float(share) for share in recovered), cpr, cmd)


def largest_drawn(edges: int) -> int:
    """The most edges of a circuit that is drawn where nobody has chosen a size, and less than half of all: more cannot
    be read."""
    return max(1, min(MOST_DRAWN, (edges - 1) // 2))


def small_size(sizes: Sequence[int], recovered: Sequence[float]) -> int | None:
    """Of sizes that can be drawn, the fewest edges that recover MOST of the behaviour, else the fewest that recover
    HALF; None where none of them does."""
    for least in (MOST, HALF):
        for size, share in zip(sizes, recovered, strict=True):
            if share >= least:
                return size
    return None


def size_to_look_at(edges: int, sizes: Sequence[int], recovered: Sequence[float]) -> int:
    """The size of circuit that is looked at where nobody has chosen one: the fewest edges that recover MOST of the
    behaviour; where nothing short of all `edges` of the graph does, the fewest that recover HALF, since all edges
    explain nothing."""
    parts = [(size, share) for size, share in zip(sizes, recovered, strict=True) if size < edges]
    for least in (MOST, HALF):
        for size, share in parts:
            if share >= least:
                return size
    return edges


def sizes_of(edges: int, fractions: Sequence[float]) -> list[int]:
    """How many edges fractions of a graph are: rounded down, as MIB does, but one at least."""
    return [max(1, int(fraction * edges + 1e-9)) for fraction in fractions]


def areas(fractions: Sequence[float], recovered: NDArray[np.float64]) -> tuple[float, float]:
    """CPR and CMD of a curve."""
    x = np.asarray(fractions, dtype=np.float64)
    return float(np.trapezoid(recovered, x)), float(np.trapezoid(np.abs(1 - recovered), x))


def without(circuit: Circuit) -> Circuit:
    """The edges (edges at spans) outside a circuit."""
    outside = np.ones(circuit.graph.n_edges * max(1, len(circuit.spans)), dtype=bool)
    outside[circuit.parts] = False
    return circuit.with_parts(np.flatnonzero(outside).astype(np.int64))


def _kept(circuit: Circuit, removed: bool) -> Circuit:
    return without(circuit) if removed else circuit


def drawn_circuits(circuits: Sequence[Circuit], draws: int, seed: int) -> list[list[Circuit]]:
    """As many edges (edges at spans) as each of some circuits has, drawn at random."""
    generator = np.random.default_rng(seed)
    by_draw = []
    for _ in range(draws):
        order = generator.permutation(circuits[0].graph.n_edges * max(1, len(circuits[0].spans))).astype(np.int64)
        by_draw.append([circuit.with_parts(order[: len(circuit)]) for circuit in circuits])
    return by_draw
