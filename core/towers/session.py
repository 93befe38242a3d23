"""A session over both towers of CLIP or SigLIP.

Each tower has a session of its own, over the pictures and over the sentences of the class texts, whose output is an
embedding. Nothing goes across between them, so a run of the whole is a run of each, and their similarity; edits go to
the tower that they name. Whatever looks into one tower (scans, gradients) is told to hold what the other gives
(`core.towers.similarity`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import replace
from typing import Literal

import torch
from torch import Tensor

from core.circuit import Circuit
from core.edits import Edit, EditKind
from core.engine.engine import MEMORY_MEGABYTES, Engine
from core.engine.population import Population
from core.errors import ArgumentError, EditError, MemoryBudgetError
from core.graph import Edge
from core.inputs.pair import Dataset, Pair
from core.metrics import BoundMetric, Metric, bind, default_metric
from core.models.model import Model
from core.models.towers import TowersModel
from core.parity import PARITY_LIMITS, Parity
from core.precision import widened
from core.progress import stage
from core.result import Result
from core.session import Session
from core.towers.result import TowersResult, joined
from core.towers.similarity import of_pictures, of_sentences
from core.towers_graph import plain, tower_of


class TowerSession(Session):
    """Of one tower. Its rows belong together where the towers meet: a batch is never taken apart."""

    @property
    def _divisible(self) -> bool:
        return False


class TowersSession(Session):
    """As `Session`, of both towers; pair: of pictures. dataset, population, among are of the pictures: what the text
    tower's parts are replaced by comes from the model's own sentences. Raises MemoryBudgetError where the pictures or
    the class texts do not fit into the memory at once."""

    model: TowersModel

    def __init__(
        self,
        model: Model,
        pair: Pair,
        metric: Metric | None = None,
        *,
        mean_over_positions: bool | None = None,
        dataset: Dataset | None = None,
        memory_megabytes: float = MEMORY_MEGABYTES,
        parity: Parity | None = None,
        population: Population | None = None,
        among: tuple[int, int] | None = None,
    ) -> None:
        assert isinstance(model, TowersModel)
        self.model, self.pair, self.parts = model, pair, []
        self._engine, self._over = None, None
        self._memory = int(memory_megabytes * 2**20)
        self.mean_over_positions = mean_over_positions
        pictures, sentences = pair, model.sentences
        if model.other_texts is not None and pair.counterfactual is None:
            pictures = replace(pair, counterfactual=pair.clean)  # B is another text
        if pictures.counterfactual is None:
            sentences = replace(sentences, counterfactual=None)
        with stage(0.0, 0.5):
            self.image = TowerSession(
                model.image,
                pictures,
                mean_over_positions=mean_over_positions,
                dataset=dataset,
                memory_megabytes=memory_megabytes / 2,
                parity=parity,
                population=population,
                among=among,
            )
        with stage(0.5, 1.0):
            self.text = TowerSession(model.text, sentences, memory_megabytes=memory_megabytes / 2, parity=parity)
        self.population = self.image.population
        self.towers = self.image, self.text
        for each, what in zip(self.towers, ("pictures", "class texts"), strict=True):
            if each.parts:
                raise MemoryBudgetError(
                    f"With both towers, all {each.pair.batch} rows of the {what} go through at once, and there is "
                    f"memory for {len(each.parts[0])} at a time.",
                    f"Raise it (memory_megabytes), or take fewer {what}.",
                )
        self.parity = self._compared() if parity is None else parity
        self.with_metric(metric)

    def __copy__(self) -> TowersSession:
        """The same runs: a copy that is given another metric leaves this one, and what its towers hold, as they are."""
        other = object.__new__(type(self))
        other.__dict__ |= self.__dict__
        other.image, other.text = copy(self.image), copy(self.text)
        other.towers = other.image, other.text
        return other

    def _compared(self) -> Parity:
        """With the model's own forward, whose class texts the library's tower has read one by one."""
        with torch.no_grad():
            reference = widened(self.model.adapter.own_forward(self.pair.clean.tensor))
        logits = self._logits(self.image.run(), self.text.run())
        difference, spread = float((reference - logits).abs().max()), float(reference.max() - reference.min())
        relative = difference / spread if spread > 0 else difference
        towers = [each.parity for each in self.towers if each.parity is not None]
        return max(
            [*towers, Parity(difference, relative, PARITY_LIMITS[reference.dtype])], key=lambda each: each.relative
        )

    @torch.no_grad()
    def _logits(self, image: Result, text: Result) -> Tensor:
        return self.model.similarity(image.answer, self.model.vectors(text.answer))

    # ---- one tower at a time ----

    @property
    def engine(self) -> Engine:
        """Two towers have one each. Raises ArgumentError."""
        raise ArgumentError(
            "This looks into one tower, and two are open.",
            "Take one: in the window Edit > Both Towers or One, in a notebook session.image or session.text.",
        )

    @property
    def memory(self) -> int:
        return self._memory

    def set_memory(self, megabytes: float) -> None:
        self._memory = int(megabytes * 2**20)
        for each in self.towers:
            each.engine.set_memory(megabytes / 2)

    def prepare(self) -> None:
        for each in self.towers:
            each.prepare()

    @property
    def noise_floor(self) -> float:
        return 0.0  # they are in fp32 or fp64

    def split(self, edits: Sequence[Edit]) -> tuple[list[Edit], list[Edit]]:
        """Edits as each tower's own. One of all that `logits` reads is one in each. Raises ArgumentError, EditError."""
        of_towers: tuple[list[Edit], list[Edit]] = [], []
        for edit in edits:
            target = self.graph.parse(edit.target) if isinstance(edit.target, str) else edit.target
            if isinstance(target, Edge):
                self.graph.check_edge(target)
            number = tower_of(target)
            if number is None and edit.positions is not None:
                raise EditError(
                    "Positions are those of one tower, and logits reads both.", "Name the edges, as in m0->logits."
                )
            for place in (0, 1) if number is None else (number,):
                of_towers[place].append(replace(edit, target=plain(target)))
        return of_towers

    def holding(self, edits: Sequence[Edit]) -> list[tuple[Session, list[Edit]]]:
        """A session of each tower, over the same runs, whose metric holds what the other gives with some edits; and
        which of these are its own."""
        of_image, of_text = self.split(edits)
        image, text = copy(self.image), copy(self.text)
        self._hold(self.metric, (image, self.image.run(of_image)), (text, self.text.run(of_text)))
        return [(image, of_image), (text, of_text)]

    @torch.no_grad()
    def _hold(self, metric: BoundMetric, image: tuple[Session, Result], text: tuple[Session, Result]) -> None:
        """Tell a session of each tower what the run of the other one gives."""
        image[0].metric = of_pictures(metric, self.model, self.model.vectors(text[1].answer))
        text[0].metric = of_sentences(metric, self.model, image[1].answer)

    # ---- runs ----

    @property
    def clean(self) -> TowersResult:
        return self.run()

    @property
    def counterfactual(self) -> TowersResult | None:
        started = time.perf_counter()
        image, text = self.image.counterfactual, self.text.counterfactual
        return None if image is None or text is None else self._joined(image, text, started)

    def with_metric(self, metric: Metric | None) -> None:
        image, text = self.image.run(), self.text.run()
        logits, other = self._logits(image, text), None
        b, text_b = self.image.counterfactual, self.text.counterfactual
        if b is not None and text_b is not None:
            other = self._logits(b, text_b)
        if metric is None:
            unbound = default_metric(self.model, logits.argmax(dim=-1), logits.shape[-1], b is not None)
        else:
            unbound = metric
        bound = bind(unbound, self.model, logits, other)
        self._hold(bound, (self.image, image), (self.text, text))
        self.metric, self.metric_by_default = bound, metric is None

    def run(
        self,
        edits: Sequence[Edit] = (),
        positions: Literal["all"] | None = None,
        cancelled: Callable[[], bool] | None = None,
        *,
        frozen_norms: bool = False,
    ) -> TowersResult:
        started = time.perf_counter()
        of_image, of_text = self.split(edits)
        with stage(0.0, 0.5):
            image = self.image.run(of_image, positions, cancelled, frozen_norms=frozen_norms)
        with stage(0.5, 1.0):
            text = self.text.run(of_text, positions, cancelled, frozen_norms=frozen_norms)
        return self._joined(image, text, started)

    def run_circuits(
        self,
        circuits: Sequence[Circuit],
        replacement: EditKind = "patch",
        cancelled: Callable[[], bool] | None = None,
    ) -> list[Result]:
        started = time.perf_counter()
        parts: tuple[list[Circuit], list[Circuit]] = [], []
        for circuit in circuits:
            circuit.check_fits(self.graph)
            if circuit.spans:
                raise ArgumentError(
                    "Spans are of the positions of one tower.", "Take the circuit's union, or open one tower."
                )
            for part, tower, edges in zip(parts, self.graph.towers, self.model.graph.split(circuit.edges), strict=True):
                part.append(Circuit(tower.graph, edges))
        with stage(0.0, 0.5):
            images = self.image.run_circuits(parts[0], replacement, cancelled)
        with stage(0.5, 1.0):
            texts = self.text.run_circuits(parts[1], replacement, cancelled)
        results = [self._joined(image, text, started) for image, text in zip(images, texts, strict=True)]
        milliseconds = (time.perf_counter() - started) * 1000 / max(len(results), 1)
        return [replace(result, milliseconds=milliseconds) for result in results]

    def _joined(self, image: Result, text: Result, started: float) -> TowersResult:
        return joined(self.model, image, text, self.metric, (time.perf_counter() - started) * 1000)
