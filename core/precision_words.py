"""The precision of a model in words, for those who do without torch.

A document's is what its model computes in, with ROUNDED behind it where the layers' weights are in 8 bits ("fp32",
"bf16+8bit"): so that all that depends on one depends on the other. Files and commands name the two apart, and only
where they are not the usual.
"""

from __future__ import annotations

from collections.abc import Mapping

USUAL_PRECISION = "fp32"
EIGHT_BITS = "8bit"  # a place of weights, as `load_model` takes it
ROUNDED = f"+{EIGHT_BITS}"
WEIGHTS_WORDS = {True: "weights in 8 bits", False: "whole weights"}  # by whether they are in 8 bits
PRECISION, WEIGHTS, ROUNDING = "precision", "weights", "rounding"  # entries of a file's `about`


def is_rounded(precision: str) -> bool:
    """Whether a document's model has weights in 8 bits."""
    return precision.endswith(ROUNDED)


def rounded(precision: str, eight_bits: bool = True) -> str:
    """A document's precision with weights in 8 bits, or with whole ones."""
    return precision.removesuffix(ROUNDED) + (ROUNDED if eight_bits else "")


def computed_in(precision: str) -> str:
    """What the model of a document computes in."""
    return precision.removesuffix(ROUNDED)


def weights_of_precision(precision: str, place: str = "auto") -> str:
    """Where the weights of a document's model go, as `load_model` takes it. place: of whole ones."""
    return EIGHT_BITS if is_rounded(precision) else place


def precision_words(precision: str) -> str:
    """ "fp32", "fp32 with weights in 8 bits"."""
    return computed_in(precision) + (f" with {WEIGHTS_WORDS[True]}" if is_rounded(precision) else "")


def precision_entry(precision: str, weights: str = "") -> dict[str, str]:
    """For a file's `about`: the precision, where it is not the usual one, and that weights are in 8 bits, where they
    are. weights: their place, as `load_model` takes it."""
    entry = {} if precision == USUAL_PRECISION else {PRECISION: precision}
    return entry | ({WEIGHTS: weights} if weights == EIGHT_BITS else {})


def precision_told(about: Mapping[str, object]) -> str:
    """The precision of a document, of what a file's `about` says of it."""
    return rounded(str(about.get(PRECISION, USUAL_PRECISION)), about.get(WEIGHTS) == EIGHT_BITS)
