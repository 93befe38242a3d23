"""Everything that can be seen in a menu or on a bar does something, and can be reached by one key at most."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from PySide6.QtCore import SIGNAL, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QAbstractButton, QApplication, QDialog, QLabel, QMenu, QStyle, QToolButton

from app.services import actions
from core.graph import LOGITS
from core.models import packs
from core.project.document import Document
from tests.app.cases import each
from tests.app.person import Person, plain
from views import theme


def entries(menu: QMenu, path: str = "") -> Iterator[tuple[str, QAction]]:
    """Every entry below a menu, with its path; menus that fill themselves are filled."""
    menu.aboutToShow.emit()
    for action in menu.actions():
        if action.isSeparator():
            continue
        name = f"{path}/{plain(action.text())}".removeprefix("/")
        if action.menu() is not None:
            yield from entries(action.menu(), name)
        else:
            yield name, action


def bar_entries(person: Person) -> dict[str, QAction]:
    found = {}
    for top in person.window.menuBar().actions():
        found.update(entries(top.menu(), plain(top.text())))
    return found


def connected(action: QAction) -> bool:
    """Whether somebody listens, besides the menus and buttons that show it."""
    showing = [shown for shown in action.associatedObjects() if isinstance(shown, QMenu | QToolButton)]
    return action.receivers(SIGNAL("triggered(bool)")) > len(showing)


def test_every_entry_is_connected_or_says_that_it_is_empty(onlooker: Person) -> None:
    found = bar_entries(onlooker)
    assert len(found) > 40
    of_selection = ("Cut Selection", "Patch Selection from B", "Knock Out the Weight", "Restore Selection")
    entries_of_edits = (*of_selection, "Reset All Edits")
    of_pictures = (
        *("Another Picture", "Blur", "Mean Colour", "Noise", "Shuffle Patches", "Inpaint", "Patches from B"),
        "Print a Word",
    )
    waiting = [
        "File/Compare with a Circuit",
        "File/Export the Edited Model",
        "File/Disconnect",
        "Edit/Undo",
        "Edit/Redo",
        *(f"Edit/{words}" for words in entries_of_edits),
        "Edit/Group Selection",
        "Edit/Ungroup",
        *(f"Edit/Make B from A/Make B: {words}" for words in of_pictures),
        "Edit/Make B from A/Make B: Again",
        "Edit/Dataset/Open a Folder of Pictures",
        "Edit/Dataset/Open the Frames of a Film",
        "Edit/Dataset/Save the Dataset",
        "Edit/Dataset/Clear the Dataset",
        "Edit/Dataset/Make B of Every Row as on Card B",
        "Edit/Pick by a Mask",
        "Edit/Name the Picked Region",
        "Edit/Pick No Tokens",
        "Edit/Compare with a Picture",
        "Edit/Compare with the Brushed Part of A",
        "Edit/Class Texts",
        "Edit/Classes from Folders",
        "Edit/Both Towers or One",
        "Edit/Map an Answer over the Picture",
        "Edit/Evaluate the Circuit",
        "Edit/Watch This Circuit",
        "Edit/Earlier Checkpoint",
        "Edit/Later Checkpoint",
        "Edit/Follow the Checkpoints",
        "View/Show or Hide Neurons",
    ]
    for name, action in found.items():
        assert connected(action) == action.isEnabled() or name in waiting, name
        assert action.text().strip(), name
    assert {name for name, action in found.items() if not action.isEnabled()} == {
        "File/Examples/names",  # headings
        "File/Examples/captions",
        "File/Examples/shapes",
        "File/Open Recent Project/None yet",
        *waiting,  # nothing is selected and nothing is done yet
    }


def test_entries_that_have_nothing_to_work_on_are_grey(reader: Person) -> None:
    def enabled() -> dict[str, bool]:
        menu = reader.menu("Edit")
        return {plain(a.text()).split()[0]: a.isEnabled() for a in menu.actions() if not a.isSeparator()}

    def of_edits() -> list[str]:
        return [key for key, on in enabled().items() if on and key in ("Cut", "Patch", "Restore", "Reset")]

    assert of_edits() == []
    (index,) = reader.strong_edges()
    reader.click_edge(index)
    assert of_edits() == ["Cut", "Patch"]
    reader.press(Qt.Key.Key_X)
    assert of_edits() == ["Cut", "Patch", "Restore", "Reset"]
    reader.window.canvas.choose(())
    reader.rest()
    assert of_edits() == ["Reset"]
    reader.choose("Edit", "Undo")
    assert of_edits() == []
    reader.click_node(LOGITS)  # these only read
    assert of_edits() == []


def test_every_action_that_the_window_has_is_in_a_menu(onlooker: Person) -> None:
    shown = set(bar_entries(onlooker).values())
    assert [key for key, action in onlooker.window.commands.items() if action not in shown] == []


def test_an_action_without_a_slot_cannot_be_made(qtbot, person: Person) -> None:
    with pytest.raises(KeyError):
        actions.Actions(person.window, person.workbench).add(actions.ACTIONS, {})


def test_no_two_actions_share_a_key(reader: Person) -> None:
    window = reader.window
    every = {*window.findChildren(QAction), *window.actions(), *bar_entries(reader).values()}
    keys = Counter(key.toString() for action in every for key in action.shortcuts() if not key.isEmpty())
    assert len(keys) > 25
    assert {key: count for key, count in keys.items() if count > 1} == {}


def test_a_menu_that_is_higher_than_the_screen_is_scrolled(reader: Person) -> None:
    """Else Qt would break it into columns, wider than a small screen."""
    menus = reader.window.findChildren(QMenu)
    assert len(menus) > 10
    hint = QStyle.StyleHint.SH_Menu_Scrollable
    assert [menu.title() for menu in menus if not menu.style().styleHint(hint, None, menu)] == []
    tall = QMenu(reader.window)
    for number in range(100):
        tall.addAction(f"Entry {number}")
    tall.popup(reader.window.mapToGlobal(reader.window.rect().topLeft()))
    assert tall.height() <= tall.screen().availableGeometry().height()
    assert tall.width() < 200
    tall.close()


def test_mnemonics_differ_within_a_menu(onlooker: Person) -> None:
    def check(menu: QMenu) -> None:
        menu.aboutToShow.emit()
        letters = [a.text()[a.text().index("&") + 1].lower() for a in menu.actions() if "&" in a.text()]
        assert len(letters) == len(set(letters)), (menu.title(), letters)
        for action in menu.actions():
            if action.menu() is not None:
                check(action.menu())

    for top in onlooker.window.menuBar().actions():
        check(top.menu())


def test_the_keys_dialog_lists_every_key(onlooker: Person) -> None:
    onlooker.press(Qt.Key.Key_F1, widget=onlooker.window.canvas)
    (dialog,) = (d for d in onlooker.window.findChildren(QDialog) if d.isVisible())
    assert dialog.windowTitle() == "Keys"
    words = {label.text() for label in dialog.findChildren(QLabel)}
    listed = {key for entry in words for key in entry.split(" or ")}
    for action in onlooker.window.findChildren(QAction):
        for key in action.shortcuts():
            assert QKeySequence(key).toString() in listed, key.toString()
    assert {"Wheel", "Arrows", "Drag card B onto the canvas"} <= words
    dialog.reject()


def test_about_says_what_this_is(onlooker: Person) -> None:
    onlooker.window.commands["about"].trigger()
    (box,) = onlooker.dialogs()
    assert "Wirescope" in box.text()
    assert "MIT" in box.text()
    box.accept()


def test_every_button_on_the_bars_does_something(onlooker: Person) -> None:
    window = onlooker.window
    window.resize(1440, 900)
    buttons = [b for part in (window.top_bar, window.panels["status"]) for b in part.findChildren(QAbstractButton)]
    seen = [button for button in buttons if button.isVisible()]
    assert len(seen) >= 9
    for button in seen:
        name = button.accessibleName() or button.text()
        action = button.defaultAction() if isinstance(button, QToolButton) else None
        clicks = button.receivers(SIGNAL("clicked(bool)")) + button.receivers(SIGNAL("clicked()"))
        toggles = button.receivers(SIGNAL("toggled(bool)"))
        assert action is not None or clicks or toggles, name
        assert button.toolTip() or button.text(), name


@each("name", ["zoom_in", "zoom_out", "frame", "frame_all"])
def test_the_view_moves(onlooker: Person, name: str) -> None:
    canvas = onlooker.window.canvas
    home = canvas.camera
    if name.startswith("frame"):
        onlooker.click_node(onlooker.workbench.opened.graph.nodes[2])
        onlooker.window.commands["frame_all" if name == "frame" else "zoom_in"].trigger()
        home = canvas.camera
    onlooker.window.commands[name].trigger()
    assert canvas.camera != home
    onlooker.window.commands["frame_all"].trigger()
    if name.startswith("zoom"):
        assert canvas.camera == home


def test_the_keys_of_the_view(onlooker: Person) -> None:
    canvas = onlooker.window.canvas
    canvas.setFocus()
    home = canvas.camera
    control = Qt.KeyboardModifier.ControlModifier
    onlooker.press(Qt.Key.Key_Plus, control)
    assert canvas.camera.scale > home.scale
    onlooker.press(Qt.Key.Key_0, control)
    assert canvas.camera == home
    onlooker.press(Qt.Key.Key_Minus, control)
    assert canvas.camera.scale < home.scale
    onlooker.press(Qt.Key.Key_F, Qt.KeyboardModifier.ShiftModifier)
    assert canvas.camera == home


@each("panel", ["inputs", "inspector", "predictions"])
def test_panels_are_hidden_and_shown(onlooker: Person, panel: str) -> None:
    action, widget = onlooker.window.commands[f"show_{panel}"], onlooker.panel(panel)
    assert action.isChecked()
    assert widget.isVisible()
    onlooker.press(Qt.Key(QKeySequence(action.shortcut())[0].key()), widget=onlooker.window.canvas)
    assert not widget.isVisible()
    action.trigger()
    assert widget.isVisible()


def test_full_screen_and_back(onlooker: Person) -> None:
    action = onlooker.window.commands["full_screen"]
    action.trigger()
    onlooker.wait(onlooker.window.isFullScreen)
    assert action.isChecked()
    action.trigger()
    onlooker.wait(lambda: not onlooker.window.isFullScreen())
    assert not action.isChecked()


@each(("words", "choice"), [("Dark", "dark"), ("Light", "light"), ("As the System", "system")])
def test_the_theme_is_chosen_and_remembered(reader: Person, words: str, choice: str) -> None:
    reader.choose("View/Theme", words)
    assert theme.choice() == choice
    assert reader.window.settings.theme() == choice
    assert reader.menu_action("View/Theme", words).isChecked()
    if choice != "system":
        assert theme.current().name == choice
        middle = reader.window.canvas.grab().toImage().pixelColor(4, reader.window.canvas.height() // 2)
        assert (middle.lightness() > 128) == (choice == "light")


def test_recent_models_open_again_and_can_be_forgotten(reader: Person, models) -> None:
    reader.workbench.models.open_model(str(models.llama))
    reader.rest()
    listed = [name for name, _ in entries(reader.menu("File/Recent Models"))]
    assert listed == [str(models.llama), str(models.gpt2), "Clear This List"]
    reader.choose("File/Recent Models", str(models.gpt2))
    assert reader.window.windowTitle() == "gpt2[*] - Wirescope"
    assert next(entries(reader.menu("File/Recent Models")))[0] == str(models.gpt2)
    reader.choose("File/Recent Models", "Clear This List")
    ((name, action),) = entries(reader.menu("File/Recent Models"))
    assert (name, action.isEnabled()) == ("None yet", False)


def test_packs_are_offered_with_their_size_or_opened(reader: Person, monkeypatch) -> None:
    opened = []
    monkeypatch.setattr(reader.workbench.models, "open", lambda document, words="": opened.append(document))
    monkeypatch.setattr(packs, "is_installed", lambda name: name == "smollm2")
    listed = dict(entries(reader.menu("File/Model Packs")))
    assert list(listed) == ["SmolLM2-135M-Instruct", "Get DINOv2 ViT-S/14 (90 MB)"]
    listed["SmolLM2-135M-Instruct"].trigger()
    assert opened[0].model == "pack:smollm2"
    assert opened[0].clean is not None  # with the example made for it
    listed["Get DINOv2 ViT-S/14 (90 MB)"].trigger()
    assert reader.window.centre.currentWidget() is reader.panel("welcome")


def test_examples_are_opened_from_the_file_menu(reader: Person, monkeypatch) -> None:
    opened: list[Document] = []
    monkeypatch.setattr(reader.workbench.models, "open", lambda document, words="": opened.append(document))
    listed = [action for _, action in entries(reader.menu("File/Examples")) if action.isEnabled()]
    assert len(listed) > 6
    for action in listed:
        action.trigger()
    assert {document.model for document in opened} == {"bundled:names", "bundled:shapes", "bundled:captions"}  # no pack
    assert all(document.clean is not None for document in opened)


def test_the_model_button_lists_all_ways_to_another_model(reader: Person, models) -> None:
    reader.click(reader.window.top_bar.model)
    menu = reader.window.top_bar._model_menu
    reader.wait(menu.isVisible)
    listed = [action.text() for action in menu.actions() if not action.isSeparator()]
    assert {"&Open Model Folder…", "Open Model by &Name…", "&Welcome Page"} <= set(listed)
    assert str(models.gpt2) in listed
    assert any(words.startswith("Get SmolLM2") for words in listed)
    menu.close()


def test_the_welcome_page_and_back(reader: Person, models) -> None:
    reader.choose("Help", "Welcome Page")
    page = reader.panel("welcome")
    assert page.isVisible()
    assert reader.window.commands["undo"].text() == "Undo"
    reader.click(page.recent_buttons[str(models.gpt2)])
    reader.rest()
    assert reader.window.canvas.isVisible()
    assert reader.predictions()


def test_quit_closes_the_window(reader: Person) -> None:
    reader.window.commands["quit"].trigger()
    assert not reader.window.isVisible()
    QApplication.processEvents()


def test_without_b_there_is_nothing_to_swap_and_the_menu_says_so(reader: Person) -> None:
    swap = reader.window.commands["swap"]
    assert swap.isEnabled()
    reader.click(reader.panel("inputs").remove)
    reader.rest()
    assert not swap.isEnabled()
    reader.choose("Edit", "Undo")
    assert swap.isEnabled()


def test_every_action_says_what_it_is_for_and_a_grey_one_why_it_is_grey(onlooker: Person) -> None:
    commands = onlooker.window.commands
    assert [record.key for record in commands.records.values() if not record.tip] == []
    grey = {key: action.toolTip() for key, action in commands.items() if not action.isEnabled()}
    assert grey["undo"] == "Nothing is done yet"
    assert grey["cut"] == "Select a node or a wire first"
    assert {key: tip for key, tip in grey.items() if not tip or tip != commands.why_not(key)} == {}
    assert commands["find"].toolTip().endswith("(Ctrl+F)")
