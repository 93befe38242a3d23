"""The canvas: the graph of the model, to look at, walk on, select and edit.

It draws a `CanvasData` and emits intents; what an edit does is not its business. `board` looks, `hands` are mouse and
keys, `walk` the keyboard's ways; this file joins them to the graph.
"""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QEvent, QMarginsF, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import QWidget

from core.edits import Target
from core.graph import Edge, Node
from views import theme
from views.canvas import walk
from views.canvas.border import (
    beside_words,
    count_box,
    count_words,
    marks_legend_height,
    paint_header,
    paint_layer_names,
    paint_marks_legend,
    paint_notice,
    weaker_words,
    widest_corners,
)
from views.canvas.camera import Camera
from views.canvas.data import CanvasData, GroupMark
from views.canvas.groups import group_at, paint_groups
from views.canvas.hands import Hands
from views.canvas.hit import clear_point, nodes_in, targets_at
from views.canvas.labels import Labels, node_rect
from views.canvas.layout import Layout, make_layout
from views.canvas.painter import GraphWorld, paint_emphasis, paint_small
from views.canvas.scene import Scene, make_scene
from views.canvas.units import beside
from views.canvas.words import target_name, tool_tip
from views.theme_colors import Theme

NEAREST = 110.0  # pixels of a head's diameter at the nearest zoom


class Canvas(Hands[Target]):
    """Shows a `CanvasData`. Mouse, keys and touch pad as in the docstrings of `gestures` and `walk`."""

    open_requested = Signal(object)  # an MLP, to be opened into its neurons, or closed
    count_clicked = Signal(object)  # the QPoint on the screen under which a menu can open

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._data: CanvasData | None = None
        self._scene: Scene | None = None
        self._column = 0  # where a walk left the layers for a bar
        self._laid_out = QSize()  # the size that the layout is for
        self._notice = ""
        self._on_count = False  # whether the pointer is on the count of edges
        self._on_group: GroupMark | None = None  # whose label it is on
        self.setAccessibleName("Graph of the model")
        theme.theme_changes().resized.connect(self._lay_out_anew)

    # ---- data ----------------------------------------------------------------------------------------------

    def set_data(self, data: CanvasData) -> None:
        """Show this. The view stays where it is unless the graph is another one."""
        if data == self._data:
            return
        other = self._data is None or self._data.graph != data.graph
        self._data, self._selection = data, data.selection
        layout = self._layout_of(data) if other or self._scene is None else self._scene.layout
        layout = layout if layout.opened == data.opened else replace(layout, opened=data.opened)
        self._scene = make_scene(data, layout)
        if other:
            self._hover, self._moved = None, False
        elif isinstance(self._hover, Edge) and self._scene.place(self._hover) is None:
            self._hover = None
        if not self._moved:
            self.camera = self._glide.goal or self.home()
        self._describe()
        self.update()

    def set_notice(self, text: str) -> None:
        """Say in the middle of the canvas why there is nothing to see; empty to take it back."""
        if text != self._notice:
            self._notice = text
            self._describe()
            self.update()

    def notice(self) -> str:
        """What is said in the middle of the canvas."""
        return self._notice

    @property
    def scene(self) -> Scene:
        assert self._scene is not None
        return self._scene

    def set_selection(self, selection: tuple[Target, ...]) -> None:
        """Mark these as selected. Emits nothing."""
        if selection != self._selection and self._data is not None:
            self._selection = selection
            self._data = replace(self._data, selection=selection)
            self._describe()
            self.update()

    def _describe(self) -> None:
        if self._data is None:
            self.setAccessibleDescription(self._notice)
            return
        names = ", ".join(target_name(target) for target in self._selection[:5])
        more = f" and {len(self._selection) - 5} more" if len(self._selection) > 5 else ""
        chosen = f"Selected: {names}{more}." if names else "Nothing is selected."
        more_shown = [words for words in (beside_words(self._data), weaker_words(self._data)) if words]
        shown = f"{', '.join((f'{count_words(self._data)} are shown', *more_shown))}."
        self.setAccessibleDescription(" ".join(words for words in (self._notice, shown, chosen) if words))

    # ---- what the board shows ------------------------------------------------------------------------------

    def world(self) -> GraphWorld | None:
        if self._scene is None:
            return None
        return GraphWorld(self._scene, frozenset(target for target in self._selection if isinstance(target, Node)))

    def bounds(self) -> QRectF:
        return self.scene.layout.bounds

    def margins(self) -> QMarginsF:
        return self.scene.layout.margins

    def nearest_scale(self) -> float:
        return NEAREST / (2 * self.scene.layout.radius)

    def area_of(self, selection: tuple[Target, ...]) -> QRectF:
        layout, graph = self.scene.layout, self.scene.data.graph
        area = QRectF()
        for target in selection:
            nodes = (target,) if isinstance(target, Node) else (target.writer, *graph.readers_of(target.reader))
            for node in nodes:
                area = area.united(layout.shape(node))
        room = 0.8 * max(layout.pitch_x, layout.pitch_y)
        return area.adjusted(-room, -room, room, room)

    def targets_at(self, point: QPointF) -> list[Target]:
        return targets_at(self.scene, self.camera, point)

    def paint_over(self, painter: QPainter, look: Theme, labels: Labels | None) -> None:
        scene, size = self.scene, self.view_size()
        paint_groups(painter, scene, self.camera, look, size, self._on_group)
        emphasis = [(target, True) for target in self._selection]
        if self._hover is not None and self._hover not in self._selection:
            emphasis.append((self._hover, False))
        emphasis.sort(key=lambda item: isinstance(item[0], Node))  # edges pass under the rings of nodes
        for target, chosen in emphasis:
            paint_emphasis(painter, scene, self.camera, look, target, labels, chosen)
        assert self._data is not None  # its selection is newer than the scene's
        paint_layer_names(painter, scene, self.camera, look, size, marks_legend_height(self._data) + 8)
        paint_header(painter, self._data, look, size, self._on_count, self._is_short())
        paint_marks_legend(painter, self._data, look, size)

    def paint_last(self, painter: QPainter, look: Theme) -> None:
        if self._notice:
            paint_notice(painter, self._notice, look, self.view_size())

    def paint_map(self, painter: QPainter, look: Theme, camera: Camera) -> None:
        paint_small(painter, self.scene, camera, look, self._selection)

    # ---- room ----------------------------------------------------------------------------------------------

    def _layout_of(self, data: CanvasData) -> Layout:
        self._laid_out = self.size()
        return replace(make_layout(data.graph, self.view_size(), widest_corners(data)), opened=data.opened)

    def _is_short(self) -> bool:
        """Whether a bar stands between the second lines of the upper corners."""
        return self._data is not None and widest_corners(self._data).between(self.view_size())

    def _lay_out_anew(self) -> None:
        """Text has another size: what is written beside the graph takes more room, or less."""
        if self._data is not None and self._scene is not None:
            self._glide.stop()
            self._scene = make_scene(self._data, self._layout_of(self._data))
            if not self._moved:
                self.camera = self.home()
            self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay the graph out for the new room; what was in the middle stays there."""
        if self._data is None or self._scene is None or self._laid_out == self.size():
            return
        self._glide.stop()
        before, middle = self._scene.layout, QPointF(self._laid_out.width() / 2, self._laid_out.height() / 2)
        layout = self._layout_of(self._data)
        self._scene = make_scene(self._data, layout)
        if not self._moved:
            self.camera = self.home()
            return
        grid = before.to_grid(self.camera.to_world(middle))
        self.camera = self.camera.centred(layout.from_grid(grid), self.view_size())

    # ---- what the hands do ---------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._is_count(event.position()):
            self.count_clicked.emit(
                self.mapToGlobal(count_box(self.scene.data, self._is_short()).bottomLeft().toPoint())
            )
            return
        group = self._group_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and group is not None:
            self.choose(tuple(group.nodes))
            return
        super().mousePressEvent(event)

    def _group_at(self, point: QPointF) -> GroupMark | None:
        return None if self._scene is None else group_at(self._scene, self.camera, self.view_size(), point)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        group = self._group_at(event.position())
        if group != self._on_group:
            self._on_group = group
            self.setCursor(Qt.CursorShape.ArrowCursor if group is None else Qt.CursorShape.PointingHandCursor)
            self.update()
        on_count = self._is_count(event.position())
        if on_count != self._on_count:
            self._on_count = on_count
            self.setCursor(Qt.CursorShape.PointingHandCursor if on_count else Qt.CursorShape.ArrowCursor)
            self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._on_count, self._on_group = False, None
        super().leaveEvent(event)

    def _is_count(self, point: QPointF) -> bool:
        return self._data is not None and count_box(self._data, self._is_short()).contains(point)

    def can_edit(self, target: Target) -> bool:
        """`logits` only reads."""
        return not (isinstance(target, Node) and target.kind == "logits")

    def tip(self, target: Target) -> str:
        return tool_tip(self.scene, target)

    def name(self, target: Target) -> str:
        return target_name(target)

    def inside(self, box: QRectF) -> tuple[Target, ...]:
        return nodes_in(self.scene, self.camera, box)

    def press_key(self, key: int, modifiers: Qt.KeyboardModifier) -> bool:
        """Walk on the graph: see `walk`."""
        here = self._selection[-1] if self._selection else None
        alt = bool(modifiers & Qt.KeyboardModifier.AltModifier)
        unit = self._unit_beside(here, key) if not alt else None
        if unit is not None:
            self.choose((unit,))
            return True
        if isinstance(here, Node):
            here = here.whole
        taken, goal, self._column = walk.walk(self.scene, here, key, alt, self._column)
        if goal is not None:
            self.choose((goal,))
            self._bring_into_view(goal)
        return taken

    def _unit_beside(self, here: Target | None, key: int) -> Node | None:
        """Where Left and Right lead among what an opened MLP shows; Left of the first to the MLP."""
        dx = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(key), 0)
        if not dx or not isinstance(here, Node) or here.whole not in self.scene.layout.opened:
            return None
        neighbour = beside(self.scene.layout.opened[here.whole], here, dx)
        return here.whole if neighbour is None and here.is_unit and dx < 0 else neighbour

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """On an MLP or what it shows: open or close it."""
        target = self.target_at(event.position()) if self.world() is not None else None
        if event.button() == Qt.MouseButton.LeftButton and isinstance(target, Node) and target.whole.kind == "mlp":
            self.choose((target.whole,))
            self.open_requested.emit(target.whole)
            return
        super().mouseDoubleClickEvent(event)

    def _bring_into_view(self, target: Target) -> None:
        node = target if isinstance(target, Node) else target.writer
        rect = node_rect(self.scene, self.camera, node)
        if not QRectF(self.rect()).contains(rect.center()):
            self.go(self.camera.centred(self.scene.layout.position(node), self.view_size()))

    # ---- places, for tests and automation ------------------------------------------------------------------

    def edge_point(self, index: int) -> QPointF:
        """A point (widget pixels) on a shown edge, by its index in the graph, where a click hits that edge and
        not another. Raises ValueError when it is not shown or has no such point in view."""
        place = self.scene.order_of.get(index)
        if place is None:
            raise ValueError(f"Edge {self.scene.data.graph.edge(index)} is not shown.")
        view = QRectF(self.rect()).adjusted(6, 6, -6, -6)
        point = clear_point(self.scene, self.camera, place, view, self.map_box())
        if point is None:
            raise ValueError(f"Edge {self.scene.data.graph.edge(index)} is hidden by others or out of view.")
        return point

    def node_point(self, node: Node) -> QPointF:
        """The middle of a node (widget pixels)."""
        return node_rect(self.scene, self.camera, node).center()
