"""What the window asks about what heads do, and the reply. Imports no model library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.messages.request import OneShotQuery
from core.heads.scores import Best, ScoresOfTest
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
    """heads: names, layer by layer. best: of the tests that the corpus was asked, by name, the places of each head with
    the highest score first; none where they are not known. vectors: None where function vectors were not scored."""

    heads: tuple[str, ...]
    tests: tuple[ScoresOfTest, ...]
    corpus: Corpus
    best: Mapping[str, Sequence[Sequence[Best]]]
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
