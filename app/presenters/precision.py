"""The precision of a model in reports: named where it is not the usual one."""

from __future__ import annotations

from typing import Any

from core.precision_words import USUAL_PRECISION


def model_of(report: dict[str, Any]) -> str:
    """The model of a report, "bundled:names", and its precision where it is not the usual one: "bundled:names in
    bf16"."""
    model, precision = report["model"], report.get("precision", USUAL_PRECISION)
    return f"{model}" if precision == USUAL_PRECISION else f"{model} in {precision}"


def rounding_words(difference: float, divergence: float | None) -> str:
    """What 8-bit weights change, in a sentence without its end. difference: of a logit, or of a number of an embedding.
    divergence: in nats; None of embeddings."""
    if divergence is None:
        return f"8-bit weights change a number of the embeddings of these inputs by up to {difference:.2g}"
    return (
        f"8-bit weights change a logit of these inputs by up to {difference:.2g}, and the answers by a KL divergence "
        f"of up to {divergence:.2g} nats"
    )
