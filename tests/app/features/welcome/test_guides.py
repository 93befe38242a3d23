"""The guided examples of the welcome page, followed as they say; and a model's folder dropped on the window."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, Qt, QUrl

from app.features.welcome.controller.guide_table import GUIDES
from tests.app.person import Person

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def begin(person: Person, key: str) -> Person:
    person.window.resize(1440, 900)
    person.window.commands["welcome"].trigger()
    person.click(person.panel("welcome").example_buttons[key])
    person.rest()
    return person


def said(person: Person) -> str:
    strip = person.controller("welcome").guides.strip
    return strip.words.text() if strip.isVisible() else ""


def done(person: Person) -> str:
    return person.controller("welcome").guides.strip.ticks.accessibleName()


def click_a_head(person: Person, layer: int = 0) -> None:
    graph = person.workbench.opened.graph
    node = next(node for node in reversed(graph.nodes) if node.kind == "head" and node.layer >= layer)
    person.click_node(node)


def test_the_guides_come_first_on_the_welcome_page(person: Person) -> None:
    person.window.commands["welcome"].trigger()
    assert list(person.panel("welcome").example_buttons)[: len(GUIDES)] == [guide.key for guide in GUIDES]
    assert all(3 <= len(guide.steps) <= 5 for guide in GUIDES)


def test_indirect_objects_step_by_step(person: Person) -> None:
    begin(person, "guide/names")
    assert said(person).startswith("Click a wire")
    click_a_head(person)
    assert done(person) == "0 of 4 steps done"  # a head is no wire
    person.click_edge(person.strong_edges()[0])
    assert said(person).startswith("Press X")
    person.press(Qt.Key.Key_X)
    assert said(person).startswith("Press Ctrl+Z")
    assert len(person.workbench.document.edits) == 1
    person.press(Qt.Key.Key_Z, CONTROL)
    assert said(person).startswith("Press T")
    person.press(Qt.Key.Key_T)
    person.wait(lambda: said(person).startswith("Done."))
    assert person.workbench.recovered is not None
    person.click(person.controller("welcome").guides.strip.close_button)
    assert said(person) == ""


def test_shapes_step_by_step(person: Person) -> None:
    begin(person, "guide/shapes")
    click_a_head(person)
    assert said(person).startswith("Press P")
    person.press(Qt.Key.Key_P)
    assert said(person).startswith("Press Ctrl+Z")
    person.press(Qt.Key.Key_Z, CONTROL)
    before = person.workbench.document
    person.press(Qt.Key.Key_X, CONTROL | SHIFT)
    assert said(person).startswith("Done.")
    assert person.workbench.document.clean == before.counterfactual


def test_a_printed_word_step_by_step(person: Person) -> None:
    begin(person, "guide/captions")
    assert said(person).startswith("The shape is a circle, but “star” is printed on it")
    click_a_head(person, 2)
    assert said(person).startswith("Press T")
    person.press(Qt.Key.Key_T)
    person.wait(lambda: said(person).startswith("Click a thick blue wire"))
    person.click_edge(person.strong_edges()[0])
    person.press(Qt.Key.Key_X)
    person.wait(lambda: said(person).startswith("Press Ctrl+Z"))
    person.press(Qt.Key.Key_Z, CONTROL)
    assert said(person).startswith("Done.")


def test_induction_step_by_step(person: Person) -> None:
    begin(person, "guide/induction")
    click_a_head(person, 2)
    person.press(Qt.Key.Key_X)
    assert said(person).startswith("Press Ctrl+Z")
    person.press(Qt.Key.Key_Z, CONTROL)
    assert said(person).startswith("Click the words of card A")
    person.type_prompt("A", "Anna river seven music blue letter Anna river")
    assert said(person).startswith("Done.")


def test_words_and_patches_step_by_step(person: Person) -> None:
    begin(person, "guide/modalities")
    click_a_head(person)
    assert said(person).startswith("Click the model")
    person.workbench.models.open_model("bundled:shapes")
    person.wait(lambda: said(person).startswith("Click a head here"))
    click_a_head(person)
    assert said(person).startswith("Press T")
    person.press(Qt.Key.Key_T)
    person.wait(lambda: said(person).startswith("Done."))


def test_a_guide_ends_with_another_model(person: Person, models) -> None:
    begin(person, "guide/names")
    assert said(person)
    person.workbench.models.open_model(str(models.gpt2))
    person.rest()
    assert said(person) == ""


def test_a_folder_dropped_on_the_window_opens_its_model(person: Person, models, tmp_path: Path) -> None:
    def dropped(path: Path) -> QMimeData:
        mime = QMimeData()
        mime.setUrls([QUrl.fromLocalFile(str(path))])
        return mime

    assert person.drop(person.window, dropped(models.gpt2))
    person.rest()
    assert person.window.windowTitle() == "gpt2[*] - Wirescope"
    other = tmp_path / "letter.txt"
    other.write_text("no model", encoding="utf-8")
    assert not person.drop(person.window, dropped(other))


@pytest.mark.parametrize("size", [(1440, 900), (1024, 700)])
def test_the_strip_shows_all_of_its_words(person: Person, size) -> None:
    begin(person, "guide/induction")
    person.window.resize(*size)
    person.rest()
    words = person.controller("welcome").guides.strip.words
    assert words.height() >= words.heightForWidth(words.width())
