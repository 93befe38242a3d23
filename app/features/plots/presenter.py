"""The figures of the *Plots* dock, made from plain arrays: bins of scores, effects side by side, precision and recall,
names that tell curves apart."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.formatting import counted, gap_is_large
from core.graph import Graph
from core.project.document import Document
from core.project.outcome import Outcome
from core.tracing.meaning import towards
from views.panels.plots.data import About, AgreementData, CurveLine, HistoryPoint, KnownData, Rows, ScoreBins

Values = NDArray[np.float64]
BINS = 61  # an odd number: one lies around nought
NARROW = 1e-3  # of the largest score: the part of the axis around nought that is straight
MOST_POINTS = 4000  # edges drawn of those that have both effects
MOST_NAMED = 5  # outliers
LEAST_FOR_CORRELATION = 3
MOST_SIZES = 400  # of a curve of precision and recall


# ---- scores ----------------------------------------------------------------------------------------------------


def score_bins(
    values: Values, unknown: NDArray[np.bool_], best: NDArray[np.int64], direction: int | None, signed: bool
) -> ScoreBins:
    """values, unknown, best: [edges], the scores, which of them are none, and the edges in the order that circuits are
    made by. Bins are of one width on the axis, which is straight around nought and logarithmic beyond."""
    ordered = best[~unknown[best]]
    known = np.asarray(values[ordered], dtype=np.float64)
    known = towards(known, direction) if signed else known
    in_order = bool((np.diff(known) <= 0).all()) and not unknown[best[: len(ordered)]].any()
    most = float(np.abs(known).max(initial=0.0)) or 1.0
    unit = most * NARROW
    low = np.arcsinh(min(known.min(initial=0.0), 0.0) / unit)
    high = np.arcsinh(max(known.max(initial=0.0), 0.0) / unit)
    wide = (high - low) / BINS or 1.0
    bounds = np.sinh(np.linspace(low - wide / 2, high + wide / 2, BINS + 1)) * unit
    counts, _ = np.histogram(known, bounds)
    ranked = np.sort(known)[::-1]
    return ScoreBins(ranked, bounds, counts, unit, signed, int(unknown.sum()), in_order)


def score_axis(how: str, signed: bool, direction: int | None, words: str) -> str:
    """What the axis of the scores counts. words: what they are, where they are no effect."""
    if words:
        return f"score: {words}" if not signed else f"score, {words}"
    sign = "positive towards A" if direction in (1, -1) else "positive raises the metric"
    return f"{how} score: minus the effect of removing the edge, {sign}"


# ---- estimated and measured ------------------------------------------------------------------------------------


def agreement(
    graph: Graph,
    about: About,
    estimated: Values,
    measured: Mapping[int, float],
    floor: float = 0.0,
    note: str = "",
) -> AgreementData:
    """estimated: [edges], effects, NaN where there is none; measured: effects by the number of an edge."""
    edges = np.array(sorted(measured), dtype=np.int64)
    real = np.array([measured[edge] for edge in edges.tolist()], dtype=np.float64)
    guess = estimated[edges] if len(edges) else np.zeros(0)
    both = np.isfinite(guess) & np.isfinite(real)
    edges, real, guess = edges[both], real[both], guess[both]
    if not len(edges):
        return AgreementData(about)
    apart = len(edges) >= LEAST_FOR_CORRELATION and guess.std() > 0 and real.std() > 0
    order = np.argsort(-np.maximum(np.abs(guess), np.abs(real)), kind="stable")[:MOST_POINTS]
    left_out = len(edges) - len(order)
    notes = [*([note] if note else [])]
    if left_out:
        notes.append(f"{counted(left_out, 'edge')} of the smallest effects not drawn")
    heard = np.abs(real) >= floor
    return AgreementData(
        about,
        tuple(graph.edge(edge).name for edge in edges[order].tolist()),
        guess[order],
        real[order],
        _outliers(guess[order], real[order], floor),
        len(edges),
        float(np.corrcoef(guess, real)[0, 1]) if apart else None,
        int(((guess * real < 0) & heard).sum()),
        floor,
        "; ".join(notes),
    )


def _outliers(estimated: Values, measured: Values, floor: float) -> tuple[int, ...]:
    """Places of the edges that are farthest off, of those whose estimate would mislead."""
    gaps = np.abs(estimated - measured)
    order = np.argsort(-gaps, kind="stable")
    misled = [
        place
        for place in order.tolist()
        if abs(measured[place]) >= floor and gap_is_large(float(estimated[place]), float(measured[place]))
    ]
    return tuple(misled[:MOST_NAMED])


# ---- a known circuit -------------------------------------------------------------------------------------------


def against_known(
    about: About,
    name: str,
    known: frozenset[int],
    edges: int,
    best: NDArray[np.int64],
    size: int | None,
    stale: bool = False,
) -> KnownData:
    """Precision and recall of the beginnings of an order of the edges. known: numbers of the known edges; best: [edges
    with a score], in their order; size: of the present circuit."""
    mask = np.isin(best, np.fromiter(known, dtype=np.int64, count=len(known)))
    hits = np.cumsum(mask)
    sizes = np.unique(np.round(np.geomspace(1, max(len(best), 1), MOST_SIZES)).astype(np.int64))
    sizes = np.unique(np.concatenate([sizes, *([[size]] if size else [])]).astype(np.int64))
    sizes = sizes[(sizes >= 1) & (sizes <= len(best))]
    if not len(sizes):
        return KnownData(about, name, len(known), edges)
    precision, recall = hits[sizes - 1] / sizes, hits[sizes - 1] / max(len(known), 1)
    every = hits / np.arange(1, len(best) + 1)
    at = np.flatnonzero(sizes == size)
    return KnownData(
        about,
        name,
        len(known),
        edges,
        sizes,
        precision,
        recall,
        len(known) / max(edges, 1),
        float(every[mask].sum() / max(len(known), 1)),
        int(at[0]) if len(at) else None,
        stale=stale,
    )


# ---- curves ----------------------------------------------------------------------------------------------------


def named_apart(lines: Sequence[CurveLine], present: About) -> tuple[CurveLine, ...]:
    """The curves, each by its method, and by all in which it is of another state than the present one."""
    named = []
    for line in lines:
        of, now = line.about.entries, present.entries
        parts = [of[key] for key in ("ablation", "metric", "inputs", "model") if of[key] != now[key]]
        if not parts and not line.same:
            parts = ["other pairs"]
        named.append(replace(line, name=", ".join(part for part in (of["method"], *parts) if part)))
    return tuple(named)


# ---- the history -----------------------------------------------------------------------------------------------


class Visited(Protocol):
    """A step of the history, as far as its figures go."""

    words: str
    document: Document
    outcome: Outcome | None

    @property
    def latest(self) -> Visited | None: ...

    def path(self) -> Sequence[Visited]: ...


def history_points(present: Visited) -> tuple[tuple[HistoryPoint, ...], int]:
    """The metric after the steps to the present one and after those that redo leads to, as far as they are of the
    present model, inputs and metric; and how many are not. A step that changes no run has no point of its own."""
    way = list(present.path())
    ahead: list[Visited] = []
    step = present.latest
    while step is not None:
        ahead.append(step)
        step = step.latest
    points: list[HistoryPoint] = []
    left_out, run = 0, None
    for number, step in enumerate([*way, *ahead]):
        outcome = step.outcome
        if outcome is None or step.document.run == run:
            continue
        run = step.document.run
        if step.document.question != present.document.question:
            left_out += 1
            continue
        state = "ahead" if number >= len(way) else "present" if run == present.document.run else "past"
        points.append(HistoryPoint(step.words, number, outcome.after, outcome.before, state))  # type: ignore[arg-type]
    last = max((place for place, point in enumerate(points) if point.state == "present"), default=-1)
    one = (
        replace(point, state="past") if point.state == "present" and place != last else point
        for place, point in enumerate(points)
    )
    return tuple(one), left_out


# ---- files -----------------------------------------------------------------------------------------------------


def rows_csv(table: Rows) -> str:
    """A table with what each row is of, as rows get cut out and pasted."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    abouts = list(table.abouts) if len(table.abouts) == len(table.rows) else [*table.abouts[:1]] * len(table.rows)
    keys = tuple(key for key in About().entries if any(about.entries[key] for about in abouts))
    writer.writerow((*table.head, *keys))
    for row, about in zip(table.rows, abouts, strict=True):
        writer.writerow((*row, *(about.entries[key] for key in keys)))
    return out.getvalue()
