"""A circuit laid out compactly: its nodes alone, in rows that go up as the stream does.

1. Rows: `input` below, of each layer its heads and above them its MLP, `logits` on top. A row too wide is split.
2. Order within a row (Sugiyama et al. 1981): sweeps up and down put each node at the mean place of its neighbours,
   groups kept together.
3. Places: each node goes as near to the mean of its neighbours as the gaps allow: least squares with an order, by
   pooling neighbours that collide (the pool-adjacent-violators algorithm).
4. Lines: from the top of a writer to the reader's port at the bottom of its node. One that would pass behind other
   nodes is bent to the side on which it meets the fewest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.circuit import Circuit
from core.graph import Node

SWEEPS = 8
SAMPLES = 24  # points of a line that are asked whether they lie behind a node
BENDS = (0.0, 0.5, -0.5, 1.0, -1.0, 1.6, -1.6, 2.4, -2.4)  # in widths of a head
PORTS = ("q", "k", "v")


@dataclass(frozen=True)
class Sizes:
    """Lengths of one unit, whatever that is. width: of a row, at most. node, line: heights of a node's box and of the
    line of port letters below its name. gap: between nodes of a row. row: between rows. port: from one port to the
    next. pad: within a box, on both sides of its name."""

    width: float = 900.0
    node: float = 20.0
    line: float = 11.0
    gap: float = 12.0
    row: float = 30.0
    port: float = 12.0
    pad: float = 6.0


@dataclass(frozen=True)
class Box:
    """A node: left, top, width, height. ports: those through which it reads, of a head, with their x."""

    node: Node
    left: float
    top: float
    width: float
    height: float
    ports: tuple[tuple[str, float], ...] = ()

    @property
    def middle(self) -> float:
        return self.left + self.width / 2

    @property
    def bottom(self) -> float:
        return self.top + self.height


@dataclass(frozen=True)
class Line:
    """An edge as a cubic Bézier curve: four points. edge: its place in the circuit's list."""

    edge: int
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Layered:
    """boxes: row by row from below. lines: as many as the edges have ends: one into a shared K/V head leads to each of
    its heads."""

    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    width: float
    height: float


def lay_out(circuit: Circuit, text_width: Callable[[str], float], sizes: Sizes | None = None) -> Layered:
    """text_width: of a node's name. The circuit's groups are kept together."""
    sizes = sizes or Sizes()
    ends = [
        (place, edge.writer, node, edge.reader.kind)
        for place, edge in enumerate(circuit)
        for node in circuit.graph.readers_of(edge.reader)
    ]
    ports: dict[Node, set[str]] = {}
    for _, writer, node, kind in ends:
        ports.setdefault(writer, set())
        ports.setdefault(node, set()).update({kind} & {*PORTS})
    nodes = [node for node in circuit.graph.nodes if node in ports]
    if not nodes:
        return Layered((), (), 0.0, 0.0)
    number = {node: place for place, node in enumerate(nodes)}
    widths = np.array([_width(node, ports[node], text_width, sizes) for node in nodes])
    rows = _split([[number[n] for n in row] for row in _rows(nodes)], widths, sizes)
    pairs = np.array([(number[writer], number[node]) for _, writer, node, _ in ends], dtype=np.int64)
    group_of = np.full(len(nodes), -1)
    for place, group in enumerate(circuit.groups):
        group_of[[number[node] for node in group.nodes if node in number]] = place
    middles = _middles(rows, widths, pairs, group_of, sizes).tolist()
    boxes: dict[int, Box] = {}
    top = 0.0
    for row in reversed(rows):
        height = max(sizes.node + (sizes.line if ports[nodes[n]] else 0.0) for n in row)
        for n in row:
            own = sizes.node + (sizes.line if ports[nodes[n]] else 0.0)
            shown = [port for port in PORTS if port in ports[nodes[n]]]
            first = middles[n] - sizes.port * (len(shown) - 1) / 2
            at = tuple((port, first + place * sizes.port) for place, port in enumerate(shown))
            boxes[n] = Box(nodes[n], middles[n] - float(widths[n]) / 2, top + height - own, float(widths[n]), own, at)
        top += height + sizes.row
    lines = _lines(ends, boxes, number, sizes)
    across = _bernstein() @ np.array([[x for x, _ in line.points] for line in lines]).T
    left = min(float(across.min()), *(box.left for box in boxes.values()))
    right = max(float(across.max()), *(box.left + box.width for box in boxes.values()))
    moved = tuple(_moved(boxes[n], -left) for row in rows for n in row)
    shifted = tuple(Line(line.edge, tuple((x - left, y) for x, y in line.points)) for line in lines)
    return Layered(moved, shifted, right - left, top - sizes.row)


def _width(node: Node, ports: set[str], text_width: Callable[[str], float], sizes: Sizes) -> float:
    return max(text_width(node.name) + 2 * sizes.pad, sizes.port * len(ports) + sizes.pad)


def _rows(nodes: Sequence[Node]) -> list[list[Node]]:
    """Nodes by what they can be beside, from below."""
    level = {"input": -1, "head": 0, "mlp": 1, "logits": 2}
    rows: dict[tuple[int, int], list[Node]] = {}
    for node in nodes:
        layer = -1 if node.kind == "input" else 10**6 if node.kind == "logits" else node.layer
        rows.setdefault((layer, level[node.kind]), []).append(node)
    return [rows[key] for key in sorted(rows)]


def _split(rows: list[list[int]], widths: NDArray[np.float64], sizes: Sizes) -> list[list[int]]:
    """Rows that fit into the width: a wider one becomes several of about equal length."""
    found = []
    for row in rows:
        whole = float(widths[row].sum()) + sizes.gap * (len(row) - 1)
        parts = min(len(row), int(np.ceil(whole / sizes.width)))
        found += [row[place::parts] for place in range(parts)]
    return found


def _middles(
    rows: list[list[int]],
    widths: NDArray[np.float64],
    pairs: NDArray[np.int64],
    group_of: NDArray[np.int64],
    sizes: Sizes,
) -> NDArray[np.float64]:
    """x of the middle of each node. rows are put in order."""
    count = len(widths)
    joined = np.zeros((count, count))
    np.add.at(joined, (pairs[:, 0], pairs[:, 1]), 1.0)
    joined += joined.T
    middles = np.zeros(count)
    for row in rows:
        middles[row] = _spread(np.full(len(row), sizes.width / 2), widths[row], sizes)
    for sweep in range(SWEEPS):
        for row in rows if sweep % 2 == 0 else reversed(rows):
            weights = joined[row].sum(axis=1)
            wanted = np.where(weights > 0, joined[row] @ middles / np.maximum(weights, 1), middles[row])
            groups = group_of[row]
            together = wanted.copy()
            for group in {*groups.tolist()} - {-1}:
                together[groups == group] = wanted[groups == group].mean()
            order = np.lexsort((wanted, groups, together))
            row[:] = [row[place] for place in order]
            middles[row] = _spread(wanted[order], widths[row], sizes)
    return middles


def _spread(wanted: NDArray[np.float64], widths: NDArray[np.float64], sizes: Sizes) -> NDArray[np.float64]:
    """Places in this order, as near to those wanted as the gaps allow, within the width."""
    apart = np.concatenate([[0.0], np.cumsum((widths[1:] + widths[:-1]) / 2 + sizes.gap)])
    pools: list[tuple[float, int]] = []  # mean and number of those that stand together
    for value in wanted - apart:
        mean, count = float(value), 1
        while pools and pools[-1][0] > mean:
            before, many = pools.pop()
            mean, count = (before * many + mean * count) / (many + count), many + count
        pools.append((mean, count))
    least = widths[0] / 2
    most = max(least, sizes.width - widths[-1] / 2 - apart[-1])
    means: NDArray[np.float64] = np.repeat([mean for mean, _ in pools], [count for _, count in pools])
    placed: NDArray[np.float64] = np.clip(means, least, most) + apart
    return placed


def _lines(
    ends: Sequence[tuple[int, Node, Node, str]], boxes: dict[int, Box], number: dict[Node, int], sizes: Sizes
) -> list[Line]:
    keys = [*boxes]
    lefts, tops, rights, bottoms = np.array(
        [(box.left - 2, box.top - 2, box.left + box.width + 2, box.bottom + 2) for box in boxes.values()]
    ).T
    weights = _bernstein()
    place_of = {key: place for place, key in enumerate(keys)}
    head = float(np.median(rights - lefts))
    found = []
    for edge, writer, node, kind in ends:
        start, end = boxes[number[writer]], boxes[number[node]]
        x = next((x for port, x in end.ports if port == kind), end.middle)
        best: tuple[int, NDArray[np.float64]] | None = None
        far = start.top - end.bottom > 1.5 * sizes.row
        for bend in BENDS if far else BENDS[:1]:
            points = _curve(start, end, x, bend * head)
            across, down = (weights @ points).T
            inside = (across[:, None] > lefts) & (across[:, None] < rights)
            inside &= (down[:, None] > tops) & (down[:, None] < bottoms)
            inside[:, [place_of[number[writer]], place_of[number[node]]]] = False
            met = int(inside.any(axis=0).sum())
            if best is None or met < best[0]:
                best = met, points
            if met == 0:
                break
        assert best is not None
        found.append(Line(edge, tuple((float(a), float(b)) for a, b in best[1])))
    return found


def _bernstein() -> NDArray[np.float64]:
    """How much each of a curve's four points counts at places along it: [places, 4]."""
    t = np.linspace(0.0, 1.0, SAMPLES)[:, None]
    return np.hstack([(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3])


def _curve(start: Box, end: Box, x: float, aside: float) -> NDArray[np.float64]:
    """From the top of a box to a place below another; aside: how far the ends of its levers stand beside it."""
    rise = start.top - end.bottom
    lever = 0.4 * rise
    middle = start.middle
    return np.array(
        [
            (middle, start.top),
            (middle + aside, start.top - lever),
            (x + aside, end.bottom + lever),
            (x, end.bottom),
        ]
    )


def _moved(box: Box, by: float) -> Box:
    ports = tuple((port, x + by) for port, x in box.ports)
    return Box(box.node, box.left + by, box.top, box.width, box.height, ports)
