"""What the scores of a tracing method are: effects, or something that must not be taken for one. Imports no torch, so
that the window and the command line say it alike."""

from __future__ import annotations

from dataclasses import dataclass


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


ESTIMATED = Meaning("estimated", effect=True, signed=True)
MEASURED = Meaning("measured", effect=True, signed=True)
IN_CIRCUIT = Meaning("scored", signed=True, words="what an edge is worth in the circuit that was left")
ORDER = Meaning("scored", words="what an edge was worth when it was dropped, the last ones most, without a sign")
SHARE = Meaning("scored", words="shares or masks without a sign")
DRAWN = Meaning("drawn", words="random numbers")
