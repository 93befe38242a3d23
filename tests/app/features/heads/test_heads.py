"""The dock *Heads*: measured when asked, kept, and linked to the canvas by figure and table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest

from app.features.heads import presenter
from app.features.heads.handlers import plain_scores
from app.features.heads.queries import HeadScores, HeadsQuery
from core.edits import Edit
from core.graph import Node
from core.heads.identity import TESTS, HeadIdentities
from core.project.document import Document
from core.studies.head_corpus import PIECES, corpus_of, identities_over
from tests.app.person import Person


@pytest.fixture
def scores() -> HeadScores:
    """Four heads: the second one is an induction head that also copies, the last one attends to the token before in
    the made inputs alone."""
    nan = np.nan
    found = HeadIdentities(
        (TESTS[0], TESTS[1], TESTS[3]),
        ("a0.h0", "a0.h1", "a1.h0", "a1.h1"),
        np.array([[0.1, 0.2, 0.3, 0.9], [0.0, 0.8, 0.2, 0.1], [0.1, 0.6, 0.4, 0.2]]),
        np.array([[0.1, 0.1, 0.2, 0.1], [0.0, 0.5, 0.1, 0.1], [nan, nan, nan, nan]]),
        np.array([[0.1, 0.1, 0.1, 0.1], [0.0, 0.25, 0.1, 0.1], [nan, nan, nan, nan]]),
        np.array([0.5, 0.3, nan]),
        np.array([0.15, 0.2, nan]),
        12,
    )
    return plain_scores(found, "the guides")


def test_what_is_said_of_heads(scores: HeadScores) -> None:
    assert [choice.key for choice in presenter.choices(scores)] == [
        "previous token/made", "induction/made", "copying/made", "previous token/corpus", "induction/corpus",
    ]  # fmt: skip
    assert [choice.least for choice in presenter.choices(scores)] == [0.5, 0.4, 0.5, 0.15, 0.2]
    rows = presenter.rows(scores, "copying/made", "induction/corpus")
    assert [(row.labels, row.kind, row.covers) for row in rows] == [
        ("", None, None), ("induction, copying", 1, 0.25), ("", None, None), ("", None, None),
    ]  # fmt: skip
    assert [(row.x, row.y) for row in rows] == [(0.1, 0.0), (0.6, 0.5), (0.4, 0.1), (0.2, 0.1)]
    assert presenter.headline(scores) == "1 of 4 heads passes a test. Corpus: the guides."
    one = presenter.head_words(scores, ["a0.h1"])
    assert "0.80 on made inputs (99 % of random heads are below 0.30)" in one
    assert "the label covers 25 % of where it attends" in one
    assert "copying, 0.60 on made inputs; over the corpus there is no such test" in one
    assert "a1.h1: none found" in presenter.head_words(scores, ["a1.h1"])
    assert presenter.head_words(scores, ["a0.h1", "a1.h0"]) == "a0.h1: induction, copying; a1.h0: none found"
    assert presenter.head_words(scores, []) == ""


def test_heads_are_of_the_weights_alone() -> None:
    query, document = HeadsQuery(), Document("bundled:names")
    assert query.holds(document, document.with_edit(Edit(Node("mlp", 0), "zero")))
    assert not query.holds(document, Document("bundled:shapes"))


def test_measure_and_select(person: Person, models, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WIRESCOPE_DATA", str(tmp_path))
    panel, action = person.panel("heads"), person.window.commands["heads"]
    assert "Open a model" in action.toolTip()
    person.open(models.gpt2, "When Mary gave a drink to")
    action.trigger()
    person.rest()
    assert panel.isVisible()
    assert panel.data().rows == ()  # nothing before somebody asks
    person.click(panel.measure)
    assert panel.measure.text() == "Cancel"
    QTest.keyClick(panel.measure, Qt.Key.Key_Escape)
    assert panel.problem.text().startswith("Stopped")
    person.rest()
    assert panel.data().rows == ()
    person.click(panel.measure)
    person.wait(lambda: panel.figure is not None and not panel.data().running)
    person.rest()
    data, model = panel.data(), person.session().model
    corpus, _ = corpus_of(model, None, PIECES)
    found = identities_over(model, corpus)
    assert [row.name for row in data.rows] == list(found.heads)
    assert [row.labels for row in data.rows] == [
        ", ".join(label.test.name for label in found.labels(head)) for head in found.heads
    ]
    assert [row.x for row in data.rows] == found.generated[0].tolist()

    chart, row = panel.figure, data.rows[5]
    (x,), (y,) = chart.places([row.x], [row.y])
    at = chart.mapFromScene(chart.getViewBox().mapViewToScene(QPointF(x, y)))
    QTest.mouseClick(chart.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(at.x(), at.y()))
    person.rest()
    assert person.workbench.selection == (Node("head", 1, 1),)
    assert panel.data().chosen == (row.name,)
    assert chart.ringed() == 1
    assert panel.words.text().startswith(f"{row.name}:")
    lines = panel.view.selectionModel().selectedRows()
    assert [panel.view.lines.shown[line.row()].name for line in lines] == [row.name]

    panel.view.sort_by(3)
    panel.view.selectRow(0)
    person.rest()
    best = max(data.rows, key=lambda each: each.x)
    assert [each.name for each in person.workbench.selection] == [best.name]
    panel.up.setCurrentIndex(panel.up.findData("copying/made"))
    panel.up.activated.emit(0)
    copies = dict(zip(found.heads, found.generated[3].tolist(), strict=True))
    assert {each.name: each.y for each in panel.data().rows} == copies
    chart.setFocus()
    QTest.keyClick(chart, Qt.Key.Key_Home)
    QTest.keyClick(chart, Qt.Key.Key_Return)
    person.rest()
    least = min(data.rows, key=lambda each: each.x)
    assert [each.name for each in person.workbench.selection] == [least.name]

    person.open(models.llama, "When Mary gave a drink to")
    assert panel.data().rows == ()
    person.open(models.gpt2, "When Mary gave a drink to")
    kept = [(each.name, each.x) for each in panel.data().rows]
    assert kept == [(each.name, each.x) for each in data.rows]  # at once, nobody asked
