"""Repairs of planted models beside their rivals: the same examples, held-out inputs, ten draws of the examples.

Each draw has its own triggered and clean examples; all are judged on the same held-out inputs. Seconds are of the
processor, on one thread; two draws run at a time. Outcomes are kept: a run that was broken off goes on. What matters
most comes first, so that one that has ended early has a draw of everything before it has many of anything.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from multiprocessing import get_context

import tqdm

from core.repair.repair import Knowledge, Level
from core.repair.rivals.table import RIVALS
from tests.benchmarks import repair_outcomes as store
from tests.benchmarks.repair_cases import names
from tests.benchmarks.repair_levels import tables_of
from tests.benchmarks.repair_outcomes import Outcome
from tests.benchmarks.repair_ways import SELDOM, TRIGGERED, Unit, run
from tests.benchmarks.table import Table

SEEDS, POSITIONS, SELDOM_SEEDS, LASTING = 10, 5, 3, 1  # draws: of edges, positions, ways in SELDOM, how long it lasts
DEAR = "fine-tuning, both and made"
OFTEN = tuple(name for name in RIVALS if name not in SELDOM)
LESS = tuple(name for name in OFTEN if name != DEAR)
MOST = "16"
OTHERS: dict[str, tuple[int, Knowledge]] = {  # other levels of knowledge than MOST: triggered examples, known as what
    "suspicious": (TRIGGERED, "suspicious"),
    "clean": (TRIGGERED, "clean"),
    "4": (4, "triggered"),
    "64": (64, "triggered"),
}
LEVELS = (MOST, *OTHERS)
PROCESSES, MINUTES = 2, 55.0
SHORT_HELD_OUT, SHORT_MINUTES = 200, 4.0


def units(models: Sequence[str], short: bool = False, levels: Sequence[str] = LEVELS) -> list[Unit]:
    """The first draw of all models first, so that whatever is finished can be compared. What one draw has may lie in
    several units. levels: of knowledge."""
    if short:
        return [Unit(name, TRIGGERED, 0, held_out=SHORT_HELD_OUT) for name in models]
    found: list[Unit] = []

    def add(seeds: range, levels: tuple[Level, ...], rivals: tuple[str, ...]) -> None:
        for seed in seeds:
            found.extend(
                Unit(name, TRIGGERED, seed, lasting=seed < LASTING, levels=levels, rivals=rivals) for name in models
            )

    def add_others(seeds: range) -> None:
        for seed in seeds:
            for count, knowledge in (OTHERS[level] for level in levels if level != MOST):
                rivals = LESS if knowledge == "triggered" else tuple(RIVALS)
                found.extend(Unit(name, count, seed, knowledge, levels=("edges",), rivals=rivals) for name in models)

    if MOST not in levels:
        add_others(range(SEEDS))
        return found
    add(range(LASTING), ("edges", "positions"), tuple(RIVALS))
    add(range(LASTING), ("nodes",), ())
    add(range(LASTING, 3), ("edges",), OFTEN)
    add_others(range(1))
    add(range(LASTING, POSITIONS), ("positions",), ())
    add(range(3, POSITIONS), ("edges",), OFTEN)
    add(range(LASTING, SELDOM_SEEDS), ("nodes",), SELDOM)
    add(range(POSITIONS, SEEDS), ("edges",), LESS)
    add_others(range(1, SEEDS))
    return found


def tables(
    short: bool = False,
    processes: int = PROCESSES,
    minutes: float | None = None,
    rivals: bool = False,
    levels: Sequence[str] = LEVELS,
    write: bool = False,
) -> Iterator[Table]:
    """Bars, then what is left at each level of knowledge, then a table a model. short: one draw alone, fewer held-out
    inputs. minutes: after which no draw is measured that was not before; the titles say how many there are. rivals:
    measure these alone, for a later run. levels: of knowledge, of LEVELS. write: also put
    the outcomes behind the tables into the record of the repository."""
    if minutes is None:
        minutes = SHORT_MINUTES if short else MINUTES
    finished = dict(finish(units(names(), short, levels), processes, 60 * minutes, rivals))
    if rivals:
        yield Table(f"Rivals of {len(finished)} draws are measured and kept", (), ())
    else:
        if write:
            store.record([outcome for outcomes in finished.values() for outcome in outcomes])
        yield from tables_of(finished)


def finish(
    some: Sequence[Unit], processes: int, seconds: float, rivals: bool = False
) -> Iterator[tuple[Unit, list[Outcome]]]:
    """Units with their outcomes, as they are done. After some seconds only those are taken that are kept already. One
    process: this one."""
    ends = time.monotonic() + seconds
    done = _one_by_one(some, ends, rivals) if processes == 1 else _side_by_side(some, processes, ends, rivals)
    with tqdm.tqdm(total=len(some), desc="repairs", unit="draw", disable=None) as bar:
        for unit, outcomes in done:
            bar.update()
            if outcomes is not None:
                yield unit, outcomes


Done = Iterator[tuple[Unit, list[Outcome] | None]]


def _one_by_one(some: Sequence[Unit], ends: float, rivals: bool) -> Done:
    for unit in some:
        yield unit, run(unit, time.monotonic() >= ends, rivals)


def _side_by_side(some: Sequence[Unit], processes: int, ends: float, rivals: bool) -> Done:
    waiting, running = list(some), dict[Future[list[Outcome] | None], Unit]()
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        while waiting or running:
            while waiting and len(running) < processes:
                unit = waiting.pop(0)
                running[pool.submit(run, unit, time.monotonic() >= ends, rivals)] = unit
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                yield running.pop(future), future.result()
