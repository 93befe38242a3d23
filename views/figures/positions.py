"""The second level of the canvas as a figure: see `views.figures.figure`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSizeF
from PySide6.QtGui import QPainter

from views.canvas.camera import framed
from views.canvas.data import EdgeMark, NodeMark
from views.canvas.positions.border import paint_row_names, unfolded_count
from views.canvas.positions.data import UnfoldedData
from views.canvas.positions.layout import make_unfolded_layout, margins
from views.canvas.positions.painter import paint_unfolded
from views.canvas.positions.scene import make_unfolded_scene
from views.theme_colors import Theme


@dataclass(frozen=True)
class UnfoldedDrawing:
    """The whole unfolded circuit, however wide it is."""

    data: UnfoldedData

    @property
    def words(self) -> str:
        return unfolded_count(self.data)

    @property
    def marks(self) -> Sequence[EdgeMark | NodeMark]:
        return (*(link.mark for link in self.data.links), *self.data.spots.values())

    @property
    def how(self) -> str:
        return "estimated"  # the links have gradients of their own, whatever the edges were scored by

    def paint(self, painter: QPainter, size: QSizeF, theme: Theme) -> None:
        scene = make_unfolded_scene(self.data, make_unfolded_layout(self.data, size))
        camera = framed(scene.layout.bounds, size, margins(), 1.0)
        paint_unfolded(painter, scene, camera, theme, QRectF(QPointF(0, 0), size))
        paint_row_names(painter, scene, camera, theme, size, frozenset())
