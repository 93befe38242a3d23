"""A session: one model, one pair (or a batch of pairs), one metric, its edits and its caches."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Literal

import torch
from torch import Tensor

from core.circuit import Circuit
from core.edits import Edit, EditKind
from core.engine.circuit_run import run_circuits
from core.engine.engine import Engine
from core.engine.population import Population
from core.engine.state import RunState, at_last
from core.errors import ArgumentError, InputError, MemoryBudgetError
from core.generation import GeneratedToken, generate
from core.graph import Graph
from core.inputs.pair import Dataset, Pair
from core.metric_reading import MetricReading
from core.metrics import METRICS, BoundMetric, Metric, bind, default_metric
from core.models.cause import check_autocast, naming_cause
from core.models.model import Model
from core.noise import noise_floor
from core.parity import Parity
from core.parity_check import check_parity
from core.progress import stage
from core.result import Result
from core.session_parts import joined_results, metric_of, parts_of, rows_at_once, rows_of, usual_megabytes
from core.steering import population_of


class Session:
    """Runs with edits on one pair.

    metric: from `core.metrics`; without one, the log-probability of the clean run's top answer or class; of two classes
    their logit difference; of a model without a head the cosine to the unedited output minus the cosine to B's.
    mean_over_positions: whether `mean` takes one mean over all positions; by default only for a single input.
    dataset: its clean inputs are those that `mean` is taken over and that `resample` draws from; without one, the
    pair's own rows.
    memory_megabytes: for the states of runs that are kept to start others from; those used longest ago go first. None:
    384, or what one long row needs, where the machine has it.
    parity: of another session of this model, where one check is enough: batches of a dataset are not checked again, and
    their runs over A and B are made when somebody asks for them.
    population: of another session, in place of a dataset: its means are then made once for both.
    among: the number of the first row, and of all rows, of a batch that these are a part of; what is drawn for a row is
    then what it is there.

    parts: the rows of a batch that is too large for the memory, as they go through the model; nothing where it fits.

    Raises ModelError where the engine does not agree with the model's own forward, InputError for answers that do
    not fit and inputs on another device, MemoryBudgetError where a run would need more than its memory.
    """

    towers: tuple[Session, ...] = ()  # of a model of two towers, a session of each (`core.towers`)

    def __new__(cls, model: Model | None = None, *_args: Any, **_options: Any) -> Session:
        """Of a model that has a class of its own for them, one of that. model: None of a copy."""
        if cls is Session and model is not None and model.sessions:
            module, _, name = model.sessions.partition(":")
            cls = getattr(importlib.import_module(module), name)
        return super().__new__(cls)

    def __init__(
        self,
        model: Model,
        pair: Pair,
        metric: Metric | None = None,
        *,
        mean_over_positions: bool | None = None,
        dataset: Dataset | None = None,
        memory_megabytes: float | None = None,
        parity: Parity | None = None,
        population: Population | None = None,
        among: tuple[int, int] | None = None,
    ) -> None:
        self.model = model
        self.pair = pair
        self._reading: MetricReading | None = None
        device, of_pair = model.adapter.device, pair.clean.tensor.device
        if device != of_pair:
            raise InputError(f"The model is on {device} and the inputs are on {of_pair}.", "Make them with model.pair.")
        check_autocast(model.adapter)
        padded = any(length != pair.length for length in pair.clean.lengths)
        b = pair.counterfactual
        if memory_megabytes is None:
            memory_megabytes = usual_megabytes(model.adapter, pair)
        self.mean_over_positions = mean_over_positions
        self.population = population if dataset is None else population_of(model, dataset, memory_megabytes)
        self._over: tuple[Dataset, Population] | None = None
        self._floor: tuple[BoundMetric, float] | None = None
        self._memory = int(memory_megabytes * 2**20)
        self._engine: Engine | None = None
        self._unedited: tuple[BoundMetric, Result, Result | None] | None = None
        self.parts: list[range] = []
        rows = rows_at_once(model.adapter, pair, self._memory)
        if rows < pair.batch:
            self.population = self.population or population_of(model, Dataset([pair]), memory_megabytes)
            self._split(rows, parity)
            self.with_metric(metric)
            return
        with naming_cause(model.adapter, model.title):
            self._engine = Engine(
                model.adapter,
                pair.clean.tensor,
                None if b is None else b.tensor,
                pair.clean.lengths if padded and model.is_text else None,
                mean_over_positions,
                pair.roles,
                self.population,
                memory_megabytes,
                among,
                None if pair.grid is None else pair.extent,
            )
            if parity is None:
                with stage(0.0, 0.5):
                    self.engine.clean()
                parity = check_parity(self.engine, self.pair.clean.tensor, self.model.title)
                with stage(0.5, 1.0):
                    self.engine.counterfactual()
            self.parity = parity
        self.with_metric(metric)

    def prepare(self) -> None:
        """Make the runs over A and B now, where they are not there."""
        if not self.parts:
            with stage(0.0, 0.5):
                self.engine.clean()
            with stage(0.5, 1.0):
                self.engine.counterfactual()

    # ---- a batch that is too large ----

    def _split(self, rows: int, parity: Parity | None) -> None:
        """Go through the batch so many rows at a time, once for what the metric needs."""
        self.parts = parts_of(self.pair.batch, rows)
        tops, parities = [], []
        for number, some in enumerate(self.parts):
            with stage(number / len(self.parts), (number + 1) / len(self.parts)):
                part = self._part(some, None, parity, self._memory)
                tops.append(part._clean_answer.argmax(dim=-1))
                parities.append(part.parity)
                self._answers = part._clean_answer.shape[1]
                del part  # before the next is made
        self._top = torch.cat(tops)
        self.parity = max(parities, key=lambda each: each.relative)

    def part(self, rows: range, memory: int | None = None) -> Session:
        """A session of some rows of the batch, with runs of its own; what replacements are drawn from is that of all.
        memory: bytes, where it has less than this one."""
        metric = None if self.metric_by_default else metric_of(self.metric.metric, rows)
        return self._part(rows, metric, self.parity, self.memory if memory is None else memory)

    def _part(self, rows: range, metric: Metric | None, parity: Parity | None, memory: int) -> Session:
        return Session(
            self.model,
            rows_of(self.pair, rows),
            metric,
            mean_over_positions=self.mean_over_positions,
            memory_megabytes=memory / 2**20,
            parity=parity,
            population=self.population or self.engine.population,
            among=(rows.start, self.pair.batch),
        )

    def _answers_for(self, metric: Metric) -> tuple[Tensor, Tensor | None]:
        """The unedited outputs over A and B, for a metric to compare others with. Of text, and of a batch in parts,
        those of metrics that look for answers alone are not made: these ask no more than how many there are."""
        row, adapter = METRICS.get(metric.kind), self.model.adapter
        answers = adapter.vocabulary if adapter.shape.output_kind == "next token" else None
        if self.parts:
            answers = self._answers
        if answers is not None and (row is None or row.needs_target):
            return torch.zeros(1, 1, device=adapter.device).expand(self.pair.batch, answers), None
        if not self.parts:
            return self._clean_answer, self._b_answer
        of_a, of_b = [], []
        for rows in self.parts:
            part = self._part(rows, None, self.parity, self._memory)
            of_a.append(part._clean_answer)
            of_b += [] if part._b_answer is None else [part._b_answer]
            del part
        return torch.cat(of_a), torch.cat(of_b) if of_b else None

    @property
    def engine(self) -> Engine:
        """The engine of the whole batch. Raises MemoryBudgetError for one that is too large for that."""
        if self._engine is None:
            raise MemoryBudgetError(
                f"This needs the runs of all {self.pair.batch} rows at once, and there is memory for "
                f"{len(self.parts[0])} at a time.",
                "Raise it (memory_megabytes), or take fewer or shorter inputs at once.",
            )
        return self._engine

    @property
    def memory(self) -> int:
        """Bytes for the states of runs."""
        return self._memory if self._engine is None else self._engine.memory

    @property
    def _divisible(self) -> bool:
        """Whether a part of the batch has room beside the whole one's runs over A and B."""
        engine, batch = self.engine, self.pair.batch
        return batch > 1 and engine.free / 2**20 >= engine.least_megabytes / batch

    def _by_parts(self, run: Callable[[Session], list[Result]]) -> list[Result]:
        """Results of the whole batch, some rows at a time."""
        memory, parts = self.memory, self.parts
        if not parts:  # what stands beside them has no room
            memory, parts = self.engine.free, parts_of(self.pair.batch, -(-self.pair.batch // 2))
            self.engine.room(0, alone=True)
        results = []
        for number, rows in enumerate(parts):
            with stage(number / len(parts), (number + 1) / len(parts)):
                results.append([joined_results([result]) for result in run(self.part(rows, memory))])  # its states go
        return [joined_results(each) for each in zip(*results, strict=True)]

    def population_over(self, dataset: Dataset) -> Population:
        """The inputs that replacements of a dataset's pairs are taken from: those that the session was given, or else
        the dataset's own, the same as long as it is asked for one dataset: what is made of them is then made once."""
        if self.population is not None:
            return self.population
        if self._over is None or self._over[0] is not dataset:
            self._over = dataset, population_of(self.model, dataset, self.memory / 2**20)
        return self._over[1]

    @property
    def _clean_answer(self) -> Tensor:
        return at_last(self.engine.clean().output)

    @property
    def _b_answer(self) -> Tensor | None:
        state = self.engine.counterfactual()
        return None if state is None else at_last(state.output)

    @property
    def graph(self) -> Graph:
        return self.model.graph

    @property
    def noise_floor(self) -> float:
        """What rounding alone changes the metric by, in its unit: a measured effect below it says nothing. 0 of a model
        in fp32 or fp64; else some runs when it is first asked for (`core.noise`)."""
        if self._floor is None or self._floor[0] is not self.metric:
            self._floor = self.metric, noise_floor(self)
        return self._floor[1]

    @property
    def clean(self) -> Result:
        """The unedited run over A."""
        return self._both[0] if self.parts else self.run()

    @property
    def _both(self) -> tuple[Result, Result | None]:
        """The unedited runs of a batch in parts, kept."""
        if self._unedited is None or self._unedited[0] is not self.metric:

            def both(part: Session) -> list[Result]:
                return [each for each in (part.clean, part.counterfactual) if each is not None]

            a, *b = self._by_parts(both)
            self._unedited = self.metric, a, b[0] if b else None
        return self._unedited[1:]

    @property
    def counterfactual(self) -> Result | None:
        """The unedited run over B."""
        if self.parts:
            return self._both[1]
        started = time.perf_counter()
        state = self.engine.counterfactual()
        none = range(self.graph.layers, self.graph.layers)
        return None if state is None else self._result(state, none, started)

    def with_metric(self, metric: Metric | None) -> None:
        """Read another metric off the same runs; None: the default one. Raises ArgumentError and InputError, and then
        changes nothing."""
        if metric is None:
            top = self._top if self.parts else self._clean_answer.argmax(dim=-1)
            answers = self._answers if self.parts else self._clean_answer.shape[1]
            unbound = default_metric(self.model, top, answers, self.pair.counterfactual is not None)
        else:
            unbound = metric
        self.metric = bind(unbound, self.model, *self._answers_for(unbound))
        self.metric_by_default = metric is None

    def run(
        self,
        edits: Sequence[Edit] = (),
        positions: Literal["all"] | None = None,
        cancelled: Callable[[], bool] | None = None,
        *,
        frozen_norms: bool = False,
    ) -> Result:
        """Run A with edits.

        positions: "all" for logits at every position; by default those that the output reads, of text the last one of
        each row.
        cancelled: asked between layers.
        frozen_norms: the norms that readers read through keep the scales of the clean run; what the edits change is
        then not their real effect, which by default includes those scales.
        Raises ArgumentError, EditError, MemoryBudgetError, Cancelled.
        """
        if positions not in (None, "all"):
            raise ArgumentError('positions is "all" or None.')

        def by_parts(part: Session) -> list[Result]:
            return [part.run(edits, positions, cancelled, frozen_norms=frozen_norms)]

        if self.parts:
            return self._by_parts(by_parts)[0]
        started = time.perf_counter()
        try:
            ran = self.engine.run(edits, positions == "all", cancelled, frozen_norms)
        except MemoryBudgetError:  # said before anything runs
            if not self._divisible:
                raise
            return self._by_parts(by_parts)[0]
        return replace(self._result(ran.state, ran.layers, started), known=ran.known)

    def generate(
        self,
        tokens: int = 20,
        *,
        temperature: float = 0.0,
        seed: int = 0,
        edits: Sequence[Edit] = (),
        row: int = 0,
        cancelled: Callable[[], bool] | None = None,
    ) -> Iterator[GeneratedToken]:
        """Go on with A, token by token (`core.generation`): an iterator, which computes when it is asked for the next.

        tokens: how many at most. temperature: 0 takes the likeliest one; above it they are drawn, by the seed. edits:
        those at all positions act on each new token too (`ws.apply`). row: of the batch. cancelled: asked before each.
        Raises ArgumentError for a model that writes no text, EditError, Cancelled.
        """
        part = self if self.pair.batch == 1 else self.part(range(row, row + 1))
        return generate(part, part.pair.clean, tokens, temperature, seed, edits, cancelled)

    def run_circuit(
        self,
        circuit: Circuit,
        replacement: EditKind = "patch",
        cancelled: Callable[[], bool] | None = None,
    ) -> Result:
        """Run A with every edge outside the circuit carrying its replacement: `patch`, `zero` or `mean`; of a circuit
        at spans also an edge inside, at the other spans.

        With `zero` and `mean`, a kept node that nothing kept reaches still writes what it makes of the replaced
        stream; `circuit.pruned()` leaves such nodes out. Raises ArgumentError for a circuit of another graph,
        EditError for `patch` without a B, Cancelled.
        """
        return self.run_circuits([circuit], replacement, cancelled)[0]

    def run_circuits(
        self,
        circuits: Sequence[Circuit],
        replacement: EditKind = "patch",
        cancelled: Callable[[], bool] | None = None,
    ) -> list[Result]:
        """`run_circuit` for several circuits, which go through the layers together: faster than one by one. A result's
        milliseconds are its share of the whole."""
        started = time.perf_counter()
        for circuit in circuits:
            circuit.check_fits(self.graph)
        if self.parts and circuits:
            return self._by_parts(lambda part: part.run_circuits(circuits, replacement, cancelled))
        try:
            ran = run_circuits(self.engine, circuits, replacement, cancelled)
        except MemoryBudgetError:  # said before anything runs
            if not self._divisible:
                raise
            return self._by_parts(lambda part: part.run_circuits(circuits, replacement, cancelled))
        results = [self._result(state, layers, started) for state, layers in ran]
        milliseconds = (time.perf_counter() - started) * 1000 / max(len(results), 1)
        return [replace(result, milliseconds=milliseconds) for result in results]

    def _result(self, state: RunState, layers: range, started: float) -> Result:
        reads = self._read_in(state)
        assert state.readout is not None
        metric = self.reading.of(state.readout, reads is not None)
        milliseconds = (time.perf_counter() - started) * 1000
        return Result(metric, milliseconds, layers, self.model, state, reads=reads)

    def _read_in(self, state: RunState) -> Tensor | None:
        """Where the metric reads in a run that has more positions than those."""
        return self.engine.reads if state.reads is None else None

    @property
    def reading(self) -> MetricReading:
        """How the metric is read off runs."""
        if self._reading is None or self._reading.metric is not self.metric:
            self._reading = MetricReading(self.model.adapter, self.metric, self.engine.reads)
        return self._reading
