"""The precision of a model in words, for those who do without torch.

A document's is what its model computes in, with ROUNDED behind it where the layers' weights are in 8 bits ("fp32",
"bf16+8bit"): so that all that depends on one depends on the other. Files, commands and `load_model` name the two apart,
and only where they are not the usual. Where whole weights are, in memory or on disk, is no part of it: it changes no
answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, cast

from core.errors import ArgumentError

USUAL_PRECISION = "fp32"
EIGHT_BITS = "8bit"  # a place of weights, as `load_model` takes it
PLACES = ("auto", "memory", "disk", EIGHT_BITS)
WholePlace = Literal["auto", "memory", "disk"]  # of whole weights
ROUNDED = f"+{EIGHT_BITS}"
PRECISION, WEIGHTS, ROUNDING = "precision", "weights", "rounding"  # entries of a file's `about`


def is_rounded(precision: str) -> bool:
    """Whether a document's model has weights in 8 bits."""
    return precision.endswith(ROUNDED)


def rounded(precision: str, eight_bits: bool = True) -> str:
    """A document's precision with weights in 8 bits, or with whole ones."""
    return precision.removesuffix(ROUNDED) + (ROUNDED if eight_bits else "")


def document_precision(precision: str, weights: str) -> str:
    """A document's precision, of what `load_model` takes: what the model computes in, and the place of weights."""
    return rounded(precision, weights == EIGHT_BITS)


def computed_in(precision: str) -> str:
    """What the model of a document computes in."""
    return precision.removesuffix(ROUNDED)


def weights_of_precision(precision: str, place: WholePlace = "auto") -> str:
    """Where the weights of a document's model go, as `load_model` takes it. place: of whole ones."""
    return EIGHT_BITS if is_rounded(precision) else place


def check_place(weights: str) -> None:
    """Raise ArgumentError where weights have no such place."""
    if weights not in PLACES:
        raise ArgumentError(f"Weights have no place {weights!r}.", f"There are: {', '.join(PLACES)}.")


def whole_place(weights: str) -> WholePlace:
    """Where whole weights go, of a place as `load_model` takes it: nobody has said it of those in 8 bits. Raises
    ArgumentError for one that there is not."""
    check_place(weights)
    return "auto" if weights == EIGHT_BITS else cast(WholePlace, weights)


def precision_words(precision: str) -> str:
    """ "fp32", "fp32 with weights in 8 bits"."""
    return computed_in(precision) + (" with weights in 8 bits" if is_rounded(precision) else "")


def precision_entry(precision: str) -> dict[str, str]:
    """Of a document's precision, for a file's `about`: what the model computes in, where that is not the usual, and
    that weights are in 8 bits, where they are."""
    computed = computed_in(precision)
    entry = {} if computed == USUAL_PRECISION else {PRECISION: computed}
    return entry | ({WEIGHTS: EIGHT_BITS} if is_rounded(precision) else {})


def precision_told(about: Mapping[str, object]) -> str:
    """The precision of a document, of what a file's `about` says of it."""
    return document_precision(str(about.get(PRECISION, USUAL_PRECISION)), str(about.get(WEIGHTS, "")))
