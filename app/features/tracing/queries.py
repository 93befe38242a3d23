"""What the window asks about tracing beyond the scores themselves, and the replies. `handlers` serve them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from app.messages.request import OneShotQuery, Query
from app.presenters.trace_cost import Estimates
from core.edits import EditKind, Target
from core.project.document import Document
from core.tracing.meaning import ESTIMATED, Meaning
from views.panels.tracing.data import MethodData

if TYPE_CHECKING:
    from core.tracing.scores import Scores


@dataclass(frozen=True)
class MethodsQuery(Query):
    """The methods of the table, and which of them fit the model, the replacement and the inputs."""

    def depends_on(self, document: Document) -> tuple[object, ...]:
        return *document.session, document.cut_kind, document.choice, document.dataset


@dataclass(frozen=True)
class MethodsReply:
    number: int
    methods: tuple[MethodData, ...]
    estimates: Estimates  # of how long each would take


@dataclass(frozen=True)
class MeasuredQuery(OneShotQuery):
    """The real effect of edges, each edited alone on top of the document's edits. edges: by their numbers in the
    graph. It is taken back with its last reply."""

    edges: tuple[int, ...]
    scans: ClassVar[bool] = True

    def depends_on(self, document: Document) -> tuple[object, ...]:
        return *document.run, document.cut_kind, document.traced_rows


@dataclass(frozen=True, eq=False)
class MeasuredReply:
    """values: change of the metric by editing an edge. More follow until `done` is `of`."""

    number: int
    query: MeasuredQuery
    values: Mapping[Target, float]
    done: int
    of: int


@dataclass(frozen=True)
class NodeScoresQuery(Query):
    """The scores of nodes, or of nodes at positions, where the document was traced for them."""

    def depends_on(self, document: Document) -> tuple[object, ...]:
        choice = document.traced_nodes
        rows = document.dataset if choice is not None and choice.over_dataset else ()
        return *document.session, document.cut_kind, choice, rows


@dataclass(frozen=True, eq=False)
class NodeScoresReply:
    """values: [writers], or [writers, position]; NaN where there is none yet; None where the document was not traced
    for nodes. title: of the method. meaning: what the scores are. pairs: of the dataset; 0: the pair on the cards.
    share: of the work that is done; goes_on: the rest is on its way. direction: A's."""

    number: int
    values: NDArray[np.float64] | None = None
    title: str = ""
    kind: EditKind = "patch"
    meaning: Meaning = ESTIMATED
    pairs: int = 0
    share: float = 1.0
    goes_on: bool = False
    direction: int | None = 1
    scores: Scores | None = None  # whose values these are
