"""Which nodes and edges a few typed words mean, as masks over the graph's arrays.

    a9, a9.h6, m3, input, logits     everything that writes or reads there
    a9.h6<q>, <k>                    a port, or all ports of a kind
    m3->, ->logits, a9->a10.h7<q>    edges out of it, into it, between the two
    layer 9                          all of a layer
    t.a9, t.                         of the text tower, where there are two
    edited, kept, towards, away, raises, lowers     what is known of a row (see `TableData`)

Words that stand beside each other must all hold. Half a name (`a9.`) means all that begins so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from core.edge_arrays import edges_at_either, edges_between
from core.graph import Graph

Mask = NDArray[np.bool_]

EXAMPLES = "a9, a9.h6, m3->, ->logits, layer 9, edited, kept, towards, away, raises, lowers"

_HEADS = re.compile(r"a(?P<layer>\d*)(?:\.(?P<sort>h|kv)?(?P<head>\d*))?")
_MLP = re.compile(r"m(?:lps?)?(?P<layer>\d*)")
_LAYER = re.compile(r"layer(?P<layer>\d+)")
_PORT = re.compile(r"(?P<name>[^<>]*)<(?P<port>[qkv]?)>?")
_TEXT = "t."
_KINDS = {"input": 0, "head": 1, "mlp": 2, "logits": 3}
_PORTS = {"q": 0, "k": 1, "v": 2, "mlp": 3, "logits": 4}


class NotAName(Exception):
    """Typed words that mean nothing here; the message says so to the user."""


@dataclass(frozen=True, eq=False)
class Names:
    """The graph's nodes and readers as arrays, to be searched by name.

    Nodes [writers + 1] are in the order of `graph.nodes`, readers [readers] in that of `graph.readers`.
    """

    graph: Graph
    node_kind: NDArray[np.int8]
    node_layer: NDArray[np.int32]
    node_head: NDArray[np.int32]
    reader_kind: NDArray[np.int8]
    reader_layer: NDArray[np.int32]
    reader_head: NDArray[np.int32]
    node_in_text: Mask  # whether it is in the text tower of two
    reader_in_text: Mask

    # ---- a name ----

    def nodes(self, text: str) -> Mask:
        """Nodes of a name without a port: [writers + 1]. Raises NotAName."""
        if not self.node_in_text.any() or _LAYER.fullmatch(text):
            return self._nodes(text)
        rest = text.removeprefix(_TEXT)
        mask = self._nodes(rest) if rest else np.ones(len(self.node_kind), dtype=bool)
        return mask & (self.node_in_text == (rest != text))

    def _nodes(self, text: str) -> Mask:
        kind, layer, head = self.node_kind, self.node_layer, self.node_head
        for word in ("input", "logits"):
            if len(text) > 1 and word.startswith(text):
                return kind == _KINDS[word]
        if parts := _LAYER.fullmatch(text):
            return np.isin(kind, (_KINDS["head"], _KINDS["mlp"])) & (layer == int(parts["layer"]))
        if parts := _MLP.fullmatch(text):
            return (kind == _KINDS["mlp"]) & _equal(layer, parts["layer"])
        if parts := _HEADS.fullmatch(text):
            heads = head // self._group if parts["sort"] == "kv" else head
            return (kind == _KINDS["head"]) & _equal(layer, parts["layer"]) & _equal(heads, parts["head"])
        raise NotAName(f"“{text}” names nothing here. Try {EXAMPLES}.")

    def readers(self, text: str) -> Mask:
        """Readers of a name, with or without a port: [readers]. A head reads through the K/V head that it shares.
        Raises NotAName."""
        if not self.reader_in_text.any() or _LAYER.fullmatch(text) or text.startswith("<"):
            return self._readers(text)
        rest = text.removeprefix(_TEXT)
        mask = self._readers(rest) if rest else np.ones(len(self.reader_kind), dtype=bool)
        return mask & (self.reader_in_text == (rest != text))

    def _readers(self, text: str) -> Mask:
        port = _PORT.fullmatch(text)
        name = port["name"] if port else text
        kind, layer, head = self.reader_kind, self.reader_layer, self.reader_head
        through = np.isin(kind, [_PORTS[port["port"]]] if port["port"] else [0, 1, 2]) if port else True
        if not name:
            return np.broadcast_to(through, kind.shape).copy()
        if parts := _HEADS.fullmatch(name):
            query = kind == _PORTS["q"]
            is_head = np.isin(kind, [0, 1, 2])
            if parts["sort"] == "kv":
                numbers, is_head = head, is_head & ~query
                matches = _equal(numbers, parts["head"])
            elif parts["head"]:
                matches = np.where(query, head == int(parts["head"]), head == int(parts["head"]) // self._group)
            else:
                matches = np.ones(kind.shape, dtype=bool)
            return is_head & _equal(layer, parts["layer"]) & matches & through
        if parts := _MLP.fullmatch(name):
            return (kind == _PORTS["mlp"]) & _equal(layer, parts["layer"]) & through
        if parts := _LAYER.fullmatch(name):
            return (kind != _PORTS["logits"]) & (layer == int(parts["layer"])) & through
        if len(name) > 1 and "logits".startswith(name):
            return (kind == _PORTS["logits"]) & through
        if len(name) > 1 and "input".startswith(name):
            return np.zeros(kind.shape, dtype=bool)  # it reads nothing
        raise NotAName(f"“{text}” names nothing here. Try {EXAMPLES}.")

    @property
    def _group(self) -> int:
        return self.graph.heads // self.graph.kv_heads

    # ---- rows ----

    def edge_mask(self, text: str, flags: Mapping[str, Mask]) -> Mask:
        """Edges that all the words hold for: [edges]. flags: what some words mean, [edges]. Raises NotAName."""
        graph = self.graph
        mask = np.ones(graph.n_edges, dtype=bool)
        for word in words_of(text):
            if word in flags:
                mask &= flags[word]
            elif "->" in word:
                left, right = word.split("->", 1)
                writers = self._writers(left) if left else None
                mask &= edges_between(graph, writers, self.readers(right) if right else None)
            elif "<" in word:
                mask &= edges_between(graph, None, self.readers(word))
            else:
                mask &= edges_at_either(graph, readers=self.readers(word), writers=self._writers(word))
        return mask

    def node_mask(self, text: str, flags: Mapping[str, Mask]) -> Mask:
        """Nodes that all the words hold for: [writers + 1]; of an edge's name, its ends. Raises NotAName."""
        mask = np.ones(len(self.node_kind), dtype=bool)
        for word in words_of(text):
            if word in flags:
                mask &= flags[word]
                continue
            names = [name.split("<", 1)[0] for name in word.split("->")]
            ends = [self.nodes(name) for name in names if name]
            mask &= np.logical_or.reduce(ends) if ends else True
        return mask

    def _writers(self, text: str) -> Mask:
        return self.nodes(text)[:-1]


def _equal(numbers: NDArray[np.int32], typed: str | None) -> Mask | bool:
    """Without a number, any will do."""
    return numbers == int(typed) if typed else True


def words_of(text: str) -> list[str]:
    """The typed words, in the field's own signs, with what belongs together joined: `layer 9`, `a1.h0 -> m2`."""
    text = text.lower().replace("→", "->").replace("⟨", "<").replace("⟩", ">").replace(",", " ")
    text = re.sub(r"\s*->[ \t]*(?=\S)(?!edited|kept|towards|away|raises|lowers|measured)", "->", text)
    text = re.sub(r"(?<=\S)\s+->", "->", text)
    text = re.sub(r"(?<=\S)\s+<", "<", text)
    text = re.sub(r"\blayers?\s+(?=\d)", "layer", text)
    text = re.sub(r"\bmlps?\s+(?=\d)", "mlp", text)
    return text.split()


@lru_cache(maxsize=4)
def names_of(graph: Graph) -> Names:
    """Made once a graph."""
    nodes, readers = graph.nodes, graph.readers
    return Names(
        graph,
        np.array([_KINDS[node.kind] for node in nodes], dtype=np.int8),
        np.array([node.layer for node in nodes], dtype=np.int32),
        np.array([node.head for node in nodes], dtype=np.int32),
        np.array([_PORTS[reader.kind] for reader in readers], dtype=np.int8),
        np.array([reader.layer for reader in readers], dtype=np.int32),
        np.array([reader.head for reader in readers], dtype=np.int32),
        np.array([bool(node.tower) for node in nodes]),
        np.array([bool(reader.tower) for reader in readers]),
    )
