"""Home positions: a place means something, nothing overlaps, the room is used."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QRectF, QSizeF

from core.graph import INPUT, LOGITS, Graph, Node
from tests.views.canvas.samples import GROUPED, ODD, SMALL, head
from views import theme
from views.canvas.camera import Camera, framed
from views.canvas.corners import EDGE, FOOT_HEIGHT, HEADER_HEIGHT, Corners
from views.canvas.curves import make_curves
from views.canvas.layout import make_layout

SIZES = [QSizeF(760, 540), QSizeF(500, 420), QSizeF(1100, 420), QSizeF(420, 900)]
GRAPHS = [SMALL, GROUPED, ODD, Graph(1, 1, 1), Graph(48, 25, 25)]
HEADER = Corners(120.0, 190.0)


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("graph", GRAPHS, ids=lambda g: f"{g.layers}x{g.heads}")
def test_layers_go_up_and_heads_to_the_right(graph: Graph, size: QSizeF):
    layout = make_layout(graph, size, HEADER)
    heads = layout.positions[1:-1].reshape(graph.layers, graph.heads + 1, 2)
    assert np.all(np.diff(heads[:, :, 0], axis=1) > 0)
    assert np.all(np.diff(heads[:, :, 1], axis=0) < 0)
    assert np.all(heads[:, -1, 1] < heads[:, 0, 1])  # the MLP reads what the heads wrote
    assert layout.position(INPUT).y() > heads[..., 1].max()
    assert layout.position(LOGITS).y() < heads[..., 1].min()


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("graph", GRAPHS, ids=lambda g: f"{g.layers}x{g.heads}")
def test_no_two_nodes_touch(graph: Graph, size: QSizeF):
    layout = make_layout(graph, size, HEADER)
    shapes = [layout.shape(node) for node in graph.nodes]
    boxes = np.array([[s.left(), s.top(), s.right(), s.bottom()] for s in shapes])
    first, second = boxes[:, None], boxes[None]
    meet = (
        (first[..., 0] < second[..., 2])
        & (first[..., 2] > second[..., 0])
        & (first[..., 1] < second[..., 3])
        & (first[..., 3] > second[..., 1])
    )
    assert np.array_equal(meet, np.eye(len(shapes), dtype=bool))


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("graph", GRAPHS[:3], ids=lambda g: f"{g.layers}x{g.heads}")
def test_framed_graph_keeps_clear_of_count_and_legend(graph: Graph, size: QSizeF):
    layout = make_layout(graph, size, HEADER)
    camera = framed(layout.bounds, size, layout.margins, 1.0)
    for node in graph.nodes:
        rect = camera.rect(layout.shape(node))
        assert rect.left() >= EDGE
        assert rect.right() <= size.width() - EDGE
        assert rect.top() >= EDGE - 1
        assert rect.bottom() <= size.height() - EDGE + 1
        if rect.top() < EDGE + HEADER_HEIGHT:
            assert rect.left() > EDGE + HEADER.left
            assert rect.right() < size.width() - EDGE - HEADER.right or rect.top() > EDGE + HEADER_HEIGHT


@pytest.mark.parametrize("graph", GRAPHS[:3], ids=lambda g: f"{g.layers}x{g.heads}")
@pytest.mark.parametrize("size", SIZES[:2], ids=str)
def test_the_graph_fills_its_room(graph: Graph, size: QSizeF):
    bounds = make_layout(graph, size, HEADER).bounds
    assert bounds.width() > 0.55 * size.width()
    assert bounds.height() > 0.7 * size.height()


def test_a_node_is_found_by_its_number():
    layout = make_layout(GROUPED, SIZES[0])
    for node in (INPUT, head(0, 0), head(29, 8), Node("mlp", 3), LOGITS):
        assert GROUPED.nodes[layout.number(node)] == node
        assert np.allclose(layout.positions[layout.number(node)], layout.position(node).toTuple())


def test_zoom_keeps_the_point_under_the_pointer():
    camera, anchor = Camera(1.3, 20.0, -7.0), SIZES[0]
    point = camera.point(anchor.width(), anchor.height())
    zoomed = camera.zoomed(2.0, point, 0.1, 10.0)
    assert zoomed.scale == pytest.approx(2.6)
    assert zoomed.point(anchor.width(), anchor.height()).toTuple() == pytest.approx(point.toTuple())
    assert zoomed.to_world(point).toTuple() == pytest.approx(camera.to_world(point).toTuple())


def test_zoom_stops_at_its_limits():
    assert Camera().zoomed(100.0, Camera().point(0, 0), 0.5, 8.0).scale == 8.0
    assert Camera().zoomed(0.01, Camera().point(0, 0), 0.5, 8.0).scale == 0.5


@pytest.mark.parametrize("size", [QSizeF(770, 590), *SIZES], ids=str)
@pytest.mark.parametrize("graph", GRAPHS[:4], ids=lambda g: f"{g.layers}x{g.heads}")
def test_the_edge_from_the_last_mlp_keeps_off_the_legend(graph: Graph, size: QSizeF):
    layout = make_layout(graph, size, HEADER)
    camera = framed(layout.bounds, size, layout.margins, 1.0)
    index = graph.index(f"m{graph.layers - 1}->logits")
    points = camera.to_widget(make_curves(layout, np.array([index])).sampled(200)[0])
    for share, bottom in ((1.0, 17), (0.75, HEADER_HEIGHT - 3)):  # the second line is the shorter one
        under = points[:, 0] > size.width() - EDGE - share * HEADER.right
        assert np.all(points[under, 1] > EDGE + bottom)


@pytest.mark.parametrize("percent", [100, 150])
@pytest.mark.parametrize("size", [QSizeF(525, 290), *SIZES], ids=str)
@pytest.mark.parametrize("graph", GRAPHS, ids=lambda g: f"{g.layers}x{g.heads}")
def test_nothing_lies_on_the_legend_of_marks(graph: Graph, size: QSizeF, percent: int):
    theme.set_text_percent(percent)
    foot = 160.0 * percent / 100
    layout = make_layout(graph, size, replace(HEADER, foot=foot))
    camera = framed(layout.bounds, size, layout.margins, 1.0)
    theme.set_text_percent(100)
    corner = QRectF(0, size.height() - EDGE + 4 - FOOT_HEIGHT * percent / 100, EDGE + foot, EDGE + FOOT_HEIGHT)
    assert not [node.name for node in graph.nodes if camera.rect(layout.shape(node)).intersects(corner)]


def test_the_bars_keep_their_height_however_many_layers(qapp):
    """Else `input` and `logits` had no names in a low window."""
    size = QSizeF(525, 290)
    layout = make_layout(GROUPED, size, HEADER)
    assert framed(layout.bounds, size, layout.margins, 1.0).scale > 0.9


def test_rows_of_a_low_and_narrow_view_can_be_told_apart(qapp):
    """A screen of 1440 x 900 at 150 %: both bars stand beside what is written in the corners, not above and below."""
    size, graph = QSizeF(461, 166), Graph(4, 8, 8)
    corners = Corners(235, 182, 217, 125, 154)
    layout = make_layout(graph, size, corners)
    assert layout.pitch_y >= 12
    assert make_layout(graph, size, replace(corners, second_right=0)).pitch_y < 9
    camera = framed(layout.bounds, size, layout.margins, 1.0)
    above, below = camera.rect(layout.logits_bar), camera.rect(layout.input_bar)
    assert above.left() > EDGE + corners.second_left
    assert above.right() < size.width() - EDGE - corners.second_right
    assert above.top() > EDGE + 16
    assert below.left() > EDGE + corners.foot
    assert below.right() < size.width()
