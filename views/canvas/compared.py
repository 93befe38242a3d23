"""Two circuits on one layout: edges that both have, and those of one alone, in three hues that colour-blind eyes tell
apart and three kinds of line that need no colour. Nodes of one circuit alone are filled on its side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from core.graph import Graph, Node
from views.canvas.camera import Camera
from views.canvas.data import MOST_COMPARED, CanvasData, EdgeMark, NodeMark
from views.canvas.edge_layer import edge_path, visible
from views.canvas.labels import Labels, is_far, node_rect, place_labels
from views.canvas.node_layer import name_font, paint_marked, paint_quiet, paint_shape
from views.canvas.scene import Scene
from views.theme import mix
from views.theme_colors import Theme

KINDS = ("second", "first", "both")  # drawn in this order
HUES = {"first": "violet", "second": "good", "both": "text"}  # fields of a theme
WIDTHS = {"first": 1.5, "second": 2.2, "both": 2.2}  # pixels
DASHES = {"first": (6.0, 3.0), "second": (1.0, 1.3), "both": ()}  # in widths of the line
CROWD = 250  # edges from which lines get thinner
PORTION = 60  # edges drawn at a time
GROUND = 0.95  # how much of what is below a name it hides


@dataclass(frozen=True, eq=False)
class ComparedEdges:
    """The edges drawn, by their kind."""

    both: NDArray[np.int64]
    first: NDArray[np.int64]
    second: NDArray[np.int64]

    @cached_property
    def kind_of(self) -> Mapping[int, str]:
        """By the number of an edge."""
        return {edge: kind for kind in KINDS for edge in getattr(self, kind).tolist()}

    def few(self) -> ComparedEdges:
        """As many as can be drawn: the same share of each kind."""
        total = len(self.both) + len(self.first) + len(self.second)
        if total <= MOST_COMPARED:
            return self
        share = MOST_COMPARED / total
        return ComparedEdges(*(each[: max(1, int(share * len(each)))] for each in (self.both, self.first, self.second)))

    def nodes(self, graph: Graph) -> Mapping[Node, str]:
        """Heads and MLPs that take part, and in what."""
        sides: dict[Node, set[str]] = {}
        for index, kind in self.kind_of.items():
            edge = graph.edge(index)
            for node in (edge.writer, *graph.readers_of(edge.reader)):
                sides.setdefault(node, set()).update(("first", "second") if kind == "both" else (kind,))
        shared = {"first", "second"}
        return {node: "both" if kinds == shared else kinds.pop() for node, kinds in sides.items()}

    def canvas_data(self, graph: Graph, input_label: str, output_label: str) -> CanvasData:
        """For the layout and the names: a value says no more than which edges come first."""
        marks = tuple(
            EdgeMark(edge, 1.0 / (1 + place), measured=True, signed=False)
            for kind in KINDS
            for place, edge in enumerate(getattr(self, kind).tolist())
        )
        nodes = {node: NodeMark(named=True) for node in self.nodes(graph)}
        return CanvasData(graph, marks, nodes, input_label=input_label, output_label=output_label)


@dataclass(frozen=True, eq=False)
class ComparedWorld:
    """Both circuits as a `World` for pictures."""

    scene: Scene
    edges: ComparedEdges
    nodes: Mapping[Node, str]

    @property
    def key(self) -> object:
        return self.scene

    @property
    def places(self) -> object:
        return self.scene.layout

    def steps(
        self, painter: QPainter, camera: Camera, theme: Theme, area: QRectF, vector: bool = False
    ) -> Iterator[Labels]:
        """Edges, nodes and names in the area."""
        scene = self.scene
        labels = place_labels(scene, camera, area, frozenset())
        yield labels
        paint_quiet(painter, scene, camera, theme, area, vector)
        yield labels
        shown: dict[str, list[int]] = {kind: [] for kind in KINDS}
        for place in visible(scene, camera, area).tolist():
            shown[self.edges.kind_of[scene.marks[place].index]].append(place)
        for kind, places in shown.items():
            for start in range(0, len(places), PORTION):
                painter.setPen(pen_of(kind, theme, len(scene), camera.scale))
                painter.setBrush(Qt.BrushStyle.NoBrush)  # between portions others may have painted
                for place in places[start : start + PORTION]:
                    painter.drawPath(edge_path(scene, camera, place))
                yield labels
        paint_marked(painter, scene, camera, theme, area)
        self._fill_nodes(painter, camera, theme, area)
        for name in labels.names:
            if not name.inside:
                painter.fillRect(name.rect.adjusted(-1, 1, 1, -1), theme.color("panel", GROUND))
            painter.setFont(name_font(name.strong))
            painter.setPen(QColor(theme.muted))
            where = Qt.AlignmentFlag.AlignCenter if name.inside else Qt.AlignmentFlag.AlignVCenter
            painter.drawText(name.rect, where | Qt.TextFlag.TextDontClip, name.node.name)

    def _fill_nodes(self, painter: QPainter, camera: Camera, theme: Theme, area: QRectF) -> None:
        if is_far(self.scene, camera):
            return
        for node, kind in self.nodes.items():
            rect = node_rect(self.scene, camera, node)
            if node.kind in ("head", "mlp") and rect.intersects(area):
                paint_node(painter, node, rect, kind, theme)


def pen_of(kind: str, theme: Theme, shown: int = 0, scale: float = 1.0) -> QPen:
    """How edges of a kind are drawn. shown: how many edges are."""
    width = WIDTHS[kind] * min((CROWD / max(shown, 1)) ** 0.3, 1.0) * min(max(scale, 1.0) ** 0.35, 2.2)
    pen = QPen(QColor(getattr(theme, HUES[kind])), max(width, 0.9), c=Qt.PenCapStyle.FlatCap)
    if DASHES[kind]:
        pen.setDashPattern(DASHES[kind])
    return pen


def paint_node(painter: QPainter, node: Node, rect: QRectF, kind: str, theme: Theme) -> None:
    """Filled whole where both circuits have it, on the left where the first has it alone, else on the right."""
    color = QColor(getattr(theme, HUES[kind]))
    painter.save()
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(mix(theme.panel, color.name(), 0.85 if kind != "both" else 0.6))
    if kind != "both":
        half = QRectF(rect)
        half.setWidth(rect.width() / 2)
        if kind == "second":
            half.moveLeft(rect.center().x())
        painter.setClipRect(half, Qt.ClipOperation.IntersectClip)
    paint_shape(painter, node, rect, -0.8)
    painter.restore()


def paint_swatch(painter: QPainter, kind: str, box: QRectF, theme: Theme) -> None:
    """A line of a kind with a node of it, for legends."""
    middle, side = box.center().y(), min(box.height(), 10.0)
    painter.setPen(pen_of(kind, theme))
    painter.drawLine(QPointF(box.left(), middle), QPointF(box.right() - side - 3, middle))
    node = QRectF(box.right() - side, middle - side / 2, side, side)
    painter.setPen(QPen(QColor(theme.text), 1.1))
    painter.setBrush(QColor(theme.panel))
    painter.drawEllipse(node)
    paint_node(painter, Node("head"), node, kind, theme)
