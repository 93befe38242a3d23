"""Mouse gestures as objects: begun by a press, moved, then ended or cancelled. Each knows only what it does, so
no mouse handler is a soup of flags."""

from __future__ import annotations

from typing import Generic, Protocol, TypeVar

from PySide6.QtCore import QPointF, QRectF, QSizeF

from views.canvas.camera import Camera
from views.canvas.minimap import MiniMap

T = TypeVar("T")  # what can be selected

DRAG = 4.0  # pixels from which a press is a drag


class Stage(Protocol[T]):
    """What gestures need of the canvas."""

    camera: Camera

    def look(self, camera: Camera) -> None: ...
    def click(self, target: T | None, extend: bool) -> None: ...
    def target_at(self, point: QPointF) -> T | None: ...
    def band(self, box: QRectF | None) -> None: ...
    def inside(self, box: QRectF) -> tuple[T, ...]: ...
    def choose(self, selection: tuple[T, ...]) -> None: ...
    def selection(self) -> tuple[T, ...]: ...
    def view_size(self) -> QSizeF: ...
    def bounds(self) -> QRectF: ...


class Gesture(Generic[T]):
    """The life of one press. `move` returns the gesture that goes on: itself, or one that it turned into."""

    def __init__(self, stage: Stage[T], start: QPointF) -> None:
        self.stage = stage
        self.start = start

    def move(self, point: QPointF) -> Gesture[T]:
        return self

    def end(self, point: QPointF) -> None:
        pass

    def cancel(self) -> None:
        pass


class Pan(Gesture[T]):
    """The world follows the hand; cancelled, it springs back."""

    def __init__(self, stage: Stage[T], start: QPointF) -> None:
        super().__init__(stage, start)
        self._camera = stage.camera

    def move(self, point: QPointF) -> Gesture[T]:
        self.stage.look(self._camera.panned(*(point - self.start).toTuple()))
        return self

    def cancel(self) -> None:
        self.stage.look(self._camera)


class RubberBand(Gesture[T]):
    """Selects what is inside, added to the selection when it extends."""

    def __init__(self, stage: Stage[T], start: QPointF, extend: bool) -> None:
        super().__init__(stage, start)
        self._extend = extend

    def move(self, point: QPointF) -> Gesture[T]:
        self.stage.band(QRectF(self.start, point).normalized())
        return self

    def end(self, point: QPointF) -> None:
        self.stage.band(None)
        inside = self.stage.inside(QRectF(self.start, point).normalized())
        kept = self.stage.selection() if self._extend else ()
        self.stage.choose((*kept, *(node for node in inside if node not in kept)))

    def cancel(self) -> None:
        self.stage.band(None)


class Press(Gesture[T]):
    """A click, unless it moves: then a rubber band from empty space, or a pan from a node or edge."""

    def __init__(self, stage: Stage[T], start: QPointF, extend: bool) -> None:
        super().__init__(stage, start)
        self._extend = extend
        self._target = stage.target_at(start)

    def move(self, point: QPointF) -> Gesture[T]:
        if (point - self.start).manhattanLength() <= DRAG:
            return self
        if self._target is None:
            return RubberBand(self.stage, self.start, self._extend).move(point)
        return Pan(self.stage, self.start).move(point)

    def end(self, point: QPointF) -> None:
        self.stage.click(self._target, self._extend)


class MapDrag(Gesture[T]):
    """Click and drag on the mini-map: the view goes there. A press inside the window on the map takes hold of it
    where it is, so that it does not jump."""

    def __init__(self, stage: Stage[T], start: QPointF, box: QRectF) -> None:
        super().__init__(stage, start)
        self._camera, self._box = stage.camera, box
        window = MiniMap.window(stage.bounds(), box, stage.camera, stage.view_size())
        self._hold = window.center() - start if window.contains(start) and window.intersected(box) != box else None
        if self._hold is None:
            self.move(start)

    def move(self, point: QPointF) -> Gesture[T]:
        world = MiniMap.to_world(self.stage.bounds(), self._box, point + (self._hold or QPointF(0, 0)))
        self.stage.look(self._camera.centred(world, self.stage.view_size()))
        return self

    def cancel(self) -> None:
        self.stage.look(self._camera)
