"""What a metric says of itself, the table of all metrics, and a metric that has met a session.

The table is read before torch is loaded, by the command line and by menus. So a metric's file imports torch in the
functions that need it, and at its top for the checker of types alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from core.errors import ArgumentError
from core.metrics.answers import Answer, ids_of, pick
from core.plugins import Table

if TYPE_CHECKING:
    from torch import Tensor

    from core.models.adapter import OutputKind
    from core.models.model import Model

SCORES: tuple[OutputKind, ...] = ("next token", "classes")  # outputs with a number for each answer


@dataclass(frozen=True)
class Metric:
    """A metric before it meets a session. kind: a name of METRICS. `reference` is a picture or text, for the cosine."""

    kind: str
    target: Answer | None = None
    foil: Answer | None = None
    reference: Any = None


@dataclass(frozen=True)
class Asked:
    """What a metric is bound to. clean, counterfactual: the unedited outputs [batch, answers], in fp32 or fp64."""

    metric: Metric
    model: Model
    clean: Tensor
    counterfactual: Tensor | None

    def target(self) -> Tensor:
        """Its ids [batch]. Raises InputError."""
        return ids_of(self.metric.target, "target", self.model, self.clean)

    def foil(self) -> Tensor:
        return ids_of(self.metric.foil, "foil", self.model, self.clean)

    def quoted(self, ids: Tensor) -> str:
        """The answer of the first row, as a metric's name has it."""
        return f'"{self.model.label(int(ids[0]))}"'


@dataclass(frozen=True)
class MetricKind:
    """A row of the table. name: in code and files. words: for menus and headings. outputs: that it can be read off.
    bind: makes what reads it. needs_target, needs_foil: the answers it is made with. graded: whether it changes with
    every small change of the output; one that jumps has no gradient. few_answers: whether it reads the logits of its
    target and foil alone, and is their difference. distance: of one that says how far the output is from A's, by which
    sign it grows with that, 1 or -1; its gradient at A is zero. without_b: the metric that is left of it where there is
    no B. of_reference: whether it is made with a picture or text, in its target's place."""

    name: str
    words: str
    outputs: tuple[OutputKind, ...]
    bind: Callable[[Asked], BoundMetric]
    needs_target: bool = False
    needs_foil: bool = False
    graded: bool = True
    few_answers: bool = False
    distance: Literal[-1, 0, 1] = 0
    without_b: str = ""
    of_reference: bool = False


@dataclass(frozen=True)
class BoundMetric:
    """A metric that reads outputs of one session: [batch, answers] to [batch]. name: with its answers, for headings.
    target, foil: their ids, a row each."""

    metric: Metric
    name: str
    read: Callable[[Tensor], Tensor]
    target: tuple[int, ...] = ()
    foil: tuple[int, ...] = ()

    def __call__(self, output: Tensor) -> Tensor:
        from core.precision import widened

        return self.read(widened(output))

    @property
    def row(self) -> MetricKind:
        return METRICS[self.metric.kind]

    def check_slope(self, who: str) -> None:
        """Raise ArgumentError where somebody needs the gradient of a metric that jumps."""
        if not self.row.graded:
            raise ArgumentError(
                f"{who} follows the slope of the metric, and {self.row.words} has none: it jumps from 0 to 1.",
                "Trace with the logit difference or the log-probability, and evaluate with accuracy; or take a method "
                "that makes every edit: exact-scan, acdc.",
            )

    def of_few_answers(self) -> tuple[list[int], Callable[[Tensor], Tensor]] | None:
        """The answers whose logits are all that this metric reads, and how it reads an output of these alone [batch,
        answers]. None where it reads every logit."""
        if not self.row.few_answers:
            return None
        import torch

        from core.precision import widened

        few = sorted({*self.target, *self.foil})
        target, foil = (
            torch.tensor([few.index(i) for i in ids], dtype=torch.long, device="cpu")
            for ids in (self.target, self.foil)
        )

        def read(output: Tensor) -> Tensor:
            wide = widened(output)
            answer = pick(wide, target.to(output.device))
            return answer - pick(wide, foil.to(output.device)) if self.foil else answer

        return few, read


METRICS = Table("metrics", MetricKind, "core.metrics")
