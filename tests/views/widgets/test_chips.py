from __future__ import annotations

from PySide6.QtCore import Qt

from views.data import TokenChip
from views.theme import current
from views.widgets.chips import TokenChips


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


def test_keyboard_and_mouse_ask_for_editing(qtbot):
    chips = chips_of(qtbot, ["a"])
    asked: list[None] = []
    chips.edit_requested.connect(lambda: asked.append(None))
    qtbot.mouseClick(chips, Qt.MouseButton.LeftButton)
    qtbot.keyClick(chips, Qt.Key.Key_Return)
    qtbot.mouseClick(chips, Qt.MouseButton.RightButton)
    assert len(asked) == 2


def test_two_thousand_tokens_are_one_widget(qtbot):
    chips = chips_of(qtbot, [" word"] * 2000)
    assert chips.children() == []
    assert len(chips.chip_texts()) == 2000
