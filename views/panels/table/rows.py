"""The rows of the table: edges, or nodes, as columns over numpy arrays.

No object is made per row: a cell's words are made when it is shown, and sorting and filtering work on whole arrays.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.component_words import edge_words, node_words
from core.edits import Target
from core.formatting import change_words, pretty_name, score_words
from core.graph import Edge, Graph
from core.tracing.meaning import hues, towards
from core.tracing.order import best_first
from views.panels.table.data import TableData
from views.panels.table.names import Mask, names_of


@dataclass(frozen=True, eq=False)
class Column:
    """One column. text: a row's words. key: makes what it is sorted by, [rows]; the greatest first where `large_first`.
    greatest_first: rows in that order, where somebody has sorted them already. sign: of a row's number, for its colour,
    [rows] or None."""

    title: str
    tip: str
    text: Callable[[int], str]
    key: Callable[[], NDArray[Any]]
    large_first: bool = False
    figures: bool = False  # set right, in the font of numbers
    name: bool = False  # in the font of names
    sign: NDArray[np.float64] | None = None
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
        key = self.columns[column].key()
        return _stable_order(-key if backwards else key)

    def first(self, column: int, backwards: bool, mask: Mask | None, count: int) -> NDArray[np.int64]:
        """The beginning of that order, or of what a mask [rows] keeps of it, without sorting the others."""
        key = self.columns[column].key()
        rows = None if mask is None else np.flatnonzero(mask)
        key = key if rows is None else key[rows]
        order = best_first(key if backwards else -key, count=min(count, len(key)))
        return order if rows is None else rows[order]

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


def _size(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """To sort by size, whatever the sign; what is not known comes last."""
    sizes = np.abs(values)
    sizes[np.isnan(sizes)] = -1.0
    return sizes


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
    """What is known of every row, as arrays. estimated: the scores, whatever they are; shown is the change that an
    estimate is of."""

    estimated: NDArray[np.float64]
    measured: NDArray[np.float64]
    edited: Mask
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
        change = float(self.measured[row])
        if np.isnan(change):
            return ""
        return "below noise" if abs(change) < self.noise_floor else score_words(change)

    @property
    def is_effect(self) -> bool:
        """Whether the scores are minus the effect of an edit, so that they stand as changes beside measured ones."""
        return self.how == "estimated"

    def figure(self, row: int) -> str:
        """What stands for a score."""
        return _figure(-self.estimated[row]) if self.is_effect else _figure(self.estimated[row], self.signed)

    @cached_property
    def flags(self) -> dict[str, Mask]:
        """What words in the filter mean."""
        estimated = self.estimated if self.signed else np.full_like(self.estimated, np.nan)
        known = np.where(np.isnan(estimated), -self.measured, estimated)
        ranked = np.where(
            np.isnan(estimated), towards(-self.measured, self.of_metric), towards(estimated, self.direction)
        )
        return {
            "edited": self.edited,
            "cut": self.edited,
            "kept": self.kept,
            "circuit": self.kept,
            "measured": ~np.isnan(self.measured),
            "raises": known > 0,
            "lowers": known < 0,
            "towards": ranked > 0,
            "away": ranked < 0,
        }

    def columns(
        self,
        layer: tuple[str, Callable[[int], str], NDArray[Any]],
        greatest_first: NDArray[np.int64] | None = None,
    ) -> tuple[Column, ...]:
        tip, layer_text, layer_key = layer
        apart = self.with_edits and self.is_effect
        return (
            Column(
                ("Score" if self.how == "scored" else self.how.capitalize()) + ", no edits" * apart,
                (_ESTIMATED.format(hues=_hues(self.direction)) if self.is_effect else _NO_EFFECT)
                + _of("Scores", self.estimated_of, ", without edits" * apart),
                self.figure, lambda: _size(self.estimated),
                large_first=True, figures=True,
                sign=towards(self.estimated, self.direction) if self.signed else None,
                greatest_first=greatest_first,
            ),
            Column(
                "Measured" + ", with edits" * apart,
                _MEASURED.format(hues=_hues(self.of_metric))
                + _of("Measured", self.measured_of, ", with the other edits in place" * apart),
                self.measured_words,
                lambda: _size(self.measured), large_first=True, figures=True,
                sign=towards(-self.measured, self.of_metric),
            ),
            Column(
                "Edit", _EDIT, lambda row: self.edits.get(row, ""), lambda: self.edited.astype(np.int8),
                large_first=True,
            ),
            Column(
                "Circuit", "Whether the circuit shown keeps it", lambda row: "kept" if self.kept[row] else "",
                lambda: self.kept.astype(np.int8), large_first=True,
            ),
            Column("Layer", tip, layer_text, lambda: layer_key),
        )  # fmt: skip

    def words(self, row: int, removed: str) -> str:
        """What is known of a row, for a screen reader."""
        parts = []
        if not np.isnan(self.estimated[row]):
            name = "estimated change" if self.is_effect else "score" if self.how == "scored" else self.how
            parts.append(f"{name} {self.figure(row)}")
        if not np.isnan(self.measured[row]):
            lost = abs(self.measured[row]) < self.noise_floor
            parts.append(
                "measured: below noise" if lost else f"measured change {change_words(float(self.measured[row]))}"
            )
        if row in self.edits:
            parts.append("edited: " + self.edits[row])
        if self.kept[row]:
            parts.append("kept in the circuit")
        if removed and not np.isnan(self.estimated[row]):
            parts[0] += f" ({'replaced ' if removed.startswith('from') else 'replaced by '}{removed})"
        return ", ".join(parts) or "no score yet"


def _known(count: int, estimated: NDArray[np.float64] | None, data: TableData, number: Callable[..., int | None],
           kept: Mask) -> _Known:  # fmt: skip
    measured, edited = np.full(count, np.nan), np.zeros(count, dtype=bool)
    if data.exact and estimated is not None:
        measured, estimated = -estimated, None
    elif data.scanned is not None and estimated is not None and len(estimated) == len(data.scanned):  # of edges
        measured, estimated = np.where(data.scanned, -estimated, np.nan), np.where(data.scanned, np.nan, estimated)
    for target, change in data.measured.items():
        row = number(target)
        if row is not None:
            measured[row] = change
    edits: dict[int, str] = {}
    for target, words in data.edits.items():
        row = number(target)
        if row is not None:
            edited[row] = True
            edits[row] = words
    unknown = np.full(count, np.nan) if estimated is None else estimated
    return _Known(unknown, measured, edited, kept, edits, data.how, data.signed, data.direction, data.of_metric,
                  data.estimated_of, data.measured_of, data.with_edits, data.noise_floor)  # fmt: skip


def edge_rows(data: TableData) -> Rows:
    """Every edge of the graph."""
    graph = data.graph
    names, writers, readers = names_of(graph), graph.edge_writers, graph.edge_readers
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
        Column("Writer", "What adds to the stream", lambda row: graph.writers[writers[row]].name,
               lambda: writers.astype(np.int16), name=True),
        Column(
            "Reader", "What reads it, and through which port: q, k or v of a head",
            lambda row: pretty_name(graph.readers[readers[row]].name), lambda: readers.astype(np.int16), name=True,
        ),
        *known.columns(("Layer of the writer and of the reader", layer_text, layers[readers]), _all_rows(data)),
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
        sums = np.bincount(graph.edge_writers, weights=data.scores, minlength=graph.n_writers)
        estimated = np.append(sums, np.nan)
    kept = np.zeros(count, dtype=bool)
    kept[graph.edge_writers[data.kept]] = True
    for reader in np.unique(graph.edge_readers[data.kept]):
        kept[[numbers[node] for node in graph.readers_of(graph.readers[reader])]] = True
    known = _known(count, estimated, data, numbers.get, kept)
    inputs = [row for row, node in enumerate(graph.nodes) if node.kind == "input"]
    bars = {0: data.input_label, count - 1: data.output_label} | dict.fromkeys(inputs[1:], "the class texts")
    labels = [data.labels.get(node, "") for node in graph.nodes]
    layers = names.node_layer.copy()
    layers[inputs], layers[-1] = -1, layers.max() + 1
    shared = known.columns(("Layer", lambda row: "" if row in bars else str(graph.nodes[row].layer), layers))
    columns = (
        Column("Node", "A head, an MLP, the input or the output", lambda row: graph.nodes[row].name,
               lambda: np.arange(count, dtype=np.int16), name=True),
        Column("Kind", "What kind of component it is", lambda row: bars.get(row) or node_words(graph.nodes[row]),
               lambda: names.node_kind),
        *shared[:2],
        Column("Labels", "What a head does on A, by its scores there from 0 to 1: descriptions, no explanations",
               lambda row: labels[row], lambda: np.unique([label or "~" for label in labels], return_inverse=True)[1]),
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
