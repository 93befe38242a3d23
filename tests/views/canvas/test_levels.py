"""The switch between the two levels of the canvas."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from tests.views.canvas.positions.test_positions import LINKS, unfolded
from tests.views.canvas.samples import SMALL, canvas_data
from views import motion
from views.canvas.canvas import Canvas
from views.canvas.levels import Levels
from views.canvas.positions.canvas import PositionsCanvas


@pytest.fixture
def levels(qtbot) -> Levels:
    levels = Levels()
    levels.components.set_data(canvas_data(SMALL, "a0.h2->a2.h5<q>"))
    levels.positions.set_data(unfolded(*LINKS))
    qtbot.addWidget(levels)
    levels.resize(760, 540)
    with qtbot.waitExposed(levels):
        levels.show()
    return levels


def test_a_click_on_a_segment_shows_its_level_and_says_so(qtbot, levels: Levels) -> None:
    heard = []
    levels.level_changed.connect(heard.append)
    QTest.mouseClick(levels.buttons["positions"], Qt.MouseButton.LeftButton)
    assert levels.board.isVisible()
    assert isinstance(levels.board, PositionsCanvas)
    assert [button.isChecked() for button in levels.buttons.values()] == [False, True]
    levels.toggle()
    assert isinstance(levels.board, Canvas)
    assert heard == ["positions", "components"]


def test_the_segments_are_named_after_the_input_with_their_key(levels: Levels) -> None:
    levels.set_words("Patches", "Ctrl+T")
    assert levels.buttons["positions"].text() == "Patches"
    assert levels.buttons["positions"].toolTip() == "The circuit unfolded over patches (Ctrl+T)"
    assert levels.buttons["components"].accessibleName() == "Show components"


def test_the_focus_goes_along(qtbot, levels: Levels) -> None:
    levels.board.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.waitUntil(levels.board.hasFocus)
    levels.toggle()
    assert levels.board.hasFocus()
    assert levels.board.keyboard_focus, "and it shows where it was shown"
    QTest.mouseClick(levels.board, Qt.MouseButton.LeftButton)
    levels.toggle()
    assert levels.board.hasFocus()
    assert not levels.board.keyboard_focus


@pytest.mark.parametrize("choice", ["full", "reduced"])
def test_what_was_fades_only_where_motion_is_wanted(qtbot, levels: Levels, choice) -> None:
    motion.set_choice(choice)
    try:
        levels.toggle()
        assert levels.fade.isVisible() == (choice == "full")
        qtbot.waitUntil(lambda: not levels.fade.isVisible())
        levels.board.settle()
        assert levels.grab().toImage().pixelColor(400, 300).isValid()
    finally:
        motion.set_choice("system")
