"""The second level of the canvas: the circuit unfolded over tokens or patches, to look at, walk on, select and edit at
one position only.

It draws an `PositionsData` and emits intents. `board` looks, `hands` are mouse and keys, `walk` the keyboard's
ways; this file joins them to the unfolded circuit.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from PySide6.QtCore import QMarginsF, QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QResizeEvent
from PySide6.QtWidgets import QWidget

from core.graph import Node
from views.canvas.camera import Camera, framed
from views.canvas.hands import Hands
from views.canvas.labels import Labels
from views.canvas.positions.border import (
    paint_column_heads,
    paint_note,
    paint_positions_header,
    paint_positions_small,
    paint_row_names,
    positions_count,
)
from views.canvas.positions.data import Link, Move, Place, PositionsData, Spot
from views.canvas.positions.layout import LEGIBLE, make_positions_layout, margins
from views.canvas.positions.painter import PositionsWorld, paint_positions_emphasis, spot_rect
from views.canvas.positions.scene import PositionsScene, make_positions_scene
from views.canvas.positions.walk import walk
from views.canvas.positions.words import place_name, place_tip
from views.theme_colors import Theme

NEAREST = 60.0  # pixels of a node's height at the nearest zoom


class PositionsCanvas(Hands[Place]):
    """Shows an `PositionsData`. Mouse, keys and touch pad as in the docstrings of `gestures` and `walk`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._data: PositionsData | None = None
        self._scene: PositionsScene | None = None
        self.setAccessibleName("Circuit over positions")

    # ---- data ----------------------------------------------------------------------------------------------

    def set_data(self, data: PositionsData) -> None:
        """Show this. The view stays where it is unless the columns or the rows are others."""
        if data == self._data:
            return
        self._data, self._selection = data, data.selection
        before = self._scene
        layout = make_positions_layout(data, self.view_size())
        if before is not None and before.layout.nodes == layout.nodes and before.layout.columns == layout.columns:
            layout = before.layout  # what is painted stays while only figures change
        elif before is None or before.layout.column_of.keys() != layout.column_of.keys():
            self._moved = False
        self._scene = make_positions_scene(data, layout)
        if self._hover is not None and self._scene.area(self._hover).isNull():
            self._hover = None
        if not self._moved and data.columns:
            self.camera = self._glide.goal or self.home()
        self._describe()
        self.update()

    @property
    def scene(self) -> PositionsScene:
        assert self._scene is not None
        return self._scene

    def set_selection(self, selection: tuple[Place, ...]) -> None:
        """Mark these as selected. Emits nothing."""
        if selection != self._selection and self._data is not None:
            self._selection = selection
            self._data = replace(self._data, selection=selection)
            self._describe()
            self.update()

    def _describe(self) -> None:
        data = self._data
        assert data is not None
        names = ", ".join(place_name(data, place) for place in self._selection[:5])
        more = f" and {len(self._selection) - 5} more" if len(self._selection) > 5 else ""
        chosen = f"Selected: {names}{more}." if names else "Nothing is selected."
        self.setAccessibleDescription(data.note or f"{positions_count(data)} are shown. {chosen}")

    # ---- what the board shows ------------------------------------------------------------------------------

    def world(self) -> PositionsWorld | None:
        if self._scene is None or not self._scene.data.columns:
            return None
        scene = self._scene
        spots = {place for place in self._selection if isinstance(place, Spot)}
        return PositionsWorld(scene, frozenset(spots))

    def bounds(self) -> QRectF:
        return self.scene.layout.bounds

    def margins(self) -> QMarginsF:
        return margins()

    def home(self) -> Camera:
        """All of it, where it can be read so; else as much as has room, up to its end, where the output reads."""
        bounds, size = self.bounds(), self.view_size()
        room = margins()
        whole = framed(bounds, size, room, 1.0)
        if whole.scale >= LEGIBLE:
            return whole
        right = size.width() - room.right() - bounds.right() * LEGIBLE
        left = room.left() - bounds.left() * LEGIBLE
        return Camera(LEGIBLE, min(left, right), size.height() - room.bottom() - bounds.bottom() * LEGIBLE)

    def nearest_scale(self) -> float:
        return NEAREST / (2 * self.scene.layout.radius)

    def area_of(self, selection: tuple[Place, ...]) -> QRectF:
        area = QRectF()
        for place in selection:
            area = area.united(self.scene.area(place))
        room = 2.5 * self.scene.layout.pitch
        return area.adjusted(-room, -room, room, room)

    def targets_at(self, point: QPointF) -> list[Place]:
        return self.scene.places_at(self.camera, point)

    def paint_over(self, painter: QPainter, look: Theme, labels: Labels | None) -> None:
        scene, size = self.scene, self.view_size()
        emphasis = [(place, True) for place in self._selection]
        if self._hover is not None and self._hover not in self._selection:
            emphasis.append((self._hover, False))
        emphasis.sort(key=lambda item: isinstance(item[0], Spot))  # links pass under the rings of spots
        loud: set[Node] = set()
        chosen_of = Counter(place.node for place in self._selection if isinstance(place, Spot))
        for place, chosen in emphasis:
            named = not (chosen and isinstance(place, Spot) and chosen_of[place.node] > 1)  # else its row has the name
            paint_positions_emphasis(painter, scene, self.camera, look, place, labels, chosen, named)
            loud.update([place.node] if isinstance(place, Spot) else [spot.node for spot in scene.ends(place)])
        paint_column_heads(painter, scene, self.camera, look, size)
        paint_row_names(painter, scene, self.camera, look, size, frozenset(loud))
        paint_positions_header(painter, scene.data, look, size)

    def paint_last(self, painter: QPainter, look: Theme) -> None:
        """Why there is nothing to see."""
        if self._data is not None and self._data.note:
            paint_note(painter, self._data.note, look, self.view_size())

    def paint_map(self, painter: QPainter, look: Theme, camera: Camera) -> None:
        paint_positions_small(painter, self.scene, camera, look)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay the circuit out for the new room."""
        if self._data is None:
            return
        self._glide.stop()
        self._scene = make_positions_scene(self._data, make_positions_layout(self._data, self.view_size()))
        if not self._moved and self._data.columns:
            self.camera = self.home()

    # ---- what the hands do ---------------------------------------------------------------------------------

    def can_edit(self, target: Place) -> bool:
        """The output only reads."""
        return not (isinstance(target, Spot) and target.node.kind == "logits")

    def tip(self, target: Place) -> str:
        return place_tip(self.scene, target)

    def name(self, target: Place) -> str:
        return place_name(self.scene.data, target)

    def inside(self, box: QRectF) -> tuple[Place, ...]:
        return self.scene.spots_in(self.camera, box)

    def press_key(self, key: int, modifiers: Qt.KeyboardModifier) -> bool:
        """Walk: see `walk`."""
        here = self._selection[-1] if self._selection else None
        taken, goal = walk(self.scene, here, key, bool(modifiers & Qt.KeyboardModifier.AltModifier))
        if goal is not None:
            self.choose((goal,))
            middle = self.scene.area(goal).center()
            if not QRectF(self.rect()).contains(self.camera.point(middle.x(), middle.y())):
                self.go(self.camera.centred(middle, self.view_size()))
        return taken

    # ---- places, for tests and automation ------------------------------------------------------------------

    def spot_point(self, spot: Spot) -> QPointF:
        """The middle of a node at a column (widget pixels)."""
        return spot_rect(self.scene, self.camera, spot).center()

    def link_point(self, link: Link) -> QPointF:
        """A point (widget pixels) where a click hits that link. Raises ValueError where there is none."""
        view = QRectF(self.rect()).adjusted(6, 40, -6, -6)
        point = self.scene.clear_point(self.camera, link, view) if link in self.scene.place_of else None
        if point is None:
            what = "move" if isinstance(link, Move) else "wire"
            raise ValueError(f"The {what} {place_name(self.scene.data, link)} is hidden or out of view.")
        return point
