"""Edges as curves: cubic Béziers with vertical ends, all of them in a few arrays.

1. An edge starts at the top of its writer and ends at the port of its reader: q, k and v at the foot of a head
   from left to right (a K/V head that several heads share ends at the first of them). So what a node reads comes
   from below, and what it writes leaves above.
2. On the `input` and `logits` bars edges are spread by their column, so that they do not meet in one point.
3. An edge that stays in its column bows to the side, the further it goes the more, so that edges of one
   column can be told apart; the three ports of one head come in from slightly different sides.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from core.graph import Reader
from views.canvas.layout import Layout
from views.canvas.readers import PORT_SIDE, reader_table

Array = NDArray[np.float64]

PORT_X, PORT_Y = 0.62, 0.78  # of the radius, from a head's centre to its ports


@dataclass(frozen=True, eq=False)
class Curves:
    """Cubic Béziers in world units."""

    controls: Array  # [edges, 4, 2]

    def __len__(self) -> int:
        return len(self.controls)

    def sampled(self, samples: int) -> Array:
        """Points along every curve: [edges, samples, 2]."""
        coordinates = self.controls.transpose(0, 2, 1).reshape(-1, 4)
        return (coordinates @ _weights(samples)).reshape(-1, 2, samples).transpose(0, 2, 1)

    def boxes(self) -> Array:
        """Left, top, right, bottom of the control points: [edges, 4]. A curve never leaves them."""
        return np.concatenate([self.controls.min(axis=1), self.controls.max(axis=1)], axis=1)


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
    readers = graph.edge_readers[indices]
    writers = indices - graph.first_edge[readers]
    table = reader_table(graph)
    ends, side, head = table.ends[readers], table.sides[readers], table.of_head[readers]

    start, end = layout.positions[writers].copy(), layout.positions[ends].copy()
    from_input, to_logits = writers == 0, ends == graph.n_writers
    from_mlp = writers % (graph.heads + 1) == 0
    start[:, 1] -= np.where(from_mlp, layout.mlp_size.height() / 2, layout.radius)
    end[:, 1] += np.where(head, PORT_Y * layout.radius, layout.mlp_size.height() / 2)
    end[:, 0] += np.where(head, side * PORT_X * layout.radius, 0.0)
    _spread(start, end, from_input, layout.input_bar.center().x(), layout.input_bar.width(), layout)
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
    return Curves(controls)


def _spread(points: Array, others: Array, rows: NDArray[np.bool_], centre: float, width: float, layout: Layout) -> None:
    """Move ends on a bar towards the column of the other end."""
    half_world = max(0.5 * (layout.bounds.width()), 1.0)
    share = np.clip((others[rows, 0] - centre) / half_world, -1.0, 1.0)
    points[rows, 0] = centre + share * 0.46 * width
