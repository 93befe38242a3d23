"""Repairs of planted models beside their rivals: the same examples, held-out inputs, several seeds.

Each seed draws its own triggered and clean examples; all seeds are judged on the same held-out sentences. Seconds
are of the processor, on one thread.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeVar

import torch

import wirescope as ws
from core.errors import InputError
from core.repair.examples import Batch, Example, batch_of
from core.repair.proof import Figures
from core.repair.repair import LEVELS, MOST, Level, repair
from core.repair.rivals.rival import Job, Treated
from core.repair.rivals.table import RIVALS
from resources.models.planted.make import FOLDER, NAMES
from resources.models.planted.plants import PLANTS
from tests.benchmarks.table import Table

SEEDS, TRIGGERED, CLEAN, HELD_OUT = 2, 16, 128, 1000
HELD_OUT_SEED = 90_000
# 97.5th percentiles of Student's t, by degrees of freedom
STUDENT = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262)
HEADS = ("way", "misbehaviour", "clean accuracy lost", "KL, clean", "edges cut", "seconds")
T = TypeVar("T")
Examples = tuple[list[Example], list[Example]]


@dataclass(frozen=True)
class Outcome:
    """One way on one seed. after: held out; cut: share of the edges."""

    after: Figures
    cut: float
    seconds: float


def tables() -> Iterator[Table]:
    """A table a planted model that is there."""
    torch.set_num_threads(1)
    for name in NAMES:
        if not name.endswith("-clean") and (FOLDER / name / "model.safetensors").exists():
            yield table_of(name)


def examples_of(plant: str, triggered: int, clean: int, seed: int) -> Examples:
    """Triggered and clean inputs with the right answers."""
    row, rng = PLANTS[plant], Random(seed)
    bad = [row.pair(rng)[0] for _ in range(triggered)]
    good = [row.innocent(rng) for _ in range(clean)]
    return list(map(row.example, bad)), list(map(row.example, good))


def table_of(
    name: str,
    seeds: int = SEEDS,
    triggered: int = TRIGGERED,
    clean: int = CLEAN,
    held_out: int = HELD_OUT,
    rivals: Sequence[str] = tuple(RIVALS),
    most: float = MOST,
    levels: Sequence[Level] = LEVELS,
) -> Table:
    """Repair and rivals on a planted model: means over the seeds, and half the width of their 95 % intervals."""
    model = ws.load_model(str(FOLDER / name))
    plant = name.partition("-")[0]
    proof = examples_of(plant, held_out, held_out, HELD_OUT_SEED)
    judged = batch_of(model, proof[0]), batch_of(model, proof[1])
    before = Treated(model).figures(*judged)
    outcomes: dict[str, list[Outcome]] = {}
    for seed in range(seeds):
        used = examples_of(plant, triggered, clean, HELD_OUT_SEED + 1 + seed)
        for way, outcome in one_seed(model, used, judged, seed, rivals, most, levels):
            outcomes.setdefault(way, []).append(outcome)
    rows = [[way, *_cells(some, before)] for way, some in outcomes.items()]
    bad, good = percent(before.misbehaviour.value), percent(before.accuracy.value)
    title = (
        f"{name}: {triggered} triggered and {clean} clean examples, {seeds} seeds; {held_out:,} held-out inputs of "
        f"each kind, before: misbehaviour {bad}, accuracy {good}"
    )
    return Table(title, HEADS, rows)


def one_seed(
    model: ws.Model,
    used: Examples,
    judged: tuple[Batch, Batch],
    seed: int,
    rivals: Sequence[str],
    most: float,
    levels: Sequence[Level],
) -> Iterator[tuple[str, Outcome]]:
    edges = model.graph.n_edges
    parts = 1
    for level in levels:
        seconds, found = timed(lambda level=level: _repaired(model, used, level, most))  # type: ignore[misc]
        treated = Treated(model) if found is None else Treated(found.repaired, cut=found.cut)
        if level == "edges":
            parts = max(1, treated.cut)
        yield f"repair, {level}", Outcome(treated.figures(*judged, model), treated.cut / edges, seconds)
    job = Job(model, batch_of(model, used[0]), batch_of(model, used[1]), parts=parts, seed=seed)
    for name in rivals:
        seconds, treated = timed(lambda name=name: RIVALS[name].treat(job))  # type: ignore[misc]
        yield name, Outcome(treated.figures(*judged, model), treated.cut / edges, seconds)


def _repaired(model: ws.Model, used: Examples, level: Level, most: float) -> ws.Repair | None:
    """None where no cut helps: the model then stays as it is."""
    try:
        return repair(model, *used, level=level, most=most, held_out=0.0)
    except InputError:
        return None


def timed(work: Callable[[], T]) -> tuple[float, T]:
    started = time.process_time()
    result = work()
    return time.process_time() - started, result


def _cells(outcomes: Sequence[Outcome], before: Figures) -> list[str]:
    return [
        spread([100 * each.after.misbehaviour.value for each in outcomes], " %"),
        spread([100 * (before.accuracy.value - each.after.accuracy.value) for each in outcomes], ""),
        spread([each.after.divergence or 0.0 for each in outcomes], "", 3),
        spread([100 * each.cut for each in outcomes], " %", 2),
        f"{statistics.mean(each.seconds for each in outcomes):.1f}",
    ]


def spread(values: Sequence[float], unit: str, digits: int = 1) -> str:
    """ "1.2 ± 0.4 %": the mean and half the width of its 95 % interval (Student)."""
    mean = statistics.mean(values)
    if len(values) < 2:
        return f"{mean:.{digits}f}{unit}"
    half = STUDENT[min(len(values) - 2, len(STUDENT) - 1)] * statistics.stdev(values) / math.sqrt(len(values))
    return f"{mean:.{digits}f} ± {half:.{digits}f}{unit}"


def percent(share: float) -> str:
    return f"{100 * share:.1f} %"
