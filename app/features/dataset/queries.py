"""What the window asks about inputs, and the replies: B made from A, rows of tasks and files, each row's
metric. Imports no model library.

Making something is asked once: the query is taken back with its reply.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.messages.request import OneShotQuery, Query
from core.project.document import Document, PairSource


@dataclass(frozen=True)
class RowsQuery(OneShotQuery):
    """Rows of a task, or those in a file or pasted text. trace_over: the next trace is to go over them. append: they
    come after the rows that are there, not in their place."""

    task: str = ""
    path: str = ""
    text: str = ""
    seed: int = 0
    trace_over: bool = False
    append: bool = False

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
    """Write the dataset to a file. ids: with the columns and the token ids of the field's files."""

    path: str
    ids: bool = False

    def depends_on(self, document: Document) -> tuple[object, ...]:
        return *document.opens, document.dataset


@dataclass(frozen=True)
class SavedRowsReply:
    number: int
    query: SaveRowsQuery
    words: str


@dataclass(frozen=True)
class RowFiguresQuery(Query):
    """The metric of every row of the dataset, without and with the edits."""

    def depends_on(self, document: Document) -> tuple[object, ...]:
        """Of each row, whichever others there are."""
        return *document.opens, document.metric, document.edits, document.means


@dataclass(frozen=True)
class RowFigure:
    """before, after: the metric without and with the edits; None where `problem` says why there is none. pictures: what
    the model sees, small, [height, width, 3], of A and of B."""

    before: float | None
    after: float | None
    problem: str = ""
    pictures: tuple[NDArray[np.uint8] | None, NDArray[np.uint8] | None] = (None, None)


@dataclass(frozen=True)
class RowFiguresReply:
    """Figures of rows by their place; more may follow until `done`."""

    number: int
    rows: Mapping[int, RowFigure]
    metric_name: str
    done: bool
