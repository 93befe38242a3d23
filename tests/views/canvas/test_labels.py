"""Nothing on the canvas is written over something else."""

import itertools
from dataclasses import replace

import pytest
from PySide6.QtCore import QRectF, QSizeF
from PySide6.QtGui import QImage, QPainter

from tests.views.canvas.samples import GROUPED, ODD, SMALL, head, random_data
from views import theme
from views.canvas.border import foot_box
from views.canvas.camera import Camera
from views.canvas.data import NodeMark
from views.canvas.edge_layer import polyline
from views.canvas.labels import node_rect, place_labels
from views.canvas.layout import make_layout
from views.canvas.painter import GraphWorld, paint_world
from views.canvas.scene import Scene, make_scene
from views.canvas.words import tool_tip

SIZE = QSizeF(760, 540)
VIEW = QRectF(0, 0, 760, 540)


def crowded(graph) -> Scene:
    data = random_data(graph, 60)
    marks = tuple(
        replace(mark, edited="zero" if number % 2 else "patch", label="−1.47") if number < 8 else mark
        for number, mark in enumerate(data.edges)
    )
    nodes = {node: NodeMark(named=True) for node in graph.writers[1:60]}
    nodes[head(0, 0)] = NodeMark(edited="mean", label="+0.31", named=True)
    return make_scene(replace(data, edges=marks, nodes=nodes), make_layout(graph, SIZE))


@pytest.mark.parametrize("scale", [1.0, 2.5])
@pytest.mark.parametrize("graph", [SMALL, GROUPED, ODD], ids=lambda g: f"{g.layers}x{g.heads}")
def test_names_and_pills_never_overlap(qapp, graph, scale: float):
    labels = place_labels(crowded(graph), Camera(scale), VIEW, frozenset())
    rects = [name.rect for name in labels.names if not name.inside] + [
        pill.rect for pill in labels.pills if pill.place >= 0
    ]
    assert rects
    for first, second in itertools.combinations(rects, 2):
        assert not first.adjusted(0.1, 0.1, -0.1, -0.1).intersects(second)


def test_own_names_stand_by_their_nodes_within_the_view_and_notes_have_marks(qapp):
    theme.set_choice("dark")
    graph = SMALL
    last = graph.writers[graph.heads + 1]  # the first MLP, at the right border
    nodes = {last: NodeMark(named=True, called="a name that is longer than the room beside"), head(0, 0): NodeMark()}
    plain = make_scene(replace(random_data(graph, 20), nodes=nodes), make_layout(graph, SIZE))
    written = place_labels(plain, Camera(), VIEW, frozenset()).names
    (name,) = (name for name in written if name.text.startswith("a name"))
    shape = node_rect(plain, Camera(), last)
    assert VIEW.contains(name.rect)
    assert not name.rect.intersects(shape)
    assert abs(name.rect.center().y() - shape.center().y()) < 1.5 * shape.height()

    marks = tuple(replace(mark, note="strong") if mark is plain.marks[-1] else mark for mark in plain.data.edges)
    noted = {**nodes, head(0, 0): NodeMark(note="copies")}
    other = make_scene(replace(plain.data, nodes=noted, edges=marks), plain.layout)
    before, after = painted(plain), painted(other)
    corner = node_rect(other, Camera(), head(0, 0))
    corner = QRectF(corner.center(), corner.topRight()).normalized().center().toPoint()
    points, _ = polyline(other, Camera(), len(other.marks) - 1)
    places = itertools.product(range(before.width()), range(before.height()))
    changed = [place for place in places if before.pixel(*place) != after.pixel(*place)]
    near = [min(abs(x - corner.x()) + abs(y - corner.y()), *(abs(points - (x, y)).sum(1))) for x, y in changed]
    assert {d < 14 for d in near} == {True}
    assert min(abs(x - corner.x()) + abs(y - corner.y()) for x, y in changed) < 6
    assert len(changed) > 40, "both of them"
    assert "note: copies" in tool_tip(other, head(0, 0))
    assert "“a name that" in tool_tip(other, last)
    assert "note: strong" in tool_tip(other, other.edge(len(other.marks) - 1))


def painted(scene: Scene) -> QImage:
    image = QImage(760, 540, QImage.Format.Format_RGB32)
    image.fill(0)
    painter = QPainter(image)
    for _ in GraphWorld(scene, frozenset()).steps(painter, Camera(), theme.current(), VIEW):
        pass
    painter.end()
    return image


def test_names_keep_off_other_named_nodes(qapp):
    scene = crowded(GROUPED)
    labels = place_labels(scene, Camera(), VIEW, frozenset())
    for name in labels.names:
        for node in scene.marked:
            if node.kind in ("head", "mlp") and not name.inside:
                assert not node_rect(scene, Camera(), node).intersects(name.rect.adjusted(0.1, 0.1, -0.1, -0.1))


@pytest.mark.parametrize("size", [QSizeF(526, 414), SIZE, QSizeF(770, 590)], ids=lambda s: f"{s.width():g}")
@pytest.mark.parametrize("graph", [SMALL, ODD], ids=lambda g: f"{g.layers}x{g.heads}")
def test_names_keep_off_quiet_nodes_and_are_nearest_to_their_own(qapp, graph, size: QSizeF):
    nodes = {node: NodeMark(named=True) for node in graph.writers[1::2]}
    scene = make_scene(replace(random_data(graph, 20), nodes=nodes), make_layout(graph, size))
    names = place_labels(scene, Camera(), QRectF(0, 0, size.width(), size.height()), frozenset([head(2, 1)])).names
    assert len(names) > len(nodes) / 2
    for name in names:
        apart = {node: _apart(name.rect, node_rect(scene, Camera(), node)) for node in graph.writers[1:]}
        own = apart.pop(name.node)
        assert min(apart.values()) > 0
        assert own <= min(apart.values()) or name.rect.center().x() > node_rect(scene, Camera(), name.node).right()


def _apart(first: QRectF, second: QRectF) -> float:
    dx = max(first.left() - second.right(), second.left() - first.right(), 0.0)
    dy = max(first.top() - second.bottom(), second.top() - first.bottom(), 0.0)
    return max(dx, dy)


def test_a_selected_node_is_always_among_the_first_to_get_its_name(qapp):
    scene = crowded(GROUPED)
    for node in (head(3, 4), head(29, 0)):
        names = place_labels(scene, Camera(), VIEW, frozenset([node])).names
        assert names[0].node == node
        assert names[0].strong


def test_every_edited_edge_is_broken_even_where_its_pill_finds_no_room(qapp):
    scene = crowded(SMALL)
    labels = place_labels(scene, Camera(), VIEW, frozenset())
    edited = [place for place in range(len(scene.marks)) if scene.edited[place]]
    assert sorted(labels.gaps) == edited
    for pill in labels.pills:
        assert pill.place < 0 or pill.kind == scene.marks[pill.place].edited


@pytest.mark.parametrize("size", [QSizeF(420, 300), QSizeF(526, 414), SIZE], ids=lambda s: f"{s.width():g}")
@pytest.mark.parametrize("scale", [1.0, 2.0, 5.0])
@pytest.mark.parametrize("graph", [SMALL, GROUPED], ids=lambda g: f"{g.layers}x{g.heads}")
def test_pills_stay_inside_the_canvas(qapp, graph, scale: float, size: QSizeF):
    """Those of nodes and edges that are seen: whatever is edited, wherever the eye is; pictures reach farther."""
    data = random_data(graph, 40)
    marks = tuple(replace(mark, edited="patch", label="−11.47") for mark in data.edges)
    nodes = {node: NodeMark(edited="mean", label="−10.31", named=True) for node in graph.writers[1::3]}
    scene = make_scene(replace(data, edges=marks, nodes=nodes), make_layout(graph, size))
    view = QRectF(0, 0, size.width(), size.height())
    camera = Camera(scale, -40.0 * (scale - 1), -25.0 * (scale - 1))
    beyond = view.adjusted(-0.15 * size.width(), -0.15 * size.height(), 0.15 * size.width(), 0.15 * size.height())
    for exposed in (view, beyond):
        labels = place_labels(scene, camera, exposed, frozenset())
        assert labels.pills
        for pill in labels.pills:
            if pill.rect.intersects(view):
                assert view.contains(pill.rect), pill


def test_no_wire_shows_through_a_name(qtbot):
    """Around the letters of a name there is nothing but its ground, whatever passes below."""
    scene = crowded(GROUPED)
    image = QImage(760, 540, QImage.Format.Format_RGB32)
    look = theme.current()
    image.fill(look.color("panel"))
    painter = QPainter(image)
    paint_world(painter, scene, Camera(), look, VIEW)
    painter.end()
    names = [name for name in place_labels(scene, Camera(), VIEW, frozenset()).names if not name.inside]
    assert names
    ground = look.color("panel")
    for name in names:
        for x in range(round(name.rect.left()), round(name.rect.right())):
            colour = image.pixelColor(x, round(name.rect.top()) + 1)  # above all letters
            spread = max(abs(colour.red() - ground.red()), abs(colour.blue() - ground.blue()))
            assert spread <= 20, (name.node, x, colour.name(), ground.name())


@pytest.mark.parametrize("graph", [SMALL, ODD], ids=lambda g: f"{g.layers}x{g.heads}")
def test_names_keep_off_what_is_written_in_the_corner(qapp, graph):
    scene = crowded(graph)
    shown = replace(scene.data, selection=(head(1, 1),))
    box, none = foot_box(shown, VIEW), foot_box(replace(shown, selection=()), VIEW)
    assert none is None
    assert box is not None
    assert box.bottomLeft() == VIEW.bottomLeft()
    legend = QRectF(0, 200, 300, 150)  # some nodes are behind it
    labels = place_labels(scene, Camera(), VIEW, frozenset(), legend)
    assert any(node_rect(scene, Camera(), node).intersects(legend) for node in scene.marked)
    assert not [name.node.name for name in labels.names if not name.inside and name.rect.intersects(legend)]
    assert any(name.rect.intersects(legend) for name in place_labels(scene, Camera(), VIEW, frozenset()).names)
