"""What the window asks about what heads do, and the reply. Imports no model library."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.messages.request import OneShotQuery
from core.project.document import Document

MEASURING = "Measuring the heads"


@dataclass(frozen=True)
class HeadsQuery(OneShotQuery):
    """What is each head, as far as tests tell? kept: only what was measured before. vectors: also score heads over
    few-shot tasks."""

    kept: bool = False
    vectors: bool = False

    def depends_on(self, document: Document) -> tuple[object, ...]:
        """On the weights alone: the tests have inputs of their own, and no edits."""
        return document.model, document.precision


@dataclass(frozen=True, eq=False)
class TestScores:
    """One test. words: what it measures. threshold: that a head has to reach on the inputs made for it. generated,
    corpus, covers: [heads]; NaN where it is not asked. rare, rare_corpus: what 99 % of random heads are below; inf
    where there are none to compare with, so that none passes. passes: [heads]. evidence: of each head; empty where the
    corpus is not asked."""

    name: str
    words: str
    threshold: float
    generated: NDArray[np.float64]
    corpus: NDArray[np.float64]
    covers: NDArray[np.float64]
    rare: float
    rare_corpus: float
    passes: NDArray[np.bool_]
    evidence: tuple[HeadEvidence, ...] = ()


@dataclass(frozen=True)
class HeadEvidence:
    """What a head's score over the corpus rests on. queries: that have such keys. deciles: of the score, over them.
    best: (score, row of the corpus, query, keys that it reads most, how much), the highest score first."""

    queries: int
    deciles: tuple[float, ...]
    best: Sequence[tuple[float, int, int, Sequence[int], Sequence[float]]]


@dataclass(frozen=True, eq=False)
class Corpus:
    """words: what it is. texts: the tokens of each row. pictures: each [height, width, 3]; grid: of their patches;
    prefix: names of the positions before them. Neither texts nor pictures: the places with most attention are not
    known. sees: whether it is of pictures."""

    words: str
    texts: tuple[tuple[str, ...], ...] = ()
    pictures: tuple[NDArray[np.uint8], ...] = ()
    grid: tuple[int, int] = (1, 1)
    prefix: tuple[str, ...] = ()
    sees: bool = False


@dataclass(frozen=True)
class VectorTasks:
    """Over which few-shot tasks function vectors were scored: names. left_out: the others, with why."""

    done: tuple[str, ...]
    left_out: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class HeadScores:
    """heads: names, layer by layer. vectors: None where function vectors were not scored."""

    heads: tuple[str, ...]
    tests: tuple[TestScores, ...]
    corpus: Corpus
    vectors: VectorTasks | None = None


@dataclass(frozen=True)
class HeadsFileQuery(OneShotQuery):
    """Read a file of cards of heads, for the model that is open."""

    path: str

    def depends_on(self, document: Document) -> tuple[object, ...]:
        return document.opens


@dataclass(frozen=True)
class HeadsFileReply:
    """The file fits. note: what differs from the model that is open, in words; empty for nothing."""

    number: int
    query: HeadsFileQuery
    scores: HeadScores
    note: str = ""


@dataclass(frozen=True)
class HeadsReply:
    """scores: None where nothing was measured before."""

    number: int
    query: HeadsQuery
    scores: HeadScores | None
