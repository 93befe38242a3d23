"""The canvas widget: the graph of the model, to look at, walk on, select and edit.

It draws a `CanvasData` and emits intents; what an edit does is not its business. `display` shows, `gestures` are
the mouse's, `walk` the keyboard's ways; this file joins them to the widget.
"""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QEvent, QPointF, QRectF, QSizeF, Qt, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QToolTip, QWidget

from core.graph import INPUT, Edge, Graph, Node
from views.canvas import walk
from views.canvas.display import Display
from views.canvas.gestures import Gesture, MapDrag, Pan, Press
from views.canvas.hit import targets_at
from views.canvas.labels import node_rect
from views.canvas.minimap import MiniMap
from views.canvas.words import tool_tip
from views.data import Target
from views.widgets.drops import CARD_MIME

Tool = Literal["select", "cut", "patch"]

_PINCH = Qt.NativeGestureType.ZoomNativeGesture


class Canvas(Display):
    """Shows a `CanvasData`. Mouse, keys and touch pad as in the module's docstrings of `gestures` and `walk`."""

    selection_changed = Signal(object)  # tuple of Node | Edge, by the user's hand
    edit_requested = Signal(object, str)  # the target and "cut" or "patch"
    patch_dropped = Signal(object)  # the target that card B was dropped on
    hovered = Signal(object)  # Node, Edge or None

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pointer: QPointF | None = None
        self._tool: Tool = "select"
        self._gesture: Gesture | None = None
        self._button = Qt.MouseButton.NoButton  # that the gesture began with
        self._space = False
        self._column = 0  # where a walk left the layers for a bar
        self.setAcceptDrops(True)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def choose(self, selection: tuple[Target, ...]) -> None:
        """The user selects these: mark them and say so."""
        if selection != self._selection:
            self.set_selection(selection)
            self.selection_changed.emit(selection)

    @property
    def tool(self) -> Tool:
        """What a click does: select, or also ask for an edit."""
        return self._tool

    @tool.setter
    def tool(self, tool: Tool) -> None:
        self._tool = tool
        self._set_cursor()

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
        self._keyboard_focus, self._button = False, event.button()
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
        if self._gesture is not None and not event.buttons() & self._button:
            self._cancel()  # the release went elsewhere
        if self._gesture is not None:
            self._gesture = self._gesture.move(event.position())
            self._set_cursor()
        else:
            self._set_hover(self.target_at(event.position()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() != self._button:
            return
        gesture, self._gesture = self._gesture, None
        if gesture is not None:
            gesture.end(event.position())
            self._set_hover(self.target_at(event.position()))
        self._set_cursor()

    def _cancel(self) -> None:
        gesture, self._gesture = self._gesture, None
        if gesture is not None:
            gesture.cancel()
        self._set_cursor()

    # ---- card B, dragged here --------------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        event.setAccepted(event.mimeData().hasFormat(CARD_MIME))

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        target = self.target_at(event.position())
        event.setAccepted(event.mimeData().hasFormat(CARD_MIME) and _writes(target))

    def dropEvent(self, event: QDropEvent) -> None:
        target = self.target_at(event.position())
        if _writes(target):
            event.acceptProposedAction()
            self.patch_dropped.emit(target)

    # ---- mouse, further ------------------------------------------------------------------------------------

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
            self.zoom_at(1.2**steps, event.position())
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
            self.zoom_at(1.0 + event.value(), event.position())
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
            self._cancel()
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


def _writes(target: Target | None) -> bool:
    """Whether there is something to patch: `logits` only reads."""
    return target is not None and not (isinstance(target, Node) and target.kind == "logits")
