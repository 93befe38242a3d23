"""A story of two days: the work is traced, cut, continued as text and saved; on the next day it is opened and goes on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt

from tests.app.features.history.test_history import rows
from tests.app.features.projects.test_projects import dropped, jobs_done, save
from tests.app.person import Person
from tests.app.stories.steps import begin, export, metric, svg_words


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
    person.type_prompt("B", "")  # a text alone
    person.type_prompt("A", "When Mary and John went to the store")
    person.click(person.window.top_bar.trace)
    person.wait(lambda: person.circuit().curve is not None)
    person.rest()
    curve = person.circuit().curve
    for head in ("a0.h0", "a0.h4", "a0.h5"):
        person.click_node(person.workbench.opened.graph.parse(head))
        person.press(Qt.Key.Key_X)
    go_on(person)
    texts = written(person)
    assert texts[0] != texts[1]
    save(person, tmp_path / "days.wire", monkeypatch)
    seen = rows(person), person.edits(), metric(person)
    person.window.close()

    other = sit_down()
    assert other.drop(other.window.canvas, dropped(tmp_path / "days.wire"))
    jobs_done(other)
    other.wait(lambda: other.circuit().curve is not None)
    assert (rows(other), other.edits(), metric(other)) == seen
    assert other.circuit().curve.recovered == curve.recovered
    go_on(other)
    assert written(other) == texts
    view = other.panel("predictions").continuation.after.text
    view.setFocus()
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Return):
        other.press(key, widget=view)
    taken = view._tokens[1].text
    assert other.workbench.document.clean.text == f"When Mary and John went to the store{taken}"
    assert len(other.edits()) == 3
    assert other.window.isWindowModified()
    words = svg_words(export(other, monkeypatch, "Figure as SVG", tmp_path / "days.svg"))
    assert "a0.h4 zero" in words
    assert f"went to the store{taken}" in words
    other.choose("Edit", "Undo")
    assert other.edits() == seen[1]
    assert metric(other) == seen[2]
