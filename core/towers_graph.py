"""Two towers as one graph: that of pictures and that of texts stand side by side, no edge goes across, and both are
read by `logits`, which is their similarity.

Names of the text tower begin with `t.`: `t.input`, `t.a0.h1`, `t.m0->t.a1.h0<q>`, `t.m3->logits`. Writers are those of
the vision tower, then those of the text tower; so are readers, then `logits`. Edges are in the order of their readers.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from core.errors import ArgumentError
from core.graph import Graph, Tower
from core.nodes import TEXT, Edge, Entries, Node, Reader

End = TypeVar("End", Node, Reader)


@dataclass(frozen=True)
class TowersGraph(Graph):
    """layers, heads and the like are those of the vision tower. text: the text tower's graph."""

    text: Graph = field(default_factory=lambda: Graph(0, 1, 1))

    @cached_property
    def image(self) -> Graph:
        """The vision tower's graph."""
        return Graph(self.layers, self.heads, self.kv_heads, self.parallel, self.coupled)

    @cached_property
    def towers(self) -> tuple[Tower, Tower]:
        of_image, of_text = len(self.image.readers) - 1, len(self.readers) - 1  # where each tower's readers end
        into_logits = int(self.first_edge[-2]) + np.arange(self.n_writers)
        from_text = self.image.n_writers

        def tower(graph: Graph, readers: range, writers: range) -> Tower:
            inside = np.arange(self.first_edge[readers.start], self.first_edge[readers.stop])
            edges = np.concatenate([inside, into_logits[writers.start : writers.stop]])
            return Tower(graph, np.array(writers), np.array([*readers, of_text]), edges.astype(np.int64))

        return (
            tower(self.image, range(of_image), range(from_text)),
            tower(self.text, range(of_image, of_text), range(from_text, self.n_writers)),
        )

    # ---- nodes and readers ----

    @property
    def n_writers(self) -> int:
        return self.image.n_writers + self.text.n_writers

    @cached_property
    def writers(self) -> tuple[Node, ...]:
        return (*self.image.writers, *(_named(node) for node in self.text.writers))

    def writer_index(self, node: Node) -> int:
        if node.tower != TEXT:
            return self.image.writer_index(node)
        return self.image.n_writers + self.text.writer_index(plain(node))

    @cached_property
    def readers(self) -> tuple[Reader, ...]:
        of_text = (_named(reader) for reader in self.text.readers[:-1])
        return (*self.image.readers[:-1], *of_text, Reader("logits"))

    def reader_index(self, reader: Reader) -> int:
        if reader.kind == "logits":
            return len(self.readers) - 1
        if reader.tower != TEXT:
            return self.image.reader_index(reader)
        return len(self.image.readers) - 1 + self.text.reader_index(plain(reader))

    def writers_before(self, reader: Reader) -> int:
        if reader.kind == "logits":
            return self.n_writers
        return self._of(reader).writers_before(plain(reader))

    def first_writer(self, reader: Reader) -> int:
        return self.image.n_writers if reader.tower == TEXT else 0

    def ports(self, node: Node) -> tuple[Reader, ...]:
        ports = self._of(node).ports(plain(node))
        return tuple(_named(port) for port in ports) if node.tower == TEXT else ports

    def readers_of(self, reader: Reader) -> tuple[Node, ...]:
        nodes = self._of(reader).readers_of(plain(reader))
        return tuple(_named(node) for node in nodes) if reader.tower == TEXT else nodes

    def _of(self, what: Node | Reader) -> Graph:
        return self.text if what.tower == TEXT else self.image

    # ---- edges ----

    def check_edge(self, edge: Edge) -> int:
        writer, reader = self.writer_index(edge.writer), edge.reader
        if reader.kind != "logits" and edge.writer.tower != reader.tower:
            raise ArgumentError(
                f"There is no edge {edge.name}: no edge goes from one tower to the other.",
                "They meet in logits, their similarity.",
            )
        tower = self._of(edge.writer)
        tower.check_edge(plain(edge))
        return writer

    @cached_property
    def _places(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Of every edge, its tower (0 or 1) and its number there."""
        tower, place = np.zeros((2, self.n_edges), dtype=np.int64)
        for number, each in enumerate(self.towers):
            tower[each.edges], place[each.edges] = number, np.arange(len(each.edges))
        return tower, place

    def split(self, edges: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Some edges as those of each tower, by their numbers there, in their order."""
        tower, place = self._places
        image, text = (place[edges[tower[edges] == number]] for number in (0, 1))
        return image, text

    # ---- names ----

    @property
    def _extent(self) -> str:
        text = self.text._extent.replace("It has", "the text tower has", 1)
        return f"{self.image._extent.replace('It', 'The vision tower', 1)[:-1]}; {text} Its names begin with {TEXT}"

    def _parse_node(self, text: str) -> Node:
        if text.startswith(TEXT):
            return _named(self.text._parse_node(text.removeprefix(TEXT)))
        return self.image._parse_node(text)

    def _parse_reader(self, text: str) -> Reader:
        if text.startswith(TEXT):
            return _named(self.text._parse_reader(text.removeprefix(TEXT)))
        return self.image._parse_reader(text)


def _named(what: End) -> End:
    """A node or reader of the text tower by itself, as it is in both; `logits` is one for both."""
    return what if what.kind == "logits" else replace(what, tower=TEXT)


@overload
def plain(what: End) -> End: ...
@overload
def plain(what: Edge) -> Edge: ...
@overload
def plain(what: Node | Reader | Edge | Entries) -> Node | Reader | Edge | Entries: ...
def plain(what: Node | Reader | Edge | Entries) -> Node | Reader | Edge | Entries:
    """A node, reader, edge or entries of attention as their tower's own graph has them."""
    if isinstance(what, Edge):
        return Edge(plain(what.writer), plain(what.reader))
    if isinstance(what, Entries):
        return replace(what, head=plain(what.head))
    return replace(what, tower="") if what.tower else what


def tower_of(target: Node | Reader | Edge | Entries) -> int | None:
    """0: of the vision tower, 1: of the text tower; None: `logits`, which reads both."""
    what = target.writer if isinstance(target, Edge) else target.head if isinstance(target, Entries) else target
    if what.kind == "logits":
        return None
    return 1 if what.tower == TEXT else 0


# A graph as projects have it: layers, heads, K/V heads, parallel, coupled; of two towers those of the vision tower, and
# at the end the same of the text tower.
Sizes = tuple[Any, ...]


def sizes_of(graph: Graph) -> Sizes:
    """Of a graph as projects have it."""
    sizes = (graph.layers, graph.heads, graph.kv_heads, graph.parallel, graph.coupled)
    return (*sizes, sizes_of(graph.towers[1].graph)) if graph.towers else sizes


def graph_of(sizes: Sizes) -> Graph:
    """The graph of such sizes."""
    layers, heads, kv_heads, parallel, coupled, *text = sizes
    if not text:
        return Graph(layers, heads, kv_heads, parallel, coupled)
    return TowersGraph(layers, heads, kv_heads, parallel, coupled, text=Graph(*text[0]))


def check_one_tower(graph: Graph, what: str) -> None:
    """Raise ArgumentError where a graph has two. what: works on one alone, in words."""
    if graph.towers:
        raise ArgumentError(
            f"{what} is for one tower, and this model has two.",
            "Open one: the name without towers:, or vision: or text: before it.",
        )
