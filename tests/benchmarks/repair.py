"""Repairs of planted models beside their rivals: the same examples, held-out inputs, ten draws of the examples.

Each draw has its own triggered and clean examples; all are judged on the same held-out inputs. Seconds are of the
processor, on one thread; two draws run at a time. Outcomes are kept: a run that was broken off goes on.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from multiprocessing import get_context

import tqdm

from core.repair.repair import KNOWLEDGE, Knowledge
from tests.benchmarks.repair_cases import names
from tests.benchmarks.repair_outcomes import Outcome
from tests.benchmarks.repair_tables import Draws, bars, table_of
from tests.benchmarks.repair_ways import Unit, run
from tests.benchmarks.table import Table

TRIGGERED, SEEDS, LASTING = 16, 10, 1
FEWER, FEWER_SEEDS = (4, 64), 3
LESS_KNOWN: tuple[Knowledge, ...] = ("suspicious", "clean")
PROCESSES, MINUTES = 2, 55.0
SHORT_HELD_OUT, SHORT_MINUTES = 200, 4.0


def units(models: Sequence[str], short: bool = False) -> list[Unit]:
    """The first draw of all models first, so that whatever is finished can be compared."""
    if short:
        return [Unit(name, TRIGGERED, 0, held_out=SHORT_HELD_OUT) for name in models]
    main = [Unit(name, TRIGGERED, seed, lasting=seed < LASTING) for seed in range(SEEDS) for name in models]
    others = []
    for seed in range(FEWER_SEEDS):
        for name in models:
            others += [Unit(name, TRIGGERED, seed, knowledge) for knowledge in LESS_KNOWN]
            others += [Unit(name, count, seed) for count in FEWER]
    return main + others


def tables(short: bool = False, processes: int = PROCESSES, minutes: float | None = None) -> Iterator[Table]:
    """Bars, then a table a model, number of triggered examples and what is known of them. short: one draw alone, fewer
    held-out inputs. minutes: after which no draw is measured that was not before; the titles say how
    many there are."""
    if minutes is None:
        minutes = SHORT_MINUTES if short else MINUTES
    finished = dict(finish(units(names(), short), processes, 60 * minutes))
    yield from tables_of(finished)


def tables_of(finished: dict[Unit, list[Outcome]]) -> Iterator[Table]:
    by_table: dict[tuple[str, int, str], list[Unit]] = {}
    for unit in finished:
        by_table.setdefault((unit.knowledge, unit.triggered, unit.model), []).append(unit)
    found = [(some[0], Draws([outcome for unit in some for outcome in finished[unit]])) for some in by_table.values()]
    for knowledge in KNOWLEDGE:
        if main := [draws for unit, draws in found if (unit.knowledge, unit.triggered) == (knowledge, TRIGGERED)]:
            yield bars(main)
    order = list(KNOWLEDGE)
    for unit, draws in sorted(found, key=lambda one: (order.index(one[0].knowledge), one[0].triggered != TRIGGERED)):
        yield table_of(draws, unit.held_out, unit.clean)


def finish(some: Sequence[Unit], processes: int, seconds: float) -> Iterator[tuple[Unit, list[Outcome]]]:
    """Units with their outcomes, as they are done. After some seconds only those are taken that are kept already. One
    process: this one."""
    ends = time.monotonic() + seconds
    with tqdm.tqdm(total=len(some), desc="repairs", unit="draw", disable=None) as bar:
        for unit, outcomes in _one_by_one(some, ends) if processes == 1 else _side_by_side(some, processes, ends):
            bar.update()
            if outcomes is not None:
                yield unit, outcomes


def _one_by_one(some: Sequence[Unit], ends: float) -> Iterator[tuple[Unit, list[Outcome] | None]]:
    for unit in some:
        yield unit, run(unit, time.monotonic() >= ends)


def _side_by_side(some: Sequence[Unit], processes: int, ends: float) -> Iterator[tuple[Unit, list[Outcome] | None]]:
    waiting, running = list(some), dict[Future[list[Outcome] | None], Unit]()
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        while waiting or running:
            while waiting and len(running) < processes:
                unit = waiting.pop(0)
                running[pool.submit(run, unit, time.monotonic() >= ends)] = unit
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                yield running.pop(future), future.result()
