"""Whether things move by themselves, and the moves of the eye."""

import itertools
import math

import pytest
from PySide6.QtCore import QPointF

from views import motion
from views.canvas.camera import Camera
from views.canvas.glide import between


@pytest.fixture(autouse=True)
def as_before():
    yield
    motion.set_choice("system")


def test_the_user_decides_and_without_a_screen_nothing_moves(qapp):
    assert motion.reduced()
    motion.set_choice("full")
    assert not motion.reduced()
    motion.set_choice("reduced")
    assert motion.reduced()


def test_a_glide_begins_and_ends_where_it_should():
    start, end = Camera(1.0, 10.0, -5.0), Camera(4.0, -300.0, 70.0)
    for share, camera in ((0.0, start), (1.0, end)):
        there = between(start, end, share)
        assert (there.scale, there.x, there.y) == pytest.approx((camera.scale, camera.x, camera.y))


def test_a_glide_grows_evenly_about_the_point_that_stays():
    start = Camera(1.0, 10.0, -5.0)
    anchor = QPointF(120.0, 80.0)
    end = start.zoomed(3.0, anchor, 0.1, 10.0)
    world = start.to_world(anchor)
    scales = []
    for step in range(11):
        camera = between(start, end, step / 10)
        assert camera.point(world.x(), world.y()).toTuple() == pytest.approx(anchor.toTuple())
        scales.append(math.log(camera.scale))
    steps = [b - a for a, b in itertools.pairwise(scales)]
    assert steps == pytest.approx([steps[0]] * 10)


def test_a_glide_without_zoom_is_straight():
    middle = between(Camera(2.0, 0.0, 0.0), Camera(2.0, 100.0, -40.0), 0.25)
    assert (middle.scale, middle.x, middle.y) == pytest.approx((2.0, 25.0, -10.0))
