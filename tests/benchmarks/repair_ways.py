"""The ways that are compared: the repair at its levels, and its rivals, each with the examples of one draw."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import torch

import wirescope as ws
from core.errors import InputError
from core.repair.examples import batch_of
from core.repair.repair import LEVELS, Level, repair
from core.repair.rivals.fine_tuning import fine_tuning_made
from core.repair.rivals.rival import Job, Treated
from core.repair.rivals.table import RIVALS
from resources.models.planted.make import FOLDER
from tests.benchmarks import repair_outcomes as store
from tests.benchmarks.repair_cases import HELD_OUT_SEED, Examples, examples_of, judged, model_of, plant_of
from tests.benchmarks.repair_measures import measured

T = TypeVar("T")
REPAIR = "repair, edges"
NO_SEARCH = ("core.repair.rivals", "core.repair.proof", "core.repair.examples")  # of no matter to what the repair cuts
MEASURES = ("tests.benchmarks.repair_measures", "core.repair.rivals.rival")
BUDGET = 60.0  # seconds of the processor that a way may take


@dataclass(frozen=True)
class Unit:
    """One draw of examples of one planted model. triggered: how many are known. lasting: whether it is measured how
    long a treatment lasts."""

    model: str
    triggered: int
    seed: int
    clean: int = 128
    held_out: int = 500
    lasting: bool = False
    levels: tuple[Level, ...] = LEVELS
    rivals: tuple[str, ...] = tuple(RIVALS)

    @property
    def settings(self) -> tuple[object, ...]:
        return self.triggered, self.seed, self.clean, self.held_out, self.lasting


def run(unit: Unit) -> list[store.Outcome]:
    """The outcomes of all ways, from the cache where they are there. For a process of its own."""
    torch.set_num_threads(1)
    model = model_of(unit.model)
    used = examples_of(plant_of(unit.model), unit.triggered, unit.clean, HELD_OUT_SEED + 1 + unit.seed)
    job = Job(model, batch_of(model, used[0]), batch_of(model, used[1]), seed=unit.seed)
    proof = judged(unit.model, unit.held_out)
    weights = (FOLDER / unit.model / "model.safetensors").read_bytes()
    inputs = store.of_batches([job.triggered, job.clean, proof.triggered, proof.clean, proof.changed, proof.further])
    known = store.kept(unit.model)
    outcomes = []
    parts = 0
    for name, source, treat in _ways(unit, model, used, job):
        of_parts = parts if name == "random edges" else 0
        key = store.digest(weights, inputs, unit.settings, name, of_parts, source, _sources(MEASURES))
        outcome = known.get(key)
        if outcome is None:
            seconds, treated = timed(lambda treat=treat, parts=parts: treat(parts))  # type: ignore[misc]
            outcome = _outcome(unit, name, treated, seconds) | measured(treated, proof, unit.lasting) | {"key": key}
            store.keep(unit.model, outcome)
        if name == REPAIR:
            parts = outcome["cut"]
        outcomes.append(outcome)
    return outcomes


def _outcome(unit: Unit, name: str, treated: Treated, seconds: float) -> store.Outcome:
    return {
        "model": unit.model,
        "triggered": unit.triggered,
        "seed": unit.seed,
        "way": name,
        "setting": treated.setting,
        "cut": treated.cut,
        "share cut": treated.cut / treated.model.graph.n_edges,
        "seconds": round(seconds, 3),
    }


def _ways(unit: Unit, model: ws.Model, used: Examples, job: Job) -> Iterator[tuple[str, str, Callable[[int], Treated]]]:
    """Name, version of the source, and what is done, given the number of edges that the repair cuts."""
    for level in unit.levels:
        search = store.version("core.repair.repair", ("core.repair.",), NO_SEARCH)
        yield f"repair, {level}", search, lambda _, level=level: _repaired(model, used, level)  # type: ignore[misc]
    for name in unit.rivals:
        rival = RIVALS[name]
        if rival.takes(model, job.blind) and (rival.treat is not fine_tuning_made or job.made is not None):
            source = store.version(rival.treat.__module__, ("core.repair.rivals.",))
            yield name, source, lambda parts, rival=rival: rival.treat(replace(job, parts=max(1, parts)))  # type: ignore[misc]


def _sources(modules: Sequence[str]) -> str:
    return store.digest(*(store.version(module, modules) for module in modules))


def _repaired(model: ws.Model, used: Examples, level: Level) -> Treated:
    """The model as it is where no cut helps."""
    try:
        found = repair(model, *used, level=level, held_out=0.0)
    except InputError:
        return Treated(model, setting="no cut helps")
    cut = round(model.graph.n_edges * found.cut / found.edges)  # of the edges, where each position counts
    return Treated(found.repaired, cut=cut, setting=", ".join(edit.name for edit in found.edits))


def timed(work: Callable[[], T]) -> tuple[float, T]:
    started = time.process_time()
    result = work()
    return time.process_time() - started, result
