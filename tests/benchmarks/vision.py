"""Circuits in vision: how much of a classifier's accuracy is kept by how few edges.

    python -m tests.benchmarks vision

Removed edges carry what they carry in B, the same picture with its shape inpainted away. Circuits are found on some
pictures and judged on others. A circuit of one class is judged on other classes too: one that always answers its class
would be right on all of its own pictures. Edges are counted as they are and with a head's query, key and value edges of
one writer as one, as Vi-CD does (Żukowska et al. 2026, arXiv:2604.14477).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch

import wirescope as ws
from core.circuit.head_inputs import count_inputs
from core.evaluation.measured import measure
from core.formatting import percent
from tests.benchmarks.table import Table
from tests.benchmarks.vision_cases import CASES, Case, Sets, merged
from tests.benchmarks.vision_circuits import Circuits, for_all, for_one, session_of

FRACTIONS = (0.02, 0.05, 0.1, 0.2, 0.5)
COUNTED = 0.1  # of the edges: circuits whose inputs are counted
KEPT = 0.8  # of the whole model's accuracy
SEED = 0
FOUND, JUDGED = 8, 12  # pairs of a class
OTHERS = 3  # of these, that circuits of other classes answer too


def tables(cases: Sequence[str] = tuple(CASES)) -> Iterator[Table]:
    torch.set_num_threads(1)
    for name in cases:
        with TemporaryDirectory() as folder:
            case = CASES[name](FOUND, JUDGED, Path(folder))
            if case is None:
                print("pack:dinov2-small is not installed: wirescope models get dinov2-small", file=sys.stderr)
                continue
            search_sets = {each: case.dataset(each, case.search_count, SEED) for each in case.classes}
            judged = {each: case.dataset(each, case.judged, SEED + 1) for each in case.classes}
            yield all_classes(case, search_sets, judged)
            yield one_class(case, search_sets, judged)


def all_classes(case: Case, search_sets: Sets, judged: Sets) -> Table:
    """One circuit for all classes."""
    judged_on = merged(judged.values())
    ways = for_all(case, search_sets, sizes(case))
    result = measure(
        session_of(case.model, judged_on), [each for some in ways.values() for each in some], dataset=judged_on
    )
    whole = result.whole_accuracy or 0.0
    rows = []
    for number, (name, circuits) in enumerate(ways.items()):
        right = result.accuracy[number * len(circuits) :][: len(circuits)]
        rows.append([name, *map(percent, right), enough(right, whole), inputs(case, [circuits])])
    title = (
        f"{case.title}: right answers of one circuit for {len(case.classes)} classes, by the share of "
        f"{case.model.graph.n_edges:,} edges; {len(judged_on.pairs)} held-out pictures, the whole model "
        f"{percent(whole)}"
    )
    return Table(title, heads(), rows)


def one_class(case: Case, search_sets: Sets, judged: Sets) -> Table:
    """A circuit of each class: its pictures that are right, others that it calls so; means over the classes."""
    ways = {name: for_one(case, name, search_sets, sizes(case)) for name in case.single}
    figures = {name: class_figures(case, name, ways[name], judged) for name in case.single}
    whole = float(np.mean([of_class.whole for of_class in figures.values()]))
    rows = []
    for way in ways[case.single[0]]:
        right = np.mean([of_class.right[way] for of_class in figures.values()], axis=0).tolist()
        called = np.mean([of_class.called[way] for of_class in figures.values()], axis=0).tolist()
        cells = [f"{percent(a)}, {percent(b)}" for a, b in zip(right, called, strict=True)]
        rows.append([way, *cells, enough(right, whole), inputs(case, [some[way] for some in ways.values()])])
    title = (
        f"{case.title}: circuits of one class each, the mean of {len(case.single)}: right answers to pictures of the "
        f"class (the whole model {percent(whole)}), and pictures of the other classes that the circuit calls so"
    )
    return Table(title, heads(), rows)


@dataclass(frozen=True)
class ClassFigures:
    """Of each circuit, by way and size: right answers to pictures of a class, and pictures of other classes that it
    calls so. whole: right answers of the whole model."""

    right: dict[str, tuple[float, ...]]
    called: dict[str, tuple[float, ...]]
    whole: float


def class_figures(case: Case, name: str, ways: Circuits, judged: Sets) -> ClassFigures:
    others = [
        pair for each in case.classes if each != name for pair in judged[each].pairs[: 1 if case.slow else OTHERS]
    ]
    called = ws.Dataset(others, [(name, "")] * len(others))
    circuits, count = [each for some in ways.values() for each in some], len(FRACTIONS)
    of_class, of_others = (
        measure(session_of(case.model, some), circuits, dataset=some) for some in (judged[name], called)
    )
    by_way = [
        {way: accuracy[number * count : (number + 1) * count] for number, way in enumerate(ways)}
        for accuracy in (of_class.accuracy, of_others.accuracy)
    ]
    return ClassFigures(by_way[0], by_way[1], of_class.whole_accuracy or 0.0)


def sizes(case: Case) -> list[int]:
    return [max(1, round(fraction * case.model.graph.n_edges)) for fraction in FRACTIONS]


def heads() -> tuple[str, ...]:
    shares = map(percent, FRACTIONS)
    return ("edges chosen by", *shares, f"keeps {percent(KEPT)} from", f"inputs at {percent(COUNTED)}")


def enough(accuracies: Sequence[float], whole: float) -> str:
    """The least share from which on a circuit keeps so much of the accuracy, however many edges more it has."""
    kept = [each >= KEPT * whole for each in accuracies]
    least = next((number for number in range(len(kept)) if all(kept[number:])), None)
    return "-" if least is None else percent(FRACTIONS[least])


def inputs(case: Case, circuits: Sequence[Sequence[ws.Circuit]]) -> str:
    """What circuits of COUNTED of the edges are, a head's inputs counted as one; the mean."""
    graph, place = case.model.graph, FRACTIONS.index(COUNTED)
    return percent(float(np.mean([count_inputs(graph, each[place].edges) for each in circuits])) / count_inputs(graph))
