"""What a point means: nodes before edges, the nearest within reach."""

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QRectF, QSizeF

from core.graph import INPUT, LOGITS, Node
from tests.views.canvas.samples import GROUPED, SMALL, canvas_data, head, random_data
from views.canvas.camera import Camera
from views.canvas.hit import REACH, edges_near, nodes_in, targets_at
from views.canvas.layout import make_layout
from views.canvas.scene import make_scene

SIZE = QSizeF(760, 540)


def make(data):
    return make_scene(data, make_layout(data.graph, SIZE))


@pytest.mark.parametrize("scale", [0.7, 1.0, 3.0])
def test_the_middle_of_every_node_is_that_node(scale: float):
    scene, camera = make(random_data(GROUPED, 200)), Camera(scale, 13.0, -40.0)
    for node in GROUPED.nodes:
        centre = scene.layout.position(node)
        assert targets_at(scene, camera, camera.point(*centre.toTuple()))[0] == node


def test_distance_agrees_with_a_slow_search():
    scene, camera = make(random_data(GROUPED, 300)), Camera(1.4, -30.0, 12.0)
    fine = camera.to_widget(scene.curves.lines[0].sampled(2000))
    rng = np.random.default_rng(1)
    for x, y in rng.uniform((0, 0), (760, 540), (40, 2)):
        slow = np.full(len(scene), np.inf)  # of an edge with branches the nearest of them
        np.minimum.at(slow, scene.line_of, np.hypot(fine[..., 0] - x, fine[..., 1] - y).min(axis=1))
        found = {place: distance for distance, place in edges_near(scene, camera, QPointF(x, y))}
        for place, distance in found.items():
            assert distance == pytest.approx(slow[place], abs=0.6)
        assert set(np.flatnonzero(slow < REACH - 0.6)) <= set(found)
        assert set(found) <= set(np.flatnonzero(slow < REACH + 0.6))


def test_an_edge_is_hit_from_a_few_pixels_away_and_not_from_far():
    scene = make(canvas_data(SMALL, "m0->a2.h1<q>"))
    middle = QPointF(*scene.points[0][16])
    names = lambda dx, dy: [t.name for t in targets_at(scene, Camera(), middle + QPointF(dx, dy))]  # noqa: E731
    assert names(0, 0)[0] == "m0->a2.h1<q>"
    assert "m0->a2.h1<q>" in names(0, 5)
    assert "m0->a2.h1<q>" not in names(0, 40)


def test_a_node_wins_over_an_edge_that_ends_in_it():
    scene = make(canvas_data(SMALL, "a0.h2->a3.h2<k>"))
    point = scene.layout.position(head(3, 2)) + QPointF(0, scene.layout.radius)
    found = targets_at(scene, Camera(), point)
    assert found[0] == head(3, 2)
    assert "a0.h2->a3.h2<k>" in [target.name for target in found]


def test_the_nearer_of_two_edges_comes_first():
    scene = make(canvas_data(SMALL, "m0->a2.h1<q>", "m0->a2.h1<v>"))
    for place in (0, 1):
        for point in scene.points[place][18:27]:
            other = scene.points[1 - place]
            if np.hypot(*(other - point).T).min() > 2.0:
                assert targets_at(scene, Camera(), QPointF(*point))[0] == scene.edge(place)


def test_bars_are_hit_along_their_whole_width():
    scene = make(canvas_data(SMALL))
    for node, bar in ((INPUT, scene.layout.input_bar), (LOGITS, scene.layout.logits_bar)):
        for x in (bar.left() + 3, bar.center().x(), bar.right() - 3):
            assert targets_at(scene, Camera(), QPointF(x, bar.center().y()))[0] == node


def test_empty_space_is_nothing():
    scene = make(canvas_data(SMALL))
    between = (scene.layout.position(head(1, 1)) + scene.layout.position(head(2, 2))) / 2
    assert targets_at(scene, Camera(), between) == []


def test_nodes_in_a_rectangle():
    scene = make(canvas_data(SMALL))
    box = QRectF(scene.layout.position(head(1, 2)), scene.layout.position(head(2, 4))).normalized()
    box.adjust(-2, -2, 2, 2)
    expected = {head(layer, h) for layer in (1, 2) for h in (2, 3, 4)}
    assert set(nodes_in(scene, Camera(), box)) == expected
    assert Node("mlp", 1) not in expected
