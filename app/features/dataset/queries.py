"""What the window asks about inputs, and the replies: B made from A, rows of tasks and files, each row's
metric. Imports no model library.

Making something is asked once: the query is taken back with its reply.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from app.messages.request import OneShotQuery, Query
from core.project.document import Document, PairSource

ALL = 500  # rows at most that are all measured; of more, those that are in view
Pictures = tuple[NDArray[np.uint8] | None, NDArray[np.uint8] | None]  # what the model sees of A and B, small


@dataclass(frozen=True)
class RowsQuery(OneShotQuery):
    """Rows of a task, or those in a file, a folder, a film or pasted text. trace_over: the next trace is to go over
    them. append: they come after the rows that are there, not in their place. more: files whose rows follow."""

    task: str = ""
    path: str = ""
    text: str = ""
    seed: int = 0
    trace_over: bool = False
    append: bool = False
    more: tuple[str, ...] = ()

    def depends_on(self, document: Document) -> tuple[object, ...]:
        return document.opens


@dataclass(frozen=True)
class RowsReply:
    """words: how many, and which did not fit the model, with an example of why. notes: what of a file was left
    aside."""

    number: int
    query: RowsQuery
    rows: tuple[PairSource, ...]
    words: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class SaveRowsQuery(OneShotQuery):
    """Write the dataset to a file. ids: with the columns and the token ids of the field's files. replace: whether in
    the place of one that is there."""

    path: str
    ids: bool = False
    replace: bool = False
    writes = True

    def depends_on(self, document: Document) -> tuple[object, ...]:
        return *document.opens, document.dataset


@dataclass(frozen=True)
class SavedRowsReply:
    number: int
    query: SaveRowsQuery
    words: str


@dataclass(frozen=True)
class RowFiguresQuery(Query):
    """The metric of rows of the dataset, without and with the edits, and small pictures of them. first, count: which
    rows; all of a dataset that is not large."""

    first: int = 0
    count: int = ALL

    def depends_on(self, document: Document) -> tuple[object, ...]:
        """Of each row, whichever others there are."""
        return *document.opens, document.metric, document.edits, document.means


@dataclass(frozen=True)
class RowFigure:
    """before, after: the metric without and with the edits; None where `problem` says why there is none."""

    before: float | None
    after: float | None
    problem: str = ""


@dataclass(frozen=True)
class RowFiguresReply:
    """Figures of rows by their place; more may follow until `done`. pictures: of rows by their place, which come
    first."""

    number: int
    rows: Mapping[int, RowFigure]
    metric_name: str
    done: bool
    pictures: Mapping[int, Pictures] = field(default_factory=dict)
