"""The dock *Compare Head Sets*: chosen, measured, stopped and gone on with, and linked to the canvas."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog

from app.features.head_sets import presenter
from core.inputs import few_shot
from core.studies.icl import RANKINGS
from tests.app.person import Person
from views.panels.head_sets import data as panel_data
from views.panels.head_sets.panel import FIGURES, TABLE, WORDS

PROMPT = "When Mary and John met, John gave a book to"


@pytest.fixture(autouse=True)
def small_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One few-shot task, which counts as done, and few draws for the intervals; what is measured is kept apart."""
    tasks = {"plural": few_shot.few_shot_tasks()["plural"]}
    monkeypatch.setattr("core.inputs.few_shot.few_shot_tasks", lambda: tasks)
    monkeypatch.setattr("core.studies.few_shot.LIKELY", 1.1)
    monkeypatch.setattr("core.studies.estimate.DRAWS", 20)
    monkeypatch.setenv("WIRESCOPE_DATA", str(tmp_path))


def test_shares_as_they_are_typed() -> None:
    assert presenter.shares_of("20 %, 1;5") == (0.01, 0.05, 0.2)
    for text, words in (
        ("ten", "percent of the heads with commas between"),
        (" , ", "at least one share"),
        ("80", "0.1 to 50 %"),
        ("nan", "0.1 to 50 %"),
        (", ".join(map(str, range(1, 20))), "19 shares are too many"),
    ):
        with pytest.raises(ValueError, match=words):
            presenter.shares_of(text)
    assert presenter.main_of((0.01, 0.05, 0.2), 0.1) == 0.05
    assert presenter.cost_words(5.0) == "under a minute"
    assert presenter.cost_words(660.0) == "about 11 minutes"
    assert set(panel_data.RANKINGS) == set(RANKINGS)


def test_compare_two_head_sets(person: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    panel, workbench = person.panel("head_sets"), person.workbench
    person.open("bundled:names", PROMPT)
    person.window.commands["show_heads"].trigger()
    person.click(person.panel("heads").sets)
    person.rest()
    assert panel.isVisible()
    assert panel.cost.text() == "under a minute"

    settings = panel.settings
    settings.shares.setText("10, eighty")
    QTest.keyClick(settings.shares, Qt.Key.Key_Return)
    assert settings.wrong.text().startswith("Shares are percent")
    assert not panel.compare.isEnabled()
    settings.shares.setText("10, 20")
    QTest.keyClick(settings.shares, Qt.Key.Key_Return)
    for box, number in ((settings.draws, 2), (settings.prompts, 2), (settings.pieces, 2)):
        box.setValue(number)
    settings.second.setCurrentIndex(settings.second.findData("induction"))
    settings.second.activated.emit(0)
    assert settings.wrong.text().startswith("Both sets are of one ranking")
    settings.second.setCurrentIndex(settings.second.findData("function vector"))
    settings.second.activated.emit(0)
    person.rest()

    # stopped: what was measured is kept
    person.click(panel.compare)
    assert panel.compare.text() == "Cancel"
    person.wait(lambda: list((tmp_path / "studies").glob("*.jsonl")))
    QTest.keyClick(panel.compare, Qt.Key.Key_Escape)
    assert panel.problem.text().startswith("Stopped. What was measured is kept")
    person.rest()
    person.click(panel.compare)
    person.wait(lambda: panel.figure is not None and not panel.data().running)
    person.rest()
    assert len(list((tmp_path / "studies").glob("*.jsonl"))) == 1
    shown = panel.data().shown
    assert panel.pages.currentIndex() == FIGURES
    there = [each for each in shown.outcomes if each.there]
    assert [chart.isVisible() for chart in panel.figure.charts] == [True] * len(there)
    assert "copying" in panel.left.text()
    assert panel.left.text().startswith("Left unexplained: ")
    assert all(title in panel.left.text() for title in shown.missing)

    # a click on a set selects its heads
    copying = next(place for place, each in enumerate(there) if each.title == "copying")
    chart, curve = panel.figure.charts[copying], there[copying].curves[0]
    (x,), (y,) = chart.places(*([each] for each in chart.point_of(curve.name, 0.2)))
    at = chart.mapFromScene(chart.getViewBox().mapViewToScene(QPointF(x, y)))
    QTest.mouseClick(chart.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(at.x(), at.y()))
    person.rest()
    assert {each.name for each in workbench.selection} == set(curve.points[1].heads)
    assert len(workbench.selection) == 6
    assert chart.ringed() >= 1
    person.click(panel.buttons[TABLE])
    line = panel.view.selectionModel().selectedRows()[0].row()
    assert set(shown.rows[line].heads) == set(curve.points[1].heads)
    both = next(place for place, row in enumerate(shown.rows) if row.name.startswith("both"))
    panel.view.selectRow(both)
    person.rest()
    assert {each.name for each in workbench.selection} == set(shown.rows[both].heads)
    person.click(panel.buttons[WORDS])
    assert "What it does not show" in panel.words.texts()

    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (str(tmp_path / "found.json"), ""))
    panel.save_menu.actions()[2].trigger()
    saved = json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))
    assert saved["model"] == "bundled:names"
    assert "function vector without induction" in {each["name"] for each in saved["sets"]}

    # what cannot be compared is said, and what was found stays
    short = tmp_path / "short.txt"
    short.write_text("One line.", encoding="utf-8")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_, **__: (str(short), ""))
    panel.file_wanted.emit("text")
    person.rest()
    person.click(panel.compare)
    person.wait(lambda: not panel.data().running)
    assert "The text is too short" in panel.problem.text()
    assert panel.data().shown is shown

    person.open("bundled:shapes", None)
    assert panel.data().shown is None
    person.open("bundled:names", PROMPT)
    assert panel.data().shown is shown  # as it was


def test_what_cannot_be_compared_says_why(viewer: Person) -> None:
    action, panel = viewer.window.commands["head_sets"], viewer.panel("head_sets")
    assert "sees pictures" in action.toolTip()
    viewer.window.commands["show_head_sets"].trigger()
    viewer.rest()
    assert "sees pictures" in panel.problem.text()
    assert not panel.compare.isEnabled()
