"""The hands on a board: mouse, wheel, touch pad, and the keys that both levels of the canvas share."""

from __future__ import annotations

from typing import Literal, TypeVar

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSizeF, Qt, Signal
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

from views.canvas.board import Board
from views.canvas.gestures import Gesture, MapDrag, Pan, Press
from views.widgets.drops import CARD_MIME

Tool = Literal["select", "cut", "patch"]
T = TypeVar("T")

_PINCH = Qt.NativeGestureType.ZoomNativeGesture


class Hands(Board[T]):
    """Mouse and keys as in the docstrings of `gestures`. A subclass says what is selected, edited and told."""

    selection_changed = Signal(object)  # tuple of targets, by the user's hand
    edit_requested = Signal(object, str)  # the target and "cut" or "patch"
    patch_dropped = Signal(object)  # the target that card B was dropped on

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pointer: QPointF | None = None
        self._tool: Tool = "select"
        self._gesture: Gesture[T] | None = None
        self._button = Qt.MouseButton.NoButton  # that the gesture began with
        self._space = False
        self.setAcceptDrops(True)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def choose(self, selection: tuple[T, ...]) -> None:
        """The user selects these: mark them and say so."""
        if selection != self._selection:
            self.set_selection(selection)
            self.selection_changed.emit(selection)

    # ---- what a subclass gives -----------------------------------------------------------------------------

    def set_selection(self, selection: tuple[T, ...]) -> None:
        """Mark these as selected. Emits nothing."""
        raise NotImplementedError

    def can_edit(self, target: T) -> bool:
        raise NotImplementedError

    def tip(self, target: T) -> str:
        """What is said of a target under the pointer."""
        raise NotImplementedError

    def name(self, target: T) -> str:
        raise NotImplementedError

    def inside(self, box: QRectF) -> tuple[T, ...]:
        """What a rubber band (widget pixels) catches."""
        raise NotImplementedError

    def press_key(self, key: int, modifiers: Qt.KeyboardModifier) -> bool:
        """A key that is not everybody's. Returns whether it was taken."""
        return False

    # ---- mouse ---------------------------------------------------------------------------------------------

    @property
    def tool(self) -> Tool:
        """What a click does: select, or also ask for an edit."""
        return self._tool

    @tool.setter
    def tool(self, tool: Tool) -> None:
        self._tool = tool
        self._set_cursor()

    def click(self, target: T | None, extend: bool) -> None:
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
        if self._tool != "select" and self.can_edit(target):
            self.edit_requested.emit(target, self._tool)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self.world() is None or self._gesture is not None:
            return
        self._keyboard_focus, self._button = False, event.button()
        point = event.position()
        left = event.button() == Qt.MouseButton.LeftButton
        box = self.map_box()
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
            self._set_hover(self._pointed_at(event.position()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() != self._button:
            return
        gesture, self._gesture = self._gesture, None
        if gesture is not None:
            gesture.end(event.position())
            self._set_hover(self._pointed_at(event.position()))
        self._set_cursor()

    def _pointed_at(self, point: QPointF) -> T | None:
        """What lies under the mini-map is not meant."""
        box = self.map_box()
        return None if box is not None and box.contains(point) else self.target_at(point)

    def _cancel(self) -> None:
        gesture, self._gesture = self._gesture, None
        if gesture is not None:
            gesture.cancel()
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
            self.zoom_at(1.2**steps, event.position())
        event.accept()

    def _set_hover(self, target: T | None) -> None:
        if target != self._hover:
            self._hover = target
            self._set_cursor()
            self.update()

    def _set_cursor(self) -> None:
        box = self.map_box()
        if isinstance(self._gesture, Pan | MapDrag):
            shape = Qt.CursorShape.ClosedHandCursor
        elif self._space or (box is not None and self._pointer is not None and box.contains(self._pointer)):
            shape = Qt.CursorShape.OpenHandCursor
        elif self._tool != "select":
            shape = Qt.CursorShape.CrossCursor
        else:
            on_target = self._hover is not None and self._gesture is None
            shape = Qt.CursorShape.PointingHandCursor if on_target else Qt.CursorShape.ArrowCursor
        if self.cursor().shape() != shape:
            self.setCursor(shape)

    # ---- card B, dragged here --------------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        event.setAccepted(event.mimeData().hasFormat(CARD_MIME))

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        target = self.target_at(event.position())
        event.setAccepted(event.mimeData().hasFormat(CARD_MIME) and target is not None and self.can_edit(target))

    def dropEvent(self, event: QDropEvent) -> None:
        target = self.target_at(event.position())
        if target is not None and self.can_edit(target):
            event.acceptProposedAction()
            self.patch_dropped.emit(target)

    # ---- keys ----------------------------------------------------------------------------------------------

    def event(self, event: QEvent) -> bool:
        kind = event.type()
        if kind == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            self._show_tip(event.globalPos(), event.pos())
            return True
        if isinstance(event, QNativeGestureEvent) and event.gestureType() == _PINCH:
            self.zoom_at(1.0 + event.value(), event.position())
            return True
        tab = isinstance(event, QKeyEvent) and event.key() in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab)
        if tab and kind == QEvent.Type.KeyPress and self._cycle(event.key()):
            return True
        return super().event(event)

    def _show_tip(self, at: QPoint, point: QPoint) -> None:
        """Say what is under the pointer, and what Tab goes on to."""
        targets = self.targets_at(QPointF(point)) if self.world() is not None else []
        if not targets:
            QToolTip.hideText()
            return
        current = self._selection[0] if len(self._selection) == 1 and self._selection[0] in targets else targets[0]
        words = self.tip(current)
        if len(targets) > 1:
            number = targets.index(current) + 1
            words += f"\nTab: {self.name(targets[number % len(targets)])}  ·  {number} of {len(targets)} here"
        around = QRectF(QPointF(point) - QPointF(3, 3), QSizeF(6, 6)).toRect()
        QToolTip.showText(at, words, self, around)

    def _cycle(self, key: int) -> bool:
        """Tab under the pointer: select the next of what lies there, and say what comes after it. False where there
        is nothing to choose."""
        if self._pointer is None or self.world() is None:
            return False
        targets = self.targets_at(self._pointer)
        if len(targets) < 2:
            return False
        current = self._selection[0] if len(self._selection) == 1 else None
        index = targets.index(current) + (1 if key == Qt.Key.Key_Tab else -1) if current in targets else 0
        self.choose((targets[index % len(targets)],))
        point = self._pointer.toPoint()
        self._show_tip(self.mapToGlobal(point), point)
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
        if self.world() is None:
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
        elif not self.press_key(key, event.modifiers()):
            event.ignore()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._space = False
            self._set_cursor()
        else:
            event.ignore()


def _extends(modifiers: Qt.KeyboardModifier) -> bool:
    return bool(modifiers & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier))
