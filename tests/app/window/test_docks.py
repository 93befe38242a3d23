"""The panels around the canvas: they move, float, hide and come back, and stay where they were put."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QKeySequence, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QScrollArea, QTabBar, QWidget

from app.services.panels import DOCKS, SIDES
from app.window import dock_layout
from app.window.main_window import Window
from tests.app.cases import each
from tests.app.person import Person, plain
from views.widgets.docks import Area, Dock

Sit = Callable[[], Person]


@pytest.fixture
def window(person: Person) -> Window:
    person.window.resize(1440, 900)
    QApplication.processEvents()
    return person.window


def place(dock: Dock) -> tuple[int, int, int, int]:
    """Where a dock is in the window."""
    corner = dock.mapTo(dock.window(), QPoint(0, 0))
    return corner.x(), corner.y(), dock.width(), dock.height()


def in_front(window: Window) -> dict[str, Dock]:
    """The docks that are to be seen: not behind a tab."""
    return {key: dock for key, dock in window.docks.items() if not dock.isVisible() or place(dock)[0] >= 0}


def sizes(window: Window) -> dict[str, tuple[int, int]]:
    QApplication.processEvents()
    return {key: (dock.width(), dock.height()) for key, dock in window.docks.items() if dock.isVisible()}


def pull(window: Window, key: str, edge: str, by: int) -> None:
    """Pull at the gap beside a dock."""
    box = window.docks[key].geometry()
    middle, gap = box.center(), 4
    start = {
        "right": QPoint(box.right() + gap, middle.y()),
        "left": QPoint(box.left() - gap, middle.y()),
        "top": QPoint(middle.x(), box.top() - gap),
    }[edge]
    end = start + (QPoint(0, by) if edge == "top" else QPoint(by, 0))
    QTest.mousePress(window.desk, Qt.MouseButton.LeftButton, pos=start)
    held = (Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)  # QTest holds none
    move = QMouseEvent(QEvent.Type.MouseMove, QPointF(end), QPointF(window.desk.mapToGlobal(end)), *held)
    QApplication.sendEvent(window.desk, move)
    QApplication.processEvents()  # Qt moves what is pulled with a timer of its own
    QTest.mouseRelease(window.desk, Qt.MouseButton.LeftButton, pos=end)


@each("row", DOCKS)
def test_every_dock_has_its_entry_and_key_and_comes_back(window: Window, person: Person, row) -> None:
    dock, command = window.docks[row.key], window.commands[f"show_{row.key}"]
    assert command.isChecked() == dock.isVisible() == row.shown
    assert plain(command.text()) in [plain(action.text()) for action in person.menu("View").actions()]
    key = QKeySequence(command.shortcut())[0]
    dock.raise_()  # one that lies behind others comes to the front first
    QApplication.processEvents()
    for shown in (not row.shown, row.shown):
        QTest.keyClick(window.canvas, key.key(), key.keyboardModifiers())
        assert dock.isVisible() == command.isChecked() == shown


def test_a_panel_behind_others_of_its_tabs_comes_to_the_front(window: Window) -> None:
    dock, command = window.docks["dataset"], window.commands["show_dataset"]
    window.docks["history"].raise_()
    QApplication.processEvents()
    assert window.panels["dataset"].visibleRegion().isEmpty()
    QTest.keyClick(window.canvas, Qt.Key.Key_F5, Qt.KeyboardModifier.ShiftModifier)
    QApplication.processEvents()
    assert not window.panels["dataset"].visibleRegion().isEmpty()
    assert command.isChecked()
    QTest.keyClick(window.canvas, Qt.Key.Key_F5, Qt.KeyboardModifier.ShiftModifier)
    assert dock.isHidden()
    assert not command.isChecked()


def test_the_table_has_room_for_its_lines_and_gives_it_back(window: Window) -> None:
    before = window.panels["predictions"].height()
    QTest.keyClick(window.canvas, Qt.Key.Key_F8)
    QApplication.processEvents()
    assert window.panels["table"].height() > 1.3 * before
    QTest.keyClick(window.canvas, Qt.Key.Key_F8)
    QApplication.processEvents()
    assert abs(window.panels["predictions"].height() - before) <= 2


def test_a_hidden_dock_leaves_its_room_and_takes_it_again(window: Window) -> None:
    window.docks["trust"].close()  # the other one on this side
    QApplication.processEvents()
    before, centre = sizes(window), window.centre.width()
    title = window.docks["inspector"].title_bar
    QTest.mouseMove(title, title.rect().center())
    QTest.mouseClick(title.close_button, Qt.MouseButton.LeftButton)
    QApplication.processEvents()
    assert not window.panels["inspector"].isVisible()
    assert not window.commands["show_inspector"].isChecked()
    assert window.centre.width() > centre
    window.commands["show_inspector"].trigger()
    QApplication.processEvents()
    assert sizes(window) == before


def test_a_dock_floats_and_goes_back(window: Window, person: Person) -> None:
    dock = window.docks["inputs"]
    home = place(dock)
    person.click(dock.title_bar.float_button)
    person.wait(dock.isFloating)
    assert dock.isVisible()
    assert dock.window() is dock
    assert window.commands["show_inputs"].isChecked()
    person.click(dock.title_bar.float_button)
    person.wait(lambda: not dock.isFloating())
    for width in (1441, 1440):  # offscreen, a window's late "I have been moved" reaches the dock that it has become
        window.resize(width, 900)
        QApplication.processEvents()
    assert place(dock) == home


def test_the_buttons_of_a_title_bar_are_quiet_until_the_pointer_or_the_focus_comes(window: Window) -> None:
    title = window.docks["inputs"].title_bar
    assert title.close_button.is_quiet()
    quiet = title.grab().toImage()
    title._show_buttons(True)
    assert title.grab().toImage() != quiet
    title._show_buttons(False)
    assert title.grab().toImage() == quiet
    title.close_button.setFocus(Qt.FocusReason.TabFocusReason)
    QApplication.processEvents()
    assert not title.close_button.is_quiet()


def test_the_menu_of_a_dock_moves_it(window: Window, person: Person) -> None:
    dock = window.docks["inspector"]
    for words, area in (("Move Left", "left"), ("Move Bottom", "bottom"), ("Move Right", "right")):
        menu = dock.make_menu()
        next(action for action in menu.actions() if action.text() == words).trigger()
        menu.close()
        QApplication.processEvents()
        assert window.desk.dockWidgetArea(dock) == SIDES[area]
        assert dock.isVisible()


def test_docks_over_one_another_have_tabs_and_no_title_of_their_own(window: Window) -> None:
    first, second = window.docks["inspector"], window.docks["inputs"]
    window.desk.tabifyDockWidget(first, second)
    QApplication.processEvents()
    shown = [bar for bar in window.desk.findChildren(QTabBar) if bar.isVisible() and bar.count() > 1]
    assert {"Inputs", "Inspector", "Trust"} in [{bar.tabText(i) for i in range(bar.count())} for bar in shown]
    assert not first.title_bar.name.isVisible()
    window.commands["show_inspector"].setChecked(False)
    window.commands["show_inspector"].trigger()  # the one behind comes to the front
    QApplication.processEvents()
    assert window.panels["inspector"].isVisible()
    window.desk.addDockWidget(Area.LeftDockWidgetArea, second)
    QApplication.processEvents()
    assert second.title_bar.name.isVisible()


def test_layout_and_window_size_are_remembered(sit_down: Sit) -> None:
    first = sit_down().window
    first.resize(first.minimumSizeHint().width(), 740)  # on a screen of 800 x 800
    size = first.size()
    QApplication.processEvents()
    before = sizes(first)
    pull(first, "inputs", "right", 24)
    pull(first, "predictions", "top", -40)
    pulled = sizes(first)
    assert pulled["inputs"][0] == before["inputs"][0] + 24
    assert pulled["predictions"][1] == before["predictions"][1] + 40
    first.docks["inspector"].move_to(Area.LeftDockWidgetArea)
    first.commands["show_predictions"].trigger()
    QApplication.processEvents()
    kept = sizes(first)
    first.close()

    second = sit_down().window
    QApplication.processEvents()
    assert second.size() == size
    assert sizes(second) == kept
    assert second.desk.dockWidgetArea(second.docks["inspector"]) == Area.LeftDockWidgetArea
    assert not second.commands["show_predictions"].isChecked()
    assert second.commands["show_inputs"].isChecked()


def test_panels_nobody_has_pulled_take_their_share_of_another_width(sit_down: Sit) -> None:
    first = sit_down().window
    first.resize(1440, 900)
    wide = sizes(first)
    first.resize(1024, 700)
    narrow = sizes(first)
    assert narrow["inputs"][0] < wide["inputs"][0]
    assert narrow["inspector"][0] < wide["inspector"][0]
    assert first.centre.width() > 400
    first.close()
    second = sit_down().window
    second.resize(1440, 900)
    assert sizes(second) == wide


def test_reset_layout_brings_all_back(window: Window, person: Person) -> None:
    home = {key: place(dock) for key, dock in in_front(window).items()}
    pull(window, "inputs", "right", 60)
    window.docks["predictions"].move_to(Area.RightDockWidgetArea)
    window.docks["inspector"].setFloating(True)
    window.docks["inputs"].close()
    QApplication.processEvents()
    person.choose("View", "Reset Layout")
    QApplication.processEvents()
    assert {key: place(dock) for key, dock in in_front(window).items()} == home
    for row in DOCKS:
        assert window.docks[row.key].isVisible() == window.commands[f"show_{row.key}"].isChecked() == row.shown


def test_a_layout_of_other_docks_is_ignored(sit_down: Sit, monkeypatch) -> None:
    first = sit_down().window
    first.docks["inputs"].move_to(Area.RightDockWidgetArea)
    first.close()
    monkeypatch.setattr(dock_layout, "LAYOUT", dock_layout.LAYOUT + 1)  # as of a program with other docks
    second = sit_down().window
    assert second.desk.dockWidgetArea(second.docks["inputs"]) == Area.LeftDockWidgetArea
    assert second.panels["inputs"].isVisible()


def test_nothing_is_cut_in_a_small_window(window: Window) -> None:
    window.resize(1024, 700)
    QApplication.processEvents()
    assert (window.width(), window.height()) == (1024, 700)
    for dock in in_front(window).values():
        if not dock.isVisible():
            continue
        x, y, width, height = place(dock)
        assert x >= 8
        assert x + width <= 1024 - 8
        assert y + height <= 700
        panel = dock.widget()
        assert panel.width() >= panel.minimumSizeHint().width()
        for area in panel.findChildren(QScrollArea):
            content: QWidget = area.widget()
            assert content.width() <= area.viewport().width()


def test_no_tabs_are_left_over_a_panel(sit_down: Sit, person: Person) -> None:
    """At first, with a remembered layout, and after a reset: each set of tabs is there once."""

    def tabs(window: Window) -> list[list[str]]:
        QApplication.processEvents()
        bars = window.desk.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly)
        return [[bar.tabText(i) for i in range(bar.count())] for bar in bars if bar.isVisible() and bar.count() > 1]

    assert tabs(person.window) == [["History", "Dataset"], ["Inspector", "Trust"]]
    person.window.close()
    second = sit_down()
    assert tabs(second.window) == [["History", "Dataset"], ["Inspector", "Trust"]]
    second.choose("View", "Reset Layout")
    assert tabs(second.window) == [["History", "Dataset"], ["Inspector", "Trust"]]


def test_every_tab_says_its_whole_word_and_its_tip_the_whole_name(person: Person) -> None:
    """In a narrow window four docks lie side by side at the right."""
    window = person.window
    window.resize(1024, 700)
    for key in ("flip", "patch_map"):
        person.choose("View", *{"flip": ("Minimal Patch",), "patch_map": ("Patch Map",)}[key])
    bars = window.desk.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly)
    bar = next(bar for bar in bars if bar.isVisible() and bar.count() == 4)
    assert [bar.tabText(place) for place in range(4)] == ["Inspector", "Trust", "Minimal", "Map"]
    assert [bar.tabToolTip(place) for place in range(4)] == ["Inspector", "Trust", "Minimal Patch", "Patch Map"]
    for place in range(4):
        assert bar.tabRect(place).width() > bar.fontMetrics().horizontalAdvance(bar.tabText(place))
    assert bar.tabRect(3).right() <= bar.width()
