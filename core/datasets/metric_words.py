"""A metric as the terminal and run folders write it: KIND[:TARGET[:FOIL]]."""

from __future__ import annotations

import re
from typing import Any

from core.errors import ArgumentError


def usual_metric(target: bool, foil: bool) -> str | None:
    """The kind of metric of pairs with such answers where none is asked for; None: of what the model itself says."""
    return None if not target else "logit_difference" if foil else "log_probability"


def parse_metric(text: str | None) -> Any:
    """KIND[:TARGET[:FOIL]] to a metric. Raises ArgumentError."""
    from core.metrics import METRICS, Metric

    if text is None:
        return None
    kind, _, answers = text.partition(":")
    if kind not in METRICS:
        raise ArgumentError(f"There is no metric {kind!r}.", f"There are: {', '.join(METRICS)}.")
    target, foil = (answers, "") if not METRICS[kind].needs_foil else _two_answers(answers)
    if METRICS[kind].needs_foil and not foil:
        raise ArgumentError(f"{kind} needs a target and a foil.", f"Write {kind}: Mary: John.")
    if METRICS[kind].needs_target and not target:
        raise ArgumentError(f"{kind} needs a target.", f"Write {kind}: Mary.")
    if METRICS[kind].of_reference and not target:
        raise ArgumentError(f"{kind} needs a picture or text.", f"Write {kind}:cat.jpg.")
    return Metric(kind, target or None, foil or None)


def _two_answers(text: str) -> tuple[str, str]:
    """TARGET:FOIL; either may be ":" itself, or begin with "id:"."""
    match = re.fullmatch(r"(id:\d+|.[^:]*):(.+)", text, re.DOTALL)
    return (match[1], match[2]) if match else (text, "")
