"""What the scores of a tracing method are: effects, or something that must not be taken for one. Imports no torch, so
that the window and the command line say it alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Meaning:
    """how: the word beside a score. effect: minus a score is the effect of removing the edge from the whole model, or
    an estimate of it. signed: a positive score raises the metric, a negative one lowers it. words: what it is that
    is no effect."""

    how: str
    effect: bool = False
    signed: bool = False
    words: str = ""

    @property
    def sign_words(self) -> str:
        """What the sign of a score says."""
        if self.signed:
            return "+ raises the metric, - lowers it"
        return "they say nothing of the metric" if self == DRAWN else "they have no sign"

    @property
    def in_file(self) -> Meaning:
        """Of the same scores in a file: how the pair they are shown beside was scored is not known."""
        return Meaning("scored", signed=self.signed, words="the scores of a file, which may be of other inputs")


NOISE_FLOOR = "noise_floor"  # in what scores say about themselves: measured ones that are smaller are rounding
DIRECTION_IN_FILES = {1: "+1", 0: "0", -1: "-1"}  # of a circuit's `about`
Figure = TypeVar("Figure", float, NDArray[np.float64])


def told_direction(about: Mapping[str, str]) -> Literal[-1, 0, 1] | None:
    """A's direction as a circuit says it in `about`; None where it does not."""
    said: dict[str, Literal[-1, 0, 1]] = {"+1": 1, "-1": -1, "0": 0}
    return said.get(about.get("direction", ""))


def towards(value: Figure, direction: int | None) -> Figure:
    """A score as it is ranked and coloured: positive where the edge leads towards A's behaviour, or, where no direction
    is known (None) or there is none (0), where it raises the metric. direction: A's (`core.tracing.direction`)."""
    return -value if direction == -1 else value


def leads_away(score: float, direction: int | None) -> bool:
    """Whether an edge leads away from A's behaviour (lowers the metric, where there is no direction)."""
    return towards(score, direction) < 0


def hues(direction: int | None) -> tuple[str, str]:
    """What blue and orange say."""
    return ("towards A", "away from A") if direction in (1, -1) else ("raises the metric", "lowers the metric")


def hue_note(direction: int | None) -> str:
    """ "blue towards A · orange away" """
    return "blue towards A · orange away" if direction in (1, -1) else "blue raises · orange lowers"


def hue_words(direction: int | None) -> str:
    """ "blue: towards A, orange: away from A" """
    blue, orange = hues(direction)
    return f"blue: {blue}, orange: {orange}"


def ranking_words(direction: int | None) -> str:
    """By what signed scores are ranked, in a sentence."""
    if direction == 1:
        return "A raises this metric, so the best are those with the highest scores."
    if direction == -1:
        return "A lowers this metric, so the best are those with the lowest scores."
    if direction == 0:
        return (
            "The metric is the same with every edge and with none, so that nothing leads towards A or away from it: "
            "ranked from the highest score down."
        )
    return "It is not known whether A raises or lowers the metric: ranked from the highest score down."


ESTIMATED = Meaning("estimated", effect=True, signed=True)
MEASURED = Meaning("measured", effect=True, signed=True)
IN_CIRCUIT = Meaning("scored", signed=True, words="what an edge is worth in the circuit that was left")
ORDER = Meaning("scored", words="what an edge was worth when it was dropped, the last ones most, without a sign")
RANKS = Meaning("scored", signed=True, words="the mean of an edge's ranks by several methods, from -1 to 1")
SHARE = Meaning("scored", words="shares or masks without a sign")
DRAWN = Meaning("drawn", words="random numbers")
