"""The canvas widget: the graph of the model, to look at, walk on, select and edit.

It draws a `CanvasData` and emits intents; what an edit does is not its business. Painting is in `painter`, the
mouse in `gestures`, the keyboard's ways in `walk`; this file joins them to the widget.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Literal

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, QSizeF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from core.graph import INPUT, Edge, Graph, Node
from views import theme
from views.canvas import walk
from views.canvas.cache import QUICK, Cache
from views.canvas.camera import Camera, framed
from views.canvas.gestures import Gesture, MapDrag, Pan, Press
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
from views.canvas.words import target_name, tool_tip
from views.data import CanvasData, Target

Tool = Literal["select", "cut", "patch"]

IDLE = 70  # milliseconds without a move after which a moved or scaled picture is painted anew
NEAREST = 110.0  # pixels of a head's diameter at the nearest zoom
CORNER = 8.0
_PINCH = Qt.NativeGestureType.ZoomNativeGesture

_log = logging.getLogger(__name__)


class Canvas(QWidget):
    """Shows a `CanvasData`. Mouse, keys and touch pad as in the module's docstrings of `gestures` and `walk`."""

    selection_changed = Signal(object)  # tuple of Node | Edge, by the user's hand
    edit_requested = Signal(object, str)  # the target and "cut" or "patch"
    hovered = Signal(object)  # Node, Edge or None

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.camera = Camera()
        self._data: CanvasData | None = None
        self._scene: Scene | None = None
        self._selection: tuple[Target, ...] = ()
        self._hover: Target | None = None
        self._pointer: QPointF | None = None
        self._tool: Tool = "select"
        self._gesture: Gesture | None = None
        self._band: QRectF | None = None
        self._space = False
        self._moved = False  # by the user, away from the framed view
        self._keyboard_focus = False
        self._column = 0  # where a walk left the layers for a bar
        self._cache, self._map = Cache(), MiniMap()
        self._paint_failed = False
        self._idle = QTimer(self, singleShot=True, interval=IDLE)
        self._idle.timeout.connect(self._sharpen)
        self._stale_picture = False
        self._laid_out = QSize()  # the size that the layout is for
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
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
            self._hover, self._column = None, 0
            self._moved = False
        if not self._moved:
            self.camera = self._home(layout)
        if isinstance(self._hover, Edge) and self._scene.place(self._hover) is None:
            self._set_hover(None)
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

    def choose(self, selection: tuple[Target, ...]) -> None:
        """The user selects these: mark them and say so."""
        if selection != self._selection:
            self.set_selection(selection)
            self.selection_changed.emit(selection)

    def _describe(self) -> None:
        assert self._data is not None
        names = ", ".join(target_name(target) for target in self._selection[:5])
        more = f" and {len(self._selection) - 5} more" if len(self._selection) > 5 else ""
        chosen = f"Selected: {names}{more}." if names else "Nothing is selected."
        self.setAccessibleDescription(f"{count_words(self._data)} are shown. {chosen}")

    @property
    def tool(self) -> Tool:
        """What a click does: select, or also ask for an edit."""
        return self._tool

    @tool.setter
    def tool(self, tool: Tool) -> None:
        self._tool = tool
        self._set_cursor()

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
        self._zoom(factor, QPointF(self.width() / 2, self.height() / 2))

    def _zoom(self, factor: float, anchor: QPointF) -> None:
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
        old, new = before.bounds, layout.bounds
        centre = self.camera.to_world(middle) - old.topLeft()
        at = QPointF(centre.x() / old.width() * new.width(), centre.y() / old.height() * new.height())
        self.camera = self.camera.centred(new.topLeft() + at, self.view_size())

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

    # ---- mouse ---------------------------------------------------------------------------------------------

    def click(self, target: Target | None, extend: bool) -> None:
        """What a click on a target (None: on empty space) does with the tool in hand."""
        if target is None:
            if not extend:
                self.choose(())
            return
        if self._tool == "select" and extend:
            rest = tuple(other for other in self._selection if other != target)
            self.choose(rest if len(rest) < len(self._selection) else (*rest, target))
            return
        self.choose((target,))
        if self._tool != "select" and not (isinstance(target, Node) and target.kind == "logits"):
            self.edit_requested.emit(target, self._tool)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._scene is None or self._gesture is not None:
            return
        self._keyboard_focus = False
        point = event.position()
        left = event.button() == Qt.MouseButton.LeftButton
        box = MiniMap.box(self._scene, self.camera, self.view_size())
        if event.button() == Qt.MouseButton.MiddleButton or (left and self._space):
            self._gesture = Pan(self, point)
        elif left and box is not None and box.contains(point):
            self._gesture = MapDrag(self, point, box)
        elif left:
            self._gesture = Press(self, point, _extends(event.modifiers()))
        self._set_cursor()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._pointer = event.position()
        if self._gesture is not None:
            self._gesture = self._gesture.move(event.position())
            self._set_cursor()
        else:
            self._set_hover(self.target_at(event.position()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        gesture, self._gesture = self._gesture, None
        if gesture is not None:
            gesture.end(event.position())
            self._set_hover(self.target_at(event.position()))
        self._set_cursor()

    def leaveEvent(self, event: QEvent) -> None:
        self._pointer = None
        self._set_hover(None)

    def wheelEvent(self, event: QWheelEvent) -> None:
        pixels, angle = event.pixelDelta(), event.angleDelta()
        smooth = not pixels.isNull() and event.phase() != Qt.ScrollPhase.NoScrollPhase
        across = pixels.x() if smooth else angle.x() / 2
        steps = pixels.y() / 80 if smooth else angle.y() / 120
        if abs(across) > 80 * abs(steps):  # sideways on a touch pad, or Alt and the wheel
            self.look(self.camera.panned(across, 0))
        else:
            self._zoom(1.2**steps, event.position())
        event.accept()

    def _set_hover(self, target: Target | None) -> None:
        if target != self._hover:
            self._hover = target
            self._set_cursor()
            self.hovered.emit(target)
            self.update()

    def _set_cursor(self) -> None:
        if isinstance(self._gesture, Pan):
            shape = Qt.CursorShape.ClosedHandCursor
        elif self._space:
            shape = Qt.CursorShape.OpenHandCursor
        elif self._tool != "select":
            shape = Qt.CursorShape.CrossCursor
        else:
            on_target = self._hover is not None and self._gesture is None
            shape = Qt.CursorShape.PointingHandCursor if on_target else Qt.CursorShape.ArrowCursor
        self.setCursor(shape)

    # ---- keys ----------------------------------------------------------------------------------------------

    def event(self, event: QEvent) -> bool:
        kind = event.type()
        if kind == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            self._show_tool_tip(event)
            return True
        if isinstance(event, QNativeGestureEvent) and event.gestureType() == _PINCH:
            self._zoom(1.0 + event.value(), event.position())
            return True
        tab = isinstance(event, QKeyEvent) and event.key() in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab)
        if tab and kind == QEvent.Type.KeyPress and self._cycle(event.key()):
            return True
        return super().event(event)

    def _show_tool_tip(self, event: QHelpEvent) -> None:
        target = self.target_at(QPointF(event.pos()))
        if target is None or self._scene is None:
            QToolTip.hideText()
            return
        around = QRectF(QPointF(event.pos()) - QPointF(3, 3), QSizeF(6, 6)).toRect()
        QToolTip.showText(event.globalPos(), tool_tip(self._scene, target), self, around)

    def _cycle(self, key: int) -> bool:
        """Tab under the pointer: select the next of what lies there. False where there is nothing to
        choose."""
        if self._pointer is None or self._scene is None:
            return False
        found = targets_at(self._scene, self.camera, self._pointer)
        if len(found) < 2:
            return False
        current = self._selection[0] if len(self._selection) == 1 else None
        index = found.index(current) + (1 if key == Qt.Key.Key_Tab else -1) if current in found else 0
        self.choose((found[index % len(found)],))
        return True

    def focusInEvent(self, event: QFocusEvent) -> None:
        mouse = event.reason() in (Qt.FocusReason.MouseFocusReason, Qt.FocusReason.ActiveWindowFocusReason)
        self._keyboard_focus = not mouse
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._space = False
        self._set_cursor()
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if self._scene is None:
            event.ignore()
        elif key == Qt.Key.Key_Escape and self._gesture is not None:
            self._gesture.cancel()
            self._gesture = None
            self._set_cursor()
        elif key == Qt.Key.Key_Escape and self._selection:
            self.choose(())
        elif key == Qt.Key.Key_Space:
            self._space = True
            self._set_cursor()
        elif key == Qt.Key.Key_F and event.modifiers() == Qt.KeyboardModifier.ShiftModifier:
            self.frame_all()
        elif key == Qt.Key.Key_F and not event.modifiers():
            self.frame_selection()
        elif not self._walk(key, bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)):
            event.ignore()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._space = False
            self._set_cursor()
        else:
            event.ignore()

    def _walk(self, key: int, alt: bool) -> bool:
        """See `walk`. False when the key is none of its."""
        ways = {
            Qt.Key.Key_Left: (-1, 0),
            Qt.Key.Key_Right: (1, 0),
            Qt.Key.Key_Up: (0, 1),
            Qt.Key.Key_Down: (0, -1),
        }
        enter = key in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if key not in ways and not enter:
            return False
        here = self._selection[-1] if self._selection else None
        dx, dy = ways.get(Qt.Key(key), (0, 0))
        goal: Target | None
        if here is None:
            goal = INPUT
        elif enter:
            goal = walk.enter(self.scene, here)
        elif isinstance(here, Edge):
            goal = walk.sibling(self.scene, here, dx) if dx else walk.along(self.scene, here, dy > 0)
        elif alt:
            goal = walk.along(self.scene, here, dy > 0) if dy else here
        else:
            goal = self._step(self.scene.data.graph, here, dx, dy)
        if goal is not None:
            self.choose((goal,))
            self._bring_into_view(goal)
        return True

    def _step(self, graph: Graph, node: Node, dx: int, dy: int) -> Node:
        column = walk.column_of(graph, node)
        if column is not None:
            self._column = column
        return walk.step(graph, node, dx, dy, self._column)

    def _bring_into_view(self, target: Target) -> None:
        node = target if isinstance(target, Node) else target.writer
        rect = node_rect(self.scene, self.camera, node)
        if not QRectF(self.rect()).contains(rect.center()):
            self.look(self.camera.centred(self.scene.layout.position(node), self.view_size()))


def _extends(modifiers: Qt.KeyboardModifier) -> bool:
    return bool(modifiers & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier))
