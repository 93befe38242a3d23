"""The trainings of `wirescope bench tune`, each kept in the user's cache, and the rate that validation chooses."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import astuple, dataclass

import torch

from tests.benchmarks import repair_outcomes as store
from tests.benchmarks.repair_outcomes import Outcome
from tests.benchmarks.tune_tasks import NAMES, SMOLLM2, TASKS
from tests.benchmarks.tune_training import trained

PART = "tune"
UNTRAINED, EVEN, RANDOM, FULL = "untrained", "even", "random", "full"
CHANGE, ADALORA = "circuit's change", "AdaLoRA"
ARMS = (EVEN, "circuit", CHANGE, "gradient", RANDOM, ADALORA, FULL)
RATES = {NAMES: (3e-3, 1e-2, 1.8e-2, 3e-2), SMOLLM2: (1.5e-3, 3e-3, 5.5e-3, 1e-2)}  # of LoRA
OTHER_RATES = {
    (NAMES, ADALORA): (1e-2, 3e-2, 6e-2, 1e-1),
    (NAMES, FULL): (1e-4, 3e-4, 6e-4, 1e-3),
    (SMOLLM2, ADALORA): (3e-3, 1e-2, 3e-2, 6e-2),
    (SMOLLM2, FULL): (3e-5, 1e-4, 2e-4, 4e-4),
}
TUNED_ON = 1000  # the first seed of the draws that rates are chosen on; no other figure comes of them


@dataclass(frozen=True)
class Unit:
    """One training."""

    task: str
    arm: str
    rate: float
    seed: int
    steps: int

    @property
    def tuning(self) -> bool:
        return self.seed >= TUNED_ON

    @property
    def key(self) -> str:
        return store.digest(store.version("tests.benchmarks.tune_training", ("tests.benchmarks.tune_",)), astuple(self))


def run(unit: Unit, only_kept: bool = False) -> Outcome | None:
    """A training's outcome, from the cache where it is there. only_kept: None where it is not. For a process of its
    own."""
    torch.set_num_threads(1)
    outcome = store.kept(unit.task, PART).get(unit.key)
    if outcome is None and not only_kept:
        figures = trained(unit.task, unit.arm, unit.rate, unit.seed, unit.steps, unit.tuning)
        outcome = {"task": unit.task, "arm": unit.arm, "rate": unit.rate, "seed": unit.seed, "key": unit.key} | figures
        store.keep(unit.task, outcome, PART)
    return outcome


def arms_of(task: str) -> tuple[str, ...]:
    """On SmolLM2 none that trains twice."""
    return tuple(arm for arm in ARMS if arm != CHANGE or TASKS[task].model != SMOLLM2)


def rates_of(task: str, arm: str) -> tuple[float, ...]:
    """As many for each arm."""
    model = TASKS[task].model
    return OTHER_RATES.get((model, arm), RATES[model])


def tuning_units(task: str, seeds: int) -> list[Unit]:
    steps = TASKS[task].steps
    return [
        Unit(task, arm, rate, TUNED_ON + seed, steps)
        for seed in range(seeds)
        for arm in arms_of(task)
        for rate in rates_of(task, arm)
    ]


def chosen_rates(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """For each arm the rate of the best validation accuracy, mean of its draws; of equal ones that of less loss."""
    by_arm: dict[str, dict[float, list[Outcome]]] = {}
    for outcome in outcomes:
        by_arm.setdefault(outcome["arm"], {}).setdefault(outcome["rate"], []).append(outcome)

    def worth(some: Sequence[Outcome]) -> tuple[float, float]:
        accuracy = statistics.mean(each["validation"] for each in some)
        return accuracy, -statistics.mean(each["validation loss"] for each in some)

    return {arm: max(by_rate, key=lambda rate: worth(by_rate[rate])) for arm, by_rate in by_arm.items()}


def main_units(task: str, rates: dict[str, float], seeds: int) -> list[Unit]:
    """Draw by draw, so that whatever is finished can be compared."""
    steps = TASKS[task].steps
    arms = [(UNTRAINED, 0.0), *rates.items()]
    return [Unit(task, arm, rate, seed, steps) for seed in range(seeds) for arm, rate in arms]
