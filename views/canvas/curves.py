"""Edges as curves: cubic Béziers with vertical ends, all of them in a few arrays.

1. An edge starts at the top of its writer and ends at the port of its reader: q, k and v at the foot of a head
   from left to right. So what a node reads comes from below, and what it writes leaves above. An edge into a K/V
   head that several heads share goes to each of them: its curve to the first, and a branch to each of the others.
2. On the `input` and `logits` bars edges are spread by their column, so that they do not meet in one point.
3. An edge that stays in its column bows to the side, the further it goes the more, so that edges of one
   column can be told apart; the three ports of one head come in from slightly different sides.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from core.edge_arrays import readers_at, writers_at
from core.graph import Reader
from views.canvas.layout import Layout
from views.canvas.readers import PORT_SIDE, blocks_of, kinds_of, reader_table

Array = NDArray[np.float64]

PORT_X, PORT_Y = 0.62, 0.78  # of the radius, from a head's centre to its ports


def _no_branches() -> Array:
    return np.zeros((0, 4, 2))


def _of_none() -> NDArray[np.int64]:
    return np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Curves:
    """Cubic Béziers in world units. controls: of each edge [edges, 4, 2]. branches: of edges that end at several nodes
    those to the others [branches, 4, 2], and branch_of: whose they are [branches]."""

    controls: Array
    branches: Array = field(default_factory=_no_branches)
    branch_of: NDArray[np.int64] = field(default_factory=_of_none)

    def __len__(self) -> int:
        return len(self.controls)

    @property
    def lines(self) -> tuple[Curves, NDArray[np.int64]]:
        """All of them, the branches last, and the edge of each: [lines]."""
        return Curves(np.concatenate([self.controls, self.branches])), np.concatenate(
            [np.arange(len(self.controls)), self.branch_of]
        )

    def lines_of(self, places: NDArray[np.int64]) -> tuple[Curves, NDArray[np.int64]]:
        """The same of some edges."""
        if not len(self.branches):
            return Curves(self.controls[places]), places
        theirs = np.isin(self.branch_of, places)
        lines = np.concatenate([self.controls[places], self.branches[theirs]])
        return Curves(lines), np.concatenate([places, self.branch_of[theirs]])

    def sampled(self, samples: int) -> Array:
        """Points along every curve: [edges, samples, 2]."""
        coordinates = self.controls.transpose(0, 2, 1).reshape(-1, 4)
        return (coordinates @ _weights(samples)).reshape(-1, 2, samples).transpose(0, 2, 1)

    def boxes(self) -> Array:
        """Left, top, right, bottom of the control points, those of branches included: [edges, 4]. A curve never leaves
        them."""
        low, high = self.controls.min(axis=1), self.controls.max(axis=1)
        np.minimum.at(low, self.branch_of, self.branches.min(axis=1))
        np.maximum.at(high, self.branch_of, self.branches.max(axis=1))
        return np.concatenate([low, high], axis=1)


@lru_cache(maxsize=32)
def _weights(samples: int) -> Array:
    """Of the four control points at each sample: [4, samples]."""
    t = np.linspace(0.0, 1.0, samples)
    return np.stack([(1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t**2, t**3])


def port_offset(reader: Reader, radius: float) -> tuple[float, float]:
    """From the centre of a head to the port where an edge ends."""
    return PORT_SIDE[reader.kind] * PORT_X * radius, PORT_Y * radius


def make_curves(layout: Layout, indices: NDArray[np.int64]) -> Curves:
    """The curves of edges, given by their index in the graph."""
    graph = layout.graph
    if len(indices) == 0:
        return Curves(np.zeros((0, 4, 2)))
    table = reader_table(graph)
    readers = readers_at(graph, indices)
    branch_of, further = table.branches(readers)
    ends = np.concatenate([table.ends[readers], further])
    controls = _controls(layout, np.concatenate([indices, indices[branch_of]]), ends)
    return Curves(controls[: len(indices)], controls[len(indices) :], branch_of)


def _controls(layout: Layout, indices: NDArray[np.int64], ends: NDArray[np.int64]) -> Array:
    """Of edges to some of the nodes that they end at: [edges, 4, 2]."""
    graph = layout.graph
    readers = readers_at(graph, indices)
    writers = writers_at(graph, indices)
    table = reader_table(graph)
    side, head = table.sides[readers], table.of_head[readers]

    start, end = layout.positions[writers].copy(), layout.positions[ends].copy()
    inputs, mlps = kinds_of(graph)
    from_input, to_logits = inputs[writers], ends == graph.n_writers
    start[:, 1] -= np.where(mlps[writers], layout.mlp_size.height() / 2, layout.radius)
    end[:, 1] += np.where(head, PORT_Y * layout.radius, layout.mlp_size.height() / 2)
    end[:, 0] += np.where(head, side * PORT_X * layout.radius, 0.0)
    for block, bar in zip(blocks_of(graph), layout.input_bars, strict=True):
        _spread(start, end, writers == block.first, bar.center().x(), bar.width(), layout)
    _spread(end, start, to_logits, layout.logits_bar.center().x(), layout.logits_bar.width(), layout)
    start[from_input, 1] = layout.input_bar.top()
    end[to_logits, 1] = layout.logits_bar.bottom()

    rise = start[:, 1] - end[:, 1]
    across = np.abs(end[:, 0] - start[:, 0])
    reach = np.maximum(0.5 * np.abs(rise), np.minimum(0.3 * across, 0.7 * layout.pitch_y))
    controls = np.stack([start, start, end, end], axis=1)
    controls[:, 1, 1] -= reach
    controls[:, 2, 1] += reach
    same_column = across < 0.5 * layout.pitch_x
    span = np.abs(rise) / layout.pitch_y
    bow = np.where(writers % 2 == 0, 1.0, -1.0) * layout.pitch_x * (0.16 + 0.4 * np.minimum(span / 12, 1.0))
    controls[:, 1:3, 0] += np.where(same_column & (span > 0.4), bow, 0.0)[:, None]
    controls[:, 2, 0] += side * 0.2 * layout.pitch_x
    return controls


def _spread(points: Array, others: Array, rows: NDArray[np.bool_], centre: float, width: float, layout: Layout) -> None:
    """Move ends on a bar towards the column of the other end."""
    half_world = max(0.5 * (layout.bounds.width()), 1.0)
    share = np.clip((others[rows, 0] - centre) / half_world, -1.0, 1.0)
    points[rows, 0] = centre + share * 0.46 * width
