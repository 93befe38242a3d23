"""Help > Guide shows every page of the documentation, follows its links and finds words."""

from __future__ import annotations

from PySide6.QtCore import QUrl
from PySide6.QtTest import QTest

from app.features.help.controller.pages import DOCS, PAGES
from tests.app.person import Person


def test_every_page_of_the_documentation_is_in_the_guide() -> None:
    assert sorted(name for name, _ in PAGES) == sorted(path.stem for path in DOCS.glob("*.md"))


def test_the_guide_shows_pages_and_follows_links(person: Person) -> None:
    person.choose("Help", "Guide")
    dialog = person.window.controllers["help"].pages.dialog
    assert dialog is not None
    assert "The window opens on a bundled model" in dialog.text.toPlainText()
    person.choose("Help", "Measured Figures")
    assert person.window.controllers["help"].pages.dialog is dialog
    assert dialog.list.currentItem().text() == "Measured figures"
    assert "median AUROC" in dialog.text.toPlainText()
    dialog.text.anchorClicked.emit(QUrl("edits.md"))
    assert "residual stream is a sum" in dialog.text.toPlainText()
    dialog.text.anchorClicked.emit(QUrl("repair.md"))
    assert "Find the Cuts looks for" in dialog.text.toPlainText()
    assert "\ufffc" not in dialog.text.toPlainText()  # no place of a picture that is not there


def test_words_are_found_on_the_page_again_from_its_top(person: Person) -> None:
    person.window.controllers["help"].pages.show("edits")
    dialog = person.window.controllers["help"].pages.dialog
    assert dialog is not None
    QTest.keyClicks(dialog.words, "circuit")
    first = dialog.text.textCursor().position()
    assert dialog.text.textCursor().selectedText() == "circuit"
    count = dialog.text.toPlainText().lower().count("circuit")
    for _ in range(count):
        dialog.words.returnPressed.emit()
    assert dialog.text.textCursor().position() == first
    QTest.keyClicks(dialog.words, "x")
    assert dialog.nothing.text() == "Not on this page"
