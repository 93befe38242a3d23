"""All edges in the order of their scores: sorted once, as a large model has a million of them. Of ten million only the
beginnings are sorted that somebody asks for, and the scores are the one array of that size."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from core.errors import InputError
from core.tracing.meaning import ESTIMATED, MEASURED, Meaning
from core.tracing.order import SORTED, best_first, has_nan, largest_first

Indices = NDArray[np.int64]
STRONGEST = 48  # edges that are shown until a circuit is chosen, where the user has not said otherwise
AHEAD = 10_000  # edges of very many that are sorted at once, more than a canvas shows


def strongest_of(values: NDArray[np.float64], among: Indices, count: int | None = None) -> Indices:
    """Of some edges, those that have an effect, the largest first, whatever its sign; ties as they stood. values:
    [edges], the scores."""
    return among[largest_first(values[among], count)]


@dataclass(frozen=True, eq=False)
class RankingParts:
    """What a ranking is made of, so that it can be sent: values, [edges], are NaN where an edge is not scored yet; best
    and strongest are its orders, which are not made again."""

    values: NDArray[np.float64]
    meaning: Meaning
    direction: int | None
    kept: NDArray[np.bool_] | None
    of_metric: int | None
    measured: NDArray[np.bool_] | None
    best: NDArray[np.int64]
    strongest: NDArray[np.int64]
    own_order: bool  # best is of another rule than the scores' own


class Ranking:
    """values: [edges], the scores; 0 where there are none yet. direction: A's in the metric of the scores, by which
    they are ranked and have their hues; of_metric: A's in the metric of the window, which is another one where scores
    come from a file. The engine's thread sorts (`sort`) before the window asks."""

    def __init__(
        self,
        values: NDArray[np.float64],
        meaning: Meaning = ESTIMATED,
        direction: int | None = 1,
        kept: NDArray[np.bool_] | None = None,
        of_metric: int | None = None,
        measured: NDArray[np.bool_] | None = None,
    ) -> None:
        """values: NaN where an edge is not scored yet; where none is, they are held as they are, no copy of them.
        meaning: what they are. kept: [edges], by a search. of_metric: None where it is the same. measured: [edges],
        which are measured where the others are estimates."""
        self.meaning = meaning
        self.direction = direction
        self.of_metric = direction if of_metric is None else of_metric
        self._kept = kept
        self._order: Indices | None = None  # of another rule than the scores' own
        self._measured = measured
        self._first: dict[str, Indices] = {}  # beginnings of the orders that are not made
        self.whole = not has_nan(values)
        self.unknown = np.broadcast_to(False, values.shape) if self.whole else np.isnan(values)
        self.values = values if self.whole else np.where(self.unknown, 0.0, values)

    @property
    def parts(self) -> RankingParts:
        """All of it, sorted."""
        told = self.told, self.meaning, self.direction, self._kept, self.of_metric, self._measured
        return RankingParts(*told, self.best, self.strongest, self._order is not None)

    @property
    def told(self) -> NDArray[np.float64]:
        """[edges], NaN where an edge is not scored yet."""
        return self.values if self.whole else np.where(self.unknown, np.nan, self.values)

    @classmethod
    def of_parts(cls, parts: RankingParts) -> Ranking:
        """Raises InputError for parts that are of no ranking."""
        edges = len(parts.values)
        sizes = [len(each) for each in (parts.kept, parts.measured) if each is not None]
        orders = [(parts.best, edges), (parts.strongest, len(parts.strongest))]
        if (
            parts.values.ndim != 1
            or any(size != edges for size in sizes)
            or any(len(order) != size or not _are_edges(order, edges) for order, size in orders)
        ):
            raise InputError("A ranking came whose parts do not fit together.")
        told = parts.values, parts.meaning, parts.direction, parts.kept, parts.of_metric, parts.measured
        ranking = cls(*told)
        ranking._order = parts.best if parts.own_order else None
        ranking.best, ranking.strongest = parts.best, parts.strongest
        return ranking

    def in_order(self, order: Indices) -> Ranking:
        """The same scores, whose circuits are the beginnings of another order of all edges."""
        ranking = copy(self)
        ranking.__dict__.pop("best", None)
        ranking._order = order
        ranking._first = {}
        return ranking

    @cached_property
    def best(self) -> Indices:
        """All edges, those that lead towards A most first; ties by index, as in `Scores.top`. Those without a score are
        last. By another rule its own order."""
        return self._best(None) if self._order is None else self._order

    def _best(self, count: int | None) -> Indices:
        backwards = self.meaning.signed and self.direction == -1
        return best_first(self.told, self._kept, count, np.negative if backwards else None)

    @cached_property
    def strongest(self) -> Indices:
        """All edges that have an effect, the largest first, whatever its sign."""
        return self._strongest(None)

    def _strongest(self, count: int | None) -> Indices:
        return largest_first(self.values, count)

    @property
    def large(self) -> bool:
        """Whether there are so many edges that the order of all of them is not made before somebody asks for it."""
        return len(self.values) > SORTED

    def first(self, count: int) -> Indices:
        """The beginning of `best`."""
        return self.best[:count] if self._order is not None else self._beginning("best", count)

    def strongest_first(self, count: int) -> Indices:
        """The beginning of `strongest`."""
        return self._beginning("strongest", count)

    def _beginning(self, name: str, count: int) -> Indices:
        if not self.large or name in self.__dict__:
            order: Indices = getattr(self, name)
            return order[:count]
        made = self._first.get(name)
        if made is None or len(made) < count:
            ahead = min(max(count, AHEAD), len(self.values))
            made = self._first[name] = self._best(ahead) if name == "best" else self._strongest(ahead)
        return made[:count]

    @property
    def searched(self) -> NDArray[np.bool_] | None:
        """What a search has kept, [edges]; None for other scores."""
        return self._kept

    @property
    def exact(self) -> bool:
        """Whether every edge was really edited."""
        return self.meaning == MEASURED

    @property
    def scanned(self) -> NDArray[np.bool_] | None:
        """Which edges a scan with a budget has measured, [edges]; None for other scores."""
        return self._measured

    @property
    def measured(self) -> NDArray[np.bool_]:
        """Which edges were really edited, [edges]."""
        if self._measured is not None:
            return self._measured
        exact = np.broadcast_to(self.exact, self.values.shape)
        return exact if self.whole else exact & ~self.unknown

    def sort(self) -> Ranking:
        """Sort now; of very many edges as many as a canvas shows."""
        _ = self.first(AHEAD), self.strongest_first(AHEAD)
        return self

    def known(self, indices: Indices) -> list[float | None]:
        """The scores of some edges; None where there is none yet."""
        pairs = zip(self.values[indices].tolist(), self.unknown[indices].tolist(), strict=True)
        return [None if unknown else value for value, unknown in pairs]

    def kept(self, size: int | None, strongest: int = STRONGEST) -> Indices:
        """The circuit of the best `size` edges, as `Scores.top` has it; without a size the `strongest` few of both
        signs: the most telling view, which is no circuit."""
        return self.strongest_first(strongest) if size is None else self.first(size)

    def threshold(self, size: int | None, strongest: int = STRONGEST) -> float:
        """The size of the score of the weakest edge of what `kept` gives."""
        kept = self.kept(size, strongest)
        return float(np.abs(self.values[kept[-1]])) if len(kept) else np.inf


def _are_edges(order: Indices, edges: int) -> bool:
    """Whether these are numbers of edges, no two the same."""
    inside = order.ndim == 1 and bool(((order >= 0) & (order < edges)).all())
    return inside and len(np.unique(order)) == len(order)
