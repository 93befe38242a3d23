"""What a circuit recovers, asked by its size or by its edges: by programs, in the window and in the terminal."""

from __future__ import annotations

from dataclasses import dataclass

from app.messages.request import OneShotQuery
from core.edits import EditKind
from core.project.document import Document


@dataclass(frozen=True, kw_only=True)
class RecoveredQuery(OneShotQuery):
    """size: the best so many edges, by the scores that there are. edges: or these, by their names. draws: random
    circuits of as many edges beside it; seed: of their draw."""

    size: int = 0
    edges: tuple[str, ...] = ()
    draws: int = 10
    seed: int = 0

    of_scores = True

    def depends_on(self, document: Document) -> tuple[object, ...]:
        return document.circuits


@dataclass(frozen=True)
class RecoveredReply:
    """size: edges of the circuit; connected: of them, those on a path from input to output. share: of the metric that
    it recovers; random: what each of the random circuits does. metric, whole, nothing: the metric with the circuit,
    with all edges and with none. band: of the share, 95 % by bootstrap over the `pairs` of a dataset; None for fewer
    than two."""

    number: int
    query: RecoveredQuery
    size: int
    connected: int
    edges: int  # of the whole graph
    share: float
    random: tuple[float, ...]
    metric: float
    whole: float
    nothing: float
    kind: EditKind
    pairs: int
    band: tuple[float, float] | None = None
