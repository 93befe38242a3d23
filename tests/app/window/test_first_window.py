"""The window as it first comes: on the screen with its frame, and with what one needs in sight."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QMargins, QPoint, QRect, QSize
from PySide6.QtWidgets import QApplication, QWidget

from app.window.dock_layout import within
from core.project.metric_choice import MetricChoice
from tests.app.person import Person
from views.panels.edits.data import EditRow

LONG = "Then Mary and John went to the store , and after a long talk about it all John gave a drink to"


@pytest.mark.parametrize("frame", [QMargins(1, 24, 1, 5), QMargins(0, 0, 0, 0), QMargins(4, 37, 4, 4)])
@pytest.mark.parametrize("room", [QRect(0, 0, 1440, 900), QRect(0, 27, 1366, 741), QRect(1440, 0, 1920, 1050)])
@pytest.mark.parametrize("wanted", [QRect(0, 0, 1440, 900), QRect(900, 500, 1440, 900), QRect(-50, -50, 1024, 700)])
def test_a_window_lies_on_the_screen_with_its_frame(room: QRect, frame: QMargins, wanted: QRect) -> None:
    inside = within(room, wanted, frame, QSize(960, 600))
    assert room.contains(inside.marginsAdded(frame))
    if room.contains(wanted.marginsAdded(frame)):
        assert inside == wanted


def test_on_too_small_a_screen_the_upper_left_corner_is_in_sight() -> None:
    frame = QMargins(2, 20, 2, 2)
    assert within(QRect(0, 0, 800, 500), QRect(100, 100, 1440, 900), frame, QSize(960, 600)) == QRect(2, 20, 960, 600)


def is_in_sight(widget: QWidget) -> bool:
    return widget.visibleRegion().boundingRect() == widget.rect()


@pytest.mark.parametrize("height", [900, 838])  # 838: with a panel and a title bar on a screen of 900
def test_edits_and_the_link_that_mends_a_metric_are_in_sight(reader: Person, height: int) -> None:
    window, inputs = reader.window, reader.panel("inputs")
    window.resize(1440, height)
    reader.type_prompt("A", LONG)
    inputs.set_metric_problem(
        "“ Mary” and “ John” are no longer in the prompt, which speaks of “ Alice” and “ Robert”.",
        MetricChoice("logit_difference", " Alice", " Robert"),
    )
    inputs.edits.set_edits([EditRow(k, f"a0.h{k}->m1", "zero") for k in range(2)])
    for _ in range(4):
        QApplication.processEvents()
    assert is_in_sight(inputs.metric_editor.fix)
    assert is_in_sight(inputs.edits)
    assert is_in_sight(inputs.card_a.mark)
    assert not inputs.card_a.chips.visibleRegion().isEmpty()
    first = inputs.card_a.chips.chip_rect(0).toRect()
    assert inputs.card_a.chips.visibleRegion().contains(first)


def test_a_new_input_is_shown_from_its_first_line(reader: Person) -> None:
    inputs = reader.panel("inputs")
    reader.window.resize(1024, 700)
    reader.type_prompt("A", " ".join([LONG] * 3))
    for area in (inputs.cards, inputs.scroll_area):
        area.verticalScrollBar().setValue(area.verticalScrollBar().maximum())
    reader.type_prompt("A", LONG)
    assert is_in_sight(inputs.card_a.mark)
    assert inputs.card_a.mark.mapTo(inputs, QPoint(0, 0)).y() > 0


def test_a_low_screen_has_room_for_the_window(reader: Person) -> None:
    """1440 x 900 at 150 % are 960 x 600, and a desktop has a bar and a frame beside."""
    least = reader.window.minimumSizeHint()
    assert least.width() <= 950
    assert least.height() <= 560


def test_the_window_takes_the_room_that_its_frame_turns_out_to_leave(
    reader: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = reader.window
    room = window.screen().availableGeometry()
    window.setGeometry(QRect(room.topLeft(), QSize(900, room.height() + 100)))
    monkeypatch.setattr(window, "frameGeometry", window.geometry)  # not known yet
    window.arrangement.keep_on_screen()
    guessed = window.height()
    assert guessed < room.height()
    frame = QMargins(1, 12, 1, 1)
    monkeypatch.setattr(window, "frameGeometry", lambda: window.geometry().marginsAdded(frame))
    window.arrangement.keep_on_screen()
    assert window.height() == room.height() - 13 > guessed
    window.resize(900, guessed - 50)  # by the user
    window.arrangement.keep_on_screen()
    assert window.height() == guessed - 50
