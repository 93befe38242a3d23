"""Three hypothesis tests of a circuit (Shi et al. 2024, "Hypothesis Testing the Circuit Hypothesis in LLMs", section
3).

Each asks what would be true of an ideal circuit (the null hypothesis), and how likely data like these would be then. So
in all three a small p-value speaks against the circuit, and a large one is no proof for it: with few pairs nothing can
be rejected. m is the metric of one pair.

Equivalence. Ideal: circuit and model are equally likely to have the larger metric, up to `tolerance`.
  1. Count the pairs in which m(circuit) > m(model); ties count half.
  2. p: how likely a share at least as far from 1/2 is where the true share is 1/2 + tolerance (binomial).
Independence. Ideal: what the model without the circuit's edges still does tells nothing of what the model does.
  1. HSIC (Gretton et al. 2007) between m(rest) and m(model) over the pairs, with Gaussian kernels as wide as the median
     distance.
  2. p: the share of random permutations of the pairs with an HSIC at least as large.
Minimality. Ideal: every edge matters more than an edge that does not belong would.
  1. Edges that do not belong: add a random path from `input` to `logits` to the circuit, take one edge of it out, and
     see how far the metric moves (mean absolute change over the pairs); so for `draws` paths.
  2. Take each edge of the circuit (at most `most`, drawn by the seed) out likewise. Count the random ones that it
     beats; one that moves the metric just as far counts as beaten. A metric that jumps mostly does not move at all, and
     then says nothing against an edge.
  3. p of an edge: how likely so few, or fewer, are where it beats a share `quantile` of them (binomial); the least p,
     times the number of edges tested (Bonferroni), is that of the circuit.

Of a circuit at spans (`core.spans`) an edge is one at a span. A random path ends at a span that the output reads, and
goes from one span to another through keys and values alone, to any where edges carry something (with `patch` those from
the first difference of A and B on).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from core.circuit import Circuit
from core.edits import KINDS, EditKind
from core.errors import InputError
from core.evaluation.faithfulness import without
from core.evaluation.limits import LEAST_PAIRS
from core.evaluation.measured import measure
from core.formatting import percent
from core.graph import Graph, Reader
from core.inputs.pair import Dataset
from core.progress import stage, watched
from core.session import Session
from core.spans import span_numbers
from core.tracing.direction import FLAT

LEVEL = 0.05
WHOLE = 0.03  # of the work, about: the whole model's runs

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class HypothesisTest:
    """One test. statistic: what was counted or computed, of so many pairs or edges; words: what it is. p: how likely
    it, or more, is of an ideal circuit; below `level` it speaks against this one. small_p: what it then says."""

    name: str
    statistic: float
    p: float
    words: str
    small_p: str
    of: int
    level: float = LEVEL

    @property
    def passed(self) -> bool:
        """Nothing speaks against the circuit; that is no proof for it."""
        return self.p >= self.level


def hypothesis_tests(
    session: Session,
    circuit: Circuit,
    replacement: EditKind = "patch",
    *,
    dataset: Dataset | None = None,
    tolerance: float = 0.1,
    quantile: float = 0.9,
    draws: int = 64,
    most: int = 32,
    permutations: int = 1000,
    seed: int = 0,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    memory: dict[Any, Any] | None = None,
) -> tuple[HypothesisTest, HypothesisTest, HypothesisTest]:
    """The three tests of a circuit on a session's batch or a dataset. memory: see `measure`. Raises InputError for
    fewer than LEAST_PAIRS pairs and for a metric that is the same for the whole model in every pair (as KL to clean
    is): no circuit could be above it, and nothing could follow it. Raises Cancelled."""
    pairs = session.pair.batch if dataset is None else len(dataset)
    if pairs < LEAST_PAIRS:
        raise InputError(
            f"The tests need {LEAST_PAIRS} pairs, and there are {pairs}.", "Trace a dataset, for example of a task."
        )
    kept = None if memory is None else memory.setdefault("whole", {})
    with watched(progress, cancelled), stage(0.0, WHOLE):
        whole = measure(session, [], replacement, dataset=dataset, memory=kept).whole
    if np.ptp(whole) < FLAT:
        raise InputError(
            f"The {session.metric.name} of the whole model is {whole[0]:.3g} in every pair, so there is nothing to "
            "compare with pair by pair.",
            "Choose a metric that differs from pair to pair, as the logit difference does.",
        )
    rng = np.random.default_rng(seed)
    spans = PathSpans.of(circuit.spans, session, replacement, dataset) if circuit.spans else PathSpans()
    reference = _reference(circuit, draws, rng, spans)
    count = len(circuit)
    tested_edges = np.arange(count) if count <= most else np.sort(rng.choice(count, most, replace=False))
    less = [circuit.chosen(np.delete(np.arange(count), place)) for place in tested_edges]
    circuits = [circuit, without(circuit), *less, *(each for both in reference for each in both)]
    with watched(progress, cancelled), stage(WHOLE, 1.0):
        runs = measure(session, circuits, replacement, dataset=dataset, memory=memory)
    equal = equivalence(runs.circuits[0], runs.whole, tolerance)
    independent = independence(runs.circuits[1], runs.whole, permutations, rng)
    moved, inflated = runs.circuits[2 : 2 + len(less)], runs.circuits[2 + len(less) :]
    moves = np.abs(moved - runs.circuits[0]).mean(axis=1)
    by_random = np.abs(inflated[0::2] - inflated[1::2]).mean(axis=1)
    tiny = _rounding(session.model.adapter.dtype) * float(np.abs(runs.whole).max())
    minimal = minimality_test(np.where(moves < tiny, 0, moves), np.where(by_random < tiny, 0, by_random), quantile)
    return equal, independent, minimal


def _rounding(dtype: torch.dtype) -> float:
    """What sums in another order may change of a metric, as a share of it: less moves nothing. Else the count of edges
    that move nothing would hang on which rows went through the model together."""
    return 64 * torch.finfo(torch.float64 if dtype == torch.float64 else torch.float32).eps


def equivalence(circuit: Floats, whole: Floats, tolerance: float = 0.1) -> HypothesisTest:
    """circuit, whole: the metric of every pair."""
    n = len(whole)
    wins = float((circuit > whole).sum() + 0.5 * (circuit == whole).sum())
    away = abs(wins / n - 0.5)
    p = sum(
        probability
        for count, probability in enumerate(_binomial(n, 0.5 + tolerance))
        if abs(count / n - 0.5) >= away - 1e-12
    )
    words = f"the circuit has the larger metric in {percent(wins / n)} of {n} pairs"
    small_p = f"the metric of the {'circuit' if wins > n / 2 else 'whole model'} is larger, too often for chance"
    return HypothesisTest("equivalence", wins / n, min(1.0, p), words, small_p, n)


def independence(rest: Floats, whole: Floats, permutations: int, rng: np.random.Generator) -> HypothesisTest:
    """rest: the metric of every pair in the model without the circuit."""
    a, b = _centred_kernel(rest), _centred_kernel(whole)
    observed = float((a * b).mean())
    at_least = 1
    for _ in range(permutations):
        order = rng.permutation(len(whole))
        at_least += float((a * b[np.ix_(order, order)]).mean()) >= observed - 1e-15
    words = f"the model without the circuit beside the whole one over {len(whole)} pairs (HSIC {observed:.2g})"
    small_p = "what is left without the circuit still tells what the whole does"
    return HypothesisTest("independence", observed, at_least / (permutations + 1), words, small_p, len(whole))


def minimality_test(moves: Floats, reference: Floats, quantile: float = 0.9) -> HypothesisTest:
    """moves: how far the metric goes without each edge of the circuit; reference: without edges that do not belong."""
    beaten = np.array([int((reference <= move).sum()) for move in moves])
    chances = np.cumsum(_binomial(len(reference), quantile))
    p_values = chances[beaten] if len(beaten) else np.ones(1)
    p = min(1.0, float(p_values.min()) * len(p_values))
    idle = int((p_values * len(p_values) < LEVEL).sum())
    words = f"{idle} of {len(moves)} edges do not matter more than most random ones would"
    still = int((moves == 0).sum())
    if still:
        alike = percent(float((reference == 0).mean()))
        words += f"; {still} move the metric by nothing, as {alike} of the random ones do"
    small_p = "some of its edges do no more than edges outside it would"
    return HypothesisTest("minimality", float(idle), p, words, small_p, len(moves))


@dataclass(frozen=True)
class PathSpans:
    """Between which spans random paths go: `count` in all; read, those with a position that the output reads; carrying,
    those at which edges carry something. One of a circuit without spans."""

    count: int = 1
    read: tuple[int, ...] = (0,)
    carrying: tuple[int, ...] = (0,)

    @classmethod
    def of(cls, names: Sequence[str], session: Session, replacement: EditKind, dataset: Dataset | None) -> PathSpans:
        """Of the spans of a circuit, in any of the inputs."""
        read: set[int] = set()
        carrying: set[int] = set()
        reads = session.engine.reads
        later = session.model.adapter.shape.causal and KINDS[replacement].from_b
        for pair in [session.pair] if dataset is None else dataset.pairs:
            a, b = pair.clean.tensor, pair.counterfactual
            for row, span_of in enumerate(span_numbers(names, pair.extent)):
                length = pair.extent.lengths[row]
                if session.model.is_text:
                    read.add(int(span_of[length - 1]))
                else:
                    read.update(span_of[slice(None) if reads is None else reads[0].cpu().numpy()].tolist())
                apart = a[row] != b.tensor[row] if later and b is not None else None
                first = int(apart.int().argmax()) if apart is not None and bool(apart.any()) else 0
                carrying.update(span_of[first:length].tolist())
        return cls(len(names), tuple(sorted(read)), tuple(sorted(carrying)))


def _reference(
    circuit: Circuit, draws: int, rng: np.random.Generator, spans: PathSpans
) -> list[tuple[Circuit, Circuit]]:
    """The circuit with a random path, and that without one edge of it which the circuit has not."""
    inside = set(circuit.parts.tolist())
    pairs: list[tuple[Circuit, Circuit]] = []
    for _ in range(100 * draws):
        if len(pairs) == draws:
            return pairs
        new = [part for part in random_path(circuit.graph, rng, spans) if part not in inside]
        if new:
            inflated = np.concatenate([circuit.parts, np.array(new, dtype=np.int64)])
            gone = int(rng.choice(new))
            pairs.append((circuit.with_parts(inflated), circuit.with_parts(inflated[inflated != gone])))
    raise InputError(
        "The circuit holds nearly every edge, so there are none outside to compare with.", "Test a smaller circuit."
    )


def random_path(graph: Graph, rng: np.random.Generator, spans: PathSpans | None = None) -> Sequence[int]:
    """The edges of a path from `input` to `logits`, drawn backwards: a reader's writer is drawn evenly from all that it
    reads, and then one of that writer's ports. spans: edges are numbered as `Circuit.parts`, and a key or value is read
    at any span that carries something."""
    spans = spans or PathSpans()
    edges: list[int] = []
    reader = Reader("logits")
    span = spans.read[0] if len(spans.read) == 1 else int(rng.choice(spans.read))
    while True:
        number = int(rng.integers(0, graph.writers_before(reader)))
        edges.append((int(graph.first_edge[graph.reader_index(reader)]) + number) * spans.count + span)
        writer = graph.writers[graph.first_writer(reader) + number]
        if writer.kind == "input":
            return edges
        ports = graph.ports(writer)
        reader = ports[int(rng.integers(0, len(ports)))]
        if spans.count > 1 and reader.kind in ("k", "v"):
            span = int(rng.choice(spans.carrying))


def _centred_kernel(x: Floats) -> Floats:
    distances = np.abs(x[:, None] - x[None, :])
    apart = distances[distances > 0]
    width = float(np.median(apart)) if len(apart) else 1.0
    kernel = np.exp(-(distances**2) / (2 * width**2))
    centred: Floats = kernel - kernel.mean(axis=0) - kernel.mean(axis=1)[:, None] + kernel.mean()
    return centred


def _binomial(n: int, share: float) -> list[float]:
    """The probabilities of 0 to n."""
    logs = [math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) for k in range(n + 1)]
    return [math.exp(log + k * math.log(share) + (n - k) * math.log1p(-share)) for k, log in enumerate(logs)]
