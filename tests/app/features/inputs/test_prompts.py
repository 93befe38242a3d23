"""Prompts typed, dropped and pasted; a B that does not fit; and the inputs that a text model cannot take."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtWidgets import QApplication

from core.edits import Edit
from core.formatting import pretty_name
from tests.app.cases import each
from tests.app.models import CLEAN, CONTEXT, COUNTERFACTUAL, OTHER_LENGTH
from tests.app.person import Person


def test_a_typed_prompt_runs_with_enter(reader: Person) -> None:
    before = reader.predictions()
    reader.type_prompt("A", "When Tom gave a drink to")
    assert reader.card("A").chips.chip_texts() == ["When", "Tom", "gave", "a", "drink", "to"]
    assert [chip.text for chip in reader.card("A").chips.tokens() if chip.differs] == [" Tom"]
    assert reader.predictions() != before
    metric, _ = reader.expected([])
    assert reader.workbench.ran.before == pytest.approx(metric, abs=1e-5)


def test_escape_gives_the_typing_up(reader: Person) -> None:
    before = reader.figures()
    reader.edit_text(reader.card("A"))
    reader.qtbot.keyClicks(reader.card("A").editor, " and more")
    reader.press(Qt.Key.Key_Escape, widget=reader.card("A").editor)
    assert reader.card("A").chips.chip_texts() == CLEAN.split()
    assert reader.figures() == before


def test_a_b_of_another_length_is_explained_before_anything_runs_with_it(reader: Person, monkeypatch) -> None:
    from app.worker import new_session

    made = []
    session = new_session.Session
    monkeypatch.setattr(
        new_session, "Session", lambda model, pair, **more: made.append(pair) or session(model, pair, **more)
    )
    (index,) = reader.strong_edges()
    reader.click_edge(index)
    reader.press(Qt.Key.Key_P)
    reader.type_prompt("B", OTHER_LENGTH)

    problem = reader.problem("B")
    assert "A has 6 tokens and B has 8" in problem
    assert "They differ from position 1 on. A: When| Mary| gave| a|…. B: When| John| gave| the|…." in problem
    assert reader.card("B").chips.chip_texts() == ["When", "John", "gave", "the", "store", "a", "drink", "to"]
    assert [pair.counterfactual for pair in made] == [None]
    assert not reader.dialogs()

    # The patch waits for a B that fits; nothing can be patched meanwhile.
    edge = reader.edge(index)
    assert reader.edits() == [f"{pretty_name(edge.name)} waits for B"]
    assert reader.workbench.ran.after == reader.workbench.ran.before
    assert "waits for B" in reader.tip(edge)
    mark = next(mark for mark in reader.window.canvas.scene.data.edges if mark.index == index)
    assert (mark.edited, mark.measured, mark.label) == ("patch", False, "waits for B")
    assert reader.effects() == {"estimated": "–", "measured": "not yet"}  # nothing of another kind of edit
    assert reader.panel("inspector").effects.kind.text() == "change of the metric, waits for B"
    assert not reader.panel("inspector").effects.measure.isVisible()
    bar = reader.window.top_bar
    assert not bar.tools["patch"].isEnabled()
    assert not next(a for a in bar.replacement_menu.actions() if a.text() == "from B").isEnabled()
    assert not reader.panel("inspector").edits.buttons["patch"].isEnabled()
    assert "fill card B first" in bar.tools["patch"].toolTip()

    # B fits again, and the patch is back.
    reader.type_prompt("B", COUNTERFACTUAL)
    assert reader.problem("B") == ""
    assert bar.tools["patch"].isEnabled()
    assert reader.edits() == [f"{pretty_name(edge.name)} from B"]
    assert "replaced from B" in reader.panel("inspector").effects.kind.text()
    assert reader.effects()["measured"] != "not yet"
    metric, _ = reader.expected([Edit(reader.edge(index), "patch")])
    assert reader.workbench.ran.after == pytest.approx(metric, abs=1e-5)


def test_beside_a_b_that_does_not_fit_a_still_works(reader: Person) -> None:
    reader.type_prompt("B", OTHER_LENGTH)
    assert reader.window.top_bar.replacement.words() == "replace with: zero"
    (index,) = reader.strong_edges()
    reader.click_edge(index)
    assert "replaced by zero" in reader.panel("inspector").effects.kind.text()
    reader.press(Qt.Key.Key_X)
    assert [edit.kind for edit in reader.workbench.document.edits] == ["zero"]
    metric, _ = Person.expected(_without_b(reader), [Edit(reader.edge(index), "zero")])
    assert reader.workbench.ran.after == pytest.approx(metric, abs=1e-5)
    reader.press(Qt.Key.Key_P, widget=reader.window.canvas)
    reader.press(Qt.Key.Key_P, widget=reader.window.canvas)
    assert [edit.kind for edit in reader.workbench.document.edits] == []
    assert reader.message() == "A patch takes its value from B: give a counterfactual input first."


def _without_b(reader: Person) -> Person:
    from dataclasses import replace
    from types import SimpleNamespace

    other = Person(reader.window, reader.qtbot)
    other.workbench = SimpleNamespace(document=replace(reader.workbench.document, counterfactual=None))
    return other


def test_without_b_a_cut_puts_in_zero_and_with_b_its_value(reader: Person) -> None:
    reader.click(reader.panel("inputs").remove)
    reader.rest()
    assert reader.window.top_bar.replacement.words() == "replace with: zero"
    assert reader.card("B").is_empty()
    (index,) = reader.strong_edges()
    reader.click_edge(index)
    reader.press(Qt.Key.Key_X)
    assert [edit.kind for edit in reader.workbench.document.edits] == ["zero"]
    reader.type_prompt("B", COUNTERFACTUAL)
    assert reader.window.top_bar.replacement.words() == "replace with: from B"


def test_an_emptied_b_is_no_b(reader: Person) -> None:
    reader.type_prompt("B", " ")
    assert reader.workbench.document.counterfactual is None
    assert not reader.panel("inputs").swap.isVisible()


def test_a_b_that_is_the_same_as_a_says_why_no_wire_is_shown(reader: Person) -> None:
    reader.type_prompt("B", CLEAN)
    assert not reader.window.canvas.scene.data.edges
    assert reader.message().startswith("A and B score alike, so there is no effect to trace. Choose a B with another")
    reader.type_prompt("B", COUNTERFACTUAL)
    assert reader.window.canvas.scene.data.edges
    assert reader.message() == ""


def test_swap_exchanges_a_and_b(reader: Person) -> None:
    before = reader.workbench.ran.before
    b, _ = Person.expected(_swapped(reader), [])
    reader.click(reader.panel("inputs").swap)
    reader.rest()
    assert reader.card("A").chips.chip_texts() == COUNTERFACTUAL.split()
    assert reader.card("B").chips.chip_texts() == CLEAN.split()
    assert reader.workbench.ran.before == pytest.approx(b, abs=1e-5)
    reader.choose("Edit", "Swap A and B")
    assert reader.workbench.ran.before == before


def _swapped(reader: Person) -> Person:
    from dataclasses import replace
    from types import SimpleNamespace

    document = reader.workbench.document
    other = Person(reader.window, reader.qtbot)
    swapped = replace(document, clean=document.counterfactual, counterfactual=document.clean)
    other.workbench = SimpleNamespace(document=swapped)
    return other


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "The prompt is empty."),
        ("   ", "The prompt is empty."),
        (" to" * (CONTEXT + 1), f"The prompt has {CONTEXT + 1} tokens, and the model takes at most {CONTEXT}."),
    ],
)
def test_a_prompt_that_cannot_run_says_why_and_nothing_else_is_lost(reader: Person, text: str, words: str) -> None:
    (index,) = reader.strong_edges()
    reader.click_edge(index)
    reader.press(Qt.Key.Key_X)
    after, bars = reader.figures(), reader.panel("inspector").effects.bars
    assert not bars.is_stale()
    reader.type_prompt("A", text)
    assert bars.is_stale()  # no new figure comes: those of before stay dimmed
    assert words in reader.problem("A")
    assert not reader.dialogs()
    assert reader.predictions() == []
    assert words in reader.panel("predictions").hint.text()
    assert reader.card("B").chips.chip_texts() == COUNTERFACTUAL.split()
    assert len(reader.edits()) == 1
    if text.strip():  # what was typed is there to be mended
        assert reader.card("A").chips.chip_texts()
        reader.edit_text(reader.card("A"))
        assert reader.card("A").editor.toPlainText() == text
    reader.type_prompt("A", CLEAN)
    assert reader.problem("A") == ""
    assert reader.figures() == after
    assert not bars.is_stale()


def test_a_space_at_the_end_is_pointed_out(reader: Person) -> None:
    reader.type_prompt("A", CLEAN + " ")
    assert "ends in a space" in reader.notes("A")


def test_a_dropped_text_file_is_a_prompt(reader: Person, tmp_path: Path) -> None:
    file = tmp_path / "prompt.txt"
    file.write_text("When Tom gave a drink to\n", encoding="utf-8")
    assert reader.drop(reader.card("A"), _files(file))
    assert reader.card("A").chips.chip_texts() == ["When", "Tom", "gave", "a", "drink", "to"]


def test_two_dropped_files_fill_a_and_b(reader: Person, tmp_path: Path) -> None:
    files = []
    for name in ("Tom", "Mary"):
        files.append(tmp_path / f"{name}.txt")
        files[-1].write_text(f"When {name} gave a drink to", encoding="utf-8")
    assert reader.drop(reader.panel("inputs"), _files(*files))  # beside the cards
    assert reader.card("A").chips.chip_texts()[1] == "Tom"
    assert reader.card("B").chips.chip_texts()[1] == "Mary"


@each(
    ("content", "words"),
    [
        (b"\xff\xfe\x00", "prompt.txt is no UTF-8 text."),
        (b"a" * (2**20 + 1), "prompt.txt is larger than 1 MB."),
        (b"\x00\x01bad", "prompt.txt holds signs that are no text."),
    ],
)
def test_a_text_file_that_cannot_be_read_changes_nothing(
    reader: Person, tmp_path: Path, content: bytes, words: str
) -> None:
    before = reader.figures()
    (tmp_path / "prompt.txt").write_bytes(content)
    reader.drop(reader.card("A"), _files(tmp_path / "prompt.txt"))
    assert words in reader.dismiss()
    assert reader.card("A").chips.chip_texts() == CLEAN.split()
    assert reader.figures() == before


def test_dropped_and_pasted_text_is_a_prompt(reader: Person) -> None:
    mime = QMimeData()
    mime.setText("When Tom gave a drink to")
    assert reader.drop(reader.card("B"), mime)
    assert reader.card("B").chips.chip_texts()[1] == "Tom"
    QApplication.clipboard().setText(COUNTERFACTUAL)
    reader.press(Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier, widget=reader.card("B").chips)
    assert reader.card("B").chips.chip_texts() == COUNTERFACTUAL.split()


@pytest.mark.parametrize("way", ["dropped", "pasted"])
def test_a_picture_for_a_text_model_is_refused_on_the_card(reader: Person, pictures, way: str) -> None:
    before, cards = reader.figures(), (reader.card("A").card().text, reader.card("B").card().text)
    if way == "dropped":
        reader.drop(reader.card("A"), _files(pictures("a.png")))
    else:
        mime = _files(pictures("a.png"))
        QApplication.clipboard().setMimeData(mime)
        reader.press(Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier, widget=reader.card("A").chips)
    assert "gpt2 reads text" in reader.problem("A")
    assert "a picture" in reader.problem("A")
    assert not reader.dialogs()
    assert (reader.card("A").card().text, reader.card("B").card().text) == cards
    assert reader.card("A").chips.isVisible()
    assert reader.figures() == before
    assert reader.predictions()
    reader.type_prompt("A", COUNTERFACTUAL)
    assert reader.problem("A") == ""


def test_the_file_dialog_opens_a_prompt_and_remembers_its_folder(reader: Person, tmp_path: Path, monkeypatch) -> None:
    from app.features.inputs.controller import cards as input_taker

    (tmp_path / "prompt.md").write_text("When Tom gave a drink to", encoding="utf-8")
    asked = []

    def answer(_parent, title, folder, filters):
        asked.append((title, folder, filters))
        return (str(tmp_path / "prompt.md"), "") if len(asked) == 1 else ("", "")

    monkeypatch.setattr(input_taker.QFileDialog, "getOpenFileName", answer)
    reader.choose("File", "Open Picture or Text for B")
    assert reader.card("B").chips.chip_texts()[1] == "Tom"
    assert asked[0][0] == "Open input B"
    assert asked[0][2].startswith("Text")  # first what the model reads
    reader.choose("File", "Open Picture or Text for A")
    assert asked[1][1] == str(tmp_path)
    assert reader.card("A").chips.chip_texts() == CLEAN.split()  # the dialog was given up


def test_an_example_opens_from_the_cards_menu(person: Person, models, monkeypatch) -> None:
    from app.features.inputs.controller import question
    from app.workbench import model_steps
    from core.project.document import Document, Source
    from core.project.examples import Example

    made = Document(str(models.gpt2), Source("text", text=CLEAN), Source("text", text=COUNTERFACTUAL))
    entry = Example("x/0", "Who gets the drink", "names", made)
    monkeypatch.setattr(question, "examples_for", lambda model: (entry,))
    monkeypatch.setattr(model_steps, "example", lambda key: {"x/0": entry}[key])
    person.open(models.gpt2, OTHER_LENGTH)
    inputs = person.panel("inputs")
    assert inputs.examples.isVisible()
    person.click(inputs.examples)
    person.wait(inputs.examples_menu.isVisible)
    (action,) = inputs.examples_menu.actions()
    assert action.text() == "Who gets the drink"
    inputs.examples_menu.close()
    action.trigger()
    person.rest()
    assert person.card("A").chips.chip_texts() == CLEAN.split()
    assert person.card("B").chips.chip_texts() == COUNTERFACTUAL.split()


def test_before_a_model_is_open_a_prompt_waits_for_it(person: Person, models) -> None:
    person.window.commands["welcome"].trigger()
    person.type_prompt("A", CLEAN)
    assert not person.dialogs()
    person.workbench.models.start(str(models.gpt2))
    person.rest()
    assert person.card("A").chips.chip_texts() == CLEAN.split()
    assert person.predictions()


def _files(*paths: Path) -> QMimeData:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return mime
