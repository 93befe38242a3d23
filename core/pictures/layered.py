"""A circuit laid out compactly: its nodes alone, in rows that go up as the stream does.

1. Rows: `input` below, of each layer its heads and above them its MLP, `logits` on top. A row too wide is split.
2. Order within a row: fast-sugiyama (Sugiyama et al. 1981: sweeps of barycentres, in which lines that pass a row have a
   place there too), groups kept together. Where more of the straight lines between nodes cross than in the model's own
   order, that one stays.
3. Places: each node goes as near to the mean of its neighbours as the gaps allow: least squares with an order, which
   is an isotonic regression (SciPy).
4. Lines: from the top of a writer to the reader's port at the bottom of its node. One that would pass behind other
   nodes is bent to the side on which it meets the fewest.

fast-sugiyama finds rows by itself: a chain of nodes beside the circuit, one a row, holds every node in its own. It
keeps Python's lock until it is done and cannot be given up on the way, so drawings of more than `MOST_STEPS` keep the
model's order: there nobody follows a line. `python -m tests.benchmarks layout` has crossings and times.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.errors import Cancelled
from core.graph import Edge, Graph, Node
from core.groups import Group
from core.pictures.folding import Part, parts_of

SWEEPS = 8
MOST_STEPS = 6000  # from row to row, of all lines: a tenth of a second of fast-sugiyama
SAMPLES = 24  # points of a line that are asked whether they lie behind a node
BENDS = (0.0, 0.5, -0.5, 1.0, -1.0, 1.6, -1.6, 2.4, -2.4)  # in widths of a head
PORTS = ("q", "k", "v")
End = tuple[int, int, int, str]  # place of the edge, box of the writer, box of the reader, kind of the reader


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
    """A node, or several folded into one: left, top, width, height. ports: those through which it reads, of heads, with
    their x."""

    name: str
    nodes: tuple[Node, ...]
    left: float
    top: float
    width: float
    height: float
    ports: tuple[tuple[str, float], ...] = ()

    @property
    def node(self) -> Node:
        return self.nodes[0]

    @property
    def middle(self) -> float:
        return self.left + self.width / 2

    @property
    def bottom(self) -> float:
        return self.top + self.height


@dataclass(frozen=True)
class Line:
    """An edge as a cubic Bézier curve: four points. edge: its place in the list of edges, of several between folded
    nodes the first one's."""

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


def lay_out(
    graph: Graph,
    edges: Sequence[Edge],
    text_width: Callable[[str], float],
    sizes: Sizes | None = None,
    groups: Sequence[Group] = (),
    fold: bool = False,
    cancelled: Callable[[], bool] = lambda: False,
) -> Layered:
    """text_width: of a box's name. groups: are kept together. fold: runs of like layers become one box each
    (`core.pictures.folding`). Raises Cancelled."""
    sizes = sizes or Sizes()
    parts = parts_of(graph, edges, groups if fold else None)
    if not parts:
        return Layered((), (), 0.0, 0.0)
    number = {node: place for place, part in enumerate(parts) for node in part.nodes}
    ends = _ends(graph, edges, number, fold)
    ports: list[list[str]] = [[] for _ in parts]
    for _, _, reader, kind in ends:
        ports[reader] += [kind] if kind in PORTS and kind not in ports[reader] else []
    shown = [tuple(port for port in PORTS if port in those) for those in ports]
    widths = np.array([_width(part.name, those, text_width, sizes) for part, those in zip(parts, shown, strict=True)])
    rows = _split(_rows(parts), widths, sizes)
    pairs = np.array([(writer, reader) for _, writer, reader, _ in ends], dtype=np.int64).reshape(-1, 2)
    group_of = np.full(len(parts), -1)
    for place, group in enumerate(groups):
        group_of[[number[node] for node in group.nodes if node in number]] = place
    middles = _middles(rows, widths, pairs, group_of, sizes, cancelled).tolist()
    boxes: dict[int, Box] = {}
    top = 0.0
    for row in reversed(rows):
        height = max(_height(shown[n], sizes) for n in row)
        for n in row:
            tall = _height(shown[n], sizes)
            first = middles[n] - sizes.port * (len(shown[n]) - 1) / 2
            at = tuple((port, first + place * sizes.port) for place, port in enumerate(shown[n]))
            left, wide = middles[n] - float(widths[n]) / 2, float(widths[n])
            boxes[n] = Box(parts[n].name, parts[n].nodes, left, top + height - tall, wide, tall, at)
        top += height + sizes.row
    lines = _lines(ends, boxes, sizes, cancelled)
    across = _bernstein() @ np.array([[x for x, _ in line.points] for line in lines]).reshape(-1, 4).T
    left = min(float(across.min(initial=np.inf)), *(box.left for box in boxes.values()))
    right = max(float(across.max(initial=-np.inf)), *(box.left + box.width for box in boxes.values()))
    moved = tuple(_moved(boxes[n], -left) for row in rows for n in row)
    shifted = tuple(Line(line.edge, tuple((x - left, y) for x, y in line.points)) for line in lines)
    return Layered(moved, shifted, right - left, top - sizes.row)


def sizes_for(edges: Sequence[Edge]) -> Sizes:
    """Rows as wide as makes the drawing about as wide as it is high, with more air the more edges a node has."""
    writers = len({edge.writer for edge in edges})
    crowd = len(edges) / max(1, writers)
    gap = 12 + min(24.0, crowd)
    width = float(np.clip((58 + gap) * np.sqrt(2 * writers), 420, 1150))
    return Sizes(width=width, gap=gap, row=30 + min(40.0, 1.3 * crowd))


def _ends(graph: Graph, edges: Sequence[Edge], number: Mapping[Node, int], fold: bool) -> list[End]:
    """Folded: each once, of the first edge that has it, and none within a box."""
    ends: dict[tuple[int, int, str, int], End] = {}
    for place, edge in enumerate(edges):
        for node in graph.readers_of(edge.reader):
            writer, reader, kind = number[edge.writer], number[node], edge.reader.kind
            if writer != reader:
                ends.setdefault((writer, reader, kind, 0 if fold else place), (place, writer, reader, kind))
    return [*ends.values()]


def _height(ports: Sequence[str], sizes: Sizes) -> float:
    return sizes.node + (sizes.line if ports else 0.0)


def _width(name: str, ports: Sequence[str], text_width: Callable[[str], float], sizes: Sizes) -> float:
    return max(text_width(name) + 2 * sizes.pad, sizes.port * len(ports) + sizes.pad)


def _rows(parts: Sequence[Part]) -> list[list[int]]:
    """Parts by what they can be beside, from below."""
    level = {"input": -1, "head": 0, "mlp": 1, "logits": 2}
    rows: dict[tuple[int, int], list[int]] = {}
    for place, part in enumerate(parts):
        node = part.nodes[0]
        layer = -1 if node.kind == "input" else 10**6 if node.kind == "logits" else node.layer
        rows.setdefault((layer, level[node.kind]), []).append(place)
    return [rows[key] for key in sorted(rows)]


def _split(rows: list[list[int]], widths: NDArray[np.float64], sizes: Sizes) -> list[list[int]]:
    """Rows that fit into the width: a wider one becomes several of about equal length."""
    sub_rows = []
    for row in rows:
        whole = float(widths[row].sum()) + sizes.gap * (len(row) - 1)
        parts = min(len(row), int(np.ceil(whole / sizes.width)))
        sub_rows += [row[place::parts] for place in range(parts)]
    return sub_rows


def _middles(
    rows: list[list[int]],
    widths: NDArray[np.float64],
    pairs: NDArray[np.int64],
    group_of: NDArray[np.int64],
    sizes: Sizes,
    cancelled: Callable[[], bool],
) -> NDArray[np.float64]:
    """x of the middle of each node. rows are put in the order, of the library's and the model's own, in which fewer
    lines cross."""
    levels = np.empty(len(widths))
    for level, row in enumerate(rows):
        levels[row] = level
    places = np.arange(len(widths), dtype=np.float64)
    best: tuple[int, list[list[int]], NDArray[np.float64]] | None = None
    for wanted in (places, _wanted(rows, levels, pairs)):
        tried = [_in_order(row, wanted[row], group_of) for row in rows]
        middles = _placed(tried, widths, pairs, sizes, cancelled)
        crossings = _crossings(np.stack([middles, levels], axis=1)[pairs])
        if best is None or crossings < best[0]:
            best = crossings, tried, middles
    assert best is not None
    rows[:] = best[1]
    return best[2]


def _wanted(
    rows: Sequence[Sequence[int]], levels: NDArray[np.float64], pairs: NDArray[np.int64]
) -> NDArray[np.float64]:
    """x of each node as fast-sugiyama has it, for the order alone; its number where there is nothing to order."""
    numbers = np.arange(len(levels), dtype=np.float64)
    if len(rows) < 2 or int((levels[pairs[:, 1]] - levels[pairs[:, 0]]).sum()) > MOST_STEPS:
        return numbers
    from fast_sugiyama import from_edges  # for drawings alone

    edges = {(writer, reader) for writer, reader in pairs.tolist()}
    chain = len(levels)
    for place, row in enumerate(rows):
        if place > 0:
            edges |= {(chain + place - 1, node) for node in [*row, chain + place]}
        if place < len(rows) - 1:
            edges |= {(node, chain + place + 1) for node in row}
    ((positions, *_),) = from_edges(sorted(edges), crossing_minimization="barycenter", transpose=False)
    places = dict(positions)
    return np.array([places[node][0] for node in range(chain)])


def _placed(
    rows: Sequence[Sequence[int]],
    widths: NDArray[np.float64],
    pairs: NDArray[np.int64],
    sizes: Sizes,
    cancelled: Callable[[], bool],
) -> NDArray[np.float64]:
    """x of the middle of each node of rows in order: up and down, each row goes as near to its neighbours as it can."""
    joined = np.zeros((len(widths), len(widths)))
    np.add.at(joined, (pairs[:, 0], pairs[:, 1]), 1.0)
    joined += joined.T
    middles = np.zeros(len(widths))
    order = [np.array(row) for row in rows]
    for row in order:
        middles[row] = _spread(np.full(len(row), sizes.width / 2), widths[row], sizes)
    for sweep in range(SWEEPS):
        if cancelled():
            raise Cancelled
        for row in order if sweep % 2 == 0 else reversed(order):
            weights = joined[row].sum(axis=1)
            wanted = np.where(weights > 0, joined[row] @ middles / np.maximum(weights, 1), middles[row])
            middles[row] = _spread(wanted, widths[row], sizes)
    return middles


def _in_order(row: list[int], wanted: NDArray[np.float64], group_of: NDArray[np.int64]) -> list[int]:
    """A row by the places that its nodes want, groups kept together."""
    groups = group_of[row]
    together = wanted.copy()
    for group in {*groups.tolist()} - {-1}:
        together[groups == group] = wanted[groups == group].mean()
    return [row[place] for place in np.lexsort((wanted, groups, together))]


def _crossings(lines: NDArray[np.float64]) -> int:
    """How many of some straight lines [lines, 2, (x, y)] cross; to begin at the same node is no crossing."""
    starts, ends = lines[:, 0], lines[:, 1]
    count = 0
    for place in range(len(lines) - 1):
        a, b, c, d = starts[place], ends[place], starts[place + 1 :], ends[place + 1 :]
        apart = _side(c, d, a) * _side(c, d, b) < 0
        count += int((apart & (_side(a, b, c) * _side(a, b, d) < 0)).sum())
    return count


def _side(a: NDArray[np.float64], b: NDArray[np.float64], of: NDArray[np.float64]) -> NDArray[np.float64]:
    """On which side of the lines from a to b points lie, all [..., (x, y)]: by the sign."""
    along, beside = b - a, of - a
    side: NDArray[np.float64] = along[..., 0] * beside[..., 1] - along[..., 1] * beside[..., 0]
    return side


def _spread(wanted: NDArray[np.float64], widths: NDArray[np.float64], sizes: Sizes) -> NDArray[np.float64]:
    """Places in this order, as near to those wanted as the gaps allow, within the width."""
    from scipy.optimize import isotonic_regression  # half a second to import, which is for drawings alone

    apart = np.concatenate([[0.0], np.cumsum((widths[1:] + widths[:-1]) / 2 + sizes.gap)])
    least = widths[0] / 2
    most = max(least, sizes.width - widths[-1] / 2 - apart[-1])
    placed: NDArray[np.float64] = np.clip(isotonic_regression(wanted - apart).x, least, most) + apart
    return placed


def _lines(ends: Sequence[End], boxes: dict[int, Box], sizes: Sizes, cancelled: Callable[[], bool]) -> list[Line]:
    lefts, tops, rights, bottoms = np.array(
        [(box.left - 2, box.top - 2, box.left + box.width + 2, box.bottom + 2) for box in boxes.values()]
    ).T
    weights = _bernstein()
    place_of = {key: place for place, key in enumerate(boxes)}
    head = float(np.median(rights - lefts))
    lines = []
    for edge, writer, reader, kind in ends:
        if cancelled():
            raise Cancelled
        start, end = boxes[writer], boxes[reader]
        x = next((x for port, x in end.ports if port == kind), end.middle)
        best: tuple[int, NDArray[np.float64]] | None = None
        far = start.top - end.bottom > 1.5 * sizes.row
        for bend in BENDS if far else BENDS[:1]:
            points = _curve(start, end, x, bend * head)
            across, down = (weights @ points).T
            inside = (across[:, None] > lefts) & (across[:, None] < rights)
            inside &= (down[:, None] > tops) & (down[:, None] < bottoms)
            inside[:, [place_of[writer], place_of[reader]]] = False
            met = int(inside.any(axis=0).sum())
            if best is None or met < best[0]:
                best = met, points
            if met == 0:
                break
        assert best is not None
        lines.append(Line(edge, tuple((float(a), float(b)) for a, b in best[1])))
    return lines


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
    return replace(box, left=box.left + by, ports=ports)
