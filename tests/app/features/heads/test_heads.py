"""The dock *Heads*: measured when asked, kept, and linked to the canvas by figure and table."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest

import wirescope as ws
from app.features.heads.controller import NO_SCORES, WAITS
from app.features.heads.handlers import plain_scores, scores_of_file
from app.features.heads.presenter import scores as presenter
from app.features.heads.presenter.evidence import evidence_of
from app.features.heads.queries import Corpus, HeadScores, HeadsQuery
from core.edits import Edit
from core.formatting import percent
from core.graph import Node
from core.heads.evidence import evidence
from core.heads.heads_file import read_heads
from core.heads.identity import TESTS, HeadIdentities
from core.heads.scores import Best, ScoresOfTest
from core.inputs.few_shot import few_shot_tasks
from core.project.document import Document
from core.sharded.executors import Workers
from core.sharded.heads import HeadsWork
from core.sharded.heads_over_pairs import heads_over_pairs
from core.sharded.many_pairs import ManyPairs
from core.studies.few_shot import TaskDone
from core.studies.head_corpus import PIECES, corpus_of, identities_over
from core.studies.head_sets import head_names
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
    return plain_scores(found, Corpus("the guides"))


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

    # what is no number is not offered, and not said
    nan, (previous, *others) = np.full(4, np.nan), scores.tests
    partial = replace(scores, tests=(replace(previous, generated=nan, passes=nan > 0), *others))
    assert presenter.choices(partial)[0].key == "induction/made"
    assert [row.x for row in presenter.rows(partial, "previous token/made", "induction/made")] == [None] * 4
    assert "needs: induction 0.20" in presenter.head_words(partial, ["a1.h0"])


def test_the_evidence_of_a_head() -> None:
    """An induction head without a label: what it covers most is shown, and what it reads is marked."""
    nan, texts = np.array([0.1]), (("<s>", " a", " b", *"cdefghijklmn", " a"),)
    best = Best(0.5, 0, 15, (2, 0, 14), (0.5, 0.4, 0.1))
    tests = tuple(
        ScoresOfTest(name, "attention", 0.4, nan, nan, np.array([covers]), 0.1, 0.1, np.array([False]), *spread)
        for name, covers, spread in (
            ("previous token", 0.1, (15, ((0.0,) * 11,))),
            ("induction", 0.3, (1, ((0.5,) * 11,))),
            ("copying", np.nan, ()),
        )
    )
    scores = HeadScores(
        ("a0.h0",), tests, Corpus("the guides", texts), {"previous token": [()], "induction": [(best,)]}
    )
    shown = evidence_of(scores, ("a0.h0",), "")
    assert shown is not None
    assert (shown.kind, [each.name for each in shown.kinds]) == ("induction", ["previous token", "induction"])
    (line,) = shown.lines
    marked = {token.position: token.share for token in line.tokens if token.share}
    assert marked == {0: 0.4, 2: 0.5, 14: 0.1}
    assert [token.position for token in line.tokens if token.asks] == [15]
    assert [token.position for token in line.tokens if token.gap] == []
    assert "at “a” (15), which reads “b” (2) 0.50" in line.words.replace("·", "")
    previous = evidence_of(scores, ("a0.h0",), "previous token")
    assert previous is not None
    assert (previous.kind, previous.lines) == ("previous token", ())
    assert evidence_of(scores, ("a0.h0", "a0.h1"), "") is None


def test_measuring_waits_for_an_input_that_can_be_run(
    person: Person, models, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WIRESCOPE_DATA", str(tmp_path))
    panel = person.panel("heads")
    person.open(models.gpt2, "When Mary gave a drink to")
    person.window.commands["heads"].trigger()
    person.rest()
    person.click(panel.measure)
    person.type_prompt("A", "")
    assert panel.problem.text() == WAITS
    assert panel.measure.text() == "Cancel"
    person.type_prompt("A", "When Tom gave a drink to")
    person.wait(lambda: panel.data().rows and not panel.data().running)
    assert panel.problem.text() == ""

    def broken(*_, **__):  # as of weights that are no numbers
        heads = tuple(head_names(person.workbench.opened.graph))
        return HeadIdentities(TESTS[:1], heads, *[np.full((1, len(heads)), np.nan)] * 3, *[np.full(1, np.nan)] * 2, 1)

    monkeypatch.setattr("app.features.heads.handlers.identities_over", broken)
    person.controller("heads").measure()
    person.wait(lambda: panel.problem.text() == NO_SCORES)
    assert panel.data().rows == ()


def test_function_vectors_are_scored_on_request(
    person: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The scores of the tests stay, a score more can be chosen, and tasks at chance are named."""
    monkeypatch.setenv("WIRESCOPE_DATA", str(tmp_path))
    tasks = few_shot_tasks()
    monkeypatch.setattr("core.studies.head_corpus.chosen_tasks", lambda _: [tasks["capital-city"], tasks["plural"]])

    def screened(model, tasks, *_):
        one, other = tasks
        return [
            (one, TaskDone(one.name, one.title, one.kind, 1.0, 0.1)),
            (other, TaskDone(other.name, other.title, other.kind, 0.1, 0.1, "1 of 12 right, chance 10 %")),
        ]

    def vectors_of(model, tasks, shots, prompts, seed, kept, *_):
        count = model.adapter.shape.layers * model.adapter.shape.heads
        kept.keep({f"function vectors {task.name}": [[0.5] * count, [0.1] * count] for task in tasks})

    monkeypatch.setattr("core.studies.head_corpus.screened", screened)
    monkeypatch.setattr("core.studies.head_corpus.vectors_of", vectors_of)
    person.open("bundled:names", "When Mary gave a drink to")
    panel = person.panel("heads")
    person.window.commands["heads"].trigger()
    person.rest()
    person.click(panel.measure)
    person.wait(lambda: panel.data().rows and not panel.data().running)
    person.rest()
    assert not any("function" in choice.key for choice in panel.data().choices)
    panel.up.setCurrentIndex(panel.up.findText("function vector: measure…"))
    panel.up.activated.emit(panel.up.currentIndex())
    person.wait(lambda: not panel.data().running)
    person.rest()
    assert "function vector/made" in [choice.key for choice in panel.data().choices]
    assert all("function vector" in row.labels for row in panel.data().rows)
    assert panel.up.currentText() == "function vector"
    assert panel.up.findText("function vector: measure…") == -1
    assert "over 1 few-shot task. Left out, no better than chance: Plural (1 of 12 right" in panel.line.text()


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
    person.type_prompt("A", "When Tom gave a drink to")  # another prompt goes before; the measuring then goes on
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
    shown = panel.evidence
    assert shown.isVisible()  # a click on a dot shows its evidence
    assert shown.name.text().startswith(f"{row.name}:")
    place = found.heads.index(row.name)
    assert [share for _, share in shown.covers.row_texts()] == [percent(share) for share in found.covers[:3, place]]
    of_kind = evidence(found, panel.data().evidence.kind, row.name)
    assert shown.deciles.deciles() == of_kind.deciles
    assert [label.accessibleName() for label in shown.lines] == [line.words for line in panel.data().evidence.lines]
    assert f"({of_kind.best[0].query})" in shown.lines[0].accessibleName()
    kinds = [each.name for each in panel.data().evidence.kinds]
    other = next(number for number, kind in enumerate(kinds) if kind != panel.data().evidence.kind)
    shown.covers.row_clicked.emit(other)
    assert panel.data().evidence.kind == kinds[other]
    assert shown.deciles.deciles() == evidence(found, kinds[other], row.name).deciles
    person.click(shown.after)
    person.rest()
    assert shown.name.text().startswith("a1.h2:")
    person.click(shown.before)
    person.rest()
    person.click(shown.back)
    assert panel.view.isVisible()
    assert panel.words.text().startswith(f"{row.name}:")
    lines = panel.view.selectionModel().selectedRows()
    assert [panel.view.lines.shown[line.row()].name for line in lines] == [row.name]

    line = panel.view.visualRect(panel.view.lines.index(0, 0)).center()
    person.click(panel.view.viewport(), line)
    person.rest()
    assert shown.name.text().startswith(f"{panel.view.lines.shown[0].name}:")  # so does one on a line
    person.click(shown.back)

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

    # nothing is shown where nobody looks; a file that cannot be brings the dock up, and what is kept is shown then
    person.window.docks["heads"].hide()
    person.open(models.llama, "When Mary gave a drink to")
    person.open(models.gpt2, "When Mary gave a drink to")
    assert panel.data().rows == ()
    person.workbench.heads_wanted.emit(str(tmp_path / "gone.json"))
    person.wait(lambda: panel.data().rows)
    assert [(each.name, each.x) for each in panel.data().rows] == kept
    assert "cannot be read" in panel.problem.text()


def test_cards_of_a_model_that_sees_over_many_pairs_are_shown(tmp_path: Path) -> None:
    work, pairs = HeadsWork(sees=True), ManyPairs("shapes", 4, shard=4)
    found, _ = heads_over_pairs(ws.load_model("bundled:shapes"), tmp_path, pairs, work, Workers())
    scores = scores_of_file(read_heads(tmp_path / "heads.json"), True)
    shown = evidence_of(scores, (found.heads[0],), "neighbour")
    assert shown.caption.startswith(f"Deciles over {found.read.queries[0]:,} queries.")
    assert shown.deciles == pytest.approx(found.read.deciles[0, 0])
