"""The rows of the table: edges, or nodes, as columns over numpy arrays.

No object is made per row: a cell's words are made when it is shown. Sorting and filtering work on arrays, and where
there are very many rows on a part of them at a time, so that the scores are the one array of all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.component_words import edge_words, node_words
from core.edge_arrays import ends_of_part, readers_at, sums_by_writer, writers_at
from core.edits import Target
from core.formatting import change_words, pretty_name, score_words
from core.graph import Edge, Graph
from core.tracing.meaning import hues, towards
from core.tracing.order import best_of_parts, parts_of
from views.panels.table.data import TableData
from views.panels.table.figures import Figures, Flags, marked
from views.panels.table.names import Mask, names_of


@dataclass(frozen=True, eq=False)
class Column:
    """One column. text: a row's words. key: makes what a part of the rows is sorted by; the greatest first where
    `large_first`. greatest_first: rows in that order, where somebody has sorted them already. sign: a row's number, for
    its colour, or None."""

    title: str
    tip: str
    text: Callable[[int], str]
    key: Callable[[slice], NDArray[Any]]
    large_first: bool = False
    figures: bool = False  # set right, in the font of numbers
    name: bool = False  # in the font of names
    sign: Callable[[int], float] | None = None
    greatest_first: NDArray[np.int64] | None = None


@dataclass(frozen=True, eq=False)
class Rows:
    """Edges or nodes. A row's number is the edge's or the node's own."""

    what: str  # "edges", "nodes"
    data: TableData
    columns: tuple[Column, ...]
    target: Callable[[int], Target]
    number: Callable[[Target], int | None]  # None for the other kind
    describe: Callable[[int], str]
    choose: Callable[[str], Mask]  # rows that typed words mean; raises NotAName
    count: int

    def order(self, column: int, backwards: bool) -> NDArray[np.int64]:
        """All rows, sorted by a column; of equal ones the earlier first."""
        ordered = self.columns[column].greatest_first
        if backwards and ordered is not None:
            return ordered
        key = self.columns[column].key(slice(0, self.count))
        return _stable_order(-key if backwards else key)

    def first(self, column: int, backwards: bool, mask: Mask | None, count: int) -> NDArray[np.int64]:
        """The beginning of that order, or of what a mask [rows] keeps of it, without sorting the others."""
        return best_of_parts(self._parts(column, backwards, mask), count)

    def _parts(self, column: int, backwards: bool, mask: Mask | None) -> Iterator[tuple[NDArray[np.int64] | int, Any]]:
        """Rows that a mask keeps, a part at a time, and what they are ranked by."""
        for part in parts_of(self.count):
            inside = None if mask is None else np.flatnonzero(mask[part])
            if inside is not None and not len(inside):
                continue
            key = self.columns[column].key(part) if inside is None else self.columns[column].key(part)[inside]
            yield part.start if inside is None else part.start + inside, key if backwards else -key

    def same_key(self, column: int, other: Rows) -> bool:
        """Whether other rows, as many, are sorted by the same in a column."""
        keys = self.columns[column].key, other.columns[column].key
        return all(np.array_equal(keys[0](part), keys[1](part)) for part in parts_of(self.count))

    def values(self, row: int) -> list[str]:
        """The words of all cells of a row."""
        return [column.text(row) for column in self.columns]


def _stable_order(key: NDArray[Any]) -> NDArray[np.int64]:
    """As `argsort` with kind="stable", for large arrays a few times faster: numbers are sorted as they come, and then
    equal ones put in order."""
    if key.dtype.itemsize <= 2:
        return np.argsort(key, kind="stable")
    order = np.argsort(key)
    ranked = key[order]
    runs = np.zeros(len(key), dtype=np.int64)
    np.cumsum(ranked[1:] != ranked[:-1], out=runs[1:])
    if len(key) and runs[-1] == len(key) - 1:
        return order
    return np.sort(runs * len(key) + order) % len(key)


def _figure(value: float, signed: bool = True) -> str:
    return "" if np.isnan(value) else score_words(float(value), signed)


_ESTIMATED = "Estimated change of the metric by removing it: minus its score. Sorted by size. {hues}."
_NO_EFFECT = "Score by the method of the last trace: no effect of removing it. Sorted by size."
_MEASURED = "Measured change of the metric by the edit: with it minus without it. Sorted by size. {hues}."
_EDIT = "What was put in its place"


def _hues(direction: int | None) -> str:
    """What the colours of numbers say of a row."""
    blue, orange = hues(direction)
    return (
        f"Blue: the row leads {blue}; orange: {orange}" if direction in (1, -1) else f"Blue: {blue}; orange: {orange}"
    )


def _of(what: str, inputs: str, edits: str) -> str:
    """Of what a column's figures are, after its tip."""
    return f" {what}: {inputs}{edits}." if inputs else ""


@dataclass(frozen=True, eq=False)
class _Known:
    """What is known of every row. estimated: the scores, whatever they are; shown is the change that an estimate is
    of."""

    count: int
    estimated: Figures
    measured: Figures
    kept: Mask
    edits: dict[int, str]
    how: str = "estimated"
    signed: bool = True
    direction: int | None = 1
    of_metric: int | None = 1
    estimated_of: str = ""
    measured_of: str = ""
    with_edits: bool = False
    noise_floor: float = 0.0

    def measured_words(self, row: int) -> str:
        """What is measured of a row; empty where nothing is."""
        change = self.measured.at(row)
        if np.isnan(change):
            return ""
        return "below noise" if abs(change) < self.noise_floor else score_words(change)

    @property
    def is_effect(self) -> bool:
        """Whether the scores are minus the effect of an edit, so that they stand as changes beside measured ones."""
        return self.how == "estimated"

    def figure(self, row: int) -> str:
        """What stands for a score."""
        value = self.estimated.at(row)
        return _figure(-value) if self.is_effect else _figure(value, self.signed)

    @cached_property
    def edited(self) -> NDArray[np.int64]:
        """The rows with edits, which rise."""
        return np.array(sorted(self.edits), dtype=np.int64)

    @cached_property
    def flags(self) -> Flags:
        """What words in the filter mean."""

        def ranked(part: slice, direction: int | None = 1, of_metric: int | None = 1) -> NDArray[np.float64]:
            measured = towards(-self.measured.of(part), of_metric)
            if not self.signed:
                return measured
            estimated = self.estimated.of(part)
            return np.where(np.isnan(estimated), measured, towards(estimated, direction))

        def towards_a(part: slice) -> NDArray[np.float64]:
            return ranked(part, self.direction, self.of_metric)

        edited, kept = (lambda part: marked(self.edited, part)), (lambda part: self.kept[part])
        return Flags(
            self.count,
            {
                "edited": edited,
                "cut": edited,
                "kept": kept,
                "circuit": kept,
                "measured": lambda part: ~np.isnan(self.measured.of(part)),
                "raises": lambda part: ranked(part) > 0,
                "lowers": lambda part: ranked(part) < 0,
                "towards": lambda part: towards_a(part) > 0,
                "away": lambda part: towards_a(part) < 0,
            },
        )

    def columns(
        self,
        layer: tuple[str, Callable[[int], str], Callable[[slice], NDArray[Any]]],
        greatest_first: NDArray[np.int64] | None = None,
    ) -> tuple[Column, ...]:
        tip, layer_text, layer_key = layer
        apart = self.with_edits and self.is_effect
        return (
            Column(
                ("Score" if self.how == "scored" else self.how.capitalize()) + ", no edits" * apart,
                (_ESTIMATED.format(hues=_hues(self.direction)) if self.is_effect else _NO_EFFECT)
                + _of("Scores", self.estimated_of, ", without edits" * apart),
                self.figure, self.estimated.sizes,
                large_first=True, figures=True,
                sign=(lambda row: towards(self.estimated.at(row), self.direction)) if self.signed else None,
                greatest_first=greatest_first,
            ),
            Column(
                "Measured" + ", with edits" * apart,
                _MEASURED.format(hues=_hues(self.of_metric))
                + _of("Measured", self.measured_of, ", with the other edits in place" * apart),
                self.measured_words,
                self.measured.sizes, large_first=True, figures=True,
                sign=lambda row: towards(-self.measured.at(row), self.of_metric),
            ),
            Column(
                "Edit", _EDIT, lambda row: self.edits.get(row, ""),
                lambda part: marked(self.edited, part).astype(np.int8), large_first=True,
            ),
            Column(
                "Circuit", "Whether the circuit shown keeps it", lambda row: "kept" if self.kept[row] else "",
                lambda part: self.kept[part].astype(np.int8), large_first=True,
            ),
            Column("Layer", tip, layer_text, layer_key),
        )  # fmt: skip

    def words(self, row: int, removed: str) -> str:
        """What is known of a row, for a screen reader."""
        parts = []
        estimated, measured = self.estimated.at(row), self.measured.at(row)
        if not np.isnan(estimated):
            name = "estimated change" if self.is_effect else "score" if self.how == "scored" else self.how
            parts.append(f"{name} {self.figure(row)}")
        if not np.isnan(measured):
            lost = abs(measured) < self.noise_floor
            parts.append("measured: below noise" if lost else f"measured change {change_words(measured)}")
        if row in self.edits:
            parts.append("edited: " + self.edits[row])
        if self.kept[row]:
            parts.append("kept in the circuit")
        if removed and not np.isnan(estimated):
            parts[0] += f" ({'replaced ' if removed.startswith('from') else 'replaced by '}{removed})"
        return ", ".join(parts) or "no score yet"


def _known(count: int, estimated: NDArray[np.float64] | None, data: TableData, number: Callable[..., int | None],
           kept: Mask) -> _Known:  # fmt: skip
    changes = {row: change for target, change in data.measured.items() if (row := number(target)) is not None}
    edits = {row: words for target, words in data.edits.items() if (row := number(target)) is not None}
    scored, measured = Figures(estimated), Figures(others=changes)
    if data.exact and estimated is not None:
        scored, measured = Figures(), Figures(estimated, backwards=True, others=changes)
    elif data.scanned is not None and estimated is not None and len(estimated) == len(data.scanned):  # of edges
        scored = Figures(estimated, ~data.scanned)
        measured = Figures(estimated, data.scanned, backwards=True, others=changes)
    return _Known(count, scored, measured, kept, edits, data.how, data.signed, data.direction, data.of_metric,
                  data.estimated_of, data.measured_of, data.with_edits, data.noise_floor)  # fmt: skip


def edge_rows(data: TableData) -> Rows:
    """Every edge of the graph."""
    graph = data.graph
    names = names_of(graph)
    number = _number_of_edge(graph)
    kept = np.zeros(graph.n_edges, dtype=bool)
    kept[data.kept] = True
    known = _known(graph.n_edges, data.scores, data, number, kept)
    layers = names.reader_layer.astype(np.int16)
    layers[-1] = graph.layers

    def layer_text(row: int) -> str:
        edge = graph.edge(row)
        start = "" if edge.writer.kind == "input" else f"{edge.writer.layer} "
        end = "" if edge.reader.kind == "logits" else f" {edge.reader.layer}"
        return f"{start}→{end}"

    columns = (
        Column("Writer", "What adds to the stream", lambda row: graph.edge(row).writer.name,
               lambda part: ends_of_part(graph, part)[0].astype(np.int16), name=True),
        Column(
            "Reader", "What reads it, and through which port: q, k or v of a head",
            lambda row: pretty_name(graph.edge(row).reader.name),
            lambda part: ends_of_part(graph, part)[1].astype(np.int16), name=True,
        ),
        *known.columns(
            ("Layer of the writer and of the reader", layer_text, lambda part: layers[ends_of_part(graph, part)[1]]),
            _all_rows(data),
        ),
    )  # fmt: skip
    return Rows(
        "edges",
        data,
        columns,
        graph.edge,
        number,
        lambda row: f"{edge_words(graph.edge(row))}, {known.words(row, data.removed)}",
        lambda text: names.edge_mask(text, known.flags),
        graph.n_edges,
    )


def node_rows(data: TableData) -> Rows:
    """Every node of the graph. A node's estimated score is the sum over the edges that leave it."""
    graph = data.graph
    names, count = names_of(graph), graph.n_writers + 1
    numbers: dict[Target, int] = {node: row for row, node in enumerate(graph.nodes)}
    estimated = None
    if data.scores is not None and not data.exact:
        estimated = np.append(sums_by_writer(graph, data.scores), np.nan)
    kept = np.zeros(count, dtype=bool)
    kept[writers_at(graph, data.kept)] = True
    for reader in np.unique(readers_at(graph, data.kept)):
        kept[[numbers[node] for node in graph.readers_of(graph.readers[reader])]] = True
    known = _known(count, estimated, data, numbers.get, kept)
    inputs = [row for row, node in enumerate(graph.nodes) if node.kind == "input"]
    bars = {0: data.input_label, count - 1: data.output_label} | dict.fromkeys(inputs[1:], "the class texts")
    labels = [data.labels.get(node, "") for node in graph.nodes]

    @cache
    def by_label() -> NDArray[np.int64]:
        return np.unique([label or "~" for label in labels], return_inverse=True)[1]

    layers = names.node_layer.copy()
    layers[inputs], layers[-1] = -1, layers.max() + 1
    shared = known.columns(
        ("Layer", lambda row: "" if row in bars else str(graph.nodes[row].layer), lambda part: layers[part])
    )
    columns = (
        Column("Node", "A head, an MLP, the input or the output", lambda row: graph.nodes[row].name,
               lambda part: np.arange(part.start, part.stop, dtype=np.int16), name=True),
        Column("Kind", "What kind of component it is", lambda row: bars.get(row) or node_words(graph.nodes[row]),
               lambda part: names.node_kind[part]),
        *shared[:2],
        Column("Labels", "What a head does on A, by its scores there from 0 to 1: descriptions, no explanations",
               lambda row: labels[row], lambda part: by_label()[part]),
        *shared[2:],
    )  # fmt: skip
    return Rows(
        "nodes",
        data,
        columns,
        lambda row: graph.nodes[row],
        numbers.get,
        lambda row: f"{graph.nodes[row].name}: {node_words(graph.nodes[row])}, {known.words(row, data.removed)}",
        lambda text: names.node_mask(text, known.flags),
        count,
    )


def _all_rows(data: TableData) -> NDArray[np.int64] | None:
    """All edges, those without an effect last."""
    if data.strongest is None or data.scores is None:
        return None
    return np.concatenate([data.strongest, np.flatnonzero(data.scores == 0)])


def _number_of_edge(graph: Graph) -> Callable[[Target], int | None]:
    return lambda target: graph.edge_index(target) if isinstance(target, Edge) else None
