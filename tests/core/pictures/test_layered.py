"""The layout of drawings: rows in the order of the stream, boxes apart, lines between the right ports, like layers
folded, and an end as soon as it is asked for."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from core.circuit import Circuit, circuit_of
from core.errors import Cancelled
from core.graph import Graph, Node
from core.groups import Group
from core.pictures import layered
from core.pictures.layered import Box, Layered, Sizes, lay_out


def laid(circuit: Circuit, fold: bool = False) -> Layered:
    return lay_out(
        circuit.graph, [*circuit], lambda text: 6.0 * len(text), Sizes(width=400.0), circuit.groups, fold=fold
    )


@pytest.mark.parametrize("edges", [12, 150])
def test_boxes_keep_their_distance_and_lines_go_up_between_their_ports(edges: int) -> None:
    graph = Graph(6, 12, 4)
    numbers = np.random.default_rng(1).permutation(graph.n_edges)[:edges].astype(np.int64)
    circuit = Circuit(graph, numbers)
    drawing = laid(circuit)
    boxes = {box.node: box for box in drawing.boxes}
    assert len(boxes) == len(drawing.boxes)
    for one, other in combinations(drawing.boxes, 2):
        beside = one.left + one.width <= other.left or other.left + other.width <= one.left
        assert beside or one.bottom <= other.top or other.bottom <= one.top, (one, other)
    ends = [(place, edge, node) for place, edge in enumerate(circuit) for node in graph.readers_of(edge.reader)]
    assert [line.edge for line in drawing.lines] == [place for place, _, _ in ends]
    for (_, edge, node), line in zip(ends, drawing.lines, strict=True):
        (x1, y1), (x2, y2) = line.points[0], line.points[-1]
        writer, reader = boxes[edge.writer], boxes[node]
        assert (x1, y1) == pytest.approx((writer.middle, writer.top))
        assert (x2, y2) == pytest.approx((dict(reader.ports).get(edge.reader.kind, reader.middle), reader.bottom))
        assert y2 < y1


def test_like_layers_are_folded_and_those_of_groups_are_not() -> None:
    graph = Graph(8, 4, 4)
    chain = [f"m{layer}->m{layer + 1}" for layer in range(5)]
    heads = ["m5->a6.h1<q>", "a6.h1->a7.h2<k>", "a7.h2->logits", "m2->logits", "m1->logits"]
    circuit = circuit_of(graph, ["input->m0", *chain, *heads])
    assert len(laid(circuit).boxes) == 10
    drawing = laid(circuit, fold=True)
    assert [box.name for box in drawing.boxes] == ["input", "m0–m5", "a6–a7: 1 head each", "logits"]
    names = [circuit.names[line.edge] for line in drawing.lines]
    assert names == ["input->m0", "m5->a6.h1<q>", "a7.h2->logits", "m2->logits"]  # one for both MLPs into the logits
    grouped = Circuit(graph, circuit.edges, groups=(Group("early", "teal", (Node("mlp", 1),)),))
    assert [box.name for box in laid(grouped, fold=True).boxes][:4] == ["input", "m0", "m1", "m2–m5"]
    within = circuit_of(graph, chain)
    assert [box.name for box in laid(within, fold=True).boxes] == ["m0–m5"]
    assert laid(within, fold=True).lines == ()


def crossings(circuit: Circuit) -> int:
    """Of the straight lines between the middles of boxes, each two that have no box in common; rows evenly apart."""
    boxes = {box.node: box for box in laid(circuit).boxes}
    row = {bottom: place for place, bottom in enumerate(sorted({box.bottom for box in boxes.values()}))}
    lines = [(boxes[edge.writer], boxes[node]) for edge in circuit for node in circuit.graph.readers_of(edge.reader)]

    def side(a: Box, b: Box, of: Box) -> float:
        along, beside = row[b.bottom] - row[a.bottom], row[of.bottom] - row[a.bottom]
        return (b.middle - a.middle) * beside - along * (of.middle - a.middle)

    return sum(
        side(a, b, c) * side(a, b, d) < 0 and side(c, d, a) * side(c, d, b) < 0
        for (a, b), (c, d) in combinations(lines, 2)
    )


def test_no_order_crosses_more_lines_than_the_models_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """With these seeds, all but the first, the library's order does."""
    graph, seeds = Graph(5, 4, 4), (7, 9, 14, 21, 26)
    drawn = [Circuit(graph, np.random.default_rng(s).permutation(graph.n_edges)[:12].astype(np.int64)) for s in seeds]
    found = [crossings(circuit) for circuit in drawn]
    with monkeypatch.context() as patched:
        patched.setattr(layered, "MOST_STEPS", 0)
        models_own = [crossings(circuit) for circuit in drawn]
    assert all(one <= other for one, other in zip(found, models_own, strict=True))
    assert sum(found) < sum(models_own)


def test_a_layout_ends_when_it_is_cancelled() -> None:
    circuit = circuit_of(Graph(2, 2, 2), ["input->m0", "m0->m1", "m1->logits"])
    asked = iter((False, False, True))
    with pytest.raises(Cancelled):
        lay_out(circuit.graph, [*circuit], len, cancelled=lambda: next(asked))
