"""Draws of the bench of repairs as tasks of processes of this machine or of a Ray cluster, as shards of pairs are.

What they measure is kept here, beside what this machine has measured, so that the bench then finds it; a worker that
dies has its draw done again by another. A node needs this clone at the same path, with the planted models.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import tqdm

from core.sharded.executors import Workers
from core.sharded.in_process import Executor
from core.sharded.worker import Open
from tests.benchmarks import repair
from tests.benchmarks import repair_outcomes as store
from tests.benchmarks.repair_cases import names
from tests.benchmarks.repair_outcomes import Outcome
from tests.benchmarks.repair_ways import Unit, run


@dataclass(frozen=True)
class DrawTask:
    """A draw as a worker takes it. rivals: as `run` takes it."""

    number: int
    unit: Unit
    rivals: bool

    def do(self, _model: Open) -> list[Outcome]:
        outcomes = run(self.unit, rivals=self.rivals)
        assert outcomes is not None
        return outcomes


def measure(
    workers: Workers, short: bool, minutes: float | None, rivals: bool, levels: Sequence[str] = repair.LEVELS
) -> None:
    """Measure the draws that are not kept yet; the other arguments are those of `repair.tables`. Raises WirescopeError
    without ray, where no cluster answers, and for a worker that died again and again."""
    if minutes is None:
        minutes = repair.SHORT_MINUTES if short else repair.MINUTES
    ends = time.monotonic() + 60 * minutes
    missing = [unit for unit in repair.units(names(), short, levels) if run(unit, True, rivals) is None]
    if not missing:
        return
    executor = workers.executor(None)  # type: ignore[arg-type]  # these tasks open their models themselves
    try:
        finish(executor, missing, ends, rivals)
    finally:
        executor.close()


def finish(executor: Executor, units: Sequence[Unit], ends: float, rivals: bool) -> None:
    """Do some draws, and keep what they give. ends: of the clock, after which none is begun."""

    def tasks() -> Iterator[DrawTask]:
        for number, unit in enumerate(units):
            if time.monotonic() >= ends:
                return
            yield DrawTask(number, unit, rivals)

    with tqdm.tqdm(total=len(units), desc="repairs", unit="draw", disable=None) as bar:
        for number, outcomes in executor.results(tasks(), lambda _share: None, lambda: False):
            known = store.kept(units[number].model)
            for outcome in outcomes:
                if outcome["key"] not in known:  # a worker of this machine has kept it already
                    store.keep(units[number].model, outcome)
            bar.update()
