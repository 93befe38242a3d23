"""Moving the eye smoothly: a short glide from one camera to another, or at once where motion is not wanted."""

from __future__ import annotations

import math
from collections.abc import Callable

from PySide6.QtCore import QEasingCurve, QObject, QVariantAnimation

from views import motion
from views.canvas.camera import Camera


def between(start: Camera, end: Camera, share: float) -> Camera:
    """The camera on the way: the scale grows evenly to the eye, about the one point that stays where it is."""
    scale = math.exp(math.log(start.scale) * (1 - share) + math.log(end.scale) * share)
    way = share if abs(end.scale / start.scale - 1) < 1e-3 else (scale - start.scale) / (end.scale - start.scale)
    return Camera(scale, start.x + (end.x - start.x) * way, start.y + (end.y - start.y) * way)


class Glide(QObject):
    """At most one glide at a time."""

    def __init__(self, show: Callable[[Camera], None], parent: QObject) -> None:
        super().__init__(parent)
        self._show = show
        self._start = self._end = Camera()
        self._animation = QVariantAnimation(self)
        self._animation.setStartValue(0.0)
        self._animation.setEndValue(1.0)
        self._animation.setDuration(motion.MILLISECONDS)
        self._animation.setEasingCurve(QEasingCurve.Type.OutCubic)
        self._animation.valueChanged.connect(self._move)

    def to(self, start: Camera, end: Camera) -> None:
        self.stop()
        if motion.reduced() or start == end:
            self._show(end)
            return
        self._start, self._end = start, end
        self._animation.start()

    @property
    def goal(self) -> Camera | None:
        """Where it is going; None at rest."""
        return self._end if self._animation.state() == QVariantAnimation.State.Running else None

    def stop(self) -> None:
        self._animation.stop()

    def _move(self, share: float) -> None:
        self._show(self._end if share >= 1.0 else between(self._start, self._end, share))
