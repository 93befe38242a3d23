"""The seconds of a whole model from those of some layers, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from core.planning.arithmetic import Arithmetic
from core.planning.pace import ByLayer, EdgePace, Opened, Pace, Together
from core.planning.seconds import Seconds, along, over_edges, trace_work
from core.planning.sketch import sketch

NOTHING = EdgePace(ByLayer(0, 0, 0), ByLayer(0, 0, 0))
READ, TOGETHER, OWN = 5.0, 2.0, 7.0


def seconds(few: EdgePace = NOTHING, many: EdgePace = NOTHING) -> Seconds:
    """Of layers that take no time but in scans, of batches of 4 and of 16 edges."""
    adapter = sketch("bundled:names").adapter
    counted = Arithmetic(adapter, 8, output=False)
    scanned = Together(4, few, TOGETHER), Together(16, many, TOGETHER)
    opened = Opened(adapter, 0, 0)
    pace = Pace(opened, opened, 3, NOTHING, scanned, READ, OWN)
    return Seconds(pace, counted, counted, counted, 0, np.array([4, 8, 16, 16]))


def test_layers_take_as_long_as_those_with_packed_weights_or_without() -> None:
    pace = EdgePace(ByLayer(1, 2, 3), ByLayer(10, 20, 30))
    assert pace.by_layer(4, packed=2).tolist() == [20 + 30 + 3, 20 + 3, 2, 1]
    assert pace.by_layer(4, packed=0).tolist() == [80, 50, 20, 10]
    assert pace.by_layer(1, packed=1).tolist() == [1]


def test_what_work_takes_beside_its_layers_is_counted_once() -> None:
    """One layer takes 5 seconds and four 11: two each, and three beside; where one is all, it takes as it is large."""
    assert along((1, 5), (4, 11), 30) == 3 + 30 * 2
    assert along((4, 11), (4, 11), 8) == 22
    assert along((1, 5), (4, 4), 30) == 4


def test_a_trace_by_another_method_takes_as_its_multiplications_do() -> None:
    whole = sketch("bundled:names").adapter
    counted = Arithmetic(whole, 8, output=False)
    opened = Opened(whole, 0, 2.0)
    pace = Pace(opened, opened, 3, NOTHING, (Together(4, NOTHING, 0), Together(16, NOTHING, 0)), 0, 0)
    made = Seconds(pace, counted, counted, counted, 0, np.array([4, 8, 16, 16]))
    assert made.trace(3, pairs=1, slopes=True) == 2
    work = trace_work(counted, 15).multiplications / trace_work(counted, 3).multiplications
    assert made.trace(15, pairs=1, slopes=True) == pytest.approx(2 * work)


def test_every_run_makes_the_output_that_the_metric_is_read_off() -> None:
    """A session A's own and that of the model's pass; a trace two, and forward and back of each gradient run."""
    of_output = seconds()
    assert of_output.session() == READ + OWN
    assert of_output.cut() == READ
    assert of_output.trace(3, pairs=1, slopes=True) == (2 + 2) * READ
    assert of_output.trace(15, pairs=2, slopes=True) == 2 * (2 + 5 * 2) * READ
    assert of_output.scan() == pytest.approx(sketch("bundled:names").adapter.graph.n_edges * TOGETHER)


def test_a_scan_of_few_edges_shares_the_weights_among_few() -> None:
    """A batch takes 8 and 1 for each edge: 3, 2 and 1.5 for one among 4, 8 and 16."""
    few, many = (EdgePace(each, each) for each in (ByLayer(3, 3, 0), ByLayer(1.5, 1.5, 0)))
    graph = sketch("bundled:names").adapter.graph
    each = over_edges(graph, np.array([3, 2, 1.5, 1.5]))
    assert seconds(few, many).scan() == pytest.approx(graph.n_edges * (each + TOGETHER))
    layers = [3 if edge.reader.kind == "logits" else edge.reader.layer for edge in graph.edges]
    assert each == pytest.approx(np.mean([[3, 2, 1.5, 1.5][layer] for layer in layers]))


def test_the_output_counts_apart_from_the_layers() -> None:
    adapter = sketch("bundled:names").adapter
    both, layers = (Arithmetic(adapter, 8, output=output).forward.multiplications for output in (True, False))
    assert both - layers == adapter.vocabulary * adapter.shape.width
