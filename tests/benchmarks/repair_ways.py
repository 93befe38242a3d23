"""The ways that are compared: the repair at its levels, and its rivals, each with the examples of one draw."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
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
from resources.models.planted.plants import PLANTS
from tests.benchmarks import repair_outcomes as store
from tests.benchmarks.repair_cases import HELD_OUT_SEED, Examples, examples_of, judged, model_of, plant_of
from tests.benchmarks.repair_measures import measured

T = TypeVar("T")
REPAIR = "repair, edges"
TRIGGERED = 16  # as many as most draws have
SELDOM = ("fine-tuning, clean", "fine-tuning, clean, higher rates", "fine-pruning", "PURE", "steering")  # do little
CALM = 3  # inputs without a trigger among the suspicious ones, for each with one
NO_SEARCH = tuple(f"core.repair.{name}" for name in ("rivals", "proof", "examples", "result"))  # do not change cuts
NO_MAKING = (*NO_SEARCH, "core.repair.options")  # nor what is made of examples
OF_RIVALS = ("core.repair.rivals.", "core.repair.means")
MEASURES = ("tests.benchmarks.repair_measures", "core.repair.rivals.rival")
BUDGET = 60.0  # seconds of the processor that a way may take


@dataclass(frozen=True)
class Unit:
    """One draw of examples of one planted model. triggered: how many are known; knowledge: how well, as `repair` takes
    it. lasting: whether it is measured how long a treatment lasts, but of ways that do little."""

    model: str
    triggered: int
    seed: int
    knowledge: Knowledge = "triggered"
    clean: int = 128
    held_out: int = 400
    lasting: bool = False
    levels: tuple[Level, ...] = LEVELS
    rivals: tuple[str, ...] = tuple(RIVALS)

    @property
    def settings(self) -> tuple[object, ...]:
        return (self.seed, self.clean, self.held_out, self.lasting)

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
    """version: of the source. treat: what is done, given the number of edges that the repair cuts. of: how many parts
    there are; 0: as many as edges."""

    name: str
    version: str
    treat: Callable[[int], Treated]
    needs_parts: bool = False
    of: int = 0
    rival: bool = False


def run(unit: Unit, only_kept: bool = False, rivals: bool = False) -> list[store.Outcome] | None:
    """The outcomes of all ways, from the cache where they are there. only_kept: None where one is not. rivals: these
    alone, but for random edges, of which there are as many as the repair cuts. For a process of its own."""
    torch.set_num_threads(1)
    model, used = model_of(unit.model), unit.used
    triggered, clean = (batch_of(model, some) for some in used)
    blind = unit.knowledge != "triggered"
    job = Job(model, clean if blind else triggered, clean, seed=unit.seed, blind=blind)
    proof = judged(unit.model, unit.held_out)
    judging = (*_files(unit.model), _sources(MEASURES), *unit.settings)
    judging += (store.of_batches([proof.triggered, proof.clean, proof.changed, proof.further]),)
    seen = unit.triggered, unit.knowledge, store.of_batches([triggered, clean])
    of_rival = "clean inputs alone", store.of_batches([clean])  # the same ones whatever else is known
    known = store.kept(unit.model)
    outcomes = []
    parts = 0
    for way in ways(unit, used, job, rivals):
        of_parts = parts if way.needs_parts else 0
        given = of_rival if blind and way.rival else seen
        key = store.digest(judging, given, way.name, of_parts, way.version)
        outcome = known.get(key)
        if outcome is None and only_kept:
            return None
        if outcome is None:
            lasting = unit.lasting and way.name not in SELDOM
            seconds, treated = timed(lambda way=way, parts=parts: way.treat(parts))  # type: ignore[misc]
            outcome = _outcome(unit, way, treated, seconds) | measured(treated, proof, lasting) | {"key": key}
            store.keep(unit.model, outcome)
        if way.name == REPAIR:
            parts = outcome["cut"]
        outcomes.append(outcome | {"triggered": unit.triggered, "knowledge": unit.knowledge})
    return outcomes


@cache
def _files(name: str) -> tuple[str, ...]:
    """Of a model and its clean twin."""
    return tuple(
        store.digest((FOLDER / each / "model.safetensors").read_bytes()) for each in (name, PLANTS[plant_of(name)].twin)
    )


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


def ways(unit: Unit, used: Examples, job: Job, rivals: bool = False) -> Iterator[Way]:
    """rivals: those that need no repair before them."""
    search = store.version("core.repair.repair", ("core.repair.",), NO_SEARCH)
    for level in () if rivals else unit.levels:
        of = job.model.graph.n_edges * job.clean.pair.length if level == "positions" else 0
        yield Way(f"repair, {level}", search, partial(_repaired, job.model, used, level, unit.knowledge), of=of)
    for name in unit.rivals:
        rival = RIVALS[name]
        counted = rival.treat is random_edges
        if not rival.takes(job.model, job.blind) or (rivals and counted):
            continue
        source = store.version(rival.treat.__module__, OF_RIVALS)
        if rival.treat is fine_tuning_made:
            making = store.version("core.repair.sets", ("core.repair.",), NO_MAKING)
            yield Way(name, store.digest(source, making), partial(_with_made, rival, job, used), rival=True)
        else:
            yield Way(name, source, partial(_of_rival, rival, job), counted, rival=True)


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
