"""The session over pairs: of which metric, and with which answers. What imports torch is imported when it is needed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.datasets.metric_words import parse_metric, usual_metric
from core.errors import ArgumentError

if TYPE_CHECKING:
    from core.datasets.row_pairs import AskedPairs
    from core.engine.population import Population
    from core.inputs.pair import Dataset, Pair
    from core.metrics import Metric
    from core.models.model import Model
    from core.parity import Parity
    from core.session import Session


@dataclass(frozen=True)
class SessionOver:
    """A session on the first pair, the dataset of all with the answers that count, and the metric in words. right:
    whether the metric's target is a right answer: a cosine and a KL have none, and what the model itself says is
    always its own. usual: the kind of metric where none is asked for; None: what the model itself says decides."""

    session: Session
    dataset: Dataset
    metric: str
    right: bool
    usual: str | None = None


@dataclass(frozen=True)
class Shared:
    """What sessions over parts of one dataset share: that the model was checked, and, where there is one, what
    replacements are taken from."""

    parity: Parity
    population: Population | None = None


def session_over(
    model: Model, pairs: AskedPairs, metric: str | None, memory: float | None = None, like: Shared | None = None
) -> SessionOver:
    """A session over pairs.

    memory: megabytes for its runs and those of its batches; None: the default. like: what a session over other
    pairs of the same dataset has, where these are a part of it.

    metric: KIND, of each pair's own answers, or KIND:TARGET:FOIL, the same for all. By default the logit difference of
    each pair's answers; of a target alone its log-probability; without answers the log-probability of what the model
    says to each A, or the cosine where there is no head. Raises ArgumentError, InputError."""
    from core.inputs.pair import Dataset
    from core.metrics import METRICS
    from core.session import Session

    dataset = pairs.dataset
    chosen, per_pair = _metric(metric, dataset)
    given: dict[str, Any] = {} if memory is None else {"memory_megabytes": memory}
    given |= {"dataset": dataset} if like is None else {"parity": like.parity, "population": like.population}
    session = Session(model, dataset.pairs[0], chosen, **given)
    used = dataset if per_pair else Dataset(dataset.pairs)
    whose = "of each pair's own answers"
    if session.metric_by_default and session.metric.target and len(dataset) > 1:
        said = [_said(session, pair) for pair in dataset.pairs]
        used, per_pair = Dataset(dataset.pairs, said), True
        whose = "of what the model answers to each A"
    name = (
        f"{METRICS[session.metric.metric.kind].words} {whose}" if per_pair and len(dataset) > 1 else session.metric.name
    )
    usual = usual_metric(*_answered(dataset))
    return SessionOver(session, used, name, chosen is not None and bool(session.metric.target), usual)


def _answered(dataset: Dataset) -> tuple[bool, bool]:
    """Whether pairs have a target, and a foil."""
    target, foil = dataset.answers[0] if dataset.answers else ("", "")
    return target != "", foil != ""


def _metric(text: str | None, dataset: Dataset) -> tuple[Metric | None, bool]:
    """The metric for the first pair, and whether each pair has its own answers in it."""
    from core.metrics import METRICS, Metric

    kind, _, answers = (text or "").partition(":")
    target, foil = dataset.answers[0] if dataset.answers else ("", "")
    if text is None:
        kind = usual_metric(*_answered(dataset)) or ""
    row = METRICS.get(kind)
    if answers or row is None or target == "" or not row.needs_target:
        return parse_metric(text), False
    if row.needs_foil and foil == "":
        raise ArgumentError(f"{kind} needs a foil, and the pairs have none.", f"Write {kind}: Mary: John.")
    return Metric(kind, target, foil if row.needs_foil else None), True


def _said(session: Session, pair: Pair) -> tuple[int, int]:
    from core.session import Session

    metric = Session(session.model, pair, parity=session.parity).metric
    (answer,) = metric.target
    return answer, metric.foil[0] if metric.foil else answer
