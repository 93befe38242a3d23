"""The command palette: typed at, run from, closed; and that it holds all that the menus hold."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.window.command_words import match
from tests.app.person import Person, plain
from tests.app.window.test_menus import bar_entries
from views import theme

CONTROL = Qt.KeyboardModifier.ControlModifier


def summon(person: Person, query: str = ""):
    QTest.keyClick(person.window.canvas, Qt.Key.Key_K, CONTROL)
    palette = person.window.palette_commands.palette
    assert palette.isVisible()
    assert QApplication.focusWidget() is palette.field
    QTest.keyClicks(palette.field, query)
    return palette


def listed(palette) -> list[str]:
    return [row.words for row in palette.rows()]


@pytest.mark.parametrize(
    ("query", "better", "worse"),
    [
        ("fa", "Frame All", "Frame Selection at All"),
        ("trace", "Trace", "Restore A Cell"),
        ("zi", "Zoom In", "Resize It"),
        ("cut", "Cut Selection", "Circuit as Table"),
        ("redo", "Redo Cut a2.h1 (zero)", "Reduced: At Once"),
    ],
)
def test_letters_at_the_start_of_words_and_together_count_more(query: str, better: str, worse: str) -> None:
    first, second = match(query, better), match(query, worse)
    assert first is not None
    assert second is not None
    assert first > second


def test_letters_must_come_in_their_order() -> None:
    assert match("tuc", "Cut Selection") is None
    assert match("", "Cut Selection") == 0.0
    assert match("CUT", "cut") == match("cut", "CUT")


def test_it_holds_every_entry_of_the_menus_and_the_tools(reader: Person) -> None:
    palette = summon(reader)
    rows = {(row.place.split(" › ")[0], row.words): row for row in palette.rows()}
    for path, action in bar_entries(reader).items():
        if action.isEnabled():
            assert rows[(path.split("/")[0], plain(action.text()))].enabled, path
    assert {("Tools", "Cut tool"), ("Replace with", "zero"), ("View", "Dark")} <= set(rows)
    assert any(place == "Trace by" for place, _ in rows)
    assert rows[("Edit", "Trace")].keys == "T"


def test_what_cannot_be_done_says_why_and_does_nothing(reader: Person) -> None:
    palette = summon(reader, "cut sel")
    row = palette.rows()[0]
    assert (row.words, row.enabled, row.why) == ("Cut Selection", False, "Select a node or a wire first")
    QTest.keyClick(palette.field, Qt.Key.Key_Return)
    assert palette.isVisible()
    assert not reader.workbench.document.edits


def test_enter_runs_the_first_and_the_focus_goes_back(reader: Person) -> None:
    canvas = reader.window.canvas
    canvas.setFocus()
    (index,) = reader.strong_edges()
    reader.click_edge(index)
    palette = summon(reader, "cutsel")
    QTest.keyClick(palette.field, Qt.Key.Key_Return)
    reader.rest()
    assert not palette.isVisible()
    assert QApplication.focusWidget() is canvas
    assert [edit.target for edit in reader.workbench.document.edits] == [reader.edge(index)]


def test_the_entries_of_changing_menus_run_too(reader: Person, models) -> None:
    reader.workbench.models.open_model(str(models.llama))
    reader.rest()
    palette = summon(reader, "gpt2")
    assert palette.rows()[0].place == "File › Recent Models"
    QTest.keyClick(palette.field, Qt.Key.Key_Return)
    reader.rest()
    assert reader.window.windowTitle() == "gpt2[*] - Wirescope"
    QTest.keyClick(summon(reader, "light").field, Qt.Key.Key_Return)
    assert theme.current().name == "light"


def test_arrows_choose_and_the_mouse_too(reader: Person) -> None:
    palette = summon(reader, "zoom")
    assert {"Zoom In", "Zoom Out"} <= set(listed(palette))
    before = reader.window.canvas.camera
    out = listed(palette).index("Zoom Out")
    for _ in range(out):
        QTest.keyClick(palette.field, Qt.Key.Key_Down)
    QTest.keyClick(palette.field, Qt.Key.Key_Up)
    QTest.keyClick(palette.field, Qt.Key.Key_Down)
    QTest.keyClick(palette.field, Qt.Key.Key_Return)
    assert reader.window.canvas.camera.scale < before.scale
    palette = summon(reader, "zoom in")
    item = palette.list.visualItemRect(palette.list.item(0)).center()
    QTest.mouseClick(palette.list.viewport(), Qt.MouseButton.LeftButton, pos=item)
    assert reader.window.canvas.camera.scale == pytest.approx(before.scale)
    assert not palette.isVisible()


def test_escape_closes_it_and_the_focus_is_where_it_was(reader: Person) -> None:
    reader.panel("inspector").setFocus()
    reader.window.top_bar.trace.setFocus()
    palette = summon(reader, "nothing has these letters: xqzj")
    assert listed(palette) == []
    assert palette.none.isVisible()
    QTest.keyClick(palette.field, Qt.Key.Key_Escape)
    assert not palette.isVisible()
    assert QApplication.focusWidget() is reader.window.top_bar.trace


def test_the_button_on_the_bar_opens_it_and_a_click_elsewhere_closes_it(reader: Person) -> None:
    button = reader.window.top_bar.find_command
    assert button.text() == "Commands"
    reader.click(button)
    palette = reader.window.palette_commands.palette
    assert palette.isVisible()
    reader.window.canvas.setFocus(Qt.FocusReason.MouseFocusReason)
    assert not palette.isVisible()
    assert QApplication.focusWidget() is reader.window.canvas


def test_it_lies_within_a_small_window(reader: Person) -> None:
    reader.window.resize(1024, 700)
    palette = summon(reader)
    assert reader.window.rect().contains(palette.geometry())
    reader.window.resize(960, 700)
    QApplication.processEvents()
    assert reader.window.rect().contains(palette.geometry())


def test_what_a_method_is_told_opens_the_menu_with_the_keys_in_its_first_field(reader: Person) -> None:
    palette = summon(reader, "settings of eap-ig")
    assert palette.rows()[0].place == "Trace by"
    QTest.keyClick(palette.field, Qt.Key.Key_Return)
    menu = reader.window.top_bar.method_menu
    reader.wait(menu.isVisible)
    reader.wait(lambda: QApplication.focusWidget() is menu.fields["steps"])
    menu.close()
