"""Questions about single inputs, other circuits and other tasks, answered as a report has them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import InputError
from core.evaluation.clusters import clusters, told
from core.evaluation.limits import LEAST_PAIRS
from core.evaluation.measured import measure
from core.evaluation.specificity import specificity
from core.evaluation.spread import input_of, spread
from core.evaluation.subject import JUMPS, Cancel, Listener, Subject
from core.evaluation.uniqueness import second_circuit
from core.tracing.method import METHODS
from core.tracing.per_pair import scores_per_pair
from core.tracing.scores import UNION


def per_pair(subject: Subject, listener: Listener, cancelled: Cancel) -> NDArray[np.float32] | str:
    """The scores of each pair alone; or why there are none."""
    scores = subject.scores
    if UNION in scores.about:
        return "each edge stands for its best span here, and pairs differ in it; `wirescope evaluate` tells it of spans"
    if METHODS.get(scores.method) is None:
        return "the file does not say by which method it was scored"
    if METHODS[scores.method].joint:
        return f"{METHODS[scores.method].title} scores all pairs together, so there are no scores of each to draw from"
    if len(subject.dataset) < 2:
        return "one pair cannot tell how stable a circuit is"
    if METHODS[scores.method].slopes and not subject.graded:
        return JUMPS
    return scores_per_pair(
        subject.session,
        scores.method,
        subject.dataset,
        scores.replacement,
        subject.options,
        listener,
        cancelled,
        subject.memory_of("stability"),
        scores.spans,
    )


def find_clusters(subject: Subject, listener: Listener, cancelled: Cancel) -> dict[str, Any]:
    """Nothing of too few pairs, and where there are no scores of each: stability says why."""
    if len(subject.dataset) < LEAST_PAIRS:
        return {}
    rows = per_pair(subject, listener, cancelled)
    if isinstance(rows, str):
        return {}
    inputs = [pair.clean.text for pair in subject.dataset.pairs]
    try:
        split = clusters(rows, seed=subject.options.seed)
    except InputError:
        return {}
    return {"clusters": told(split, subject.session.graph, subject.scores.spans, inputs)}


def find_spread(subject: Subject, listener: Listener, cancelled: Cancel) -> dict[str, Any]:
    runs = measure(subject.session, [subject.circuit], subject.kind, dataset=subject.dataset, cancelled=cancelled,
                   progress=listener, memory=subject.memory_of("spread"))  # fmt: skip
    shares = spread(runs)
    if shares is None:
        return {}
    return {
        "spread": {
            "low": shares.low,
            "high": shares.high,
            "worst": float(shares.shares[shares.worst]),
            "input": input_of(subject.dataset, shares.worst),
            "pairs": shares.counted,
            "of": runs.pairs,
        }
    }


def find_second(subject: Subject, listener: Listener, cancelled: Cancel) -> dict[str, Any]:
    scores = subject.scores
    if scores.level != "edges":
        return {}
    if np.isnan(scores.values).any():
        return {"second circuit": "the other edges have no scores"}
    if not subject.graded:
        return {"second circuit": JUMPS}
    second = second_circuit(subject.session, scores, subject.circuit, dataset=subject.dataset,
                            replacement=subject.kind, progress=listener, cancelled=cancelled)  # fmt: skip
    return {
        "second circuit": {
            "size": subject.size,
            "shared": second.shared,
            "jaccard": second.jaccard,
            "chance": second.chance,
            "recovered": list(second.recovered),
            "edges": second.circuit.names,
            "runs": second.runs,
        }
    }


def find_specific(subject: Subject, listener: Listener, cancelled: Cancel) -> dict[str, Any]:
    specific = specificity(subject.session, subject.circuit, subject.dataset, seed=subject.options.seed,
                           progress=listener, cancelled=cancelled)  # fmt: skip
    return {} if specific is None else {"specific": specific}
