from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt

from views import theme
from views.theme import current
from views.widgets.chips import TokenChips
from views.widgets.data import TokenChip


@pytest.fixture(autouse=True)
def _dark(qapp):
    theme.set_choice("dark")
    theme.apply(qapp)


def chips_of(qtbot, words, differs=(), color="selection") -> TokenChips:
    chips = TokenChips(color)
    qtbot.addWidget(chips)
    chips.set_tokens([TokenChip(word, i, i in differs) for i, word in enumerate(words)])
    chips.resize(200, chips.heightForWidth(200))
    return chips


def test_chips_fill_lines_and_stay_inside(qtbot):
    chips = chips_of(qtbot, [" word"] * 30)
    rects = [chips.chip_rect(i) for i in range(30)]
    assert all(rect.right() <= 200 and rect.bottom() <= chips.height() for rect in rects)
    assert len({rect.y() for rect in rects}) > 3
    assert not any(a.intersects(b) for i, a in enumerate(rects) for b in rects[:i])


def test_a_narrower_place_needs_more_lines(qtbot):
    chips = chips_of(qtbot, [" word"] * 30)
    assert chips.heightForWidth(120) > chips.heightForWidth(240)


def test_a_very_long_token_is_elided_into_its_line(qtbot):
    chips = chips_of(qtbot, ["x" * 300])
    assert "…" in chips.chip_texts()[0]
    assert chips.chip_rect(0).right() <= 200


def test_the_chip_under_a_point(qtbot):
    chips = chips_of(qtbot, ["a", " b", " c"])
    token = chips.chip_at(chips.chip_rect(2).center())
    assert token is not None
    assert token.index == 2


def test_a_chip_that_differs_is_outlined_in_its_colour(qtbot):
    chips = chips_of(qtbot, ["a", " b"], differs=(1,), color="negative")
    image = chips.grab().toImage()
    ratio = image.devicePixelRatio()

    def most_red(index):
        """On the left side of a chip."""
        rect = chips.chip_rect(index)
        x, y = round(rect.left() * ratio), round(rect.center().y() * ratio)
        return max(image.pixelColor(x + i, y).red() for i in (-1, 0, 1, 2))

    wanted = current().color("negative").red()
    assert most_red(1) > 0.7 * wanted
    assert most_red(0) < 0.5 * wanted


def click(qtbot, chips, index, modifier=Qt.KeyboardModifier.NoModifier) -> None:
    qtbot.mouseClick(chips, Qt.MouseButton.LeftButton, modifier, chips.chip_rect(index).center().toPoint())


def test_pencil_double_click_and_enter_ask_for_editing(qtbot):
    chips = chips_of(qtbot, ["a"])
    asked: list[None] = []
    chips.edit_requested.connect(lambda: asked.append(None))
    qtbot.mouseClick(chips, Qt.MouseButton.LeftButton, pos=chips.pencil_rect().center().toPoint())
    qtbot.mouseDClick(chips, Qt.MouseButton.LeftButton, pos=chips.chip_rect(0).center().toPoint())
    qtbot.keyClick(chips, Qt.Key.Key_Return)
    qtbot.mouseClick(chips, Qt.MouseButton.RightButton)
    click(qtbot, chips, 0)
    assert len(asked) == 3


def test_clicks_pick_tokens(qtbot):
    chips = chips_of(qtbot, ["a", " b", " c", " d"])
    told: list[tuple[int, ...]] = []
    chips.picked_changed.connect(told.append)
    click(qtbot, chips, 1)
    click(qtbot, chips, 3, Qt.KeyboardModifier.ShiftModifier)
    click(qtbot, chips, 2, Qt.KeyboardModifier.ControlModifier)
    click(qtbot, chips, 0, Qt.KeyboardModifier.ControlModifier)
    click(qtbot, chips, 2)
    qtbot.mouseClick(chips, Qt.MouseButton.LeftButton, pos=QPoint(chips.width() - 2, chips.height() - 2))
    assert told == [(1,), (1, 2, 3), (1, 3), (0, 1, 3), (2,), ()]


def test_keys_pick_tokens(qtbot):
    chips = chips_of(qtbot, ["a", " b", " c"])
    qtbot.keyClick(chips, Qt.Key.Key_Right)
    assert chips.picked() == (0,)
    qtbot.keyClick(chips, Qt.Key.Key_Right)
    qtbot.keyClick(chips, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert chips.picked() == (1, 2)
    assert chips.accessibleName() == "Tokens: a, b, c. Selected: b, c"
    qtbot.keyClick(chips, Qt.Key.Key_Space)
    assert chips.picked() == (1,)
    qtbot.keyClick(chips, Qt.Key.Key_Home, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(chips, Qt.Key.Key_Space)
    assert chips.picked() == (0, 1)
    qtbot.keyClick(chips, Qt.Key.Key_Escape)
    assert chips.picked() == ()


def test_a_picked_chip_has_the_colour_of_the_selection(qtbot):
    chips = chips_of(qtbot, ["aaa", " b"])
    chips.set_picked((0,))
    image = chips.grab().toImage()
    colors = {image.pixelColor(x, 6).name() for x in range(round(chips.chip_rect(0).right()))}
    assert current().chosen in colors


def test_two_thousand_tokens_are_one_widget(qtbot):
    chips = chips_of(qtbot, [" word"] * 2000)
    assert chips.children() == []
    assert len(chips.chip_texts()) == 2000
