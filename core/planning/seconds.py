"""How long a whole model takes, by what some of its layers took (`core.planning.pace`)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.graph import Graph
from core.planning.arithmetic import Arithmetic, Work
from core.planning.pace import Pace
from core.tracing.costs import PREPARED
from core.tracing.method import FORWARD_AND_BACKWARD

CHECKED = 3.0  # forwards of a session that is opened: the model's own, and the runs over A and B
BY_SLOPE = 2  # products with the head of a run with gradients: forward and back


def trace_work(counted: Arithmetic, forwards: float) -> Work:
    """Of one pair: its runs over A and B, those of the method, and for each gradient run a product for every edge."""
    runs = counted.forward + counted.of_b.times(PREPARED - 1 + forwards)
    return runs + counted.edge_products.times(max(1.0, forwards / FORWARD_AND_BACKWARD))


def along(one: tuple[float, float], some: tuple[float, float], whole: float) -> float:
    """Seconds of a whole, on the straight line through those of one layer and of some: each a size and its seconds."""
    sizes, seconds = zip(one, some, strict=True)
    if sizes[0] == sizes[1]:
        return seconds[1] * whole / sizes[1]
    slope = (seconds[1] - seconds[0]) / (sizes[1] - sizes[0])
    return seconds[1] + max(slope, 0.0) * (whole - sizes[1])


class Seconds:
    """Traces take more with more layers as they have more multiplications; the output is measured in its whole size.
    Sessions have their usual metric, a probability, which needs all of it.

    whole, some, one: of the layers alone, without the output: of all, of those measured, and of one. packed: how many
    of the whole model's last layers have packed weights. together: how many edges into each layer a scan measures at
    once, [layers]."""

    def __init__(
        self,
        pace: Pace,
        whole: Arithmetic,
        some: Arithmetic,
        one: Arithmetic,
        packed: int,
        together: NDArray[np.int64],
    ) -> None:
        self._pace, self._whole, self._some, self._one, self._packed = pace, whole, some, one, packed
        self._together = together

    def session(self) -> float:
        """The output is read off A's run, and made by the model's own pass."""
        one, some = (each.layers for each in (self._one, self._some))
        layers = along((one, self._pace.one.session), (some, self._pace.some.session), self._whole.layers)
        return layers + self._pace.read + self._pace.own_head

    def trace(self, forwards: float, pairs: int, slopes: bool) -> float:
        """Of so many pairs, each of which takes so many forward runs. slopes: whether they are of gradient runs."""
        one, some, whole = (
            trace_work(each, self._pace.forwards).multiplications for each in (self._one, self._some, self._whole)
        )
        layers = along((one, self._pace.one.trace), (some, self._pace.some.trace), whole)
        layers *= trace_work(self._whole, forwards).multiplications / whole
        outputs = PREPARED + (forwards / FORWARD_AND_BACKWARD * BY_SLOPE if slopes else forwards)
        output = self._pace.read if slopes else self._pace.scanned[-1].read
        return pairs * (layers + outputs * output)

    def cut(self) -> float:
        """Of one edge, the mean over all."""
        whole = self._whole
        return over_edges(whole.graph, self._pace.cut.by_layer(whole.layers, self._packed)) + self._pace.read

    def scan(self) -> float:
        """Of all edges."""
        graph = self._whole.graph
        return graph.n_edges * over_edges(graph, self._scanned)

    @property
    def _scanned(self) -> NDArray[np.float64]:
        """Of an edge into each layer: what a batch takes grows with the edges that go together, from what it takes for
        any."""
        few, many = (each.edge.by_layer(self._whole.layers, self._packed) + each.read for each in self._pace.scanned)
        fewest, most = (each.count for each in self._pace.scanned)
        if fewest == most:
            return few
        share_of_few = (1 / self._together - 1 / most) / (1 / fewest - 1 / most)
        return many + (few - many) * share_of_few


def over_edges(graph: Graph, by_layer: NDArray[np.float64]) -> float:
    """The mean over all edges of a graph of what one into each layer takes; one into `logits` as one into the last."""
    layers = [graph.layers - 1 if reader.kind == "logits" else reader.layer for reader in graph.readers]
    return float(np.average(by_layer[layers], weights=np.diff(graph.first_edge)))
