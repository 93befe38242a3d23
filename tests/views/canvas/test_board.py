"""How the canvas keeps up: pictures made in slices, glides of the eye, the mini-map, what is drawn from how far."""

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QPixmap
from PySide6.QtTest import QTest

from core.graph import Graph, Node
from tests.views.canvas.samples import GROUPED, SMALL, canvas_data, head, random_data
from views import motion, theme
from views.canvas import board, edge_layer
from views.canvas.canvas import Canvas
from views.canvas.curves import make_curves
from views.canvas.data import CanvasData, EdgeMark, NodeMark
from views.canvas.labels import is_far
from views.canvas.minimap import MiniMap
from views.canvas.scene import make_scene

LARGE = Graph(32, 32, 32)
STRONG, OTHER = "a0.h0->a3.h7<q>", "a0.h2->a3.h1<q>"


def shown(qtbot, data: CanvasData, width: int = 760, height: int = 540) -> Canvas:
    canvas = Canvas()
    qtbot.addWidget(canvas)
    canvas.resize(width, height)
    canvas.show()
    canvas.set_data(data)
    qtbot.waitExposed(canvas)
    canvas.settle()
    return canvas


def only(name: str) -> CanvasData:
    return CanvasData(SMALL, (EdgeMark(SMALL.index(name), 1.0, measured=True),))


def seen(canvas: Canvas, name: str) -> bool:
    """Whether the strongest blue is to be seen half-way along an edge."""
    image = canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    layout = canvas.scene.layout
    at = canvas.camera.to_widget(make_scene(only(name), layout).points[0][16])
    ratio = image.devicePixelRatio()
    colors = {
        image.pixelColor(round((at[0] + dx) * ratio), round((at[1] + dy) * ratio)).name()
        for dx in range(-2, 3)
        for dy in range(-2, 3)
    }
    return theme.current().positive in colors


# ---- slices --------------------------------------------------------------------------------------------------


def test_a_slow_picture_is_made_in_slices_and_the_old_one_stays_until_it_is_there(qtbot, monkeypatch):
    canvas = shown(qtbot, only(STRONG))
    monkeypatch.setattr(board, "QUICK", 0.0)  # every picture is slow, every slice a single step
    canvas.set_data(only(OTHER))
    assert seen(canvas, STRONG)
    assert not seen(canvas, OTHER)
    assert not canvas.is_settled()
    qtbot.waitUntil(canvas.is_settled)
    assert seen(canvas, OTHER)
    assert not seen(canvas, STRONG)


def test_data_that_keep_coming_are_seen_all_the_same(qtbot, monkeypatch):
    canvas = shown(qtbot, only(STRONG))
    monkeypatch.setattr(board, "QUICK", 0.0)
    pictures = set()
    for number in range(2_000):  # as many as a slow machine needs
        marks = only(OTHER if number % 2 else STRONG).edges
        canvas.set_data(CanvasData(SMALL, marks, {head(0, 1): NodeMark(label=str(number))}))
        qtbot.wait(1)
        pictures.add(canvas._cache.shown.wanted.world.scene)
        if len(pictures) > 3:
            break
    assert len(pictures) > 3
    qtbot.waitUntil(canvas.is_settled)


def test_many_edges_hold_the_window_up_in_no_step(qtbot):
    """No step of the painter draws more than a portion, whatever the number of edges."""
    canvas = shown(qtbot, random_data(LARGE, 5000))
    world = canvas.world()
    drawn = []
    original = edge_layer.draw_segments
    edge_layer.draw_segments = lambda painter, segments: drawn.append(len(segments))
    try:
        pixmap = QPixmap(10, 10)
        painter = QPainter(pixmap)
        steps = 0
        for _ in world.steps(painter, canvas.camera, theme.current(), QRectF(0, 0, 760, 540)):
            steps += 1
        painter.end()
    finally:
        edge_layer.draw_segments = original
    assert sum(drawn) > 20_000
    assert max(drawn) < 6 * edge_layer.PORTION  # dashes are cut shorter than samples
    assert steps >= len(drawn)


# ---- the eye -------------------------------------------------------------------------------------------------


@pytest.fixture
def moving():
    motion.set_choice("full")
    yield
    motion.set_choice("system")


def test_framing_glides_where_motion_is_wanted(qtbot, moving):
    canvas = shown(qtbot, canvas_data(SMALL, STRONG, OTHER))
    canvas.set_selection((head(1, 1),))
    home = canvas.camera
    canvas.frame_selection()
    glide = canvas._glide._animation
    glide.pause()  # a slow machine might see its end alone
    scales = []
    for time in range(0, motion.MILLISECONDS, 10):
        glide.setCurrentTime(time)
        scales.append(canvas.camera.scale)
    glide.resume()
    qtbot.waitUntil(canvas.is_settled)
    goal = canvas.camera.scale
    assert goal > 1.5 * home.scale
    assert any(home.scale < scale < goal for scale in scales)
    assert scales == sorted(scales)
    canvas.frame_all()
    qtbot.waitUntil(canvas.is_settled)
    assert canvas.camera == home


def test_a_hand_takes_the_eye_out_of_its_glide(qtbot, moving):
    canvas = shown(qtbot, canvas_data(SMALL, STRONG))
    canvas.zoom_by(3.0)
    assert canvas._glide.goal is not None
    here = canvas.camera.panned(5, 5)
    canvas.look(here)
    qtbot.wait(motion.MILLISECONDS + 50)
    assert canvas.camera == here


def test_without_motion_the_eye_is_there_at_once(qtbot):
    motion.set_choice("reduced")
    canvas = shown(qtbot, canvas_data(SMALL, STRONG))
    scale = canvas.camera.scale
    canvas.zoom_by(2.0)
    assert canvas.camera.scale == pytest.approx(2 * scale)
    motion.set_choice("system")


# ---- the mini-map --------------------------------------------------------------------------------------------


def drag(canvas: Canvas, start: QPointF, end: QPointF) -> None:
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=start.toPoint())
    for share in (0.5, 1.0):
        QTest.mouseMove(canvas, (start + (end - start) * share).toPoint())
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=end.toPoint())


def test_the_window_on_the_mini_map_is_dragged_from_where_it_is_taken(qtbot):
    canvas = shown(qtbot, canvas_data(SMALL, STRONG))
    canvas.zoom_by(4.0)
    box = canvas.map_box()
    window = MiniMap.window(canvas.bounds(), box, canvas.camera, canvas.view_size())
    start = window.topLeft() + QPointF(4, 4)
    before = canvas.camera
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=start.toPoint())
    assert canvas.camera == before  # it does not jump
    assert canvas.cursor().shape() == Qt.CursorShape.ClosedHandCursor
    QTest.mouseMove(canvas, (start + QPointF(10, 6)).toPoint())
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=(start + QPointF(10, 6)).toPoint())
    moved = MiniMap.window(canvas.bounds(), box, canvas.camera, canvas.view_size())
    assert (moved.center() - window.center()).toTuple() == pytest.approx((10, 6), abs=0.6)
    assert canvas.selection() == ()


def test_what_lies_under_the_mini_map_is_not_pointed_at(qtbot):
    canvas = shown(qtbot, canvas_data(SMALL, STRONG))
    canvas.zoom_by(4.0)
    box = canvas.map_box()
    canvas.look(canvas.camera.panned(*(box.center() - canvas.node_point(Node("mlp", 1))).toTuple()))
    assert canvas.target_at(box.center()) == Node("mlp", 1)
    QTest.mouseMove(canvas, box.center().toPoint())
    assert canvas._hover is None


# ---- how much is drawn from where ----------------------------------------------------------------------------


def test_far_out_layers_are_bands_and_only_what_matters_is_named(qtbot):
    data = canvas_data(LARGE, "a3.h4->a20.h9<q>", "m4->m30")
    canvas = shown(qtbot, data)
    near = {name.node for name in canvas._cache.labels.names}
    assert near == {head(3, 4), head(20, 9), Node("mlp", 4), Node("mlp", 30)}
    canvas.set_selection((head(3, 4),))
    canvas.zoom_by(0.5)
    canvas.settle()
    assert is_far(canvas.scene, canvas.camera)
    assert {name.node for name in canvas._cache.labels.names} == {head(3, 4)}
    image = canvas.grab().toImage()

    def bar_height(node: Node) -> int:
        """Pixels of text colour above the foot of a node's bar."""
        at = canvas.node_point(node).toPoint()
        ground = image.pixelColor(10, image.height() - 10).lightness()
        pitch = round(0.4 * canvas.scene.layout.pitch_y * canvas.camera.scale)
        return sum(
            abs(image.pixelColor(at.x(), at.y() + dy).lightness() - ground) > 60 for dy in range(-pitch, pitch + 1)
        )

    assert bar_height(head(20, 9)) > bar_height(head(20, 10))  # one with a strong edge, one without any


def test_in_the_least_window_a_model_of_thirty_layers_still_has_nodes_and_names(qtbot):
    canvas = shown(qtbot, canvas_data(GROUPED, "a3.h4->a20.h7<q>", "m4->m25"), 526, 414)
    assert not is_far(canvas.scene, canvas.camera)
    assert {name.node.name for name in canvas._cache.labels.names} == {"a3.h4", "a20.h7", "m4", "m25"}


def test_near_the_ports_show_and_edges_end_at_them(qtbot):
    data = canvas_data(SMALL, *(f"m0->a2.h5<{port}>" for port in "qkv"))
    canvas = shown(qtbot, data)
    canvas.set_selection((head(2, 5),))
    canvas.zoom_by(50.0)
    canvas.look(canvas.camera.centred(canvas.scene.layout.position(head(2, 5)), canvas.view_size()))
    canvas.settle()
    image = canvas.grab().toImage()
    panel = theme.current().panel
    for place in range(3):
        x, y = canvas.camera.to_widget(canvas.scene.curves.controls[place][3])
        inside = image.pixelColor(round(x), round(y)).name()
        assert inside == panel  # the port is an open circle that lies on the end of its edge
        ring = {image.pixelColor(round(x + dx), round(y)).name() for dx in range(3, 9)}
        assert ring != {panel}


def test_near_the_left_border_heads_keep_their_names(qtbot):
    """The name of a layer stands above its row where a head is in its place."""
    canvas = shown(qtbot, canvas_data(SMALL, "m0->a2.h5<q>"))
    canvas.zoom_by(3.0)
    goal = canvas.scene.layout.position(head(2, 2))
    at = canvas.camera.point(goal.x(), goal.y())
    canvas.look(canvas.camera.panned(40 - at.x(), 300 - at.y()))
    canvas.settle()
    written = canvas.grab().toImage()
    canvas.look(canvas.camera.panned(150, 0))  # away from the border
    canvas.settle()
    free = canvas.grab().toImage()
    middle = [(x, y) for x in range(24, 57) for y in range(292, 309)]
    assert [written.pixel(x, y) for x, y in middle] == [free.pixel(x + 150, y) for x, y in middle]


def test_a_lifted_edge_passes_under_nodes(qtbot):
    nodes = {node: NodeMark(named=True) for node in SMALL.writers[1:]}
    layout = shown(qtbot, canvas_data(SMALL, STRONG)).scene.layout
    points = make_curves(layout, np.arange(SMALL.n_edges)).sampled(60)
    apart = np.hypot(*(points - layout.positions[SMALL.writer_index(head(1, 3))]).T).min(axis=0)
    crossing = [
        index
        for index in np.flatnonzero(apart < 3).tolist()
        if head(1, 3) not in (SMALL.edge(index).writer, *SMALL.readers_of(SMALL.edge(index).reader))
    ]
    canvas = shown(qtbot, CanvasData(SMALL, (EdgeMark(crossing[0], 1.0, measured=True),), nodes))
    at = canvas.node_point(head(1, 3)).toPoint()
    for selection in ((), (SMALL.edge(crossing[0]),)):
        canvas.set_selection(selection)
        image = canvas.grab().toImage()
        inside = {image.pixelColor(at.x() + dx, at.y() + dy).name() for dx in range(-5, 6) for dy in range(-5, 6)}
        assert inside == {theme.current().panel}
