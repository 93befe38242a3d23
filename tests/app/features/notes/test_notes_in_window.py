"""Notes in the window: written where one looks, marked, found, undone, kept and exported."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.presenters.exported_circuit import circuit_text
from core.circuit import EXPORTERS
from core.graph import Node
from tests.app.features.history.test_history import cut
from tests.app.features.projects.test_projects import CONTROL, jobs_done, save
from tests.app.person import Person, plain
from views.panels.history.rows import STEP

HEAD = Node("head", 0, 1)


def editors(person: Person):
    return [editor for editor in person.panel("inspector").notes if editor.isVisible()]


def type_note(person: Person, text: str) -> None:
    """By the key, into what has the focus then."""
    person.press(Qt.Key.Key_N, widget=person.window.canvas)
    QTest.keyClicks(person.window.focusWidget(), text)


def find_words(person: Person, words: str) -> list[tuple[str, str]]:
    person.window.commands["find"].trigger()
    bar = person.controller("find").bar
    bar.field.setText(words)
    person.wait(lambda: not bar.is_looking())
    return [(hit.name, hit.detail) for hit in bar.hits()]


def marks(person: Person):
    return person.workbench.presenter.canvas_feed.sent.nodes


def test_notes_are_written_marked_found_kept_and_exported(
    reader: Person, sit_down: Callable[[], Person], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workbench, path = reader.workbench, tmp_path / "work.wire"
    reader.click_node(HEAD)
    (editor,) = editors(reader)
    type_note(reader, "Copies <the> name")
    QTest.keyClick(editor.text, Qt.Key.Key_Z, CONTROL)
    assert editor.text.toPlainText() == ""
    assert not workbench.records.notes.of_model(workbench.document.model)
    QTest.keyClick(editor.text, Qt.Key.Key_Y, CONTROL)
    editor.name.setFocus()
    QTest.keyClicks(editor.name, "mover")
    reader.wait(lambda: marks(reader)[HEAD].note == "Copies <the> name")
    assert marks(reader)[HEAD].called == "mover"
    assert reader.window.isWindowModified(), "notes alone are work"
    QTest.keyClick(editor.text, Qt.Key.Key_Escape)
    assert reader.window.focusWidget() is not editor.text

    words = cut(reader, Node("mlp", 1))
    workbench.commit("Keep 5 edges", replace(workbench.document, size=5))
    reader.rest()
    edge = workbench.opened.graph.edge(int(workbench.scored.ranking.kept(5)[0]))
    workbench.select((edge,))
    reader.rest()
    assert not editors(reader)[0].name.isVisible(), "edges have the names that they have"
    type_note(reader, "strongest of all")
    workbench.select(())
    reader.rest()
    assert [each.about.text() for each in editors(reader)] == ["Note on the circuit of 5 edges", "Note on the project"]
    type_note(reader, "five are enough")
    editors(reader)[1].text.setPlainText("for the seminar")

    history = reader.panel("history")
    row = next(i for i in range(history.list.model().rowCount()) if history.list.steps.row(i).words == words)
    entry = next(a for a in history.list.make_menu(row).actions() if plain(a.text()) == "Note")
    entry.trigger()
    assert history.note.about.text() == f"Note on “{words}”"
    QTest.keyClicks(history.note.text, "why so much?")
    reader.wait(lambda: history.list.model().index(row, 0).data(STEP).note)
    assert "Note: why so much?" in history.list.steps.row(row).tip
    QTest.keyClick(history.note.text, Qt.Key.Key_Escape)
    assert not history.note.isVisible(), "the present step has none"

    assert find_words(reader, "mover") == [("a0.h1 mover", "Copies <the> name")]
    assert (words, "why so much?") in find_words(reader, "notes")
    assert len(find_words(reader, "notes")) == 5
    find_words(reader, "SO  much")
    QTest.keyClick(reader.controller("find").bar.field, Qt.Key.Key_Return)
    reader.rest()
    assert workbench.history.current.words == words
    assert history.note.text.toPlainText() == "why so much?"
    reader.controller("find").bar.close_bar()
    reader.choose("Edit", "Redo")

    told = json.loads(circuit_text(workbench.presenter.snapshot()))
    assert {"about": "circuit", "text": "five are enough"} in told["notes"]
    assert {"about": "edge", "target": edge.name, "text": "strongest of all"} in told["notes"]
    page = EXPORTERS["html"].text(reader.controller("canvas").export.report_of(workbench.presenter.snapshot()))
    for part in ("five are enough", "why so much?", "for the seminar", "Copies &lt;the&gt; name", "“mover”"):
        assert part in page, part

    save(reader, path, monkeypatch)
    reader.window.close()
    other = sit_down()
    other.controller("projects").project.open(str(path))
    jobs_done(other)
    assert [each.text.toPlainText() for each in editors(other)] == ["five are enough", "for the seminar"]
    other.wait(lambda: not editors(other)[0].text.isReadOnly())
    assert marks(other)[HEAD].note == "Copies <the> name"
    assert not other.window.isWindowModified()
    other.workbench.select((HEAD,))
    other.rest()
    (editor,) = editors(other)
    assert (editor.name.text(), editor.text.toPlainText()) == ("mover", "Copies <the> name")
    editor.text.selectAll()
    QTest.keyClick(editor.text, Qt.Key.Key_Delete)
    assert other.window.isWindowModified()
    third = sit_down()
    third.controller("projects").project.open(str(path))
    jobs_done(third)
    third.wait(third.panel("projects").read_only.isVisible)
    assert editors(third)[0].text.isReadOnly(), "where nothing may be changed"
