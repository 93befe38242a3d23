"""The worker's side of the dataset: its rows as the model takes them, and the metric of each, kept while the model is
open. Rows are run in batches. Runs in the worker's thread; imports torch."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.worker.read_inputs import misfit, read_source
from app.worker.towers import least_megabytes, set_memory
from core.edits import KINDS, Edit
from core.errors import Cancelled, InputError, WirescopeError
from core.inputs.pair import Dataset, Pair, Side, stack_sides
from core.metrics import METRICS, Metric
from core.models.model import Model
from core.project.document import PairSource
from core.project.metric_choice import MetricChoice
from core.session import Session

BATCH = 8  # rows that run together
KEPT = 6  # sessions of batches
MEGABYTES = 48.0  # for the states of each, or what one run takes
REMEMBERED = 20_000  # figures
AHEAD = 64  # rows that are read before the first of them is measured
MOST_KEPT = 192 << 20  # bytes of pictures as the model takes them; texts are small
MOST_AT_ONCE = 2_048  # pictures that a trace or a mean is over: it needs them all in memory
THUMBNAIL = 40  # pixels of a side
Means = tuple[tuple[PairSource, ...], bool]  # as `Document.means` has it


@dataclass(frozen=True)
class ReadRow:
    """A row as the model takes it, or why it cannot be taken. a is None then; b where there is no B."""

    a: Side | None
    b: Side | None
    problem: str = ""

    @property
    def bytes(self) -> int:
        """What its pictures hold."""
        sides = [side for side in (self.a, self.b) if side is not None and side.view is not None]
        return sum(side.tensor.nbytes + side.view.nbytes for side in sides if side.view is not None)


@dataclass(frozen=True)
class Measured:
    values: tuple[float | None, float | None]
    problem: str = ""


class DatasetRows:
    """Of one model."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._read: OrderedDict[PairSource, ReadRow] = OrderedDict()  # those used last
        self._bytes = 0  # that they hold
        self._sessions: OrderedDict[tuple[object, ...], Session] = OrderedDict()
        self._measured: dict[tuple[object, ...], Measured] = {}

    def read(self, row: PairSource) -> ReadRow:
        """A row as the model takes it."""
        if row not in self._read:
            read = self._read[row] = self._read_row(row)
            self._bytes += read.bytes
            while self._bytes > MOST_KEPT and len(self._read) > 1:
                self._bytes -= self._read.popitem(last=False)[1].bytes
        self._read.move_to_end(row)
        return self._read[row]

    def _read_row(self, row: PairSource) -> ReadRow:
        a, problem = read_source(self._model, row.clean)
        if a is None:
            return ReadRow(None, None, f"A: {problem}")
        b, problem = read_source(self._model, row.counterfactual)
        if b is None:
            return ReadRow(None, None, f"B: {problem}") if problem else ReadRow(a, None)
        problem = misfit(self._model, a, b)
        return ReadRow(None, None, problem) if problem else ReadRow(a, b)

    def dataset(self, rows: Sequence[PairSource]) -> Dataset | None:
        """The rows that means are taken over; None where there is none. Pictures of another size than the first are
        left out. Raises InputError for more than fit into memory."""
        check_count(rows)
        sides = [side for side in (self.read(row).a for row in rows) if side is not None]
        if sides and not self._model.is_text:
            sides = [side for side in sides if side.tensor.shape == sides[0].tensor.shape]
        return Dataset([Pair(side) for side in sides]) if sides else None

    def pictures(self, row: PairSource) -> tuple[NDArray[np.uint8] | None, NDArray[np.uint8] | None]:
        """What the model sees of a row, small."""
        read = self.read(row)
        return _small(read.a), _small(read.b)

    # ---- the metric of every row ----

    def measure(
        self,
        rows: Sequence[PairSource],
        choice: MetricChoice | None,
        edits: tuple[Edit, ...],
        means: Means,
        cancelled: Callable[[], bool],
    ) -> Iterator[dict[int, Measured]]:
        """The metric of each row, without and with the edits, batch by batch. choice: of the document; a row's own
        answers come first. Raises Cancelled."""
        for start in range(0, len(rows), AHEAD):
            waiting: list[int] = []
            for place in range(start, min(start + AHEAD, len(rows))):
                if cancelled():
                    raise Cancelled
                key = (rows[place], choice, edits, means)
                if key in self._measured:
                    yield {place: self._measured[key]}
                    continue
                problem = self._problem(rows[place], choice, edits)
                if problem:
                    yield {place: Measured((None, None), problem)}
                else:
                    waiting.append(place)
            yield from self._measure_some(rows, waiting, choice, edits, means, cancelled)

    def _measure_some(
        self,
        rows: Sequence[PairSource],
        waiting: list[int],
        choice: MetricChoice | None,
        edits: tuple[Edit, ...],
        means: Means,
        cancelled: Callable[[], bool],
    ) -> Iterator[dict[int, Measured]]:
        """Of rows by their places, which can be measured."""
        for batch in self._batches(rows, waiting):
            if cancelled():
                raise Cancelled
            changes = self._measure_batch([rows[place] for place in batch], choice, edits, means, cancelled)
            if len(self._measured) > REMEMBERED:
                self._measured.clear()
            for place, measured in zip(batch, changes, strict=True):
                self._measured[(rows[place], choice, edits, means)] = measured
            yield dict(zip(batch, changes, strict=True))

    def _batches(self, rows: Sequence[PairSource], places: Sequence[int]) -> Iterator[list[int]]:
        """Rows that can run together: with a B or without, pictures of one size."""
        alike: dict[object, list[int]] = {}
        for place in places:
            read = self.read(rows[place])
            assert read.a is not None
            shape = None if self._model.is_text else read.a.tensor.shape
            alike.setdefault((read.b is None, shape), []).append(place)
        for group in alike.values():
            for start in range(0, len(group), BATCH):
                yield group[start : start + BATCH]

    def _problem(self, row: PairSource, choice: MetricChoice | None, edits: tuple[Edit, ...]) -> str:
        """Why a row cannot be measured; empty where it can."""
        read = self.read(row)
        if read.a is None:
            return read.problem
        if read.b is None and any(KINDS[edit.kind].from_b for edit in edits):
            return "It has no B, and an edit takes its value from B."
        length = read.a.lengths[0]
        for edit in edits:
            places = [place for place in edit.places if isinstance(place, int)]
            if any(place >= length for place in places):
                return f"It has {length} positions, and an edit is at position {max(places)}."
        for which, answer in zip(("target", "foil"), answers(row, choice), strict=True):
            if answer is not None:
                try:
                    self._model.answer(answer)
                except WirescopeError as error:
                    return f"{which.capitalize()}: {error.message}"
        return ""

    def _measure_batch(
        self,
        rows: list[PairSource],
        choice: MetricChoice | None,
        edits: tuple[Edit, ...],
        means: Means,
        cancelled: Callable[[], bool],
    ) -> list[Measured]:
        try:
            session = self._session(rows, means)
            session.with_metric(self._metric(rows, choice))
            before = session.clean.metric.tolist()
            after = session.run(edits, cancelled=cancelled).metric.tolist()
        except Cancelled:
            raise
        except WirescopeError as error:
            if len(rows) > 1:  # one of them: find out which
                return [self._measure_batch([row], choice, edits, means, cancelled)[0] for row in rows]
            return [Measured((None, None), str(error))]
        return [Measured(pair) for pair in zip(before, after, strict=True)]

    def _session(self, rows: list[PairSource], means: Means) -> Session:
        key = (tuple(rows), means)
        if key not in self._sessions:
            a, *b = (self._stack(sides) for sides in self._sides(rows))
            pair = Pair(a, b[0] if b else None)
            population, one = means
            dataset = self.dataset(population)
            session = Session(self._model, pair, dataset=dataset, mean_over_positions=True if one else None)
            set_memory(session, max(MEGABYTES, least_megabytes(session)))
            self._sessions[key] = session
            while len(self._sessions) > KEPT:
                self._sessions.popitem(last=False)
        self._sessions.move_to_end(key)
        return self._sessions[key]

    def _sides(self, rows: list[PairSource]) -> Iterator[list[Side]]:
        read = [self.read(row) for row in rows]
        yield [each.a for each in read if each.a is not None]
        if read[0].b is not None:
            yield [each.b for each in read if each.b is not None]

    def _stack(self, sides: list[Side]) -> Side:
        inputs, lengths = stack_sides(sides)
        longest = max(sides, key=lambda side: len(side.labels))
        return replace(longest, tensor=inputs, lengths=lengths, view=None)

    def _metric(self, rows: list[PairSource], choice: MetricChoice | None) -> Metric | None:
        """The document's metric with each row's answers. None: the session's default."""
        if choice is None or not choice.kind:
            return None
        kind = choice.kind
        if kind in METRICS and rows[0].counterfactual is None:
            kind = METRICS[kind].without_b or kind
        if kind in METRICS and METRICS[kind].of_reference:
            return Metric(kind, choice.target)
        pairs = [answers(row, choice) for row in rows]
        targets, foils = ([pair[which] for pair in pairs] for which in (0, 1))
        return Metric(
            kind,
            None if None in targets else targets,  # type: ignore[arg-type]
            None if None in foils else foils,  # type: ignore[arg-type]
        )


def check_count(rows: Sequence[PairSource]) -> None:
    """Raise InputError for more pictures than are held in memory at once."""
    if len(rows) > MOST_AT_ONCE and rows[0].clean.kind == "image":
        raise InputError(
            f"The dataset has {len(rows):,} pictures, and at most {MOST_AT_ONCE:,} are held in memory for this.",
            "Delete rows that it does not need, or open a smaller folder.",
        )


def answers(row: PairSource, choice: MetricChoice | None) -> tuple[str | None, str | None]:
    """Target and foil of a row: its own, or else the document's; None where the metric needs none."""
    kind = None if choice is None else METRICS.get(choice.kind)
    if choice is None or kind is None:
        return None, None
    target = (row.target or choice.target) if kind.needs_target else None
    foil = (row.foil or choice.foil) if kind.needs_foil else None
    return target, foil


def _small(side: Side | None) -> NDArray[np.uint8] | None:
    if side is None or side.view is None:
        return None
    picture = Image.fromarray(side.view)
    picture.thumbnail((THUMBNAIL, THUMBNAIL))
    return np.asarray(picture)
