"""Examples to learn from, other ones in each update: triggered ones that are made anew each time, triggered ones with
their right answers, and clean ones. No fixed set of made ones can be learned by heart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import torch
import torch.nn.functional as F
from torch import Tensor

from core.inputs.pair import Side
from core.models.model import Model
from core.repair.examples import Batch
from core.repair.proof import answers
from core.repair.transplants import Pieces

HARD = 0.25  # of the clean rows, at most, those that cuts have made wrong
REAL = 0.3  # of the triggered rows, those that came; the others are made


@dataclass(frozen=True)
class Drawn:
    """The first rows are triggered, as many as targets (ids of the right answers), the others clean. before: what the
    original answers to these, log-probabilities [clean row, answers]."""

    inputs: Tensor
    lengths: Tensor
    targets: Tensor
    before: Tensor


class Draws:
    """pieces: that wake the fault; None: none are known, and triggered examples are those that came alone."""

    def __init__(self, model: Model, triggered: Batch, clean: Batch, pieces: Pieces | None, seed: int = 0) -> None:
        self.triggered, self.clean, self.pieces = triggered, clean, pieces
        self.before = answers(model, clean).log_softmax(dim=-1)
        self._rng = Random(seed)
        self._fitting = [] if pieces is None else pieces.fitting(clean)
        self._length = max(side.tensor.shape[-1] for side in (triggered.pair.clean, clean.pair.clean))
        self._pads = model.is_text
        self.hard: list[int] = []  # clean examples that cuts made wrong: a part of the clean rows is of these

    @property
    def makes(self) -> bool:
        return bool(self._fitting)

    def made(self, count: int) -> tuple[Batch, Batch]:
        """Clean examples with a piece in them, and the same without."""
        assert self.pieces is not None
        rows = [self._rng.choice(self._fitting) for _ in range(count)]
        calm = self.clean.rows(rows)
        return self.pieces.put_into(calm, self._rng), calm

    def draw(self, triggered: int, clean: int) -> Drawn:
        """So many rows of each kind."""
        real = round(REAL * triggered) if self.makes else triggered
        batches = [self.triggered.rows(self._some(len(self.triggered), real))]
        if self.makes:
            batches.append(self.made(triggered - real)[0])
        hard = min(len(self.hard), round(HARD * clean))
        rows = [*self._rng.sample(self.hard, hard), *self._some(len(self.clean), clean - hard)]
        sides = [batch.pair.clean for batch in (*batches, self.clean.rows(rows))]
        lengths = [length for side in sides for length in side.lengths]
        return Drawn(
            torch.cat([self._padded(side) for side in sides]),
            torch.tensor(lengths, device=self.before.device),
            torch.cat([batch.targets for batch in batches]),
            self.before[rows],
        )

    def _some(self, of: int, count: int) -> Sequence[int]:
        return [self._rng.randrange(of) for _ in range(count)]

    def _padded(self, side: Side) -> Tensor:
        missing = self._length - side.tensor.shape[-1]
        return F.pad(side.tensor, (0, missing)) if self._pads and missing else side.tensor
