"""The canvas of two circuits: like the other one it is looked at, zoomed and walked on; nothing is edited here."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from core.edits import Target
from core.graph import Edge, Node
from views.canvas.border import paint_layer_names
from views.canvas.canvas import Canvas
from views.canvas.compared import ComparedEdges, ComparedWorld
from views.canvas.data import CanvasData
from views.canvas.labels import Labels
from views.canvas.layout import Layout, make_layout
from views.canvas.painter import paint_emphasis
from views.canvas.words import target_name
from views.panels.compare.data import ComparisonData
from views.theme_colors import Theme

WHERE = {"first": "only in the first", "second": "only in the second", "both": "in both"}


class ComparisonCanvas(Canvas):
    """Shows a `ComparisonData`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Both circuits")
        self._edges: ComparedEdges | None = None
        self._of: ComparisonData | None = None
        self._nodes: Mapping[Node, str] = {}

    def show_circuits(self, data: ComparisonData) -> None:
        """The view stays where it is unless the graph is another one."""
        before, self._of = self._of, data
        if before is None or before.both is not data.both or before.graph != data.graph:
            self._edges = ComparedEdges(data.both, data.only_first, data.only_second).few()
            self._nodes = self._edges.nodes(data.graph)
            self.set_data(self._edges.canvas_data(data.graph, data.input_label, data.output_label))

    def world(self) -> ComparedWorld | None:  # type: ignore[override]
        if self._scene is None or self._edges is None:
            return None
        return ComparedWorld(self._scene, self._edges, self._nodes)

    def paint_over(self, painter: QPainter, look: Theme, labels: Labels | None) -> None:
        for target in dict.fromkeys((*self._selection, *([self._hover] if self._hover is not None else []))):
            paint_emphasis(painter, self.scene, self.camera, look, target, labels, target in self._selection)
        paint_layer_names(painter, self.scene, self.camera, look, self.view_size())

    def can_edit(self, target: Target) -> bool:
        return False

    def tip(self, target: Target) -> str:
        """Where a target is, and how important it is in each circuit."""
        assert self._edges is not None
        assert self._of is not None
        if isinstance(target, Node):
            kind = self._nodes.get(target)
            return f"{target_name(target)}: {WHERE[kind] if kind else 'in neither'}"
        assert isinstance(target, Edge)
        number = self._of.graph.edge_index(target)
        kind = self._edges.kind_of.get(number)
        ranks = zip(("first", "second"), (places.get(number) for places in self._of.places), strict=True)
        places = ", ".join(f"number {place:,} of the {which}" for which, place in ranks if place)
        words = f"{target_name(target)}: {WHERE[kind] if kind else 'in neither'}"
        return f"{words} ({places})" if places else words

    def _layout_of(self, data: CanvasData) -> Layout:
        self._laid_out = self.size()
        return make_layout(data.graph, self.view_size())

    def _is_count(self, point: QPointF) -> bool:
        """There is no count to click on."""
        return False

    def _describe(self) -> None:
        data = self._of
        words = "" if data is None else "; ".join(words for _, words in data.legend)
        chosen = ", ".join(self.tip(target) for target in self._selection[:5])
        self.setAccessibleDescription(f"{words}. {chosen}".strip())
