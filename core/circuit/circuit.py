"""A circuit: a set of kept edges; every other edge carries its replacement value.

A circuit at spans keeps edges at some spans of positions only (`core.spans`): what an edge brings to its reader there
is kept, and elsewhere it carries its replacement. It lists each edge once for every span at which it is kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.circuit.exporters import EXPORTERS
from core.circuit.reach import connected, kept_matrix
from core.errors import ArgumentError
from core.graph import Edge, Graph
from core.groups import Group
from core.notes import Note
from core.pictures.circuit import circuit_svg
from core.saving import save_text
from core.text_files import read_text

MOST_DRAWN = 2000  # edges of a picture
AT = "@"  # between the name of an edge and that of a span


@dataclass(frozen=True)
class Circuit:
    """Kept edges of a graph. edges: their indices, most important first; values: their scores, if they have any. spans:
    names of the spans at which edges are kept, none of a circuit that keeps them at all positions; at: the number of
    the span of each of `edges`, which then holds an edge as often as it has spans. groups: nodes that are seen as one,
    for drawings and files. notes: on the circuit, its nodes and edges, with own names of nodes."""

    graph: Graph
    edges: NDArray[np.int64]
    values: NDArray[np.float64] | None = None
    about: dict[str, str] = field(default_factory=dict)  # model, method, metric: for files and captions
    spans: tuple[str, ...] = ()
    at: NDArray[np.int64] | None = None
    groups: tuple[Group, ...] = ()
    notes: tuple[Note, ...] = ()

    def __len__(self) -> int:
        return len(self.edges)

    def __iter__(self) -> Iterator[Edge]:
        return (self.graph.edge(int(index)) for index in self.edges)

    @property
    def names(self) -> list[str]:
        edges = [self.graph.edge(int(index)).name for index in self.edges]
        if self.at is None:
            return edges
        return [f"{name}{AT}{self.spans[span]}" for name, span in zip(edges, self.at.tolist(), strict=True)]

    @property
    def parts(self) -> NDArray[np.int64]:
        """Edges by their number, and of a circuit at spans edge by edge and span by span: edge * spans + span."""
        return self.edges if self.at is None else self.edges * len(self.spans) + self.at

    @property
    def whole(self) -> bool:
        """Whether nothing is replaced."""
        return len(self.edges) == self.graph.n_edges * max(1, len(self.spans))

    def chosen(self, places: NDArray[Any]) -> Circuit:
        """The circuit of some of its edges. places: in its list, as numbers or [edges] of bool."""
        values, at = (None if each is None else each[places] for each in (self.values, self.at))
        return replace(self, edges=self.edges[places], values=values, at=at)

    def with_parts(self, parts: NDArray[np.int64]) -> Circuit:
        """Another circuit of this graph and these spans. parts: as `parts`."""
        if not self.spans:
            return replace(self, edges=parts, values=None)
        return replace(self, edges=parts // len(self.spans), values=None, at=parts % len(self.spans))

    def union(self) -> Circuit:
        """The same edges at all positions, each once, in their order."""
        if self.at is None:
            return self
        first = np.sort(np.unique(self.edges, return_index=True)[1])
        return Circuit(self.graph, self.edges[first], None, self.about, groups=self.groups, notes=self.notes)

    def matrix(self) -> NDArray[np.bool_]:
        """What each reader keeps at each span: [spans, readers, writers], one span where it keeps it everywhere."""
        return kept_matrix(self.graph, self.parts, max(1, len(self.spans)))

    def score(self, position: int) -> float | None:
        """The score of the edge at a position of the list; None where it has none."""
        value = np.nan if self.values is None else float(self.values[position])
        return value if np.isfinite(value) else None

    def check_fits(self, graph: Graph) -> None:
        """Raise ArgumentError where the circuit belongs to a graph of another shape."""
        if graph != self.graph:
            raise ArgumentError(f"This circuit is of another model: {self.graph}, not {graph}.")

    def pruned(self) -> Circuit:
        """The circuit without edges that do not lie on a path from `input` to `logits`. At spans a path changes from
        one to another through keys and values alone, from any to any: which positions a head can see, and where the
        output is read, is not looked at."""
        return self.chosen(connected(self.graph, self.parts, max(1, len(self.spans))))

    def export(self, form: str) -> str:
        """This circuit as text. form: a name of EXPORTERS. Raises ArgumentError."""
        return EXPORTERS.named(form, "form of a circuit").write(self)

    def save(self, path: str | Path) -> None:
        """Write it in the form that the path's ending names (a row of EXPORTERS; else JSON), which `Circuit.load` reads
        where the form holds all of it. Raises WirescopeError where that is not possible."""
        ending = Path(path).suffix.lower()
        row = next((row for row in EXPORTERS.values() if row.ending == ending), EXPORTERS["json"])
        save_text(Path(path), row.write(self))

    @classmethod
    def load(cls, path: str | Path) -> Circuit:
        """A circuit of a file, with its scores, in the form that the path's ending names, else JSON. Raises InputError
        for a file that is none, ArgumentError for a form that is not read."""
        ending = Path(path).suffix.lower()
        row = next((row for row in EXPORTERS.values() if row.ending == ending), EXPORTERS["json"])
        if row.read is None:
            read = ", ".join(each.ending for each in EXPORTERS.values() if each.read is not None)
            raise ArgumentError(f"{row.title} is a drawing, of which no circuit is read.", f"Give one of {read}.")
        circuit: Circuit = row.read(read_text(path))
        return circuit

    def _repr_svg_(self) -> str | None:
        """In a notebook: the picture of it, as long as lines can be told apart."""
        if not 0 < len(self) <= MOST_DRAWN:
            return None
        away = -1.0 if self.about.get("direction") == "-1" else 1.0
        scores = [None if (score := self.score(place)) is None else score * away for place in range(len(self))]
        title = f"{len(self):,} of {self.graph.n_edges:,} edges"
        return circuit_svg(self.graph, [*self], self.names, scores, title, self.groups)

    def to_json(self) -> str:
        return self.export("json")

    def to_graphml(self) -> str:
        return self.export("graphml")

    def to_gexf(self) -> str:
        return self.export("gexf")

    def to_csv(self) -> str:
        return self.export("csv")

    def to_dot(self) -> str:
        return self.export("dot")

    def to_tikz(self) -> str:
        return self.export("tikz")

    def to_html(self) -> str:
        return self.export("html")


def circuit_of(graph: Graph, edges: Sequence[Edge | str], spans: Sequence[str] = ()) -> Circuit:
    """A circuit of named edges, each once. spans: names of all spans, of which an edge `m0->m1@subject` is kept at one,
    and one without a span at all. Raises ArgumentError for unknown ones."""
    parts: dict[tuple[int, int], None] = {}
    for edge in edges:
        name, _, span = edge.rpartition(AT) if isinstance(edge, str) and spans and AT in edge else (edge, "", "")
        if span and span not in spans:
            raise ArgumentError(f"There is no span {span!r}.", f"There are: {', '.join(spans)}.")
        for number in [spans.index(span)] if span else range(max(1, len(spans))):
            parts[graph.index(name) if isinstance(name, str) else graph.edge_index(name), number] = None
    edge_numbers, at = np.asarray([*parts], dtype=np.int64).reshape(-1, 2).T
    return Circuit(graph, edge_numbers, spans=tuple(spans), at=at) if spans else Circuit(graph, edge_numbers)
