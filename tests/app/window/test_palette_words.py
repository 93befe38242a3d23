"""What the palette makes of what people type: the command that they mean comes first, and says what it will change."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.window.command_palette import Entry, entries, find
from app.window.command_words import Command, fit
from tests.app.models import CLEAN
from tests.app.person import Person
from tests.app.window.test_palette import summon
from views import theme
from views.theme import set_text_percent

# With a language model open, a pair on the cards, and nothing selected.
MEANT = {
    "theme": "Light",  # the window is dark
    "dark": "Dark",
    "light mode": "Light",
    "animation": "Reduced: At Once",
    "edit": "Cut tool",
    "ablate": "Cut tool",
    "knock out": "Cut tool",
    "activation patching": "Patch tool",
    "cut": "Cut tool",
    "prompt": "Write Prompt A",
    "prompt b": "Write Prompt B",
    "type": "Write Prompt A",
    "keep": "Keep a Number of Edges",
    "threshold": "Keep a Number of Edges",
    "save": "Figure",
    "export": "Figure",
    "svg": "Figure",
    "pdf": "Figure",
    "screenshot": "Figure",
    "json": "Circuit as JSON",
    "save dataset": "Save the Dataset",
    "open": "Open Model Folder",
    "load": "Open Model Folder",
    "hugging face": "Open Model by Name",
    "import": "Open Scores or a Circuit",
    "csv": "Open a Dataset",
    "append": "Append a Dataset",
    "add row": "Add the Pair to the Dataset",
    "undo": "Undo",
    "back": "Undo",
    "redo": "Redo",
    "swap": "Swap A and B",
    "exchange": "Swap A and B",
    "counterfactual": "Write Prompt B",
    "trace": "Trace",
    "score": "Trace",
    "run": "Trace",
    "acdc": "ACDC",
    "eap": "EAP",
    "faithfulness": "Evaluate the Circuit",
    "measure": "Measure the Edges Shown",
    "zero": "zero",
    "mean": "mean",
    "find": "Find",
    "search": "Find",
    "settings": "Preferences",
    "font": "Preferences",
    "memory": "Preferences",
    "tokens": "Unfold over Tokens",
    "zoom": "Zoom In",
    "fit": "Frame All",
    "fa": "Frame All",
    "full": "Full Screen",
    "table": "Table",
    "attention": "Inspector",
    "help": "Guide",
    "tutorial": "Welcome Page",
    "shortcuts": "Keys",
    "error": "Log",
    "version": "About Wirescope",
    "pin": "Pin an Answer",
    "group": "Group Selection",
    "quit": "Quit",
    "exit": "Quit",
}


def titles(found: list[Entry]) -> list[str]:
    return [entry.command.title for entry in found]


def test_what_people_type_finds_what_they_mean(reader: Person) -> None:
    everything = entries(reader.window.palette_commands.reach)
    assert len(MEANT) >= 40
    found = {word: titles(find(everything, word))[:1] for word in MEANT}
    assert found == {word: [title] for word, title in MEANT.items()}


def test_a_title_ranks_above_any_description() -> None:
    said = Command("ACDC", "Trace by", about="the method to remove edges for good, theme by theme")
    for command in (Command("Dark", "View › Theme"), Command("Theme"), Command("Colours", other=("theme",))):
        assert fit("theme", command) < fit("theme", said)
    assert fit("theme", Command("The hidden edge of many things that are met, and more and more")) is None
    assert fit("zzz", said) is None


def test_theme_and_enter_change_the_theme_and_nothing_else(reader: Person) -> None:
    document = reader.workbench.document
    palette = summon(reader, "theme")
    assert [row.effect for row in palette.rows()[:3]] == ["Dark → Light", "in use", "Dark → As the System"]
    QTest.keyClick(palette.field, Qt.Key.Key_Return)
    reader.rest()
    assert theme.choice() == "light"
    assert reader.workbench.document == document
    assert "in use" in summon(reader, "light").rows()[0].spoken()


def test_choices_say_what_they_will_change(reader: Person) -> None:
    everything = entries(reader.window.palette_commands.reach)
    effects = {(entry.row.place, entry.command.title): entry.row.effect for entry in everything}
    assert effects["Trace by", "ACDC"] == "EAP-IG → ACDC"
    assert effects["Trace by", "EAP-IG"] == "in use"
    assert effects["Trace by", "Nodes"] == "Edges → Nodes"
    assert effects["Replace with", "zero"] == "from B → zero"
    assert effects["View", "Table"] == "hidden → shown"
    assert effects["View", "Dataset"] == "behind others → in front"
    assert effects["View", "Inputs"] == "shown → hidden"
    assert effects["View", "Colour Nodes by Change"] == "on → off"
    assert effects["Tools", "Cut tool"] == "select → cut"
    assert effects["Edit", "Trace"] == ""
    QTest.keyClick(summon(reader, "zero").field, Qt.Key.Key_Return)
    reader.rest()
    assert summon(reader, "mean").rows()[0].effect == "zero → mean"


def test_prompt_and_keep_lead_to_their_fields(reader: Person) -> None:
    QTest.keyClick(summon(reader, "prompt").field, Qt.Key.Key_Return)
    editor = reader.card("A").editor
    assert QApplication.focusWidget() is editor
    assert editor.toPlainText() == CLEAN
    QTest.keyClick(editor, Qt.Key.Key_Escape)
    QTest.keyClick(summon(reader, "keep").field, Qt.Key.Key_Return)
    assert QApplication.focusWidget() is reader.panel("circuit").field


@pytest.mark.parametrize(("size", "percent"), [((1440, 900), 100), ((1024, 700), 100), ((1024, 700), 150)])
def test_nothing_fits_is_not_cut(reader: Person, size: tuple[int, int], percent: int) -> None:
    reader.window.resize(*size)
    set_text_percent(percent)
    try:
        palette = summon(reader, "xqzjkv")
        QApplication.processEvents()
        words = palette.none
        assert "“xqzjkv”" in words.text()
        assert words.height() >= words.heightForWidth(words.width())
        assert palette.rect().contains(words.geometry())
        assert reader.window.rect().contains(palette.geometry())
        for _ in range(6):  # and back to rows
            QTest.keyClick(palette.field, Qt.Key.Key_Backspace)
        assert palette.list.isVisible()
        assert not words.isVisible()
        assert palette.rect().contains(palette.list.geometry())
    finally:
        set_text_percent(100)
