"""The computation graph of a transformer: writers, readers, and the edges between them.

A *writer* (node) adds a vector to the residual stream: `input`, every attention head, every MLP. A *reader* (port)
reads the stream: the q, k and v port of every head, every MLP, and `logits`. An edge joins a writer to a reader that
comes after it.

Nothing is stored per edge. Writers are numbered in the order in which they write, so what a reader can read
is a prefix of them, and an edge's index is `first edge of its reader + number of its writer`. A model of
70,000 edges costs a few small arrays.

Names are those of EAP-IG and MIB files: `a3.h1->a5.h0<q>`, `m2->m4`, `input->logits`; with grouped-query
attention the K and V ports belong to the K/V head: `m0->a5.kv1<k>`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import overload

import numpy as np
from numpy.typing import NDArray

from core.errors import ArgumentError
from core.nodes import INPUT, LOGITS, Edge, Entries, Node, PortKind, Reader, UnitKind, unit_of

_NODE = re.compile(r"a(\d+)\.h(\d+)|m(\d+)")
_PORT = re.compile(r"a(\d+)\.(h|kv)(\d+)<([qkv])>")
_WRITTEN = "In this model it is written"

__all__ = ["INPUT", "LOGITS", "Edge", "Entries", "Graph", "Node", "Reader"]


@dataclass(frozen=True)
class Graph:
    """All nodes, readers and edges of a model with `layers` layers of `heads` heads, `kv_heads` of them with
    keys and values of their own.

    In a `parallel` block the MLP reads the stream as it was before the block's attention. In a `coupled` model a
    norm spans the heads of a layer (Gemma 2, OLMo 2), so what one of them reads changes what the others write.
    units: what each layer's MLP opens into, and how many of them, where that is known; no part of what the graph is.
    """

    layers: int
    heads: int
    kv_heads: int
    parallel: bool = False
    coupled: bool = False
    units: tuple[tuple[UnitKind, int], ...] = field(default=(), compare=False, repr=False)

    # ---- nodes ---------------------------------------------------------------------------------------------

    @property
    def n_writers(self) -> int:
        return 1 + self.layers * (self.heads + 1)

    @cached_property
    def writers(self) -> tuple[Node, ...]:
        """All nodes that write, in the order in which they write."""
        nodes = [INPUT]
        for layer in range(self.layers):
            nodes += [Node("head", layer, head) for head in range(self.heads)]
            nodes.append(Node("mlp", layer))
        return tuple(nodes)

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """The writers, then `logits`."""
        return (*self.writers, LOGITS)

    def writer_index(self, node: Node) -> int:
        """The number of a writer. Raises ArgumentError for `logits` and for nodes outside the model."""
        if node.tower:
            raise ArgumentError(f"{node.name} is of a text tower, and this model has one tower.", self._extent)
        if node.kind == "input":
            return 0
        if node.kind == "head" and 0 <= node.layer < self.layers and 0 <= node.head < self.heads:
            return 1 + node.layer * (self.heads + 1) + node.head
        if node.kind == "mlp" and 0 <= node.layer < self.layers:
            return 1 + node.layer * (self.heads + 1) + self.heads
        if node.is_unit:
            raise ArgumentError(f"{node.name} is a part of {node.whole.name}, and the edges are those of the whole.")
        raise ArgumentError(f"{node.name} does not write in this model.", self._extent)

    def check_unit(self, unit: Node) -> None:
        """Raise ArgumentError for a neuron or an expert that the model does not have, as far as that is known."""
        self.writer_index(unit.whole)
        if not self.units:
            return
        kind, count = self.units[unit.layer]
        if not count:
            raise ArgumentError(f"{unit.whole.name} does not open into neurons or experts in this model.")
        if unit.kind != kind or unit.head >= count:
            first = f"{unit.whole.name}.{kind[0]}"
            raise ArgumentError(f"There is no {unit.name}.", f"{_WRITTEN} {first}0 to {first}{count - 1}.")

    # ---- readers -------------------------------------------------------------------------------------------

    @property
    def _readers_per_layer(self) -> int:
        return self.heads + 2 * self.kv_heads + 1

    @cached_property
    def readers(self) -> tuple[Reader, ...]:
        """Layer by layer: all q, all k, all v, the MLP; then `logits`."""
        shared = self.kv_heads != self.heads
        readers: list[Reader] = []
        for layer in range(self.layers):
            readers += [Reader("q", layer, head) for head in range(self.heads)]
            readers += [Reader("k", layer, head, shared) for head in range(self.kv_heads)]
            readers += [Reader("v", layer, head, shared) for head in range(self.kv_heads)]
            readers.append(Reader("mlp", layer))
        readers.append(Reader("logits"))
        return tuple(readers)

    def reader_index(self, reader: Reader) -> int:
        """The number of a reader. Raises ArgumentError for readers outside the model."""
        if reader.tower:
            raise ArgumentError(f"{reader.name} is of a text tower, and this model has one tower.", self._extent)
        if reader.kind == "logits":
            return self.layers * self._readers_per_layer
        heads = self.heads if reader.kind == "q" else self.kv_heads
        if not (0 <= reader.layer < self.layers and (reader.kind == "mlp" or 0 <= reader.head < heads)):
            raise ArgumentError(f"There is no reader {reader.name} in this model.", self._extent)
        start = reader.layer * self._readers_per_layer
        if reader.kind == "q":
            return start + reader.head
        if reader.kind == "mlp":
            return start + self.heads + 2 * self.kv_heads
        return start + self.heads + (0 if reader.kind == "k" else self.kv_heads) + reader.head

    def writers_before(self, reader: Reader) -> int:
        """How many writers a reader can read, from `first_writer` on."""
        if reader.kind == "logits":
            return self.n_writers
        before = 1 + reader.layer * (self.heads + 1)
        return before + self.heads if reader.kind == "mlp" and not self.parallel else before

    def first_writer(self, reader: Reader) -> int:
        """The number of the first writer that a reader can read."""
        return 0

    @property
    def towers(self) -> tuple[Tower, ...]:
        """Of a graph of two towers, that of pictures and that of texts; of others nothing."""
        return ()

    def ports(self, node: Node) -> tuple[Reader, ...]:
        """The readers through which a node reads: q, k, v of a head (K/V shared with its group), or the one
        of an MLP or `logits`."""
        if node.kind == "input" or node.is_unit:
            return ()
        if node.kind == "logits":
            return (Reader("logits"),)
        if node.kind == "mlp":
            return (Reader("mlp", node.layer),)
        kv_head, shared = node.head * self.kv_heads // self.heads, self.kv_heads != self.heads
        return (
            Reader("q", node.layer, node.head),
            Reader("k", node.layer, kv_head, shared),
            Reader("v", node.layer, kv_head, shared),
        )

    def readers_of(self, reader: Reader) -> tuple[Node, ...]:
        """The nodes that a reader feeds: one, or for a shared K/V head all the heads of its group."""
        if reader.kind == "mlp":
            return (Node("mlp", reader.layer),)
        if reader.kind == "logits":
            return (LOGITS,)
        if reader.kind == "q":
            return (Node("head", reader.layer, reader.head),)
        group = self.heads // self.kv_heads
        return tuple(Node("head", reader.layer, reader.head * group + i) for i in range(group))

    # ---- edges ---------------------------------------------------------------------------------------------

    @cached_property
    def first_edge(self) -> NDArray[np.int64]:
        """First edge index of every reader, and the number of edges at the end: [readers + 1]."""
        counts = [self.writers_before(reader) for reader in self.readers]
        return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)

    @property
    def n_edges(self) -> int:
        return int(self.first_edge[-1])

    @cached_property
    def edge_readers(self) -> NDArray[np.int32]:
        """Reader number of every edge: [edges]."""
        return np.repeat(np.arange(len(self.readers), dtype=np.int32), np.diff(self.first_edge))

    @cached_property
    def edge_writers(self) -> NDArray[np.int32]:
        """Writer number of every edge: [edges]."""
        shift = (self.first_edge[:-1] - self.first_writers).astype(np.int32)
        writers = np.arange(self.n_edges, dtype=np.int32)
        writers -= np.repeat(shift, np.diff(self.first_edge))
        return writers

    @cached_property
    def first_writers(self) -> NDArray[np.int64]:
        """Number of the first writer that each reader can read: [readers]."""
        return np.array([self.first_writer(reader) for reader in self.readers], dtype=np.int64)

    @cached_property
    def edges(self) -> EdgeList:
        """All edges, in order of their index; Edge objects are made when asked for."""
        return EdgeList(self)

    @property
    def names(self) -> list[str]:
        """The names of all edges."""
        return [edge.name for edge in self.edges]

    def edge(self, index: int) -> Edge:
        if not 0 <= index < self.n_edges:
            raise ArgumentError(f"There is no edge number {index}.", f"This model has {self.n_edges} edges.")
        reader = int(np.searchsorted(self.first_edge, index, side="right")) - 1
        writer = int(index - self.first_edge[reader] + self.first_writers[reader])
        return Edge(self.writers[writer], self.readers[reader])

    def edge_index(self, edge: Edge) -> int:
        """The number of an edge. Raises ArgumentError where the writer does not come before the reader."""
        writer = self.check_edge(edge) - self.first_writer(edge.reader)
        return int(self.first_edge[self.reader_index(edge.reader)]) + writer

    def check_edge(self, edge: Edge) -> int:
        """The number of its writer. Raises ArgumentError where that does not come before the reader."""
        writer, reader = self.writer_index(edge.writer), edge.reader
        heads = self.heads if reader.kind == "q" else self.kv_heads
        if reader.kind != "logits" and not (0 <= reader.layer < self.layers and 0 <= reader.head < heads):
            self.reader_index(reader)  # which says what is wrong with it
        if writer >= self.writers_before(reader):
            hint = "An edge goes from an earlier writer to a later reader."
            if self.parallel and edge.reader.kind == "mlp" and edge.writer.layer == edge.reader.layer:
                hint = "In this model the attention and the MLP of a layer work beside each other. " + hint
            raise ArgumentError(
                f"There is no edge {edge.name}: {edge.writer.name} writes after {edge.reader.name} reads.", hint
            )
        return writer

    def index(self, name: str) -> int:
        """The number of the edge of that name. Raises ArgumentError, with the nearest names."""
        target = self.parse(name)
        if not isinstance(target, Edge):
            raise ArgumentError(f"{name!r} is not an edge.", "An edge reads like a0.h1->a2.h0<q> or m0->logits.")
        return self.edge_index(target)

    def edges_into(self, reader: Reader) -> range:
        number = self.reader_index(reader)
        return range(int(self.first_edge[number]), int(self.first_edge[number + 1]))

    def edges_out_of(self, node: Node) -> NDArray[np.int64]:
        """Indices of all edges that leave a writer; a unit of an MLP has none of its own."""
        if node.is_unit:
            return np.zeros(0, dtype=np.int64)
        place = self.writer_index(node) - self.first_writers
        reading = (place >= 0) & (np.diff(self.first_edge) > place)
        return (self.first_edge[:-1] + place)[reading]

    # ---- names ---------------------------------------------------------------------------------------------

    @property
    def _extent(self) -> str:
        kv = "" if self.kv_heads == self.heads else f" (keys and values: kv0 to kv{self.kv_heads - 1})"
        return f"It has layers 0 to {self.layers - 1} with heads 0 to {self.heads - 1}{kv}."

    def parse(self, name: str) -> Node | Reader | Edge:
        """What a name means: `a1.h0`, `m3` (nodes), `a1.h0<q>`, `->m3`, `logits` (readers), `m0->a1.h0<q>`
        (edges).

        Raises ArgumentError that suggests near names.
        """
        text = name.strip().replace("⟨", "<").replace("⟩", ">").replace("→", "->").replace(" ", "")
        try:
            if "->" in text:
                writer, reader = text.split("->", 1)
                if not writer:
                    return self._parse_reader(reader)
                edge = Edge(self._parse_node(writer), self._parse_reader(reader))
                self.edge_index(edge)
                return edge
            if "<" in text or text == "logits":
                return self._parse_reader(text)
            return self._parse_node(text)
        except ArgumentError as error:
            near = self._suggest(text.lower())
            if not near or error.hint.startswith(_WRITTEN):  # the right name is nearer than any
                raise
            raise ArgumentError(error.message, f"Did you mean {' or '.join(near)}? {error.hint}".strip()) from None

    def _parse_node(self, text: str) -> Node:
        if text == "input":
            return INPUT
        if unit := unit_of(text):
            self.check_unit(unit)
            return unit
        match = _NODE.fullmatch(text)
        if match is None:
            raise ArgumentError(f"{text!r} names no node.", "Nodes are input, a0.h1 (a head) and m0 (an MLP).")
        node = Node("head", int(match[1]), int(match[2])) if match[1] else Node("mlp", int(match[3]))
        self.writer_index(node)
        return node

    def _parse_reader(self, text: str) -> Reader:
        if text == "logits":
            return Reader("logits")
        if re.fullmatch(r"m\d+", text):
            reader = Reader("mlp", int(text[1:]))
        else:
            match = _PORT.fullmatch(text)
            if match is None:
                hint = "Readers are a0.h1<q>, a0.h1<k>, a0.h1<v>, m0 and logits."
                raise ArgumentError(f"{text!r} names no reader.", hint)
            kind: PortKind = "q" if match[4] == "q" else "k" if match[4] == "k" else "v"
            shared = kind != "q" and self.kv_heads != self.heads
            if (match[2] == "kv") != shared:
                group = self.heads // self.kv_heads
                right = f"kv{int(match[3]) // group}" if shared else f"h{match[3]}"
                raise ArgumentError(f"There is no reader {text}.", f"{_WRITTEN} a{match[1]}.{right}<{kind}>.")
            reader = Reader(kind, int(match[1]), int(match[3]), shared)
        self.reader_index(reader)
        return reader

    def _suggest(self, text: str) -> list[str]:
        """At most two near names. Sides of an edge are matched apart, so that no list of all edges is
        made."""
        writer_names = [node.name for node in self.writers]
        reader_names = [reader.name for reader in self.readers]
        if "->" not in text:
            names = list(dict.fromkeys(writer_names + reader_names))  # an MLP's node and reader have one name
            return difflib.get_close_matches(text, names, n=2, cutoff=0.5)
        writer, reader = text.split("->", 1)
        writers = difflib.get_close_matches(writer, writer_names, n=4, cutoff=0.4)
        readers = difflib.get_close_matches(reader, reader_names, n=4, cutoff=0.4)
        pairs = [Edge(self._parse_node(near), self._parse_reader(name)) for name in readers for near in writers]
        return [edge.name for edge in pairs if self._has(edge)][:2]

    def _has(self, edge: Edge) -> bool:
        place = self.writer_index(edge.writer) - self.first_writer(edge.reader)
        return 0 <= place < self.writers_before(edge.reader)


@dataclass(frozen=True, eq=False)
class Tower:
    """One of two towers: its graph, and the numbers that its writers, readers and edges have in the graph of both, in
    the order of its own. `logits` is a reader of both."""

    graph: Graph
    writers: NDArray[np.int64]
    readers: NDArray[np.int64]
    edges: NDArray[np.int64]


class EdgeList(Sequence[Edge]):
    """The edges of a graph as a sequence of Edge, made on demand."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    def __len__(self) -> int:
        return self._graph.n_edges

    @overload
    def __getitem__(self, index: int) -> Edge: ...
    @overload
    def __getitem__(self, index: slice) -> list[Edge]: ...
    def __getitem__(self, index: int | slice) -> Edge | list[Edge]:
        if isinstance(index, slice):
            return [self._graph.edge(i) for i in range(*index.indices(len(self)))]
        if index < 0:
            index += len(self)
        if not 0 <= index < len(self):
            raise IndexError(index)
        return self._graph.edge(index)

    def __iter__(self) -> Iterator[Edge]:
        for number, reader in enumerate(self._graph.readers):
            count = int(self._graph.first_edge[number + 1] - self._graph.first_edge[number])
            first = self._graph.first_writer(reader)
            for writer in self._graph.writers[first : first + count]:
                yield Edge(writer, reader)

    @property
    def names(self) -> list[str]:
        return self._graph.names

    def index(self, value: object, start: int = 0, stop: int | None = None) -> int:
        """The number of an edge or of an edge's name."""
        return self._graph.index(value) if isinstance(value, str) else self._graph.edge_index(_as_edge(value))


def _as_edge(value: object) -> Edge:
    if not isinstance(value, Edge):
        raise ArgumentError(f"{value!r} is not an edge.", "Give an Edge or its name, like m0->logits.")
    return value
