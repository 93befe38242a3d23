"""What the panel of heads shows: plain values that the application fills in."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.formatting import number, percent

NONE = "none found"


@dataclass(frozen=True)
class AxisChoice:
    """A score. least: below it a head has no label by it; None where nothing is known of that. tip: what it is."""

    key: str
    words: str
    least: float | None
    tip: str


@dataclass(frozen=True)
class HeadRow:
    """One head. labels: in words, empty for none. kind: the number of the first of them among `HeadsData.kinds`.
    covers: the share that this one tells of what the head does. x, y: the scores of the two axes; None where there is
    none."""

    name: str
    labels: str
    kind: int | None
    covers: float | None
    x: float | None
    y: float | None

    @property
    def key(self) -> str:
        return self.name

    @property
    def cells(self) -> tuple[str, ...]:
        """Of its line in the table."""
        covers = "" if self.covers is None else percent(self.covers)
        x, y = ("" if score is None else number(score) for score in (self.x, self.y))
        return self.name, self.labels or NONE, covers, x, y

    @property
    def tip(self) -> str:
        return f"{self.name}: {self.labels or NONE}"


@dataclass(frozen=True)
class Token:
    """One of a sequence. asks: whether it is the query. share: of its attention that goes here. gap: whether tokens are
    left out behind it."""

    text: str
    position: int
    asks: bool = False
    share: float = 0.0
    gap: bool = False


@dataclass(frozen=True)
class SequenceLine:
    """A sequence of the corpus where a head's score is high. weight: the score there. words: the same in a sentence."""

    weight: str
    tokens: tuple[Token, ...]
    words: str


@dataclass(frozen=True, eq=False)
class PictureMoment:
    """A picture of the corpus where a head's score is high. pixels: [height, width, 3]. weights: [patches], the
    attention of the patch that asks. asks, offers: it, and the one that it reads most; -1: none of the patches."""

    pixels: NDArray[np.uint8]
    grid: tuple[int, int]
    weights: NDArray[np.float32]
    asks: int
    offers: int
    words: str


@dataclass(frozen=True)
class KindShare:
    """A test, the share that it tells of what a head attends to, None where it is of a few queries alone, and whether
    the head passes it."""

    name: str
    covers: float | None
    passed: bool


@dataclass(frozen=True, eq=False)
class EvidenceData:
    """Of one head. labels: in words. kinds: the tests that the corpus was asked; kind: the one that is shown.
    covers_of: what their shares are of. deciles: of the score over the corpus [11]. caption: what these are, in words.
    note: the scores on made inputs."""

    head: str
    labels: str
    kinds: tuple[KindShare, ...]
    kind: str
    covers_of: str
    caption: str
    deciles: tuple[float, ...]
    lines: tuple[SequenceLine, ...] = ()
    pictures: tuple[PictureMoment, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class HeadsData:
    """choices: of the axes; across, up: their keys. rows: every head, layer by layer. kinds: what labels there can be.
    chosen: names of the heads that are selected; words: what is known of them. headline: of all. source: which corpus
    it is, where that is not the bundled one. evidence: of the selected head, where it is one. problem: why nothing
    was measured, or what is to be said of it. why_not: why nothing can be; empty where it can. can_vectors: whether
    function vectors can still be scored; vectors: which tasks they are over. running: whether it is measured now;
    share: how far that is."""

    choices: tuple[AxisChoice, ...] = ()
    across: str = ""
    up: str = ""
    rows: tuple[HeadRow, ...] = ()
    kinds: tuple[str, ...] = ()
    chosen: tuple[str, ...] = ()
    headline: str = ""
    source: str = ""
    words: str = ""
    evidence: EvidenceData | None = None
    problem: str = ""
    why_not: str = ""
    can_vectors: bool = False
    vectors: str = ""
    running: bool = False
    share: float | None = None

    def axis(self, key: str) -> AxisChoice:
        return next(choice for choice in self.choices if choice.key == key)

    def at(self, *, why_not: str, running: bool, share: float | None, problem: str) -> HeadsData:
        """The same in another state of the measuring."""
        return replace(self, why_not=why_not, running=running, share=share, problem=problem)

    @property
    def drawn(self) -> tuple[object, ...]:
        """What the figure depends on, but for the selection."""
        return self.choices, self.across, self.up, self.rows


def dot_words(row: HeadRow, data: HeadsData) -> str:
    """What is said of a dot."""
    scores = dict.fromkeys(
        f"{data.axis(key).words} {score}" for key, score in zip((data.across, data.up), row.cells[3:], strict=True)
    )
    return f"{row.name}, {row.labels or NONE}: {'; '.join(scores)}"
