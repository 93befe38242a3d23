"""What a run gives back."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from torch import Tensor

from core.engine.state import RunState, at_last
from core.errors import ArgumentError
from core.models.model import Model
from core.precision import widened


@dataclass(frozen=True)
class Prediction:
    """An answer and its probability."""

    index: int
    label: str
    probability: float


@dataclass(frozen=True)
class Result:
    """One run.

    metric: [batch]. milliseconds: of the run itself. layers_run: the layers that had to be computed; empty when the run
    was known, or when only the output had to be computed. known: whether it was kept from before. reads: where the
    metric reads, [batch, 1], in a run over all positions of a text.
    """

    metric: Tensor
    milliseconds: float
    layers_run: range
    model: Model = field(repr=False)
    state: RunState = field(repr=False)
    known: bool = False
    reads: Tensor | None = field(default=None, repr=False)

    @property
    def logits(self) -> Tensor:
        """[batch, position, vocabulary] over the positions that were asked for; [batch, classes] of a classifier;
        [batch, width], the pooled embedding, of a model without a head (of text, over all positions: what each would
        give, [batch, position, width]). Made when they are first asked for: at all positions they take much memory."""
        if self.model.adapter.shape.output_kind == "embedding" and self.reads is None:
            return self.answer
        return self.state.output

    @cached_property
    def answer(self) -> Tensor:
        """What the metric reads: [batch, answers]. Made when it is first asked for."""
        if self.reads is None:
            return at_last(self.state.output)
        assert self.state.readout is not None
        return at_last(self.state.readout.through(self.model.adapter, self.reads))

    def top(self, count: int = 5, row: int = 0) -> list[Prediction]:
        """The likeliest answers of one row of the batch. Raises ArgumentError for a model without a head."""
        if self.model.adapter.shape.output_kind == "embedding":
            raise ArgumentError(f"{self.model.title} has no head: it gives an embedding, no answers.")
        probabilities = widened(self.answer[row]).softmax(dim=-1)
        best = probabilities.topk(min(count, probabilities.shape[-1]))
        return [
            Prediction(index, self.model.label(index), value)
            for index, value in zip(best.indices.tolist(), best.values.tolist(), strict=True)
        ]


def keeps_no(what: str) -> ArgumentError:
    """For who asks a run for what it does not keep."""
    return ArgumentError(
        f"A circuit run keeps no {what}, and neither does a run of more inputs than the memory has room for.",
        "Take a run with edits, of fewer inputs or with more memory (memory_megabytes).",
    )
