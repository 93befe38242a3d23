"""Does a circuit tell where to train? The same number of trained parameters, placed by a circuit, evenly, at random and
by rivals, on tasks that the models do not know.

    python -m tests.benchmarks tune [--short] [--processes N] [--minutes N]

Each arm's rate is chosen by validation on draws of its own. Trainings are kept: a run that was broken off goes on. The
tasks of SmolLM2 need pack:smollm2.
"""

from __future__ import annotations

import importlib.util
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from multiprocessing import get_context

import tqdm

from core.models import packs
from tests.benchmarks.repair_outcomes import Outcome
from tests.benchmarks.table import Table
from tests.benchmarks.tune_tables import Draws, in_short, rates_table, table_of
from tests.benchmarks.tune_tasks import NAMES, SMOLLM2, TASKS
from tests.benchmarks.tune_units import ARMS, Unit, chosen_rates, main_units, rates_of, run, tuning_units

SEEDS, TUNING_SEEDS = 10, {NAMES: 2, SMOLLM2: 1}
PROCESSES, MINUTES = 2, 60.0
SHORT_TASK, SHORT_RATE = "names-order", 1  # the middle one of the rates


def tables(short: bool = False, processes: int = PROCESSES, minutes: float | None = None) -> Iterator[Table]:
    """A table a task, and one of all. short: one task, one draw, no choice of rates. minutes: after which nothing is
    trained that was not before."""
    if importlib.util.find_spec("peft") is None:
        print("The adapters need peft, which is not installed: pip install peft", file=sys.stderr)
        return
    ends = time.monotonic() + 60 * (MINUTES if minutes is None else minutes)
    all_draws = []
    for draws in _short(processes, ends) if short else _whole(processes, ends):
        yield table_of(draws)
        if draws.tuning:
            yield rates_table(draws)
        all_draws.append(draws)
    if all_draws:
        yield in_short(all_draws)


def _short(processes: int, ends: float) -> Iterator[Draws]:
    rates = {arm: rates_of(SHORT_TASK, arm)[SHORT_RATE] for arm in ARMS}
    yield Draws(SHORT_TASK, list(finish(main_units(SHORT_TASK, rates, 1), processes, ends)))


def _whole(processes: int, ends: float) -> Iterator[Draws]:
    names = [name for name, task in TASKS.items() if task.model != SMOLLM2 or packs.is_installed("smollm2")]
    if len(names) < len(TASKS):
        print("pack:smollm2 is not installed: wirescope models get smollm2", file=sys.stderr)
    for name in names:
        tuning = tuning_units(name, TUNING_SEEDS[TASKS[name].model])
        outcomes = list(finish(tuning, processes, ends))
        if len(outcomes) < len(tuning):
            print(f"{name}: the time was over before its rates were chosen; run it again.", file=sys.stderr)
            continue
        units = main_units(name, chosen_rates(outcomes), SEEDS)
        draws = Draws(name, list(finish(units, processes, ends)), outcomes)
        if draws.seeds:
            yield draws


def finish(units: Sequence[Unit], processes: int, ends: float) -> Iterator[Outcome]:
    """Outcomes, as they are done. After some time only those are taken that are kept already. One process: this one."""
    with tqdm.tqdm(total=len(units), desc="trainings", unit="training", disable=None) as bar:
        for outcome in _one_by_one(units, ends) if processes == 1 else _side_by_side(units, processes, ends):
            bar.update()
            if outcome is not None:
                yield outcome


def _one_by_one(units: Sequence[Unit], ends: float) -> Iterator[Outcome | None]:
    for unit in units:
        yield run(unit, time.monotonic() >= ends)


def _side_by_side(units: Sequence[Unit], processes: int, ends: float) -> Iterator[Outcome | None]:
    waiting, running = list(units), set[Future[Outcome | None]]()
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        while waiting or running:
            while waiting and len(running) < processes:
                running.add(pool.submit(run, waiting.pop(0), time.monotonic() >= ends))
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                yield future.result()
