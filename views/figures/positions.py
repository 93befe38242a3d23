"""The second level of the canvas as a figure: see `views.figures.figure`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSizeF
from PySide6.QtGui import QPainter

from views.canvas.camera import framed
from views.canvas.data import EdgeMark, NodeMark
from views.canvas.positions.border import paint_row_names, positions_count
from views.canvas.positions.data import PositionsData
from views.canvas.positions.layout import make_positions_layout, margins
from views.canvas.positions.painter import paint_positions
from views.canvas.positions.scene import make_positions_scene
from views.theme_colors import Theme


@dataclass(frozen=True)
class PositionsDrawing:
    """The whole unfolded circuit, however wide it is."""

    data: PositionsData

    @property
    def words(self) -> str:
        return positions_count(self.data)

    @property
    def marks(self) -> Sequence[EdgeMark | NodeMark]:
        return (*(link.mark for link in self.data.links), *self.data.spots.values())

    @property
    def how(self) -> str:
        return "estimated"  # the links have gradients of their own, whatever the edges were scored by

    def paint(self, painter: QPainter, size: QSizeF, theme: Theme) -> None:
        scene = make_positions_scene(self.data, make_positions_layout(self.data, size))
        camera = framed(scene.layout.bounds, size, margins(), 1.0)
        paint_positions(painter, scene, camera, theme, QRectF(QPointF(0, 0), size))
        paint_row_names(painter, scene, camera, theme, size, frozenset())
