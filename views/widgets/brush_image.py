"""A picture with its patch grid on which a region can be brushed: the patches of the region are picked together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QWidget

from views.theme import current
from views.widgets.patch_image import PatchImage
from views.widgets.picking import Picking

_ADD = Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.ControlModifier
_STEPS = {Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0)}


@dataclass(frozen=True)
class _Rectangle:
    """One that is being drawn."""

    corner: int  # the patch where it begins
    before: tuple[int, ...]  # picked until then
    kept: tuple[int, ...]  # picked besides its patches


class BrushImage(PatchImage):
    """Click or drag picks patches; Shift adds, Ctrl takes one away, a click beside the picture or Esc clears.

    Ctrl and a drag pick the patches of a rectangle (with Shift besides those picked before); Esc while dragging leaves
    what was picked before."""

    picked_changed = Signal(tuple)  # patches, numbered by rows

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._picking = Picking()
        self._crossed: tuple[int, ...] = ()
        self._last: QPointF | None = None  # where the brush is
        self._rectangle: _Rectangle | None = None
        self._cancelled = False  # by Esc, while the button is still down
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setToolTip(
            "Drag to choose patches, Ctrl+drag a rectangle: edits and corruptions are then there only. "
            "Shift adds, Esc clears."
        )

    def set_image(self, pixels: NDArray[np.uint8] | None, grid: tuple[int, int] | None) -> None:
        other = grid != self._grid
        super().set_image(pixels, grid)
        if other:
            self._picking = Picking()
            self._last = self._rectangle = None

    def picked(self) -> tuple[int, ...]:
        return self._picking.picked

    def set_picked(self, patches: Sequence[int]) -> None:
        self._picking.set(patches)
        self.update()

    def set_crossed(self, patches: Sequence[int]) -> None:
        """Cross out patches that do not say what is seen there."""
        if self._crossed != tuple(patches):
            self._crossed = tuple(patches)
            self.update()

    def crossed(self) -> tuple[int, ...]:
        return self._crossed

    # ---- drawing -------------------------------------------------------------------------------------------

    def draw(self, painter: QPainter) -> None:
        super().draw(painter)
        if self._grid is not None and self._crossed:
            self._draw_crosses(painter)
        picked = set(self._picking.picked)
        if not picked or self._grid is None:
            return
        theme, columns = current(), self._grid[1]
        edges = []
        for patch in picked:
            rect = self.patch_rect(patch)
            painter.fillRect(rect, theme.color("selection", 0.28))
            row, column = divmod(patch, columns)
            neighbours = (
                (patch - columns if row else -1, rect.topLeft(), rect.topRight()),
                (patch + columns, rect.bottomLeft(), rect.bottomRight()),
                (patch - 1 if column else -1, rect.topLeft(), rect.bottomLeft()),
                (patch + 1 if column < columns - 1 else -1, rect.topRight(), rect.bottomRight()),
            )
            edges += [QLineF(start, end) for other, start, end in neighbours if other not in picked]
        painter.setPen(QPen(theme.color("selection"), 2))
        painter.drawLines(edges)  # around the region as a whole

    def _draw_crosses(self, painter: QPainter) -> None:
        painter.setPen(QPen(current().color("text", 0.8), 1.5))
        count = self._grid[0] * self._grid[1]
        rects = [self.patch_rect(patch) for patch in self._crossed if patch < count]
        for start, end in (("topLeft", "bottomRight"), ("topRight", "bottomLeft")):
            painter.drawLines([QLineF(getattr(rect, start)(), getattr(rect, end)()) for rect in rects])

    # ---- brushing ------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or self._grid is None:
            super().mousePressEvent(event)
            return
        self._rectangle, self._cancelled = None, False
        patch = self.patch_at(event.position())
        if patch < 0:
            self._clear()
            return
        self._last = event.position()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._last = None
            before = self._picking.picked
            adds = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
            self._rectangle = _Rectangle(patch, before, before if adds else ())
            self._picking.click(patch, Qt.KeyboardModifier.ControlModifier)
        elif event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._picking.add(patch)
        else:
            self._picking.click(patch, Qt.KeyboardModifier.NoModifier)
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        if not event.buttons() & Qt.MouseButton.LeftButton:
            return
        if self._rectangle is not None:
            self._stretch(self._rectangle, event.position())
        if self._last is None:
            return
        line = QLineF(self._last, event.position())
        steps = max(1, round(line.length() / 3))  # a fast stroke leaves no gaps
        for step in range(steps + 1):
            patch = self.patch_at(line.pointAt(step / steps))
            if patch >= 0:
                self._picking.add(patch)
        self._last = event.position()
        self.update()

    def _stretch(self, rectangle: _Rectangle, point: QPointF) -> None:
        """Pick all patches between the corner where it begins and the patch nearest to the point."""
        assert self._grid is not None
        area = self.picture_rect().adjusted(0.5, 0.5, -0.5, -0.5)  # the pointer may leave the picture
        inside = QPointF(min(max(point.x(), area.left()), area.right()), min(max(point.y(), area.top()), area.bottom()))
        patch, columns = self.patch_at(inside), self._grid[1]
        if patch in (-1, self._picking.cursor):
            return  # so a click without a drag still takes one patch away
        (top, bottom), (left, right) = map(
            sorted, zip(divmod(rectangle.corner, columns), divmod(patch, columns), strict=True)
        )
        rows, across = range(top, bottom + 1), range(left, right + 1)
        self._picking.set([*rectangle.kept, *(row * columns + column for row in rows for column in across)])
        self._picking.cursor = patch
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._grid is not None:
            self._last = self._rectangle = None
            if not self._cancelled:
                self.picked_changed.emit(self._picking.picked)
            self._cancelled = False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = _STEPS.get(Qt.Key(event.key()))
        if self._grid is None:
            super().keyPressEvent(event)
        elif step is not None:
            rows, columns = self._grid
            row, column = divmod(max(self._picking.cursor, 0), columns)
            if self._picking.cursor >= 0:
                row, column = (row + step[0]) % rows, (column + step[1]) % columns
            patch = row * columns + column
            if event.modifiers() & _ADD:
                self._picking.add(patch)
            else:
                self._picking.click(patch, Qt.KeyboardModifier.NoModifier)
            self._tell()
        elif event.key() == Qt.Key.Key_Space:
            self._picking.toggle_cursor()
            self._tell()
        elif event.key() == Qt.Key.Key_Escape and self._rectangle is not None:
            self.set_picked(self._rectangle.before)
            self._rectangle, self._cancelled = None, True
        elif event.key() == Qt.Key.Key_Escape and self._picking.picked:
            self._clear()
        else:
            super().keyPressEvent(event)

    def _clear(self) -> None:
        self._picking.clear()
        self._tell()

    def _tell(self) -> None:
        self.update()
        self.picked_changed.emit(self._picking.picked)
