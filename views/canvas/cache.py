"""A painted world as a picture somewhat larger than the view, so that panning, hovering and selecting only copy
it. While the eye moves and a fresh picture would be slow, the old one is moved or scaled; a slow picture is made in
slices, so that it never holds up the window.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from PySide6.QtCore import QRectF, QSizeF
from PySide6.QtGui import QPainter, QPixmap

from views.canvas.camera import Camera
from views.canvas.labels import Labels
from views.theme_colors import Theme

OVERSCAN = 0.15  # of the view, on every side
QUICK = 10.0  # milliseconds: a picture that takes less is made anew for every frame; also the length of a slice


class World(Protocol):
    """Something to paint."""

    @property
    def key(self) -> object:
        """Equal for worlds that look the same."""

    @property
    def places(self) -> object:
        """Equal for worlds whose things stand at the same places: only what is shown of them may differ."""

    def steps(self, painter: QPainter, camera: Camera, theme: Theme, area: QRectF) -> Iterator[Labels]:
        """Paint the area (widget pixels) in steps of a few milliseconds, each telling what is written on it. Between
        steps the painter may be ended and begun anew."""


@dataclass(frozen=True)
class Wanted:
    """What a picture is of, wherever the eye is."""

    world: World
    theme: Theme
    size: QSizeF  # of the view, in pixels
    ratio: float  # of device pixels

    def same_as(self, other: Wanted) -> bool:
        return self.world.key == other.world.key and self._same_frame(other)

    def same_places(self, other: Wanted) -> bool:
        return self.world.places == other.world.places and self._same_frame(other)

    def _same_frame(self, other: Wanted) -> bool:
        return (self.theme.name, self.size, self.ratio) == (other.theme.name, other.size, other.ratio)


class Picture:
    """One picture, finished or in the making."""

    def __init__(self, wanted: Wanted, camera: Camera) -> None:
        self.wanted, self.camera = wanted, camera
        size, ratio = wanted.size, wanted.ratio
        extra_x, extra_y = round(size.width() * OVERSCAN), round(size.height() * OVERSCAN)
        self.area = QRectF(-extra_x, -extra_y, size.width() + 2 * extra_x, size.height() + 2 * extra_y)
        self.pixmap = QPixmap(round(self.area.width() * ratio), round(self.area.height() * ratio))
        self.pixmap.setDevicePixelRatio(ratio)
        self.pixmap.fill(wanted.theme.color("panel"))
        self.labels = Labels()
        self.milliseconds = 0.0  # of the processor that it took so far
        self.finished = False
        self._painter = QPainter()
        self._steps = wanted.world.steps(self._painter, camera, wanted.theme, self.area)

    def advance(self, milliseconds: float) -> bool:
        """Go on for about so long, at least by a step. Returns whether it is finished."""
        begin = time.thread_time()
        self._painter.begin(self.pixmap)
        self._painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._painter.translate(-self.area.topLeft())
        spent = 0.0
        for labels in self._steps:
            self.labels = labels
            spent = (time.thread_time() - begin) * 1e3
            if spent >= milliseconds:
                break
        else:
            self.finished = True
        self._painter.end()
        self.milliseconds += spent
        return self.finished

    def place(self, camera: Camera) -> QRectF:
        """Where it belongs now, in widget pixels."""
        return camera.rect(self.camera.world_rect(self.area))

    def is_sharp(self, camera: Camera) -> bool:
        """Whether it can be copied as it is, and covers the view."""
        size = self.wanted.size
        return camera.scale == self.camera.scale and self.place(camera).contains(
            QRectF(0, 0, size.width(), size.height())
        )


class Cache:
    """The last finished picture, and the one in the making."""

    def __init__(self) -> None:
        self.shown: Picture | None = None
        self.coming: Picture | None = None

    @property
    def labels(self) -> Labels:
        return self.shown.labels if self.shown is not None else Labels()

    def is_current(self, wanted: Wanted, camera: Camera) -> bool:
        """Whether the finished picture is just what is wanted."""
        return self.shown is not None and self.shown.wanted.same_as(wanted) and self.shown.is_sharp(camera)

    def can_wait(self, wanted: Wanted, camera: Camera) -> bool:
        """Whether only the zoom has changed, and a new picture would take long: the old one, scaled, serves until the
        eye rests."""
        shown = self.shown
        if shown is None or not shown.wanted.same_as(wanted):
            return False
        return shown.camera.scale != camera.scale and shown.milliseconds > QUICK

    def work(self, wanted: Wanted, camera: Camera, milliseconds: float) -> bool:
        """Go on with the picture of this for about so long. Returns whether the finished one is it.

        A picture in the making is given up when it would not cover the view or shows things at other places. When
        only the data are others, it is finished first: so that something new is seen however fast data come."""
        coming = self.coming
        if coming is None or not coming.is_sharp(camera) or not coming.wanted.same_places(wanted):
            coming = self.coming = Picture(wanted, camera)
        if coming.advance(milliseconds):
            self.shown, self.coming = coming, None
        return self.is_current(wanted, camera)

    def has_places(self, wanted: Wanted) -> bool:
        """Whether the finished picture shows things where they are wanted."""
        return self.shown is not None and self.shown.wanted.same_places(wanted)

    def paint(self, painter: QPainter, wanted: Wanted, camera: Camera) -> None:
        """Copy the finished picture to where it belongs now; where there is none of these places, as much of the
        coming one as there is."""
        picture = self.shown if self.has_places(wanted) else self.coming
        if picture is not None:
            sharp = camera.scale == picture.camera.scale
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, not sharp)
            painter.drawPixmap(picture.place(camera), picture.pixmap, QRectF(picture.pixmap.rect()))
