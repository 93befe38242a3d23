"""A picture of core, which is SVG text, as a figure that is written as any other: PNG, SVG, PDF."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QByteArray, QRectF, QSizeF
from PySide6.QtGui import QPainter
from PySide6.QtSvg import QSvgRenderer

from views.figures.formats import write_painted

FINENESS = 3  # of a PNG


class SvgFigure:
    """size: in pixels of 1/96 inch; title: in a line."""

    def __init__(self, svg: str, title: str) -> None:
        self.title = title
        self._renderer = QSvgRenderer(QByteArray(svg.encode("utf-8")))
        self.size = QSizeF(self._renderer.defaultSize())

    def paint(self, painter: QPainter) -> None:
        """Draw it from (0, 0) to `size`."""
        self._renderer.render(painter, QRectF(0, 0, self.size.width(), self.size.height()))

    def write(self, path: str | Path) -> None:
        """The ending of the path says the format. Raises WirescopeError."""
        write_painted(path, self, FINENESS)
