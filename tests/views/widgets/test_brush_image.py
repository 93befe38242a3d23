"""Brushing a region of patches on a picture."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from views.theme import current
from views.widgets.brush_image import BrushImage

NONE, SHIFT, CTRL = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
)
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def image(qtbot) -> BrushImage:
    widget = BrushImage()
    qtbot.addWidget(widget)
    widget.set_image(np.full((64, 64, 3), 40, dtype=np.uint8), (4, 4))
    widget.resize(200, 200)
    widget.show()
    return widget


def centre(image: BrushImage, patch: int) -> QPoint:
    return image.patch_rect(patch).center().toPoint()


def drag(qtbot, image: BrushImage, start: int, end: int, modifier=NONE) -> None:
    qtbot.mousePress(image, LEFT, modifier, centre(image, start))
    move(image, centre(image, end), modifier)
    qtbot.mouseRelease(image, LEFT, modifier, centre(image, end))


def move(image: BrushImage, to: QPoint, modifier) -> None:
    """With the left button down."""
    place = QPointF(to)
    QApplication.sendEvent(
        image, QMouseEvent(QEvent.Type.MouseMove, place, image.mapToGlobal(place), LEFT, LEFT, modifier)
    )


def test_a_stroke_picks_all_patches_under_it_and_shift_adds(image, qtbot):
    told: list[tuple[int, ...]] = []
    image.picked_changed.connect(told.append)
    drag(qtbot, image, 4, 7)
    drag(qtbot, image, 0, 0)
    drag(qtbot, image, 9, 13, SHIFT)
    qtbot.mouseClick(image, Qt.MouseButton.LeftButton, CTRL, centre(image, 9))
    assert told == [(4, 5, 6, 7), (0,), (0, 9, 13), (0, 13)]
    qtbot.keyClick(image, Qt.Key.Key_Escape)
    assert told[-1] == ()


@pytest.mark.parametrize(("start", "end"), [(5, 11), (11, 5), (7, 9)])
def test_ctrl_and_a_drag_pick_the_patches_of_a_rectangle(image, qtbot, start, end):
    told: list[tuple[int, ...]] = []
    image.picked_changed.connect(told.append)
    drag(qtbot, image, 0, 0)
    drag(qtbot, image, start, end, CTRL)
    assert told == [(0,), (5, 6, 7, 9, 10, 11)]
    drag(qtbot, image, 12, 13, CTRL | SHIFT)
    assert told[-1] == (5, 6, 7, 9, 10, 11, 12, 13)
    drag(qtbot, image, 4, 7)  # a stroke as ever
    assert told[-1] == (4, 5, 6, 7)


def test_a_rectangle_grows_and_shrinks_with_the_pointer_also_beside_the_picture(image, qtbot):
    qtbot.mousePress(image, LEFT, CTRL, centre(image, 5))
    move(image, QPoint(900, 900), CTRL)
    assert image.picked() == (5, 6, 7, 9, 10, 11, 13, 14, 15)
    move(image, QPoint(-50, -50), CTRL)
    assert image.picked() == (0, 1, 4, 5)
    move(image, centre(image, 5), CTRL)
    assert image.picked() == (5,)


def test_esc_gives_up_the_rectangle_and_leaves_what_was_picked(image, qtbot):
    image.set_picked((0, 5))
    told: list[tuple[int, ...]] = []
    image.picked_changed.connect(told.append)
    qtbot.mousePress(image, LEFT, CTRL, centre(image, 5))
    move(image, centre(image, 10), CTRL)
    assert image.picked() == (5, 6, 9, 10)
    qtbot.keyClick(image, Qt.Key.Key_Escape, CTRL)
    assert image.picked() == (0, 5)
    move(image, centre(image, 15), CTRL)
    qtbot.mouseRelease(image, LEFT, CTRL, centre(image, 15))
    assert image.picked() == (0, 5)
    assert told == []
    drag(qtbot, image, 1, 1)
    assert told == [(1,)]


def test_keys_pick_patches(image, qtbot):
    qtbot.keyClick(image, Qt.Key.Key_Right)
    assert image.picked() == (0,)
    qtbot.keyClick(image, Qt.Key.Key_Down)
    qtbot.keyClick(image, Qt.Key.Key_Right, SHIFT)
    assert image.picked() == (4, 5)
    qtbot.keyClick(image, Qt.Key.Key_Space)
    assert image.picked() == (4,)


def test_a_region_is_outlined_as_a_whole(image, qtbot):
    image.set_picked((5, 6))
    shown = image.grab().toImage()
    ratio = shown.devicePixelRatio()
    wanted = current().color("selection")

    def yellow(point) -> bool:
        color = shown.pixelColor(round(point.x() * ratio), round(point.y() * ratio))
        return abs(color.red() - wanted.red()) < 30 and abs(color.green() - wanted.green()) < 30

    first, second = image.patch_rect(5), image.patch_rect(6)
    assert yellow(QPoint(round(first.left()), round(first.center().y())))
    assert yellow(QPoint(round(second.right()), round(second.center().y())))
    assert not yellow(QPoint(round(first.right()), round(first.center().y())))  # no line inside


def test_a_picture_of_another_grid_has_no_region(image):
    image.set_picked((15,))
    image.set_image(np.full((64, 64, 3), 40, dtype=np.uint8), (2, 2))
    assert image.picked() == ()
