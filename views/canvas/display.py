"""The showing half of the canvas: a `CanvasData` laid out, painted, and looked at with a camera. The hands (mouse
and keys) are in `canvas`."""

from __future__ import annotations

import logging
from dataclasses import replace

from PySide6.QtCore import QPointF, QRectF, QSize, QSizeF, Qt, QTimer
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from core.graph import Edge, Node
from views import theme
from views.canvas.cache import QUICK, Cache
from views.canvas.camera import Camera, framed
from views.canvas.hit import clear_point, nodes_in, targets_at
from views.canvas.labels import node_rect
from views.canvas.layout import Layout, make_layout
from views.canvas.minimap import MiniMap
from views.canvas.painter import (
    count_words,
    header_widths,
    paint_emphasis,
    paint_header,
    paint_layer_names,
)
from views.canvas.scene import Scene, make_scene
from views.canvas.words import target_name
from views.data import CanvasData, Target

IDLE = 70  # milliseconds without a move after which a moved or scaled picture is painted anew
NEAREST = 110.0  # pixels of a head's diameter at the nearest zoom
CORNER = 8.0

_log = logging.getLogger(__name__)


class Display(QWidget):
    """Shows a `CanvasData`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.camera = Camera()
        self._data: CanvasData | None = None
        self._scene: Scene | None = None
        self._selection: tuple[Target, ...] = ()
        self._hover: Target | None = None
        self._band: QRectF | None = None
        self._moved = False  # by the user, away from the framed view
        self._keyboard_focus = False
        self._cache, self._map = Cache(), MiniMap()
        self._paint_failed = False
        self._idle = QTimer(self, singleShot=True, interval=IDLE)
        self._idle.timeout.connect(self._sharpen)
        self._stale_picture = False
        self._laid_out = QSize()  # the size that the layout is for
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(240, 200)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName("Graph of the model")
        theme.theme_changes().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(760, 540)

    # ---- data ----------------------------------------------------------------------------------------------

    def set_data(self, data: CanvasData) -> None:
        """Show this. The view stays where it is unless the graph is another one."""
        other = self._data is None or self._data.graph != data.graph
        self._data, self._selection = data, data.selection
        layout = self._layout_of(data) if other or self._scene is None else self._scene.layout
        self._scene = make_scene(data, layout)
        if other:
            self._hover, self._moved = None, False
        elif isinstance(self._hover, Edge) and self._scene.place(self._hover) is None:
            self._hover = None
        if not self._moved:
            self.camera = self._home(layout)
        self._describe()
        self.update()

    @property
    def scene(self) -> Scene:
        assert self._scene is not None
        return self._scene

    def selection(self) -> tuple[Target, ...]:
        return self._selection

    def set_selection(self, selection: tuple[Target, ...]) -> None:
        """Mark these as selected. Emits nothing."""
        if selection != self._selection and self._data is not None:
            self._selection = selection
            self._data = replace(self._data, selection=selection)
            self._stale_picture = True
            self._describe()
            self.update()

    def _describe(self) -> None:
        assert self._data is not None
        names = ", ".join(target_name(target) for target in self._selection[:5])
        more = f" and {len(self._selection) - 5} more" if len(self._selection) > 5 else ""
        chosen = f"Selected: {names}{more}." if names else "Nothing is selected."
        self.setAccessibleDescription(f"{count_words(self._data)} are shown. {chosen}")

    # ---- the eye -------------------------------------------------------------------------------------------

    def look(self, camera: Camera) -> None:
        """Move the eye."""
        self.camera, self._moved = camera, True
        self.update()

    def frame_all(self) -> None:
        """Show the whole graph."""
        if self._scene is not None:
            self.camera, self._moved = self._home(self._scene.layout), False
            self.update()

    def frame_selection(self) -> None:
        """Show the selection as large as it fits, or all where there is none."""
        if self._scene is None or not self._selection:
            self.frame_all()
            return
        layout, graph = self._scene.layout, self._scene.data.graph
        area = QRectF()
        for target in self._selection:
            nodes = (target,) if isinstance(target, Node) else (target.writer, *graph.readers_of(target.reader))
            for node in nodes:
                area = area.united(layout.shape(node))
        room = 0.8 * max(layout.pitch_x, layout.pitch_y)
        highest = min(self._limits()[1], 3.0 * self._home(layout).scale)
        self.look(framed(area.adjusted(-room, -room, room, room), self.view_size(), layout.margins, highest))

    def zoom_by(self, factor: float) -> None:
        """Nearer (above 1) or farther, about the middle of the view."""
        self.zoom_at(factor, QPointF(self.width() / 2, self.height() / 2))

    def zoom_at(self, factor: float, anchor: QPointF) -> None:
        """Nearer or farther; what is under the anchor (widget pixels) stays there."""
        if self._scene is not None:
            self.look(self.camera.zoomed(factor, anchor, *self._limits()))

    def _limits(self) -> tuple[float, float]:
        """Least and greatest scale."""
        layout = self.scene.layout
        home = self._home(layout).scale
        return 0.5 * home, max(NEAREST / (2 * layout.radius), 4 * home)

    def _home(self, layout: Layout) -> Camera:
        return framed(layout.bounds, self.view_size(), layout.margins, 1.0)

    def _layout_of(self, data: CanvasData) -> Layout:
        self._laid_out = self.size()
        # the widest the count can get, so that nothing moves when edges come and go
        every = header_widths(f"{data.graph.n_edges:,} of {data.graph.n_edges:,} edges")
        return make_layout(data.graph, self.view_size(), every)

    def view_size(self) -> QSizeF:
        return QSizeF(self.size())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay the graph out for the new room; what was in the middle stays there."""
        if self._data is None or self._scene is None or self._laid_out == self.size():
            return
        before, middle = self._scene.layout, QPointF(self._laid_out.width() / 2, self._laid_out.height() / 2)
        layout = self._layout_of(self._data)
        self._scene = make_scene(self._data, layout)
        if not self._moved:
            self.camera = self._home(layout)
            return
        grid = before.to_grid(self.camera.to_world(middle))
        self.camera = self.camera.centred(layout.from_grid(grid), self.view_size())

    # ---- places, for tests and automation ------------------------------------------------------------------

    def target_at(self, point: QPointF) -> Target | None:
        """The node or edge that a click at a point (widget pixels) means."""
        found = targets_at(self._scene, self.camera, point) if self._scene is not None else []
        return found[0] if found else None

    def nodes_in(self, box: QRectF) -> tuple[Node, ...]:
        return nodes_in(self.scene, self.camera, box)

    def edge_point(self, index: int) -> QPointF:
        """A point (widget pixels) on a shown edge, by its index in the graph, where a click hits that edge and
        not another. Raises ValueError when it is not shown or has no such point in view."""
        place = self.scene.order_of.get(index)
        if place is None:
            raise ValueError(f"Edge {self.scene.data.graph.edge(index)} is not shown.")
        view = QRectF(self.rect()).adjusted(6, 6, -6, -6)
        box = MiniMap.box(self.scene, self.camera, self.view_size())
        point = clear_point(self.scene, self.camera, place, view, box)
        if point is None:
            raise ValueError(f"Edge {self.scene.data.graph.edge(index)} is hidden by others or out of view.")
        return point

    def node_point(self, node: Node) -> QPointF:
        """The middle of a node (widget pixels)."""
        return node_rect(self.scene, self.camera, node).center()

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
        look, size = theme.current(), self.view_size()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor(look.window))
        frame = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        inside = QPainterPath()
        inside.addRoundedRect(frame, CORNER, CORNER)
        painter.fillPath(inside, QColor(look.panel))
        if self._scene is not None and self._data is not None:
            painter.setClipRect(frame.adjusted(0.5, 0.5, -0.5, -0.5))
            self._paint_scene(painter, self._scene, look, size)
            painter.setClipping(False)
            corners = QPainterPath()
            corners.addRect(QRectF(self.rect()))
            painter.fillPath(corners.subtracted(inside), QColor(look.window))
        focused = self._keyboard_focus and self.hasFocus()
        painter.setPen(QPen(QColor(look.accent if focused else look.border), 1.6 if focused else 1.0))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(frame, CORNER, CORNER)

    def _paint_scene(self, painter: QPainter, scene: Scene, look: theme.Theme, size: QSizeF) -> None:
        cache, ratio = self._cache, self.devicePixelRatioF()
        fits = cache.matches(scene, look, size, ratio)
        fresh = fits and cache.is_sharp(self.camera, size) and not self._stale_picture
        if not fits or (not fresh and cache.milliseconds <= QUICK):
            self._render(scene, look, size, ratio)
        elif not fresh:
            self._idle.start()
        cache.paint(painter, self.camera)
        emphasis = [(target, True) for target in self._selection]
        if self._hover is not None and self._hover not in self._selection:
            emphasis.append((self._hover, False))
        labels = cache.labels if cache.is_sharp(self.camera, size) else None
        for target, chosen in emphasis:
            paint_emphasis(painter, scene, self.camera, look, target, labels, chosen)
        paint_layer_names(painter, scene, self.camera, look, size)
        paint_header(painter, scene.data, look, size)
        self._map.paint(painter, scene, self.camera, look, size, ratio)
        if self._band is not None:
            painter.setPen(QPen(QColor(look.selection), 1.0))
            painter.setBrush(look.color("selection", 0.08))
            painter.drawRect(self._band)

    def _render(self, scene: Scene, look: theme.Theme, size: QSizeF, ratio: float) -> None:
        self._cache.render(scene, self.camera, look, size, ratio, self._selection)
        self._stale_picture = False
        self._idle.stop()

    def _sharpen(self) -> None:
        """The eye rests: paint the picture anew, slow as it may be."""
        if self._scene is not None:
            self._render(self._scene, theme.current(), self.view_size(), self.devicePixelRatioF())
            self.update()

    def band(self, box: QRectF | None) -> None:
        """Show a rubber band, or none."""
        self._band = box
        self.update()
