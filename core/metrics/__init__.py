"""Metrics: one number read off the output. A file holds those that read it alike; `core.metrics.metric` has the table
that they are rows of.

A metric is made with answers as text, ids, or one per row, and bound to a session, where answers become ids and the
reference outputs are known. The output is [batch, vocabulary] at the position that is read, [batch, classes], or
[batch, width]. Of a model in half precision it is read in fp32: its logarithms and differences need more digits than it
has.
"""

from __future__ import annotations

from core.metrics import correctness, cosines, divergence, logits, probabilities
from core.metrics.answers import Answer, answers_of
from core.metrics.binding import bind, default_metric
from core.metrics.correctness import accuracy
from core.metrics.cosines import cosine
from core.metrics.divergence import kl
from core.metrics.logits import class_logit, logit_difference
from core.metrics.metric import METRICS, Asked, BoundMetric, Metric, MetricKind
from core.metrics.probabilities import log_probability, probability

ROWS: tuple[MetricKind, ...] = (
    logits.DIFFERENCE,
    probabilities.PROBABILITY,
    probabilities.LOGARITHM,
    logits.OF_CLASS,
    correctness.OF_TARGET,
    correctness.OF_CLEAN,
    divergence.KL,
    cosines.TO_BOTH,
    cosines.TO_CLEAN,
    cosines.TO_B,
    cosines.TO_REFERENCE,
)

__all__ = [
    "METRICS",
    "ROWS",
    "Answer",
    "Asked",
    "BoundMetric",
    "Metric",
    "MetricKind",
    "accuracy",
    "answers_of",
    "bind",
    "class_logit",
    "cosine",
    "default_metric",
    "kl",
    "log_probability",
    "logit_difference",
    "probability",
]
