"""Where the eye is: world coordinates to widget pixels and back. A value; moving makes a new one.

World units are the pixels of the framed view at zoom 1, with y downwards.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QMarginsF, QPointF, QRectF, QSizeF


@dataclass(frozen=True)
class Camera:
    """`widget = world * scale + offset`."""

    scale: float = 1.0
    x: float = 0.0
    y: float = 0.0

    def to_widget(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """World points `[..., 2]` in widget pixels."""
        return points * self.scale + (self.x, self.y)

    def point(self, x: float, y: float) -> QPointF:
        """One world point in widget pixels."""
        return QPointF(x * self.scale + self.x, y * self.scale + self.y)

    def rect(self, world: QRectF) -> QRectF:
        return QRectF(self.point(world.left(), world.top()), self.point(world.right(), world.bottom()))

    def to_world(self, point: QPointF) -> QPointF:
        return QPointF((point.x() - self.x) / self.scale, (point.y() - self.y) / self.scale)

    def world_rect(self, widget: QRectF) -> QRectF:
        return QRectF(self.to_world(widget.topLeft()), self.to_world(widget.bottomRight()))

    def panned(self, dx: float, dy: float) -> Camera:
        """Moved with the hand by so many pixels."""
        return Camera(self.scale, self.x + dx, self.y + dy)

    def zoomed(self, factor: float, anchor: QPointF, lowest: float, highest: float) -> Camera:
        """Nearer or farther; what is under `anchor` stays there."""
        scale = min(max(self.scale * factor, lowest), highest)
        ratio = scale / self.scale
        return Camera(scale, anchor.x() - (anchor.x() - self.x) * ratio, anchor.y() - (anchor.y() - self.y) * ratio)

    def centred(self, world: QPointF, size: QSizeF) -> Camera:
        """The same zoom with a world point in the middle."""
        return Camera(self.scale, size.width() / 2 - world.x() * self.scale, size.height() / 2 - world.y() * self.scale)


def framed(world: QRectF, size: QSizeF, margins: QMarginsF, highest: float) -> Camera:
    """The camera that shows a part of the world as large as it fits between the margins (pixels)."""
    room = QRectF(0, 0, size.width(), size.height()).marginsRemoved(margins)
    scale = min(
        max(room.width(), 1.0) / max(world.width(), 1e-6),
        max(room.height(), 1.0) / max(world.height(), 1e-6),
        highest,
    )
    return Camera(
        scale,
        room.center().x() - world.center().x() * scale,
        room.center().y() - world.center().y() * scale,
    )
