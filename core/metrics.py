"""Metrics: one number read off the output.

A metric is made with answers as text, ids, or one per row, and bound to a session, where answers become ids
and the reference outputs are known. The output is [batch, vocabulary] at the position that is read, [batch,
classes], or [batch, width]. Of a model in half precision it is read in fp32: its logarithms and differences need
more digits than it has.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from core.errors import ArgumentError, InputError
from core.models.adapter import OutputKind
from core.models.model import Model
from core.precision import widened

Answer = str | int | Sequence[str | int]


@dataclass(frozen=True)
class MetricKind:
    """One row of the table of metrics: its name, its words, the answers it needs and the outputs it reads. graded:
    whether it changes with every small change of the output; one that jumps has no gradient."""

    kind: str
    words: str
    outputs: tuple[OutputKind, ...]
    needs_target: bool = False
    needs_foil: bool = False
    graded: bool = True


_SCORES: tuple[OutputKind, ...] = ("next token", "classes")

METRICS: dict[str, MetricKind] = {
    row.kind: row
    for row in (
        MetricKind("logit_difference", "logit difference", _SCORES, needs_target=True, needs_foil=True),
        MetricKind("probability", "probability", _SCORES, needs_target=True),
        MetricKind("log_probability", "log-probability", _SCORES, needs_target=True),
        MetricKind("class_logit", "logit", _SCORES, needs_target=True),
        MetricKind("accuracy", "accuracy", _SCORES, needs_target=True, graded=False),
        MetricKind("same_answer", "same answer as A", _SCORES, graded=False),
        MetricKind("kl", "KL to clean", _SCORES),
        MetricKind("cosine", "cosine to A minus cosine to B", ("embedding",)),
        MetricKind("cosine_clean", "cosine to A", ("embedding",)),
        MetricKind("cosine_reference", "cosine to a reference", ("embedding",), needs_target=True),
    )
}


@dataclass(frozen=True)
class Metric:
    """A metric before it meets a session. `reference` is a picture or text, for the cosine."""

    kind: str
    target: Answer | None = None
    foil: Answer | None = None
    reference: Any = None


def logit_difference(target: Answer, foil: Answer) -> Metric:
    """Logit of the target minus logit of the foil."""
    return Metric("logit_difference", target, foil)


def probability(target: Answer) -> Metric:
    """Probability of the target."""
    return Metric("probability", target)


def log_probability(target: Answer) -> Metric:
    """Natural logarithm of the target's probability."""
    return Metric("log_probability", target)


def class_logit(target: Answer) -> Metric:
    """Logit of a class, or of a token."""
    return Metric("class_logit", target)


def accuracy(target: Answer | None = None) -> Metric:
    """1 where the target is the top answer, else 0: its mean over a batch is the share of right answers. Without a
    target, 1 where the top answer is that of the unedited run.

    It jumps and has no gradient: trace with `logit_difference`, and evaluate with this."""
    return Metric("same_answer") if target is None else Metric("accuracy", target)


def kl() -> Metric:
    """Kullback-Leibler divergence from the clean run's distribution, in nats: sum of p_clean log(p_clean /
    p)."""
    return Metric("kl")


def cosine(reference: Any = None) -> Metric:
    """For models without a head: the cosine of the output to the unedited output minus the cosine to B's.

    Without a B, the first alone. With a reference picture or text (or its embedding [width]), the cosine to that.
    """
    return Metric("cosine") if reference is None else Metric("cosine_reference", reference=reference)


@dataclass(frozen=True)
class BoundMetric:
    """A metric that reads outputs of one session: [batch, answers] to [batch]."""

    metric: Metric
    name: str
    read: Callable[[Tensor], Tensor]
    target: tuple[int, ...] = ()
    foil: tuple[int, ...] = ()

    def __call__(self, output: Tensor) -> Tensor:
        return self.read(widened(output))

    def check_slope(self, who: str) -> None:
        """Raise ArgumentError where somebody needs the gradient of a metric that jumps."""
        row = METRICS[self.metric.kind]
        if not row.graded:
            raise ArgumentError(
                f"{who} follows the slope of the metric, and {row.words} has none: it jumps from 0 to 1.",
                "Trace with the logit difference or the log-probability, and evaluate with accuracy; or take a method "
                "that makes every edit: exact-scan, acdc.",
            )

    def of_few_answers(self) -> tuple[list[int], Callable[[Tensor], Tensor]] | None:
        """The answers whose logits are all that this metric reads, and how it reads an output of these alone [batch,
        answers]. None where it reads every logit."""
        if self.metric.kind not in ("logit_difference", "class_logit"):
            return None
        few = sorted({*self.target, *self.foil})
        target, foil = (
            torch.tensor([few.index(i) for i in ids], dtype=torch.long, device="cpu")
            for ids in (self.target, self.foil)
        )

        def read(output: Tensor) -> Tensor:
            wide = widened(output)
            found = _pick(wide, target.to(output.device))
            return found - _pick(wide, foil.to(output.device)) if self.foil else found

        return few, read


def default_metric(model: Model, clean: Tensor, has_counterfactual: bool) -> Metric:
    """The log-probability of the clean run's top answer; the cosine where there is no head."""
    if model.adapter.shape.output_kind == "embedding":
        return Metric("cosine" if has_counterfactual else "cosine_clean")
    return Metric("log_probability", [int(index) for index in clean.argmax(dim=-1)])


def bind(metric: Metric, model: Model, clean: Tensor, counterfactual: Tensor | None) -> BoundMetric:
    """Look up a metric's answers. clean, counterfactual: the unedited outputs [batch, answers].

    Raises ArgumentError for an unknown kind or one that the model cannot give, InputError for an answer that
    is several tokens.
    """
    kind = METRICS.get(metric.kind)
    if kind is None:
        raise ArgumentError(f"There is no metric {metric.kind!r}.", f"There are: {', '.join(METRICS)}.")
    clean = widened(clean)
    counterfactual = None if counterfactual is None else widened(counterfactual)
    output = model.adapter.shape.output_kind
    if output not in kind.outputs:
        fit = ", ".join(row.kind for row in METRICS.values() if output in row.outputs)
        raise ArgumentError(f"{model.title} gives {output}: no {kind.words} can be read off it.", f"Use: {fit}.")
    if output == "embedding":
        return _bind_cosine(metric, model, clean, counterfactual)
    if kind.kind == "kl":
        reference = clean.log_softmax(dim=-1)
        return BoundMetric(metric, kind.words, lambda x: _kl(reference, x.log_softmax(dim=-1)))
    if kind.kind == "same_answer":
        top = clean.argmax(dim=-1)
        return BoundMetric(metric, kind.words, lambda x: _is_top(x, top))
    target = _ids(metric.target, "target", model, clean)
    named = f'"{model.label(int(target[0]))}"'
    if kind.kind == "logit_difference":
        foil = _ids(metric.foil, "foil", model, clean)
        if torch.equal(target, foil):
            raise InputError("Target and foil are the same answer.", "Choose another foil.")
        words = f'logit({named}) − logit("{model.label(int(foil[0]))}")'
        ids = (tuple(target.tolist()), tuple(foil.tolist()))
        return BoundMetric(metric, words, lambda x: _pick(x, target) - _pick(x, foil), *ids)
    readers: dict[str, Callable[[Tensor], Tensor]] = {
        "probability": lambda x: _pick(x.softmax(dim=-1), target),
        "log_probability": lambda x: _pick(x.log_softmax(dim=-1), target),
        "class_logit": lambda x: _pick(x, target),
        "accuracy": lambda x: _is_top(x, target),
    }
    short = {"probability": "p", "log_probability": "log p", "class_logit": "logit", "accuracy": "accuracy"}[kind.kind]
    return BoundMetric(metric, f"{short}({named})", readers[kind.kind], tuple(target.tolist()))


def answers_of(answer: Any) -> list[str | int]:
    """One answer, or one a row, as a list: text or whole numbers, also those of NumPy and PyTorch. Raises InputError
    for anything else."""
    plain = answer.tolist() if isinstance(answer, np.ndarray | np.generic | Tensor) else answer
    several = list(plain) if isinstance(plain, list | tuple | range) else [plain]
    answers: list[Any] = [each.tolist() if isinstance(each, np.generic | Tensor) else each for each in several]
    wrong = next((each for each in answers if not isinstance(each, str | int) or isinstance(each, bool)), None)
    if wrong is not None:
        raise InputError(f"{wrong!r} is no answer.", "An answer is text, or the number of a token or class.")
    return answers


def _ids(answer: Answer | None, which: str, model: Model, clean: Tensor) -> Tensor:
    """Answers to ids [batch]."""
    if answer is None or (isinstance(answer, str) and answer == ""):
        raise InputError(f"The metric needs a {which}.", 'Give an answer, for example " Mary" with its space.')
    answers = answers_of(answer)
    if len(answers) == 1:
        answers = answers * clean.shape[0]
    if len(answers) != clean.shape[0]:
        raise InputError(f"There are {len(answers)} answers for {clean.shape[0]} inputs.", "Give one, or one per row.")
    ids = [model.answer(a) for a in answers]
    outside = next((i for i in ids if not 0 <= i < clean.shape[-1]), None)
    if outside is not None:
        raise InputError(f"There is no answer number {outside}.", f"The model has {clean.shape[-1]}.")
    return torch.tensor(ids, device=clean.device)


def _pick(x: Tensor, ids: Tensor) -> Tensor:
    return x.gather(-1, ids[:, None])[:, 0]


def _is_top(x: Tensor, ids: Tensor) -> Tensor:
    return (x.argmax(dim=-1) == ids).to(x.dtype)


def _kl(reference: Tensor, log_p: Tensor) -> Tensor:
    found = F.kl_div(log_p, reference, log_target=True, reduction="none").sum(dim=-1)
    return found - found.detach().clamp(max=0)  # what is below 0 is rounding; the gradient stays


def _bind_cosine(metric: Metric, model: Model, clean: Tensor, counterfactual: Tensor | None) -> BoundMetric:
    def to(reference: Tensor) -> Callable[[Tensor], Tensor]:
        return lambda x: F.cosine_similarity(x, reference.to(x.dtype), dim=-1)

    if metric.kind == "cosine_reference":
        source = metric.reference if metric.reference is not None else metric.target
        if isinstance(source, Tensor) and source.ndim == 1:
            embedding = source.to(clean.device)[None]
        else:
            with torch.no_grad():
                embedding = widened(model.adapter.own_forward(model.side(source).tensor))
        return BoundMetric(metric, "cosine to the reference", to(embedding))
    to_clean = to(clean)
    if metric.kind == "cosine_clean" or counterfactual is None:
        return BoundMetric(Metric("cosine_clean"), "cosine to A", to_clean)  # without a B the other is this one
    to_b = to(counterfactual)
    return BoundMetric(metric, "cosine to A − cosine to B", lambda x: to_clean(x) - to_b(x))
