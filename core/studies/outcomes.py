"""What a study of head sets measures where some heads are ablated, a number for each row:

    few-shot    1 where the likeliest token is the answer of a few-shot prompt, else 0
    text        loss early in a piece of text minus loss late in it: in-context learning on running text (Olsson et al.
                2022 take tokens 50 and 500)
    copying     loss on random tokens minus loss on the same again

Losses are in nats a token. Early is around a tenth of a window and late its end, each the mean over a sixteenth of it.

Inputs go in batches of few positions, and all that is asked of a batch is asked while its runs are there. Ablations put
in each head's mean over other inputs of the same kind and all their positions, nought, or what it writes on one of
them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.edits import Edit, EditKind
from core.engine.engine import Engine
from core.engine.population import Population
from core.engine.state import Readout
from core.inputs.pair import Dataset, stack_rows
from core.models.model import Model
from core.precision import widened
from core.steering import population_of

OUTCOMES = {"few-shot": "few-shot accuracy", "text": "in-context loss difference", "copying": "copying"}
POSITIONS = 400  # of a batch
MEGABYTES = 1024.0
OTHERS = "others"  # a key of what batches share

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Inputs:
    """Rows of one outcome. ids: of each row [position]. answers: the token that is right after each, of few-shot
    prompts. others: rows of the same kind that replacements are taken from. groups: of each row its task."""

    outcome: str
    ids: tuple[Tensor, ...]
    others: tuple[Tensor, ...]
    answers: tuple[int, ...] = ()
    groups: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.ids)

    def some(self, rows: range) -> Inputs:
        """Neighbouring rows alone, with all that replacements are taken from."""
        place = slice(rows.start, rows.stop)
        return replace(self, ids=self.ids[place], answers=self.answers[place], groups=self.groups[place])

    def to(self, device: torch.device | str) -> Inputs:
        """The same on a device."""
        ids, others = (tuple(row.to(device) for row in rows) for rows in (self.ids, self.others))
        return replace(self, ids=ids, others=others)


@dataclass(frozen=True, eq=False)
class Batch:
    """Some rows of an outcome, and the engine that runs them."""

    inputs: Inputs
    engine: Engine

    def run(self, heads: Sequence[str], kind: EditKind, seed: int = 0) -> Floats:
        """The outcome of each row with some heads ablated. Raises Cancelled."""
        edits = [Edit(head, kind, seed=seed) for head in heads]
        ran = self.engine.run(edits, full=self.full)
        assert ran.state.readout is not None
        return self.read(ran.state.readout)

    @property
    def full(self) -> bool:
        """Whether it is read at all positions, and not at the last one of each row alone."""
        return self.inputs.outcome != "few-shot"

    def read(self, readout: Readout) -> Floats:
        """The outcome of each row, of what `logits` reads in a run over as many positions as `full` says."""
        outcome = self.inputs.outcome
        if outcome == "few-shot":
            answers = torch.tensor(self.inputs.answers, device=self.engine.adapter.device)
            return _numbers(readout.output[:, -1].argmax(dim=-1) == answers)
        early, late = spans(outcome, self.engine.length)
        ids = self.engine.unedited.inputs
        return _numbers(_loss(readout, ids, early) - _loss(readout, ids, late))

    def losses(self) -> Floats:
        """Of the unedited run, the loss of every token but the first: [rows, positions - 1]."""
        state = self.engine.clean(full=True)
        assert state.readout is not None
        return _numbers(_each_loss(state.readout, self.engine.unedited.inputs, range(1, self.engine.length)))


def _numbers(values: Tensor) -> Floats:
    numbers: Floats = values.detach().cpu().double().numpy()
    return numbers


def spans(outcome: str, length: int) -> tuple[range, range]:
    """The positions of the tokens whose loss is taken, early and late."""
    if outcome == "copying":
        period = length // 2  # a token before them, if any, is of no copy
        first = length - 2 * period
        # the first token of a copy is told by nothing
        return range(first + 1, first + period), range(first + period + 1, first + 2 * period)
    width = max(length // 16, 2)
    start = max(length // 10 - width // 2, 1)
    return range(start, start + width), range(length - width, length)


def _each_loss(readout: Readout, ids: Tensor, places: range) -> Tensor:
    """[rows, places]: of the tokens at some places, each told by the position before."""
    index = torch.arange(places.start - 1, places.stop - 1, device=ids.device).expand(len(ids), -1)
    logits = widened(readout.through(readout.adapter, index))
    told = ids[:, places.start : places.stop]
    return -logits.log_softmax(dim=-1).gather(2, told[:, :, None])[:, :, 0]


def _loss(readout: Readout, ids: Tensor, places: range) -> Tensor:
    return _each_loss(readout, ids, places).mean(dim=1)


def batches(model: Model, inputs: Inputs) -> Iterator[Batch]:
    """The rows in batches."""
    shared: dict[str, Any] = {}
    for rows in parts(inputs):
        yield batch_of(model, inputs.some(rows), rows.start, len(inputs), shared)


def batch_of(model: Model, inputs: Inputs, start: int, of: int, shared: dict[str, Any]) -> Batch:
    """inputs: its rows alone. start: the number of the first one, of so many. shared: by `others_of`."""
    lengths = [len(row) for row in inputs.ids]
    engine = Engine(
        model.adapter,
        stack_rows(inputs.ids),
        None,
        lengths if len(set(lengths)) > 1 else None,
        True,
        None,
        others_of(model, inputs, shared),
        MEGABYTES,
        (start, of),
    )
    return Batch(inputs, engine)


def parts(inputs: Inputs) -> list[range]:
    """Which rows go together: neighbours, as many as have few positions with their padding."""
    made: list[range] = []
    start, longest = 0, 0
    for row, ids in enumerate(inputs.ids):
        longest = max(longest, len(ids))
        if row > start and longest * (row + 1 - start) > POSITIONS:
            made.append(range(start, row))
            start, longest = row, len(ids)
    return [*made, range(start, len(inputs))] if len(inputs) else []


def others_of(model: Model, inputs: Inputs, shared: dict[str, Any]) -> Population:
    """What replacements are taken from, for all batches that have it. shared: the last one is kept there."""
    content = hashlib.sha256(b"".join(row.cpu().numpy().tobytes() + b"/" for row in inputs.others)).digest()
    if shared.get(OTHERS, (b"",))[0] != content:
        others = Dataset([model.pair(row[None]) for row in inputs.others])
        shared[OTHERS] = content, population_of(model, others, MEGABYTES)
    population: Population = shared[OTHERS][1]
    return population
