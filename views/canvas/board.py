"""A painted world looked at with a camera: what both levels of the canvas share. It keeps pictures, moves the eye,
and paints the frame; the hands (mouse and keys) are in `hands`.

A subclass gives the world, its bounds, what lies under a point, and what is painted on top.
"""

from __future__ import annotations

import logging
from typing import Generic, TypeVar

from PySide6.QtCore import QMarginsF, QPointF, QRectF, QSize, QSizeF, Qt, QTimer
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from views import theme
from views.canvas.cache import QUICK, Cache, Wanted, World
from views.canvas.camera import Camera, framed
from views.canvas.glide import Glide
from views.canvas.labels import Labels
from views.canvas.minimap import MiniMap
from views.theme_colors import Theme

IDLE = 70  # milliseconds without a move after which a moved or scaled picture is painted anew
CORNER = 8.0

_log = logging.getLogger(__name__)

T = TypeVar("T")  # what can be selected


class Board(QWidget, Generic[T]):
    """Shows a world."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.camera = Camera()
        self._selection: tuple[T, ...] = ()
        self._hover: T | None = None
        self._band: QRectF | None = None
        self._moved = False  # by the user, away from the framed view
        self._keyboard_focus = False
        self._cache, self._map = Cache(), MiniMap()
        self._paint_failed = False
        self.in_card = False  # a card around it has the frame
        self._glide = Glide(self._see, self)
        self._idle = QTimer(self, singleShot=True, interval=IDLE)
        self._idle.timeout.connect(self._slice)
        self._slices = QTimer(self, singleShot=True, interval=0)
        self._slices.timeout.connect(self._slice)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(240, 150)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        theme.theme_changes().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(760, 540)

    # ---- what a subclass gives -----------------------------------------------------------------------------

    def world(self) -> World | None:
        """None while there is nothing to show."""
        raise NotImplementedError

    def bounds(self) -> QRectF:
        """Of the whole world, in world units."""
        raise NotImplementedError

    def margins(self) -> QMarginsF:
        """Pixels to keep free around what is framed."""
        raise NotImplementedError

    def area_of(self, selection: tuple[T, ...]) -> QRectF:
        """The part of the world to show when the selection is framed."""
        raise NotImplementedError

    def nearest_scale(self) -> float:
        raise NotImplementedError

    def targets_at(self, point: QPointF) -> list[T]:
        """What is under a point (widget pixels), what a click means first."""
        raise NotImplementedError

    def paint_over(self, painter: QPainter, look: Theme, labels: Labels | None) -> None:
        """Selection, hover, and what stays at the border. `labels` are None while the picture below is of another
        camera."""
        raise NotImplementedError

    def paint_last(self, painter: QPainter, look: Theme) -> None:
        """Above all, also while there is no world."""

    def paint_map(self, painter: QPainter, look: Theme, camera: Camera) -> None:
        """The whole world, small."""
        raise NotImplementedError

    # ---- the eye -------------------------------------------------------------------------------------------

    def view_size(self) -> QSizeF:
        return QSizeF(self.size())

    def home(self) -> Camera:
        """The camera that frames the whole world."""
        return framed(self.bounds(), self.view_size(), self.margins(), 1.0)

    def look(self, camera: Camera) -> None:
        """Move the eye, at once."""
        self._glide.stop()
        self._moved = True
        self._see(camera)

    def go(self, camera: Camera) -> None:
        """Move the eye, smoothly where motion is wanted."""
        self._moved = True
        self._glide.to(self.camera, camera)

    def _see(self, camera: Camera) -> None:
        self.camera = camera
        self.update()

    def frame_all(self) -> None:
        """Show the whole world."""
        if self.world() is not None:
            self.go(self.home())
            self._moved = False

    def frame_selection(self) -> None:
        """Show the selection as large as it fits, or all where there is none."""
        if self.world() is None or not self._selection:
            self.frame_all()
            return
        highest = min(self._limits()[1], 3.0 * self.home().scale)
        self.go(framed(self.area_of(self._selection), self.view_size(), self.margins(), highest))

    def eye(self) -> tuple[float, float, float] | None:
        """How near one looks (1: all of it just fits) and at what, as shares of the world's width and height; None
        while all of it is framed. It says the same in a view of another size."""
        if self.world() is None or not self._moved:
            return None
        camera, bounds, size = self._glide.goal or self.camera, self.bounds(), self.view_size()
        middle = camera.to_world(QPointF(size.width() / 2, size.height() / 2)) - bounds.topLeft()
        return camera.scale / self.home().scale, middle.x() / bounds.width(), middle.y() / bounds.height()

    def set_eye(self, eye: tuple[float, float, float]) -> None:
        """Look from there, at once."""
        if self.world() is not None:
            least, greatest = self._limits()
            scale = min(max(eye[0] * self.home().scale, least), greatest)
            bounds = self.bounds()
            middle = QPointF(bounds.left() + eye[1] * bounds.width(), bounds.top() + eye[2] * bounds.height())
            self.look(Camera(scale).centred(middle, self.view_size()))

    def zoom_by(self, factor: float) -> None:
        """Nearer (above 1) or farther, about the middle of the view."""
        if self.world() is not None:
            start = self._glide.goal or self.camera
            self.go(start.zoomed(factor, QPointF(self.width() / 2, self.height() / 2), *self._limits()))

    def zoom_at(self, factor: float, anchor: QPointF) -> None:
        """Nearer or farther at once; what is under the anchor (widget pixels) stays there."""
        if self.world() is not None:
            self.look(self.camera.zoomed(factor, anchor, *self._limits()))

    def _limits(self) -> tuple[float, float]:
        """Least and greatest scale."""
        home = self.home().scale
        return 0.5 * home, max(self.nearest_scale(), 4 * home)

    @property
    def keyboard_focus(self) -> bool:
        """Whether the keys came here by the keyboard: only then it is shown."""
        return self._keyboard_focus and self.hasFocus()

    # ---- what is selected and pointed at -------------------------------------------------------------------

    def selection(self) -> tuple[T, ...]:
        return self._selection

    def target_at(self, point: QPointF) -> T | None:
        """What a click at a point (widget pixels) means."""
        targets = self.targets_at(point) if self.world() is not None else []
        return targets[0] if targets else None

    def band(self, box: QRectF | None) -> None:
        """Show a rubber band, or none."""
        self._band = box
        self.update()

    def map_box(self) -> QRectF | None:
        """Where the mini-map is (widget pixels), if it shows."""
        return MiniMap.box(self.bounds(), self.camera, self.view_size()) if self.world() is not None else None

    # ---- painting ------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        try:
            self._paint(painter)
        except Exception:
            if not self._paint_failed:
                self._paint_failed = True
                _log.exception("The canvas could not be painted.")
        finally:
            painter.end()

    def _paint(self, painter: QPainter) -> None:
        look = theme.current()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = QColor(look.panel if self.in_card else look.window)
        painter.fillRect(self.rect(), ground)
        frame = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        inside = QPainterPath()
        inside.addRoundedRect(frame, CORNER, CORNER)
        painter.fillPath(inside, QColor(look.panel))
        world = self.world()
        if world is not None:
            painter.setClipRect(frame.adjusted(0.5, 0.5, -0.5, -0.5))
            self._paint_world(painter, self._wanted(world), look)
            painter.setClipping(False)
            corners = QPainterPath()
            corners.addRect(QRectF(self.rect()))
            painter.fillPath(corners.subtracted(inside), ground)
        self.paint_last(painter, look)
        focused = self.keyboard_focus
        if self.in_card and not focused:
            return
        painter.setPen(QPen(QColor(look.accent if focused else look.border), 1.6 if focused else 1.0))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(frame, CORNER, CORNER)

    def _wanted(self, world: World) -> Wanted:
        return Wanted(world, theme.current(), self.view_size(), self.devicePixelRatioF())

    def _paint_world(self, painter: QPainter, wanted: Wanted, look: Theme) -> None:
        cache = self._cache
        if not cache.is_current(wanted, self.camera):
            if cache.can_wait(wanted, self.camera):
                self._idle.start()
            elif not self._slices.isActive() and not cache.work(wanted, self.camera, QUICK):
                self._slices.start()
        cache.paint(painter, wanted, self.camera)
        self.paint_over(painter, look, cache.labels if cache.is_current(wanted, self.camera) else None)
        self._map.paint(
            painter, self.bounds(), self.camera, look, wanted.size, wanted.ratio,
            self.paint_map, (wanted.world.key, self._selection),
        )  # fmt: skip
        if self._band is not None:
            painter.setPen(QPen(QColor(look.selection), 1.0))
            painter.setBrush(look.color("selection", 0.08))
            painter.drawRect(self._band)

    def _slice(self) -> None:
        """The eye rests: go on with the picture that is wanted."""
        world = self.world()
        if world is None or not self.isVisible():
            return
        wanted = self._wanted(world)
        done = self._cache.work(wanted, self.camera, QUICK)
        if not done:
            self._slices.start()
        if done or not self._cache.has_places(wanted):
            self.update()

    def is_settled(self) -> bool:
        """Whether the eye rests and what is wanted is painted."""
        world = self.world()
        still = self._glide.goal is None
        return still and (world is None or self._cache.is_current(self._wanted(world), self.camera))

    def settle(self) -> None:
        """Finish the glide and the picture now, however long they take: for pictures of the window and for tests."""
        if self._glide.goal is not None:
            goal = self._glide.goal
            self._glide.stop()
            self._see(goal)
        world = self.world()
        while world is not None and not self._cache.work(self._wanted(world), self.camera, 1000.0):
            pass
        self._idle.stop()
        self._slices.stop()
        self.update()
