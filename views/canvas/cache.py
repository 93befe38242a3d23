"""The painted world as a picture somewhat larger than the view, so that panning, hovering and selecting only
copy it. While the eye moves and a fresh picture would be slow, the old one is moved or scaled."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from PySide6.QtCore import QRectF, QSizeF
from PySide6.QtGui import QPainter, QPixmap

from views.canvas.camera import Camera
from views.canvas.labels import Labels
from views.canvas.painter import paint_world
from views.canvas.scene import Scene
from views.data import Target
from views.theme import Theme

OVERSCAN = 0.15  # of the view, on every side
QUICK = 12.0  # milliseconds: a picture that takes less is made anew for every frame


@dataclass
class Cache:
    """The last picture and what it shows."""

    labels: Labels = field(default_factory=Labels)
    milliseconds: float = 0.0  # that the last picture took
    _picture: QPixmap | None = None
    _camera: Camera = field(default_factory=Camera)
    _area: QRectF = field(default_factory=QRectF)  # of the picture, in widget pixels of its camera
    _key: tuple[object, ...] = ()

    def matches(self, scene: Scene, theme: Theme, size: QSizeF, ratio: float) -> bool:
        """Whether the picture is of this scene at all, wherever the eye is."""
        return self._picture is not None and self._key == (scene, theme.name, size.toTuple(), ratio)

    def is_sharp(self, camera: Camera, size: QSizeF) -> bool:
        """Whether the picture can be copied as it is."""
        return camera.scale == self._camera.scale and self._place(camera).contains(
            QRectF(0, 0, size.width(), size.height())
        )

    def render(
        self,
        scene: Scene,
        camera: Camera,
        theme: Theme,
        size: QSizeF,
        ratio: float,
        selection: tuple[Target, ...],
    ) -> None:
        """Paint the picture anew."""
        begin = time.thread_time()
        extra_x, extra_y = round(size.width() * OVERSCAN), round(size.height() * OVERSCAN)
        area = QRectF(-extra_x, -extra_y, size.width() + 2 * extra_x, size.height() + 2 * extra_y)
        picture = QPixmap(round(area.width() * ratio), round(area.height() * ratio))
        picture.setDevicePixelRatio(ratio)
        picture.fill(theme.color("panel"))
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(-area.topLeft())
        self.labels = paint_world(painter, scene, camera, theme, area, selection)
        painter.end()
        self._picture, self._camera, self._area = picture, camera, area
        self._key = (scene, theme.name, size.toTuple(), ratio)
        self.milliseconds = (time.thread_time() - begin) * 1e3

    def paint(self, painter: QPainter, camera: Camera) -> None:
        """Copy the picture to where it belongs now."""
        if self._picture is not None:
            sharp = camera.scale == self._camera.scale
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, not sharp)
            painter.drawPixmap(self._place(camera), self._picture, QRectF(self._picture.rect()))

    def _place(self, camera: Camera) -> QRectF:
        return camera.rect(self._camera.world_rect(self._area))
