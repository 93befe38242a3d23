"""A story of two days: work is traced, cut, continued as text and saved; on the next day it is opened and goes on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

from core.nodes import Node
from tests.app.features.history.test_history import rows
from tests.app.features.projects.test_projects import dropped, jobs_done, save
from tests.app.person import Person
from tests.app.stories.steps import begin, metric, svg_words


def written(person: Person) -> tuple[str, str]:
    panel = person.panel("predictions").continuation
    return panel.before.text.written(), panel.after.text.written()


def go_on(person: Person) -> None:
    """Continue, by its button under the predictions."""
    person.click(person.panel("predictions").continue_button)
    person.rest()


def test_work_is_taken_up_on_the_next_day(
    person: Person, sit_down: Callable[[], Person], tmp_path: Path, monkeypatch
) -> None:
    begin(person, "Who gets the drink?")
    person.press(Qt.Key.Key_T, widget=person.window.canvas)
    person.wait(lambda: person.circuit().curve is not None)
    person.rest()
    curve = person.circuit().curve
    person.click_node(Node("mlp", 0))
    person.click(person.panel("inspector").edits.buttons["zero"])
    person.rest()
    go_on(person)
    texts = written(person)
    assert texts[0] != texts[1]
    save(person, tmp_path / "days.wire", monkeypatch)
    seen = rows(person), person.edits(), metric(person)
    person.window.close()

    other = sit_down()
    assert other.drop(other.window.canvas, dropped(tmp_path / "days.wire"))
    jobs_done(other)
    other.wait(lambda: other.circuit().kept is not None)
    other.press(Qt.Key.Key_T, widget=other.window.canvas)
    other.wait(lambda: other.circuit().curve is not None)
    other.rest()
    assert (rows(other), other.edits(), metric(other)) == seen
    assert other.circuit().curve.recovered == curve.recovered
    go_on(other)
    assert written(other) == texts
    view = other.panel("predictions").continuation.after.text
    view.setFocus()
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Return):
        other.press(key, widget=view)
    taken = view._tokens[1].text
    assert (other.problem("A"), other.problem("B")) == ("", "")
    assert other.workbench.document.clean.text.endswith(f"John gave a drink to{taken}")
    assert other.workbench.document.counterfactual.text.endswith(f"Tom gave a drink to{taken}")
    assert other.edits() == seen[1]
    assert other.window.isWindowModified()
    clipboard = QGuiApplication.clipboard()
    other.choose("File/Export", "Copy Figure")
    other.wait(lambda: clipboard.mimeData() is not None and clipboard.mimeData().hasFormat("image/svg+xml"))
    words = svg_words(clipboard.mimeData().data("image/svg+xml").data())
    assert " m0 " in words
    assert "replaced from B, over this pair, without the edits" in words
    assert clipboard.mimeData().hasImage()
    other.choose("Edit", "Undo")
    assert other.edits() == seen[1]
    assert metric(other) == seen[2]
