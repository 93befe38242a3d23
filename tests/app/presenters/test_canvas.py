"""Which edges the canvas shows, from scores alone."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np

from app.presenters.canvas import MOST_DRAWN, Extent, canvas_data
from core.edits import Edit, Target
from core.graph import Graph, Node
from core.project.document import Document
from core.tracing.ranking import STRONGEST, Ranking
from core.tracing.scores import Scores
from views.canvas.data import CanvasData

GRAPH = Graph(6, 8, 4)
WORDS = {"input_label": "input", "output_label": "logits", "stale": False}


def ranking(graph: Graph, seed: int = 0) -> Ranking:
    values = np.random.default_rng(seed).standard_normal(graph.n_edges)
    values[:100] = 0.25  # ties
    return Ranking(values)


def shown(data: CanvasData) -> set[int]:
    return {mark.index for mark in data.edges}


def made(size: int | None = None, selection: tuple[Target, ...] = (), extent: Extent | None = None) -> CanvasData:
    return canvas_data(
        GRAPH, ranking(GRAPH), Document("x", size=size), selection, {}, extent=extent or Extent(), **WORDS
    )


def test_a_circuit_is_the_one_that_the_scores_call_best() -> None:
    order = ranking(GRAPH)
    scores = Scores(GRAPH, order.values, "eap", "patch")
    for size in (0, 1, 70, 300):
        assert order.kept(size).tolist() == scores.top(size).edges.tolist()
        assert shown(made(size)) == set(scores.top(size).edges.tolist())


def test_without_a_circuit_the_strongest_of_both_signs_are_shown() -> None:
    data = made()
    assert len(data.edges) == STRONGEST
    least = min(abs(mark.value or 0.0) for mark in data.edges)
    rest = [abs(value) for index, value in enumerate(ranking(GRAPH).values) if index not in shown(data)]
    assert least >= max(rest)
    assert {np.sign(mark.value or 0.0) for mark in data.edges} == {1.0, -1.0}


def test_edges_without_effect_are_never_shown() -> None:
    values = np.zeros(GRAPH.n_edges)
    values[7] = -1.0
    data = canvas_data(GRAPH, Ranking(values), Document("x"), (Node("head", 2, 1),), {}, extent=Extent(), **WORDS)
    assert shown(data) == {7}


def test_a_circuit_too_large_to_draw_says_what_is_left_out() -> None:
    graph = Graph(20, 12, 12)
    document = Document("x", size=graph.n_edges)
    data = canvas_data(graph, ranking(graph), document, (), {}, extent=Extent(), **WORDS)
    assert len(data.edges) == MOST_DRAWN
    assert (data.weaker, data.weaker_of) == (graph.n_edges - MOST_DRAWN, "the circuit")


def test_edited_edges_stay_with_their_measured_change() -> None:
    weakest = int(np.argmin(np.abs(ranking(GRAPH).values)))
    edge = GRAPH.edge(weakest)
    document = Document("x", edits=(Edit(edge, "zero"),))
    data = canvas_data(GRAPH, ranking(GRAPH), document, (), {edge: -1.47}, extent=Extent(), **WORDS)
    (mark,) = [mark for mark in data.edges if mark.index == weakest]
    assert (mark.edited, mark.label, mark.measured, mark.value) == ("zero", "−1.47", True, 1.47)
    assert replace(data, edges=()).nodes[edge.writer].named


def test_a_model_of_a_thousand_heads_is_marked_without_a_pause() -> None:
    graph = Graph(32, 32, 8)
    order = ranking(graph).sort()
    document, selection = Document("x", size=MOST_DRAWN), (Node("head", 20, 5),)
    canvas_data(graph, order, document, selection, {}, extent=Extent(), **WORDS)  # the graph's own tables, once
    started = time.thread_time()
    canvas_data(graph, order, document, selection, {}, extent=Extent("all"), **WORDS)
    assert time.thread_time() - started < 0.1
