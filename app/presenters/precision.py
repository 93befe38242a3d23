"""The precision of a model in reports and files: named where it is not the usual one."""

from __future__ import annotations

from typing import Any

USUAL_PRECISION = "fp32"


def model_of(report: dict[str, Any]) -> str:
    """The model of a report, "bundled:names", and its precision where it is not the usual one: "bundled:names in
    bf16"."""
    model, precision = report["model"], report.get("precision", USUAL_PRECISION)
    return f"{model}" if precision == USUAL_PRECISION else f"{model} in {precision}"


def precision_entry(precision: str) -> dict[str, str]:
    """For a file's `about`: the precision, where it is not the usual one."""
    return {} if precision == USUAL_PRECISION else {"precision": precision}
