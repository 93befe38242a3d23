"""Mouse gestures as objects: begun by a press, moved, then ended or cancelled. Each knows only what it does, so
no mouse handler is a soup of flags."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import QPointF, QRectF, QSizeF

from core.graph import Node
from views.canvas.camera import Camera
from views.canvas.minimap import MiniMap
from views.canvas.scene import Scene
from views.data import Target

DRAG = 4.0  # pixels from which a press is a drag


class Stage(Protocol):
    """What gestures need of the canvas."""

    camera: Camera

    @property
    def scene(self) -> Scene: ...
    def look(self, camera: Camera) -> None: ...
    def click(self, target: Target | None, extend: bool) -> None: ...
    def target_at(self, point: QPointF) -> Target | None: ...
    def band(self, box: QRectF | None) -> None: ...
    def nodes_in(self, box: QRectF) -> tuple[Node, ...]: ...
    def choose(self, selection: tuple[Target, ...]) -> None: ...
    def selection(self) -> tuple[Target, ...]: ...
    def view_size(self) -> QSizeF: ...


class Gesture:
    """The life of one press. `moved` returns the gesture that goes on: itself, or one that it turned into."""

    def __init__(self, stage: Stage, start: QPointF) -> None:
        self.stage = stage
        self.start = start

    def move(self, point: QPointF) -> Gesture:
        return self

    def end(self, point: QPointF) -> None:
        pass

    def cancel(self) -> None:
        pass


class Pan(Gesture):
    """The world follows the hand; cancelled, it springs back."""

    def __init__(self, stage: Stage, start: QPointF) -> None:
        super().__init__(stage, start)
        self._camera = stage.camera

    def move(self, point: QPointF) -> Gesture:
        self.stage.look(self._camera.panned(*(point - self.start).toTuple()))
        return self

    def cancel(self) -> None:
        self.stage.look(self._camera)


class RubberBand(Gesture):
    """Selects the nodes inside, added to the selection when it extends."""

    def __init__(self, stage: Stage, start: QPointF, extend: bool) -> None:
        super().__init__(stage, start)
        self._extend = extend

    def move(self, point: QPointF) -> Gesture:
        self.stage.band(QRectF(self.start, point).normalized())
        return self

    def end(self, point: QPointF) -> None:
        self.stage.band(None)
        inside = self.stage.nodes_in(QRectF(self.start, point).normalized())
        kept = self.stage.selection() if self._extend else ()
        self.stage.choose((*kept, *(node for node in inside if node not in kept)))

    def cancel(self) -> None:
        self.stage.band(None)


class Press(Gesture):
    """A click, unless it moves: then a rubber band from empty space, or a pan from a node or edge."""

    def __init__(self, stage: Stage, start: QPointF, extend: bool) -> None:
        super().__init__(stage, start)
        self._extend = extend
        self._target = stage.target_at(start)

    def move(self, point: QPointF) -> Gesture:
        if (point - self.start).manhattanLength() <= DRAG:
            return self
        if self._target is None:
            return RubberBand(self.stage, self.start, self._extend).move(point)
        return Pan(self.stage, self.start).move(point)

    def end(self, point: QPointF) -> None:
        self.stage.click(self._target, self._extend)


class MapDrag(Gesture):
    """Click and drag on the mini-map: the view goes there."""

    def __init__(self, stage: Stage, start: QPointF, box: QRectF) -> None:
        super().__init__(stage, start)
        self._camera, self._box = stage.camera, box
        self.move(start)

    def move(self, point: QPointF) -> Gesture:
        world = MiniMap.to_world(self.stage.scene, self._box, point)
        self.stage.look(self._camera.centred(world, self.stage.view_size()))
        return self

    def cancel(self) -> None:
        self.stage.look(self._camera)
