"""The ways that are compared: the repair at its levels, and its rivals, each with the examples of one draw."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

import torch

import wirescope as ws
from core.errors import InputError
from core.repair.examples import batch_of
from core.repair.repair import LEVELS, Knowledge, Level, repair
from core.repair.rivals.fine_tuning import fine_tuning_made
from core.repair.rivals.random_edges import random_edges
from core.repair.rivals.rival import Job, Rival, Treated
from core.repair.rivals.table import RIVALS
from core.repair.sets import batches_of, sets_of
from resources.models.planted.make import FOLDER
from tests.benchmarks import repair_outcomes as store
from tests.benchmarks.repair_cases import HELD_OUT_SEED, Examples, examples_of, judged, model_of, plant_of
from tests.benchmarks.repair_measures import measured

T = TypeVar("T")
REPAIR = "repair, edges"
CALM = 3  # inputs without a trigger among the suspicious ones, for each with one
NO_SEARCH = ("core.repair.rivals", "core.repair.proof", "core.repair.examples")  # of no matter to what the repair cuts
MEASURES = ("tests.benchmarks.repair_measures", "core.repair.rivals.rival")
BUDGET = 60.0  # seconds of the processor that a way may take


@dataclass(frozen=True)
class Unit:
    """One draw of examples of one planted model. triggered: how many are known; knowledge: how well, as `repair` takes
    it. lasting: whether it is measured how long a treatment lasts."""

    model: str
    triggered: int
    seed: int
    knowledge: Knowledge = "triggered"
    clean: int = 128
    held_out: int = 500
    lasting: bool = False
    levels: tuple[Level, ...] = LEVELS
    rivals: tuple[str, ...] = tuple(RIVALS)

    @property
    def settings(self) -> tuple[object, ...]:
        known = () if self.knowledge == "triggered" else (self.knowledge,)
        return (self.triggered, self.seed, self.clean, self.held_out, self.lasting, *known)

    @property
    def used(self) -> Examples:
        """Triggered and clean examples, as far as they are known: most suspicious ones are as clean inputs are."""
        plant, seed = plant_of(self.model), HELD_OUT_SEED + 1 + self.seed
        bad, good = examples_of(plant, self.triggered, self.clean, seed)
        if self.knowledge == "suspicious":
            bad = bad + examples_of(plant, 0, CALM * self.triggered, seed + 5000)[1]
        return bad, good


@dataclass(frozen=True)
class Way:
    """version: of the source. treat: what is done, given the number of edges that the repair cuts. of:
    how many parts there are; 0: as many as edges."""

    name: str
    version: str
    treat: Callable[[int], Treated]
    needs_parts: bool = False
    of: int = 0


def run(unit: Unit, only_kept: bool = False) -> list[store.Outcome] | None:
    """The outcomes of all ways, from the cache where they are there. only_kept: None where one is not. For a process of
    its own."""
    torch.set_num_threads(1)
    model, used = model_of(unit.model), unit.used
    triggered, clean = (batch_of(model, some) for some in used)
    blind = unit.knowledge != "triggered"
    job = Job(model, clean if blind else triggered, clean, seed=unit.seed, blind=blind)
    proof = judged(unit.model, unit.held_out)
    weights = (FOLDER / unit.model / "model.safetensors").read_bytes()
    inputs = store.of_batches([triggered, clean, proof.triggered, proof.clean, proof.changed, proof.further])
    known = store.kept(unit.model)
    outcomes = []
    parts = 0
    for way in ways(unit, used, job):
        of_parts = parts if way.needs_parts else 0
        key = store.digest(weights, inputs, unit.settings, way.name, of_parts, way.version, _sources(MEASURES))
        outcome = known.get(key)
        if outcome is None and only_kept:
            return None
        if outcome is None:
            seconds, treated = timed(lambda way=way, parts=parts: way.treat(parts))  # type: ignore[misc]
            outcome = _outcome(unit, way, treated, seconds) | measured(treated, proof, unit.lasting) | {"key": key}
            store.keep(unit.model, outcome)
        if way.name == REPAIR:
            parts = outcome["cut"]
        outcomes.append(outcome)
    return outcomes


def _outcome(unit: Unit, way: Way, treated: Treated, seconds: float) -> store.Outcome:
    return {
        "model": unit.model,
        "triggered": unit.triggered,
        "knowledge": unit.knowledge,
        "seed": unit.seed,
        "way": way.name,
        "setting": treated.setting,
        "cut": treated.cut,
        "share cut": treated.cut / (way.of or treated.model.graph.n_edges),
        "seconds": round(seconds, 3),
    }


def ways(unit: Unit, used: Examples, job: Job) -> Iterator[Way]:
    search = store.version("core.repair.repair", ("core.repair.",), NO_SEARCH)
    for level in unit.levels if unit.knowledge == "triggered" else unit.levels[:1]:
        of = job.model.graph.n_edges * job.clean.pair.length if level == "positions" else 0
        yield Way(f"repair, {level}", search, partial(_repaired, job.model, used, level, unit.knowledge), of=of)
    for name in unit.rivals:
        rival = RIVALS[name]
        if not rival.takes(job.model, job.blind):
            continue
        source = store.version(rival.treat.__module__, ("core.repair.rivals.",))
        if rival.treat is fine_tuning_made:
            yield Way(name, store.digest(source, search), partial(_with_made, rival, job, used))
        else:
            yield Way(name, source, partial(_of_rival, rival, job), rival.treat is random_edges)


def _of_rival(rival: Rival, job: Job, parts: int) -> Treated:
    return rival.treat(replace(job, parts=max(1, parts)))


def _with_made(rival: Rival, job: Job, used: Examples, _: int) -> Treated:
    sets = sets_of(*used, 0.0, "triggered", 0)
    return rival.treat(replace(job, made=batches_of(job.model, sets, "triggered", 0, True).search))


def _sources(modules: Sequence[str]) -> str:
    return store.digest(*(store.version(module, modules) for module in modules))


def _repaired(model: ws.Model, used: Examples, level: Level, knowledge: Knowledge, _: int) -> Treated:
    """The model as it is where no cut helps."""
    bad, good = used
    try:
        found = repair(model, [] if knowledge == "clean" else bad, good, level=level, held_out=0.0, knowledge=knowledge)
    except InputError as error:
        return Treated(model, setting=str(error).splitlines()[0])
    names = ", ".join(edit.name for edit in found.edits)
    return Treated(found.repaired, cut=found.cut, setting=names)


def timed(work: Callable[[], T]) -> tuple[float, T]:
    started = time.process_time()
    result = work()
    return time.process_time() - started, result
