"""What is written on the canvas, and where: the names of nodes and the pills of edits.

Nothing is written over something else. Pills (an edit's glyph and its change of the metric) come first: a pill
moves along its edge until it is free, else loses its number, else is left out. Then names, the most important
first: right, left, above, below of the node, where no other node is and the name is nearest to its own; else it is
left out. The user's own names come last, above or below their nodes. Far out only what is selected or edited has a
name.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSizeF
from PySide6.QtGui import QFont, QFontMetricsF

from core.edits import EditKind
from core.graph import Node
from views.canvas.camera import Camera
from views.canvas.data import NodeMark
from views.canvas.edge_layer import Gap, polyline, visible
from views.canvas.readers import kinds_of
from views.canvas.scene import Scene
from views.theme import text_scale, ui_font

NAME_PIXELS, PILL_PIXELS, NOTE_PIXELS = 11, 11, 11
GLYPH_WIDTH = 15.0
LAYER_NAMES = 66.0  # pixels at the left border that the names of the layers take
BANDS_BELOW = 4.0  # pixels of a head's diameter below which a layer is drawn as a band
SPECK = 9.0  # pixels of a head's diameter below which those that take part in nothing are ground to write on
MOST_NAMES = 150  # tried at once; more could not be read
PILL_HEIGHT = 19.0
_ALONG = (0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74, 0.18, 0.82, 0.1, 0.9, 0.04, 0.96)


def sized(pixels: float) -> float:
    """A length that goes with the text, in the size that the user wants text to have."""
    return pixels * text_scale()


def pixel_font(pixels: int, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """A font sized in pixels, so that it scales with whatever it is painted on. `pixels` at the usual size of text."""
    return _pixel_font(round(sized(pixels)), weight)


@lru_cache(maxsize=64)
def _pixel_font(pixels: int, weight: QFont.Weight) -> QFont:
    font = ui_font(weight=weight)
    font.setPixelSize(pixels)
    return font


def text_width(text: str, pixels: int, weight: QFont.Weight = QFont.Weight.Normal) -> float:
    return _text_width(text, round(sized(pixels)), weight)


@lru_cache(maxsize=4096)
def _text_width(text: str, pixels: int, weight: QFont.Weight) -> float:
    return QFontMetricsF(_pixel_font(pixels, weight)).horizontalAdvance(text)


@dataclass(frozen=True)
class Pill:
    rect: QRectF
    kind: EditKind
    text: str  # empty: the glyph alone
    place: int = -1  # of the edge; -1 for a node's


@dataclass(frozen=True)
class Name:
    node: Node
    rect: QRectF
    strong: bool
    text: str
    inside: bool = False  # written in the node's own shape


@dataclass
class Labels:
    """All that is written, and the gaps that pills need."""

    pills: list[Pill] = field(default_factory=list)
    names: list[Name] = field(default_factory=list)
    gaps: dict[int, Gap] = field(default_factory=dict)


class Taken:
    """Rectangles in use."""

    def __init__(self, rects: list[QRectF]) -> None:
        self._boxes = np.zeros((4, 2 * len(rects) + 64))  # left, top, right, bottom
        self._count = 0
        for rect in rects:
            self.add(rect)

    def add_boxes(self, boxes: np.ndarray) -> None:
        """[4, boxes] as left, top, right, bottom."""
        self._boxes = np.concatenate([boxes, self._boxes[:, : self._count], np.zeros((4, 64))], axis=1)
        self._count += boxes.shape[1]

    def add(self, rect: QRectF) -> None:
        if self._count == self._boxes.shape[1]:
            self._boxes = np.concatenate([self._boxes, np.zeros_like(self._boxes)], axis=1)
        self._boxes[:, self._count] = rect.left(), rect.top(), rect.right(), rect.bottom()
        self._count += 1

    def free(self, rect: QRectF) -> bool:
        left, top, right, bottom = self._boxes[:, : self._count]
        hit = (left < rect.right()) & (right > rect.left()) & (top < rect.bottom()) & (bottom > rect.top())
        return not hit.any()


def is_far(scene: Scene, camera: Camera) -> bool:
    """Whether layers are drawn as bands."""
    return 2 * scene.layout.radius * camera.scale < BANDS_BELOW


def node_rect(scene: Scene, camera: Camera, node: Node) -> QRectF:
    """The shape of a node in widget pixels. A named one is never smaller than 10 pixels, where that keeps it off its
    neighbours."""
    rect = camera.rect(scene.layout.shape(node))
    if node.kind in ("input", "logits"):
        return rect
    pitch = min(scene.layout.pitch_x, scene.layout.pitch_y) * camera.scale
    least = min(10.0, 0.8 * pitch) if scene.mark(node).named else 2.0
    if rect.height() < least:
        grow = least / rect.height()
        size = QSizeF(rect.width() * grow, least)
        centre = rect.center()
        rect = QRectF(centre.x() - size.width() / 2, centre.y() - size.height() / 2, size.width(), size.height())
    return rect


def place_labels(
    scene: Scene, camera: Camera, exposed: QRectF, selected: frozenset[Node], legend: QRectF | None = None
) -> Labels:
    """Find room for pills and names in the exposed rectangle (widget pixels). legend: what is written there."""
    labels = Labels()
    nodes = [
        node
        for node in {**dict.fromkeys(scene.data.nodes), **dict.fromkeys(selected)}
        if node.kind in ("head", "mlp") and (_is_loud(scene.mark(node)) or node in selected)
    ]
    rects = {node: node_rect(scene, camera, node) for node in nodes}
    rects = {node: rect for node, rect in rects.items() if rect.intersects(exposed)}
    bars = [camera.rect(bar) for bar in scene.layout.bars]
    bars += [] if legend is None else [legend]
    layers = QRectF(0, -1e6, sized(LAYER_NAMES), 2e6)  # these stay at the border wherever the eye is
    loud = Taken([*rects.values(), *bars, layers])
    view = view_of(exposed)
    _place_pills(scene, camera, exposed, loud, labels)
    taken = Taken([*rects.values(), *bars, layers, *(pill.rect for pill in labels.pills)])
    taken.add_boxes(_all_boxes(scene, camera))
    order = sorted(
        rects,
        key=lambda node: (
            node not in selected,
            scene.mark(node).edited is None,
            -int(scene.strength[scene.layout.number(node)]),
            node.layer,
            node.head,
        ),
    )
    if is_far(scene, camera):
        order = [node for node in order if node in selected or scene.mark(node).edited]
    for node in order[:MOST_NAMES]:
        # Names may cover specks, and so may the change that an edit makes; else no name is on another node.
        over = scene.mark(node).edited is not None or 2 * scene.layout.radius * camera.scale < SPECK
        _place_name(scene, node, rects[node], node in selected, [taken, loud] if over else [taken], labels, view)
    for node in order[:MOST_NAMES]:
        _place_called(scene, node, rects[node], node in selected, taken, labels, view)
    return labels


def _is_loud(mark: NodeMark) -> bool:
    return bool(mark.named or mark.edited or mark.called)


def view_of(exposed: QRectF) -> QRectF:
    """What is seen of a picture (widget pixels), less a little at the border: pictures reach beyond the view."""
    beyond_x, beyond_y = max(-exposed.left(), 0.0), max(-exposed.top(), 0.0)
    return exposed.adjusted(beyond_x + 4, beyond_y + 4, -beyond_x - 4, -beyond_y - 4)


def moved_into(view: QRectF, rect: QRectF) -> QRectF:
    """The same rectangle where all of it is seen."""
    left = max(min(rect.left(), view.right() - rect.width()), view.left())
    top = max(min(rect.top(), view.bottom() - rect.height()), view.top())
    return QRectF(QPointF(left, top), rect.size())


def _all_boxes(scene: Scene, camera: Camera) -> np.ndarray:
    """The shapes of all heads and MLPs in widget pixels: [4, nodes] as left, top, right, bottom."""
    layout, graph = scene.layout, scene.data.graph
    inputs, mlps = (which[1:] for which in kinds_of(graph))  # without the first input, which is a bar
    half = np.full((len(mlps), 2), layout.radius)
    half[mlps] = layout.mlp_size.width() / 2, layout.mlp_size.height() / 2
    half, centre = half[~inputs], layout.positions[1:-1][~inputs]
    return np.concatenate([camera.to_widget(centre - half), camera.to_widget(centre + half)], axis=1).T


def _place_pills(scene: Scene, camera: Camera, exposed: QRectF, taken: Taken, labels: Labels) -> None:
    shown = visible(scene, camera, exposed)
    pills, view = Taken([]), view_of(exposed)
    for place in shown[scene.edited[shown]][::-1].tolist():  # strongest first
        mark = scene.marks[place]
        points, along = polyline(scene, camera, place)
        total = float(along[-1])
        # A change of the metric is worth more than a free view of the nodes behind it; the glyph alone comes last.
        tries = [(mark.label, taken), (mark.label, pills), ("", taken)] if mark.label else [("", taken)]
        in_view = ((points >= (view.left(), view.top())) & (points <= (view.right(), view.bottom()))).all(1).any()
        room = next(
            (at for text, others in tries if (at := _free_place(points, along, text, others, view, bool(in_view)))),
            None,
        )
        middle = room[0] if room else 0.5 * total
        half = 7.0
        if room:
            rect, text = room[1], room[2]
            taken.add(rect)
            pills.add(rect)
            assert mark.edited is not None
            labels.pills.append(Pill(rect, mark.edited, text, place))
            half = _half_gap(points, along, middle, rect)
        labels.gaps[place] = Gap(middle, min(half, 0.42 * total))


def _free_place(
    points: np.ndarray, along: np.ndarray, text: str, others: Taken, view: QRectF, seen: bool
) -> tuple[float, QRectF, str] | None:
    """Where along an edge a pill covers none of the others: its arc length, its rectangle and its text. That of an edge
    which is seen is wholly seen; that of another edge not at all."""
    size, beyond = pill_size(text), view.adjusted(-8, -8, 8, 8)
    for share in _ALONG:
        middle = share * float(along[-1])
        centre = QPointF(np.interp(middle, along, points[:, 0]), np.interp(middle, along, points[:, 1]))
        rect = _around(centre, size)
        fits = view.contains(rect) or (not seen and not rect.intersects(beyond))
        if fits and others.free(rect.adjusted(-2, -2, 2, 2)):
            return middle, rect, text
    return None


def _half_gap(points: np.ndarray, along: np.ndarray, middle: float, rect: QRectF) -> float:
    """Half the arc length that a pill covers, and a little more, so that the break shows."""
    wide = rect.adjusted(-7, -7, 7, 7)
    inside = (
        (points[:, 0] > wide.left())
        & (points[:, 0] < wide.right())
        & (points[:, 1] > wide.top())
        & (points[:, 1] < wide.bottom())
    )
    covered = np.abs(along[inside] - middle)
    near = covered[covered < rect.width()]
    return max(float(near.max()) if len(near) else 0.0, 0.5 * rect.height() + 7)


def pill_size(text: str) -> QSizeF:
    width = text_width(text, PILL_PIXELS, QFont.Weight.DemiBold) + 5 if text else 0.0
    return QSizeF(sized(GLYPH_WIDTH) + width + 8, sized(PILL_HEIGHT))


def _around(centre: QPointF, size: QSizeF) -> QRectF:
    return QRectF(centre.x() - size.width() / 2, centre.y() - size.height() / 2, size.width(), size.height())


def _place_name(
    scene: Scene, node: Node, shape: QRectF, selected: bool, tries: list[Taken], labels: Labels, view: QRectF
) -> None:
    """Write a node's name, and its pill, where the first of `tries` that has room has it. A pill of a node that is
    seen is seen, too."""
    mark = scene.mark(node)
    weight = QFont.Weight.DemiBold if selected else QFont.Weight.Normal
    width = text_width(node.name, NAME_PIXELS, weight)
    pill = pill_size(mark.label) if mark.edited else QSizeF(0, 0)
    inside = shape.width() > width + 6 and shape.height() > 26 and node not in scene.layout.opened
    if inside:
        labels.names.append(Name(node, shape, selected, node.name, inside=True))
        if mark.edited is None:
            return
        width = 0.0
    size = QSizeF(width + (pill.width() + 4 if mark.edited else 0), max(sized(14.0), pill.height()))
    for taken in tries:
        places = _beside(shape, size)
        if node.kind == "mlp":  # their names are one column, with no room right of it for what an edit changes
            places = [*places[1:], places[0]] if mark.edited else places[:1]
        if mark.edited and shape.intersects(view):
            inside_view = [place for place in places if view.contains(place[0])]
            places = inside_view or [(moved, moved) for place in places if (moved := moved_into(view, place[0]))]
        elif mark.edited:
            places = [place for place in places if not place[0].intersects(view.adjusted(-4, -4, 4, 4))]
        for rect, clear in places:
            if taken.free(clear):
                for other in tries:
                    other.add(rect)
                if not inside:
                    box = QRectF(rect.left(), rect.top(), width, rect.height())
                    labels.names.append(Name(node, box, selected, node.name))
                if mark.edited:
                    box = QRectF(QPointF(rect.right() - pill.width(), rect.top()), pill)
                    labels.pills.append(Pill(box, mark.edited, mark.label))
                return


def _place_called(
    scene: Scene, node: Node, shape: QRectF, selected: bool, taken: Taken, labels: Labels, view: QRectF
) -> None:
    """Write the user's own name of a node above or below it, where that is free; within the view, if that shows it."""
    called = scene.mark(node).called
    if not called or not shape.intersects(view):
        return
    weight = QFont.Weight.DemiBold if selected else QFont.Weight.Normal
    size = QSizeF(text_width(called, NAME_PIXELS, weight), sized(14.0))
    _right, _left, above, below = (place[0] for place in _beside(shape, size))
    for rect in (moved_into(view, place) for place in (above, below)):
        if taken.free(rect.adjusted(-2, 0, 2, 0)) and not rect.intersects(shape):
            taken.add(rect)
            labels.names.append(Name(node, rect, selected, called))
            return


def _beside(shape: QRectF, size: QSizeF) -> list[tuple[QRectF, QRectF]]:
    """Places for a name, and what must be clear there: names stand right of their node, so one on the left needs
    more room on its own left, or it would be read as the name of the node there."""
    centre, w, h = shape.center(), size.width(), size.height()
    right = QRectF(shape.right() + 4, centre.y() - h / 2, w, h)
    left = QRectF(shape.left() - 4 - w, centre.y() - h / 2, w, h)
    above = QRectF(centre.x() - w / 2, shape.top() - h, w, h)
    below = QRectF(centre.x() - w / 2, shape.bottom() + 1, w, h)
    return [
        (right, right.adjusted(0, 0, 3, 0)),
        (left, left.adjusted(-12, 0, 0, 0)),
        (above, above.adjusted(-2, 0, 2, 0)),
        (below, below.adjusted(-2, 0, 2, 5)),
    ]
