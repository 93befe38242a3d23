"""What is meant by the words typed into the find field: nodes and edges by name, tokens, heads that read a token.

a9.h6, a9, m3, layer 9         nodes, and the strongest edges at them
m3->, ->logits, a9->a10<q>     edges, the strongest first
a9.h6->a10.h7<q>               one edge
Mary, position 3, patch 3,4    positions of the input
reads Mary, reads patch 3,4    heads that attend there, the most first (the engine has to look)
copying, induction             heads by what they do on A, the most first (the engine has to look)
a word of a note, note         what it is on, or all notes (`controller/notes.py`)
reads region                   the same for the selected positions, or what is brushed of a picture
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.presenters.trait_words import IMAGE_TRAITS, SHOWN_FROM, TEXT_TRAITS
from core.component_words import edge_words, node_words
from core.formatting import figure_words, pretty_name, visible_token
from core.graph import Graph, Node
from core.tracing.meaning import ESTIMATED, Meaning
from core.tracing.order import best_first
from views.panels.find.data import Hit
from views.panels.table.names import NotAName, names_of, words_of

MOST_NODES, MOST_EDGES, MOST_HEADS = 60, 60, 40
TEXT_EXAMPLES = "a9.h6, m3->, ->logits, layer 9, mlp, copying, a token like Mary, reads Mary"
IMAGE_EXAMPLES = "a9.h6, m3->, ->logits, layer 9, patch 3,4, reads patch 3,4, reads region"

_READS = re.compile(r"\s*(?:reads?|attends? to)\s+(?P<what>.+?)\s*", re.IGNORECASE)
_PLACE = re.compile(r"(?:position|token)\s+(?P<number>\d+)", re.IGNORECASE)
_PATCH = re.compile(r"(?:patch\s*)?\(?(?P<row>\d+)\s*,\s*(?P<column>\d+)\)?", re.IGNORECASE)
_HEAD = re.compile(r"(?:head\s+(?P<head>\d+)\s+of\s+layer\s+(?P<layer>\d+)|mlp\s+of\s+layer\s+(?P<mlp>\d+))")


@dataclass(frozen=True, eq=False)
class Searched:
    """What is searched. scores: [edges] or None; meaning: what they are. labels: of the positions of A, as
    `InputsReply.labels`. selected: the positions that are selected, or brushed."""

    graph: Graph
    scores: NDArray[np.float64] | None
    labels: tuple[str, ...]
    is_text: bool
    selected: tuple[int, ...] = ()
    meaning: Meaning = ESTIMATED

    @property
    def examples(self) -> str:
        return TEXT_EXAMPLES if self.is_text else IMAGE_EXAMPLES


@dataclass(frozen=True)
class FindResult:
    """Hits, and a line that says how many there are or why there are none. reads: positions to whose readers the hits
    will be, once the engine has looked."""

    hits: tuple[Hit, ...] = ()
    words: str = ""
    reads: tuple[int, ...] = ()
    trait: str = ""  # by which the heads will be found, once the engine has looked


def find(text: str, searched: Searched) -> FindResult:
    """All that the words can mean."""
    if not text.strip():
        return FindResult(words=f"Try {searched.examples}")
    if (asked := _READS.fullmatch(text)) is not None:
        return _find_readers(asked["what"], searched)
    trait = trait_meant(text, searched.is_text)
    if trait and not _places(text, searched):  # a word of the input is meant first
        return FindResult(words="Looking at what each head does", trait=trait)
    positions = _places(text, searched)
    hits = [_position_hit(place, searched) for place in positions]
    named, count = _named(_plain_names(text), searched)
    hits += named
    if not hits:
        return FindResult(words=f"Nothing found for “{text.strip()}”. Try {searched.examples}")
    every = len(positions) + count
    return FindResult(tuple(hits), f"{len(hits)} of {every:,}, the strongest" if every > len(hits) else _counted(every))


def _counted(count: int) -> str:
    return "1 found" if count == 1 else f"{count:,} found"


def _plain_names(text: str) -> str:
    """`head 6 of layer 9` as `a9.h6`."""

    def name(match: re.Match[str]) -> str:
        return f"m{match['mlp']}" if match["mlp"] else f"a{match['layer']}.h{match['head']}"

    return _HEAD.sub(name, text.lower())


# ---- positions ---------------------------------------------------------------------------------------------------


def _places(text: str, searched: Searched) -> list[int]:
    """Positions by their token, their number, or as a patch."""
    wanted, labels = text.strip().strip("“”\"'").strip(), searched.labels
    if (number := _PLACE.fullmatch(wanted)) is not None:
        return [place for place in (int(number["number"]),) if place < len(labels)]
    if not searched.is_text:
        patch = _PATCH.fullmatch(wanted)
        name = f"{int(patch['row'])},{int(patch['column'])}" if patch is not None else wanted.lower()
        return [place for place, label in enumerate(labels) if label.lower() == name]
    whole = [place for place, label in enumerate(labels) if label.strip().lower() == wanted.lower()]
    if whole or len(wanted) < 2:
        return whole
    return [place for place, label in enumerate(labels) if wanted.lower() in label.lower()]


def _place_words(place: int, searched: Searched) -> str:
    label = searched.labels[place]
    if searched.is_text:
        return f"“{visible_token(label)}”"
    return f"patch {label}" if _PATCH.fullmatch(label) else label


def _position_hit(place: int, searched: Searched) -> Hit:
    kind = "position" if searched.is_text or not searched.labels[place][:1].isdigit() else "patch, position"
    return Hit(_place_words(place, searched), f"{kind} {place}: selects it", position=place)


# ---- names ---------------------------------------------------------------------------------------------------------


def _named(text: str, searched: Searched) -> tuple[list[Hit], int]:
    """Nodes, then edges by size; and how many there are in all."""
    graph, words = searched.graph, words_of(text)
    of_edges = "->" in text or "→" in text or "<" in text or "⟨" in text
    of_nodes = len(words) == 1 and not of_edges
    try:
        names = names_of(graph)
        nodes = np.flatnonzero(names.node_mask(text, {})) if of_nodes else np.zeros(0, dtype=np.int64)
        whole_layer = of_nodes and words[0].startswith("layer")
        edges = np.zeros(0, dtype=np.int64) if whole_layer else np.flatnonzero(names.edge_mask(text, {}))
    except NotAName:
        return [], 0
    hits = [_node_hit(graph.nodes[int(node)]) for node in nodes[:MOST_NODES]]
    return hits + _edge_hits(edges, searched), len(nodes) + len(edges)


def _node_hit(node: Node) -> Hit:
    return Hit(node.name, node_words(node), target=node)


def _edge_hits(edges: NDArray[np.int64], searched: Searched) -> list[Hit]:
    graph, scores = searched.graph, searched.scores
    if scores is not None:
        edges = edges[best_first(np.abs(scores[edges]), count=min(MOST_EDGES, len(edges)))]
    hits = []
    for index in edges[:MOST_EDGES].tolist():
        edge = graph.edge(index)
        value = "no score yet"
        if scores is not None:
            value = figure_words(float(scores[index]), searched.meaning.how, searched.meaning.signed)
        hits.append(Hit(pretty_name(edge.name), value, target=edge, spoken=edge_words(edge)))
    return hits


# ---- heads by what they do -----------------------------------------------------------------------------------------


def trait_meant(text: str, is_text: bool) -> str:
    """The trait that the words begin to name, or ""."""
    typed = " ".join(text.lower().removesuffix("heads").removesuffix("head").split())
    names = TEXT_TRAITS if is_text else IMAGE_TRAITS
    return next((name for name in names if len(typed) >= 4 and name.startswith(typed)), "")


def heads_found(trait: str, traits: Mapping[Node, tuple[tuple[str, float], ...]]) -> FindResult:
    """The heads that do it, the most first. traits: of every head, by name."""
    scores = {node: value for node, each in traits.items() for name, value in each if name == trait}
    order = sorted(scores, key=lambda node: -scores[node])
    hits = [
        Hit(node.name, f"{trait} {scores[node]:z.2f}", target=node, spoken=node_words(node))
        for node in order[:MOST_HEADS]
        if scores[node] >= SHOWN_FROM
    ]
    if not hits:
        most = f": the most is {scores[order[0]]:z.2f}" if order else ": the input has no such positions"
        return FindResult(words=f"No head is a {trait} head on A{most}.")
    return FindResult(tuple(hits), f"{len(hits)} heads by their {trait} score on A, the most first")


# ---- heads that read a place ----------------------------------------------------------------------------------------


def _find_readers(what: str, searched: Searched) -> FindResult:
    if what.lower() in ("region", "the region", "selection"):
        keys = list(searched.selected)
        if not keys:
            how = "Click a token of A first." if searched.is_text else "Brush a region of picture A first."
            return FindResult(words=f"Nothing is selected. {how}")
    else:
        keys = _places(what, searched)
    if not keys:
        return FindResult(words=f"“{what}” is not in the input. Try {searched.examples}")
    return FindResult(words="Looking at the attention of all heads", reads=tuple(keys))


def readers_found(
    keys: tuple[int, ...], queries: tuple[int, ...], shares: NDArray[np.float32], searched: Searched
) -> FindResult:
    """The heads that attend most to the keys. shares: [layers, heads]."""
    order = np.argsort(-shares, axis=None, kind="stable")[:MOST_HEADS]
    heads = shares.shape[1]
    hits = []
    for number in order.tolist():
        node = Node("head", number // heads, number % heads)
        share = float(shares[node.layer, node.head])
        hits.append(Hit(node.name, f"attends {share:z.2f}", target=node, spoken=node_words(node)))
    start = _several(queries, searched)
    return FindResult(tuple(hits), f"Attention from {start} to {_several(keys, searched)}, the most first")


def _several(places: tuple[int, ...], searched: Searched) -> str:
    if len(places) == 1:
        return (
            f"{_place_words(places[0], searched)} at {places[0]}"
            if searched.is_text
            else _place_words(places[0], searched)
        )
    if len(places) == len(searched.labels):
        return "all positions, on average,"
    return f"{len(places)} positions"
