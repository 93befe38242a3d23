"""Curves and strokes: where edges run, how they are told apart, and how they are cut to pieces."""

import numpy as np
import pytest
from PySide6.QtCore import QRectF, QSizeF

from tests.views.canvas.samples import GROUPED, SMALL, canvas_data, head, random_data
from views.canvas.camera import Camera
from views.canvas.curves import make_curves
from views.canvas.data import CanvasData, EdgeMark
from views.canvas.edge_layer import Gap, edge_color, edge_path, edge_segments, visible
from views.canvas.layout import make_layout
from views.canvas.scene import make_scene
from views.canvas.strokes import LEVELS
from views.theme_colors import DARK, LIGHT

SIZE = QSizeF(760, 540)


def curve(layout, name: str, samples: int = 50) -> np.ndarray:
    return make_curves(layout, np.array([layout.graph.index(name)])).sampled(samples)[0]


def test_an_edge_runs_from_its_writer_to_its_reader():
    layout = make_layout(SMALL, SIZE)
    points = curve(layout, "a0.h1->a2.h5<q>")
    start = layout.position(head(0, 1))
    assert np.allclose(points[0], (start.x(), start.y() - layout.radius))  # what it writes leaves above
    assert np.hypot(*(points[-1] - layout.position(head(2, 5)).toTuple())) <= layout.radius * 1.01


def test_q_k_and_v_come_in_from_left_to_right():
    layout = make_layout(SMALL, SIZE)
    ends = [curve(layout, f"m0->a2.h5<{port}>")[-1][0] for port in "qkv"]
    assert ends == sorted(ends)
    assert ends[2] - ends[0] == pytest.approx(1.24 * layout.radius)


def test_an_edge_into_a_shared_key_goes_to_every_head_of_its_group():
    layout = make_layout(GROUPED, SIZE)
    scene = make_scene(canvas_data(GROUPED, "m0->a5.h3<q>", "m0->a5.kv1<k>"), layout)
    shared = next(place for place in range(2) if scene.edge(place).reader.kind == "k")
    lines, of = scene.curves.lines_of(np.array([shared]))
    assert of.tolist() == [shared] * 3
    starts, ends = lines.controls[:, 0], lines.controls[:, 3]
    assert np.allclose(starts, starts[0])
    for end, number in zip(ends, (3, 4, 5), strict=True):
        assert np.hypot(*(end - layout.position(head(5, number)).toTuple())) <= layout.radius * 1.01
        assert scene.strength[layout.number(head(5, number))] >= 0
    assert len(scene.curves.lines_of(np.array([1 - shared]))[1]) == 1
    path = edge_path(scene, Camera(), shared)
    assert path.toSubpathPolygons()[2].last().toTuple() == pytest.approx(tuple(ends[2]))
    box = scene.boxes[shared]
    assert box[2] >= ends[:, 0].max()
    segments = edge_segments(scene, Camera(), np.array([shared]), 1.0, False, {}, 8)
    assert len(segments) == 3 * 7


def test_edges_of_one_column_bow_apart():
    layout = make_layout(SMALL, SIZE)
    short = curve(layout, "a0.h3->a1.h3<k>")
    long = curve(layout, "a0.h3->a3.h3<k>")
    column = layout.position(head(0, 3)).x()
    assert 4 < np.abs(short[:, 0] - column).max() < np.abs(long[:, 0] - column).max() < layout.pitch_x / 2


def test_edges_meet_the_bars_within_them():
    layout = make_layout(SMALL, SIZE)
    starts = [curve(layout, f"input->a1.h{h}<q>")[0] for h in range(8)]
    ends = [curve(layout, f"a1.h{h}->logits")[-1] for h in range(8)]
    for points, bar in ((starts, layout.input_bar), (ends, layout.logits_bar)):
        xs = [point[0] for point in points]
        assert bar.left() < min(xs) < max(xs) < bar.right()
        assert xs == sorted(xs)
        assert len(set(xs)) == 8


def test_strength_says_the_order_and_the_width():
    names = ("m0->m2", "m1->m3", "a0.h0->logits")
    scene = make_scene(canvas_data(SMALL, *names), make_layout(SMALL, SIZE))
    assert [scene.edge(place).name for place in range(3)] == list(reversed(names))
    assert scene.level[-1] == LEVELS - 1
    assert np.all(np.diff(scene.level) >= 0)
    assert scene.sign.tolist() == [1, -1, 1]


def test_unknown_values_are_weakest_and_without_sign():
    marks = (EdgeMark(3, None), EdgeMark(4, 0.1), EdgeMark(5, float("nan")))
    scene = make_scene(CanvasData(SMALL, marks), make_layout(SMALL, SIZE))
    assert scene.sign.tolist() == [0, 0, 1]
    assert scene.level.tolist() == [0, 0, LEVELS - 1]


def test_no_edges_at_all():
    scene = make_scene(CanvasData(SMALL), make_layout(SMALL, SIZE))
    assert len(visible(scene, Camera(), QRectF(0, 0, 760, 540))) == 0


def length(segments: np.ndarray) -> float:
    return float(np.hypot(segments[:, 2] - segments[:, 0], segments[:, 3] - segments[:, 1]).sum())


def test_dashes_cover_their_share_of_the_line():
    scene = make_scene(random_data(SMALL, 50), make_layout(SMALL, SIZE))
    for place in range(50):
        where = np.array([place])
        solid = length(edge_segments(scene, Camera(), where, 2.0, False, {}))
        dashed = length(edge_segments(scene, Camera(), where, 2.0, True, {}))
        on, off = 4.5 + 1.6 * 2, 2.5 + 1.2 * 2
        share = on / (on + off)
        assert dashed == pytest.approx(share * solid, abs=on + 2)


def test_dashing_many_edges_at_once_is_dashing_each():
    scene = make_scene(random_data(GROUPED, 40), make_layout(GROUPED, SIZE))
    together = edge_segments(scene, Camera(), np.arange(40), 1.0, True, {})
    apart = [edge_segments(scene, Camera(), np.array([place]), 1.0, True, {}) for place in range(40)]
    in_order = lambda pieces: pieces[np.lexsort(np.round(pieces, 5).T)]  # noqa: E731  branches come last
    assert np.allclose(in_order(together), in_order(np.concatenate(apart)), atol=1e-5)


@pytest.mark.parametrize("dashed", [False, True])
def test_a_broken_edge_has_a_gap_of_the_size_asked_for(dashed: bool):
    scene = make_scene(canvas_data(SMALL, "a0.h0->logits"), make_layout(SMALL, SIZE))
    where = np.array([0])
    whole = edge_segments(scene, Camera(), where, 2.0, False, {})
    total = length(whole)
    broken = edge_segments(scene, Camera(), where, 2.0, dashed, {0: Gap(total / 2, 20.0)})
    middle = whole[len(whole) // 2][:2]
    distance = np.hypot(broken[:, [0, 2]] - middle[0], broken[:, [1, 3]] - middle[1])
    assert distance.min() > 8
    if not dashed:
        assert length(broken) == pytest.approx(total - 40, abs=2.0)


def test_a_broken_path_is_in_two_parts():
    scene = make_scene(canvas_data(SMALL, "a0.h0->logits"), make_layout(SMALL, SIZE))
    whole, broken = edge_path(scene, Camera(), 0), edge_path(scene, Camera(), 0, Gap(200.0, 15.0))
    assert len(whole.toSubpathPolygons()) == 1
    assert len(broken.toSubpathPolygons()) == 2
    assert broken.length() == pytest.approx(whole.length() - 30, rel=0.02)


def test_only_edges_in_view_are_drawn():
    layout = make_layout(SMALL, SIZE)
    scene = make_scene(canvas_data(SMALL, "a0.h0->a1.h0<q>", "m2->logits"), layout)
    near = layout.shape(head(0, 0)).adjusted(-5, -5, 5, 5)
    assert [scene.edge(place).name for place in visible(scene, Camera(), near)] == ["a0.h0->a1.h0<q>"]
    assert len(visible(scene, Camera(), QRectF(0, 0, 760, 540))) == 2


@pytest.mark.parametrize("look", [DARK, LIGHT], ids=lambda look: look.name)
def test_stronger_edges_stand_out_more_from_the_panel(look):
    def apart(level: int) -> int:
        ink, ground = edge_color(look, 1, level).getRgb()[:3], look.color("panel").getRgb()[:3]
        return sum(abs(a - b) for a, b in zip(ink, ground, strict=True))

    assert [apart(level) for level in range(LEVELS)] == sorted(apart(level) for level in range(LEVELS))
    assert edge_color(look, 1, LEVELS - 1).name() == look.positive
    assert edge_color(look, -1, LEVELS - 1).name() == look.negative
