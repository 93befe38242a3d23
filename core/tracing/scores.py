"""Scores of edges, and the circuits made of the best of them.

The score of an edge is minus the effect of removing it: positive means that it raises the metric. The best edges are
those with the highest score times A's direction (`core.tracing.direction`): where A lowers the metric, as with KL,
those with the lowest scores.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.circuit import Circuit
from core.edits import EditKind
from core.errors import ArgumentError
from core.formatting import percent
from core.graph import Graph, Node
from core.plugins import Table
from core.saving import save_bytes
from core.tracing.meaning import DIRECTION_IN_FILES, NOISE_FLOOR
from core.tracing.method import METHODS
from core.tracing.options import CIRCUITS, Level
from core.tracing.order import SORTED, best_first
from core.tracing.selection import CHOSEN_BY, GAP, USUAL, Choice, Ranked, chosen_by, rule_named
from core.tracing.selection.ranked import Balance

UNION = "union of spans"  # of `about`: scores are those of the best of these spans


@dataclass(frozen=True)
class Scores:
    """One score per edge, values [edges]; per node, [writers]; per node and position, [writers, position]; or per edge
    and span of positions, [edges, spans]: in the unit of the metric. They are estimated, not measured.

    direction: +1 where A raises the metric, -1 where it lowers it, 0 where the whole model and the empty circuit score
    alike; None where it is not known, as of a file that does not say. Scores of direction 0 or None are ranked as if A
    raised the metric. kept: what a search that decides about each edge (node, position) has kept, [as values].
    agreement: the share of bootstrap draws in which a score has the sign of the mean (`with_agreement`), [as values].
    constants: of optimal ablation, what removed edges carried, [writers, width].
    measured: [as values], of a scan with a budget: which scores are measured; the others are estimates. None: what the
    method's scores are, all of these are. balance: the share of edges that should lead towards A, by size
    (`core.evaluation.balance`). spans: names of the spans, of level "edge-spans".
    """

    graph: Graph
    values: NDArray[np.float64]
    method: str
    replacement: EditKind
    about: dict[str, str] = field(default_factory=dict)
    level: Level = "edges"
    direction: Literal[-1, 0, 1] | None = None
    kept: NDArray[np.bool_] | None = None
    agreement: NDArray[np.float64] | None = None
    constants: NDArray[np.float32] | None = None
    measured: NDArray[np.bool_] | None = None
    balance: Balance | None = None
    spans: tuple[str, ...] = ()

    def save(self, path: str | Path) -> None:
        """Write them to a file that `Scores.load` reads: Parquet where its name ends so, else JSON. Raises
        WirescopeError where that is not possible, ArgumentError for an ending under which they would not be read."""
        ending = Path(path).suffix.lower()
        if ending == ".pt":
            raise ArgumentError(
                "EAP-IG's files for torch hold scores with a circuit.",
                "Give a path that ends in .json; `wirescope trace --format eap-ig-pt` writes one for torch.",
            )
        row = next((row for row in SCORES_FORMS.values() if row.ending == ending), SCORES_FORMS["json"])
        save_bytes(Path(path), row.write(self))

    @classmethod
    def load(cls, path: str | Path, graph: Graph | None = None) -> Scores:
        """Scores of a file: of Wirescope or of EAP-IG, or of a circuit. graph: of the model that they should be for; of
        EAP-IG's files it is needed where heads share K and V. Raises InputError for a file that is none, or of another
        model."""
        return SCORES_FORMS["json"].read(path, graph)

    @cached_property
    def signed(self) -> bool:
        """Whether the sign of a score says anything. Of a method that is not known here, where one is negative."""
        method = METHODS.get(self.method)
        return bool((self.values < 0).any()) if method is None else method.meaning.signed

    @cached_property
    def towards(self) -> NDArray[np.float64]:
        """What is ranked, [as values]: score x direction, positive where an edge leads towards A's behaviour; the
        scores themselves where they have no sign or no direction is known."""
        return -self.values if self.direction == -1 and self.signed else self.values

    @property
    def noise_floor(self) -> float:
        """Of scores that were measured in half precision (`core.noise`), in the unit of the metric; 0 where rounding
        makes nothing of that size, or nothing is said of it."""
        try:
            return float(self.about.get(NOISE_FLOOR, "0"))
        except ValueError:
            return 0.0

    @cached_property
    def below_noise(self) -> NDArray[np.bool_]:
        """[as values], which measured scores rounding alone may have made; estimates are none."""
        below = np.abs(self.values) < self.noise_floor
        return below if self.measured is None else below & self.measured

    @cached_property
    def _by_size(self) -> NDArray[np.int64]:
        return best_first(np.abs(self.values.ravel()), _raveled(self.kept))

    @cached_property
    def _orders(self) -> dict[tuple[str, bool], NDArray[np.int64]]:
        return {}  # by rule, and whether by size: all edges

    @property
    def rule(self) -> str:
        """By which rule (a name of RULES) their circuits are chosen, as they say of themselves. What a search has kept,
        or one circuit alone, is chosen already."""
        return USUAL if self.kept is not None else chosen_by(self.about)

    def with_rule(self, rule: str) -> Scores:
        """The same scores, whose circuits are chosen by a rule (a name of RULES). Raises ArgumentError."""
        return replace(self, about={**self.about, CHOSEN_BY: rule_named(rule).name})

    def ranked(self, by_size: bool = False) -> Ranked:
        """What a rule chooses from: score x direction, or the sizes of the scores."""
        towards = self.towards.ravel()
        weights = np.abs(self.values).ravel() if by_size else towards
        kept, agreement = _raveled(self.kept), None if self.agreement is None else self.agreement.ravel()
        spans = max(1, len(self.spans))
        return Ranked(self.graph, weights, self.level, kept, self.signed, agreement, towards, self.balance, spans)

    def top(self, count: int, *, by_size: bool = False, unscored: bool = False) -> Circuit:
        """The circuit of exactly `count` edges with the highest score x direction, or `by_size` with the largest
        whatever their sign; ties go to the edge of the lower index. What a search has kept comes before what it has
        removed, so that as many edges as it kept are its own circuit. Of scores of nodes, all edges between `count`
        nodes, with `input` and `logits`.

        unscored: whether those without a score (NaN) may fill up what the others leave, in the order of their indices.
        Raises ArgumentError for more than there are, and for more than have a score where these may not."""
        count = self._whole(count)
        scored = int((~np.isnan(self.values)).sum())
        if scored < count <= self.values.size and not unscored:
            raise ArgumentError(
                f"{scored:,} of {self.values.size:,} {self.level} have a score, fewer than the {count:,} asked for.",
                "Ask for fewer, score the rest, or let the others come last: top(count, unscored=True).",
            )
        return self.select(count, USUAL, by_size=by_size)

    def select(self, count: int, rule: str | None = None, *, by_size: bool = False) -> Circuit:
        """The circuit of exactly `count` edges that a rule (a name of RULES; None: the scores' own, `top` where they
        name none) chooses by score x direction, or `by_size` by the sizes of the scores. It says by which rule, and
        under "gap" by how much a better choice could be better where the rule did not come to its end. Raises
        ArgumentError for a rule that there is not or that cannot choose from these scores."""
        if self.level == "positions":
            raise ArgumentError("Scores of positions make no circuit.", "Score edges or nodes.")
        count = self._whole(count)
        if not 0 <= count <= self.values.size:
            raise ArgumentError(f"A circuit of this graph has 0 to {self.values.size} {self.level}, not {count}.")
        name = self.rule if rule is None else rule
        choice = self._chosen(count, name, by_size)
        order = choice.edges
        about = {**self.about, "method": self.method, "replacement": self.replacement}
        if self.kept is None:
            about.pop(CHOSEN_BY, None)
        about |= {CHOSEN_BY: name} if name != USUAL else {}
        about |= {GAP: percent(choice.gap, 4)} if choice.gap else {}
        if self.signed and self.direction is not None:
            about["direction"] = DIRECTION_IN_FILES[self.direction]
        if self.level == "edges":
            return Circuit(self.graph, order, self.values[order], about)
        if self.level == "edge-spans":
            edges, at = np.divmod(order, len(self.spans))
            return Circuit(self.graph, edges, self.values.ravel()[order], about, self.spans, at)
        kept = np.zeros(self.graph.n_writers, dtype=bool)
        kept[order] = True
        kept[[number for number, node in enumerate(self.graph.writers) if node.kind == "input"]] = True
        reading = np.array([r.kind == "logits" or any(kept[self.graph.writer_index(node)]
                            for node in self.graph.readers_of(r)) for r in self.graph.readers])  # fmt: skip
        edges = np.flatnonzero(kept[self.graph.edge_writers] & reading[self.graph.edge_readers]).astype(np.int64)
        return Circuit(self.graph, edges, None, about)

    def _whole(self, count: int) -> int:
        try:
            return operator.index(count)
        except TypeError:
            raise ArgumentError(f"{count!r} is no number of {self.level}.", "Give a whole number.") from None

    def _chosen(self, count: int, name: str, by_size: bool) -> Choice:
        if name == USUAL and (name, by_size) not in self._orders and self.values.size > SORTED:
            return Choice(self._first(count, by_size))  # the order of all takes as long as a trace
        rule, ranked = rule_named(name), self.ranked(by_size)
        rule.check(ranked)
        if rule.order is None:
            assert rule.choose is not None
            return rule.choose(ranked, count)
        if (name, by_size) not in self._orders:
            self._orders[name, by_size] = rule.order(ranked)
        return Choice(self._orders[name, by_size][:count])

    def _first(self, count: int, by_size: bool) -> NDArray[np.int64]:
        """As the usual rule has them, without an array of what is ranked."""
        backwards = self.direction == -1 and self.signed
        key = np.abs if by_size else np.negative if backwards else None
        return best_first(self.values.ravel(), _raveled(self.kept), count, key)

    def union(self) -> Scores:
        """Of scores of edges at spans those of edges, each that of its best span, as sure as that is; those of edges as
        they are. What was measured of circuits at spans is left out."""
        if not self.spans:
            return self
        best = self.at_spans.argmax(axis=1)
        every = np.arange(len(best))
        return replace(
            self,
            values=self.values[every, best],
            level="edges",
            about={**self.about, UNION: ", ".join(self.spans)},
            kept=None if self.kept is None else np.asarray(self.kept.any(axis=1)),
            agreement=None if self.agreement is None else self.agreement[every, best],
            measured=None if self.measured is None else self.measured[every, best],
            balance=None,
            spans=(),
        )

    @property
    def at_spans(self) -> NDArray[np.float64]:
        """Of edges at spans what is ranked, [edges, spans]: lowest what has no score and what a search has removed."""
        weights = np.where(np.isnan(self.values), -np.inf, self.towards)
        return weights if self.kept is None else np.where(self.kept, weights, -np.inf)

    def strongest(self, count: int) -> NDArray[np.int64]:
        """The `count` edges (nodes) of the largest absolute score, largest first; of edges at spans numbers as
        `Circuit.parts`. Raises ArgumentError for positions."""
        if self.level == "positions":
            raise ArgumentError("Scores of positions are no list.", "Score edges or nodes.")
        return self._by_size[:count]

    def of_node(self, node: Node) -> float:
        """The score of a node: its own, the sum over its positions, or the sum over its outgoing edges, which is what
        the gradient says of editing all of them."""
        if self.level not in CIRCUITS:
            return float(self.values[self.graph.writer_index(node)].sum())
        return float(self.values[self.graph.edges_out_of(node)].sum())


@dataclass(frozen=True)
class ScoresForm:
    """A form of scores as files. ending: of their names. write: the content. read: a file, checked against a graph
    where one is given."""

    name: str
    ending: str
    write: Callable[[Scores], bytes]
    read: Callable[[str | Path, Graph | None], Scores]


SCORES_FORMS = Table("", ScoresForm, "core.interchange.scores_forms")


def _raveled(mark: NDArray[np.bool_] | None) -> NDArray[np.bool_] | None:
    return None if mark is None else mark.ravel()
