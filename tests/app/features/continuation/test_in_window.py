"""Continue, in the window: two texts that are those of the session, stopped at once, taken into the prompt."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from app.features.continuation import handlers
from core.edits import Edit
from core.nodes import Node
from core.project.document import Document, Source
from tests.app.person import Person

PROMPT = "When Mary and John went to the store"
CUTS = (Edit(Node("head", 0, 0), "zero"), Edit(Node("head", 0, 4), "zero"), Edit(Node("head", 0, 5), "zero"))


@pytest.fixture
def writer(person: Person) -> Person:
    person.open("bundled:names", PROMPT)
    person.workbench.commit("Cut", replace(person.workbench.document, edits=CUTS))
    person.rest()
    return person


def section(person: Person):
    return person.panel("predictions").continuation


def written(person: Person) -> tuple[list[str], list[str]]:
    both = section(person).before.text._tokens, section(person).after.text._tokens
    return tuple([token.label for token in tokens] for tokens in both)  # type: ignore[return-value]


def test_both_texts_are_the_sessions_and_dim_when_edits_change(writer: Person) -> None:
    panel, session = section(writer), writer.session()
    assert panel.isHidden()
    writer.click(writer.panel("predictions").continue_button)
    writer.rest()
    before = [token.label for token in session.generate(20)]
    after = [token.label for token in session.generate(20, edits=CUTS)]
    assert written(writer) == (before, after)
    assert before != after
    place = next(i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b)
    assert f"They part at token {place + 1}: “{before[place].strip()}”" in panel.words.text()
    assert panel.words.text().rstrip() == writer.message().rstrip()
    QTest.keyClick(panel.before.text, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    copied = QGuiApplication.clipboard().text()
    assert f"A: {PROMPT}\nbefore: {panel.before.text.written()}\n" in copied
    assert "after (a0.h0=zero; a0.h4=zero; a0.h5=zero)" in copied

    writer.window.commands["undo"].trigger()
    writer.rest()
    assert panel.before.text.is_stale()
    assert "earlier state" in panel.words.text()
    writer.window.commands["redo"].trigger()
    writer.rest()
    assert not panel.before.text.is_stale()

    panel.rule.setCurrentIndex(1)
    panel.seed.setValue(4)
    panel.tokens.setValue(3)
    writer.window.commands["continue"].trigger()
    writer.rest()
    drawn = [[t.label for t in session.generate(3, temperature=1.0, seed=4, edits=e)] for e in ((), CUTS)]
    assert list(written(writer)) == drawn
    writer.open("bundled:shapes", None)
    assert panel.isHidden()
    assert not writer.panel("predictions").continue_button.isVisible()
    assert writer.window.commands["continue"].toolTip() == "shapes writes no text"


def test_a_token_becomes_the_end_of_both_prompts(person: Person) -> None:
    other = PROMPT.replace("John", "Tom")
    person.open("bundled:names", PROMPT, other)
    person.window.commands["continue"].trigger()
    person.rest()
    view = section(person).before.text
    text = view._tokens[1].text
    view.setFocus()
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Return):
        person.press(key, widget=view)
    document = person.workbench.document
    assert document.clean == Source("text", PROMPT + text)
    assert document.counterfactual == Source("text", other + text)
    assert not person.problem("B")
    assert person.workbench.history.current.words.startswith("A and B go on: “")
    assert view.is_stale()
    person.press(Qt.Key.Key_Right, widget=view)
    person.press(Qt.Key.Key_Return, widget=view)
    assert "another text" in person.message()
    assert person.workbench.document == document
    person.window.commands["undo"].trigger()
    person.rest()
    assert person.workbench.document.clean == Source("text", PROMPT)
    assert not view.is_stale()


@pytest.mark.parametrize("how", ["Esc", "button", "cancel"])
def test_it_is_stopped_at_once_and_what_came_stays(writer: Person, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    held, write = threading.Event(), handlers.Writing.write

    def slow(text: handlers.Writing) -> None:
        if len(text.tokens) == 2:
            held.wait(20)
        write(text)

    monkeypatch.setattr(handlers.Writing, "write", slow)
    panel = section(writer)
    writer.window.commands["continue"].trigger()
    writer.wait(lambda: [len(text) for text in written(writer)] == [2, 2])
    assert panel.go.text() == "Stop"
    if how == "Esc":
        QTest.keyClick(writer.window.canvas, Qt.Key.Key_Escape)
    elif how == "button":
        writer.click(panel.go)
    else:
        writer.workbench.cancel()
    assert panel.go.text() == "Continue"  # while the engine is still at its token
    assert panel.words.text() == "Stopped."
    held.set()
    writer.rest()
    assert [len(text) for text in written(writer)] == [2, 2]
    session = writer.session()
    writer.window.commands["continue"].trigger()
    writer.rest()
    assert written(writer)[1] == [token.label for token in session.generate(20, edits=CUTS)]


def test_a_click_on_the_canvas_meanwhile_loses_nothing(writer: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """The newer request goes first, then the text goes on where it was."""
    held, write, written_by = threading.Event(), handlers.Writing.write, []

    def counted(text: handlers.Writing) -> None:
        if len(text.tokens) == 2:
            held.wait(20)
        written_by.append(len(text.edits))
        write(text)

    monkeypatch.setattr(handlers.Writing, "write", counted)
    writer.window.commands["continue"].trigger()
    writer.wait(lambda: len(written(writer)[1]) == 2)
    writer.click(writer.window.canvas, writer.window.canvas.node_point(Node("mlp", 1)).toPoint())
    assert writer.window.canvas.selection() == (Node("mlp", 1),)
    held.set()
    writer.rest()
    before, after = written(writer)
    assert before == [token.label for token in writer.session().generate(20)]
    assert (written_by.count(0), written_by.count(3)) == (len(before), len(after))


def test_letters_that_are_not_whole_and_a_prompt_that_cannot_be_read(person: Person) -> None:
    person.workbench.models.open(Document("bundled:names", Source("text", "")))
    person.rest()
    assert person.window.commands["continue"].toolTip() == "Type a prompt into A first"
    person.open("bundled:names", "Mary 😀 é and")  # which it goes on with bytes that are no letter
    section(person).tokens.setValue(500)
    person.window.commands["continue"].trigger()
    person.rest()
    view = section(person).before.text
    session = person.session()
    ids = [token.index for token in session.generate(500)]
    assert view.written().replace("…", "") == session.model.tokenizer.decode(ids).replace("�", "")
    assert "The model's context is full." in section(person).words.text()
    assert view._tokens[0].text is not None
    assert view._tokens[-1].text is None
    view.setFocus()
    document = person.workbench.document
    for key in (Qt.Key.Key_End, Qt.Key.Key_Return):
        person.press(key, widget=view)
    assert "no letter" in person.message()
    assert person.workbench.document == document
