"""The precision of a model as files say it, for those who do without torch: named where it is not the usual one."""

from __future__ import annotations

USUAL_PRECISION = "fp32"
EIGHT_BITS = "8bit"  # a place of weights, as `load_model` takes it
WEIGHTS_WORDS = {True: "weights in 8 bits", False: "whole weights"}  # by whether they are in 8 bits
PRECISION, WEIGHTS, ROUNDING = "precision", "weights", "rounding"  # entries of a file's `about`


def precision_entry(precision: str, weights: str = "") -> dict[str, str]:
    """For a file's `about`: the precision, where it is not the usual one, and that weights are in 8 bits, where they
    are. weights: their place, as `load_model` takes it."""
    entry = {} if precision == USUAL_PRECISION else {PRECISION: precision}
    return entry | ({WEIGHTS: weights} if weights == EIGHT_BITS else {})
