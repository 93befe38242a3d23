"""The trust panel: what it says of the circuit shown, against the engine's own evaluation."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

import wirescope as ws
from core.errors import InputError
from core.evaluation.hypotheses import hypothesis_tests
from core.evaluation.report import QUESTIONS, trust_report
from core.evaluation.report import sentences as report_sentences
from core.evaluation.report import statements as report_statements
from core.evaluation.verdict import TOO_MUCH, verdict
from core.project.metric_choice import MetricChoice
from tests.app.person import Person, plain
from tests.app.tracing_steps import ROWS, dataset, evaluate, open_trust, over_dataset, paste, trace, type_size
from tests.app.window.test_palette import summon
from tests.app.window.test_text_size import cut_off
from tests.core.engine.cases import case
from views import theme
from views.panels.trust.panel import StatementRow

PAIR = tuple(f"When Mary and John went to the store, {name} gave a drink to" for name in ("John", "Mary"))


@pytest.mark.parametrize("who", ["reader", "viewer"])
def test_one_pair_says_what_it_can_and_what_needs_a_dataset(request, who: str) -> None:
    person: Person = request.getfixturevalue(who)
    open_trust(person)
    panel = person.panel("trust")
    assert "Choose a circuit first" in panel.problem.text()
    assert not panel.evaluate.isEnabled()
    trace(person)
    size = person.workbench.document.size
    said = evaluate(person)
    session = person.session()
    scores = ws.trace(session, "eap-ig")
    report = trust_report(session, scores, ws.Dataset([session.pair]), size=size)
    assert said == report_sentences(report)
    assert panel.verdict() == [line.line for line in verdict(report_statements(report))]
    assert "Stability is not known" in " ".join(said)
    assert "One pair says nothing of stability" in panel.lacks.text()

    # Another size: the old statements are dimmed, and said to be old.
    type_size(person, 100)
    assert panel.data().stale
    assert panel.subject.text().startswith("Of an earlier state, A “")
    assert panel.evaluate.text() == "Evaluate again"
    type_size(person, size)
    assert not panel.data().stale
    person.click(panel.copy)
    assert said[0] in QApplication.clipboard().text()
    assert panel.verdict()[0] in QApplication.clipboard().text()


def test_over_a_dataset_stability_is_known(reader: Person) -> None:
    paste(reader, ROWS)
    over_dataset(reader)
    trace(reader)
    open_trust(reader)
    said = evaluate(reader)
    session, pairs = reader.session(), dataset(reader)
    scores = ws.trace(session, "eap-ig", dataset=pairs)
    circuit = scores.top(reader.workbench.document.size)
    assert said == [one.words for one in ws.trust(session, circuit, scores=scores, dataset=pairs).statements]
    assert any("Bootstrap" in statement.detail for statement in reader.panel("trust").data().statements)
    assert "The three tests need 8 pairs" in reader.panel("trust").lacks.text()

    # The worst input can be looked at.
    (row,) = [row for row in reader.panel("trust").findChildren(StatementRow) if row.title.text() == "Single inputs"]
    worst = next(one.input for one in reader.panel("trust").data().statements if one.title == "Single inputs")
    assert worst in [pair.clean.text for pair in pairs.pairs]
    reader.click(row.look)
    reader.rest()
    assert reader.workbench.document.clean.text == worst


def test_a_circuit_that_recovers_more_than_the_whole_is_no_good_explanation(reader: Person) -> None:
    reader.workbench.question.set_replacement("zero")
    reader.rest()
    trace(reader)
    scores = ws.trace(reader.session(), "eap-ig", replacement="zero")
    curve = ws.faithfulness(reader.session(), scores, fractions=[i / 20 for i in range(1, 20)])
    best = max(range(19), key=lambda i: curve.recovered[i])
    assert curve.recovered[best] > TOO_MUCH
    type_size(reader, curve.sizes[best])
    open_trust(reader)
    assert "so it is not a good explanation of it" in evaluate(reader)[0]
    panel = reader.panel("trust")
    assert panel.data().statements[0].tone == "against"
    assert panel.verdict()[0].startswith("! ")
    assert "so it is not a good explanation of it" in panel.verdict()[0]
    assert reader.panel("circuit").title.property("role") == "bad", "the same figure has the same colour"
    (row,) = [row for row in panel.findChildren(StatementRow) if row.title.text() == "Recovered"]
    assert (row.figure.text()[0], row.figure.color()) == ("!", "negative")


def test_other_rows_of_the_mean_make_the_statements_old(reader: Person) -> None:
    """What removed edges carry is another mean then, so that the strip has another figure."""
    paste(reader, ROWS)
    reader.workbench.question.set_replacement("mean")
    reader.rest()
    type_size(reader, 60)
    open_trust(reader)
    evaluate(reader)
    panel = reader.panel("trust")
    before = reader.panel("circuit").title.text()
    assert not panel.data().stale
    reader.window.docks["dataset"].raise_()
    table = reader.panel("dataset").table
    reader.click(table.viewport(), table.visualRect(table.model().index(0, 0)).center())
    reader.press(Qt.Key.Key_Delete, widget=table)
    assert len(reader.workbench.document.dataset) == 4
    assert reader.panel("circuit").title.text() != before
    open_trust(reader)
    assert panel.data().stale
    assert panel.subject.text().startswith("Of an earlier state, A “")
    reader.choose("Edit", "Undo")
    assert not panel.data().stale
    assert reader.panel("circuit").title.text() == before


def test_cancelled_it_keeps_what_is_known(reader: Person) -> None:
    trace(reader)
    open_trust(reader)
    panel = reader.panel("trust")
    seen = []
    reader.workbench.working.connect(
        lambda words, share: (
            seen.append(words) or panel.evaluate.click()
            if words == "Evaluating the circuit" and share > 0.8 and not seen
            else None
        )
    )
    panel.evaluate.click()
    reader.wait(lambda: seen)
    reader.rest()
    assert not panel.data().waiting
    assert 2 <= len(panel.texts()) < len(QUESTIONS) + 1
    reader.click_node(reader.workbench.opened.graph.nodes[3])
    assert not panel.data().waiting  # it does not go on by itself


def test_a_task_fills_the_dataset_for_the_next_trace(person: Person) -> None:
    a, b = (f"When Mary and John went to the store, {name} gave a drink to" for name in ("John", "Mary"))
    person.open("bundled:names", a, b)
    open_trust(person)
    panel = person.panel("trust")
    (task,) = [action for action in panel.fill_menu.actions() if plain(action.text()) == "Agreement"]
    task.trigger()
    person.rest()
    assert len(person.workbench.document.dataset) == 24
    assert person.window.top_bar.method_menu.over[True].isChecked()
    assert "The next trace goes over the dataset's 24 pairs" in panel.lacks.text()


def fill_from(person: Person, title: str) -> None:
    (task,) = [action for action in person.panel("trust").fill_menu.actions() if plain(action.text()) == title]
    task.trigger()


@pytest.mark.parametrize("end", ["cancelled", "refused", "another model"])
def test_a_fill_that_came_to_nothing_is_forgotten(person: Person, end: str) -> None:
    person.open("bundled:names", *PAIR)
    open_trust(person)
    if end == "refused":
        person.panel("trust").task_wanted.emit("no such task")
    else:
        fill_from(person, "Agreement")
    if end == "cancelled":
        person.workbench.cancel()
    elif end == "another model":
        person.open("bundled:shapes", None)
        person.open("bundled:names", *PAIR)
    person.rest()
    person.press(Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier, widget=person.window.canvas)
    assert len(person.workbench.document.dataset) == 1
    assert not person.workbench.document.choice.over_dataset
    assert person.workbench.history.undo_words == "Add a row"


def test_what_was_filled_to_be_traced_over_is_one_step(person: Person) -> None:
    person.open("bundled:names", *PAIR)
    open_trust(person)
    fill_from(person, "Agreement")
    person.rest()
    assert person.workbench.document.choice.over_dataset
    person.choose("Edit", "Undo")
    assert not person.workbench.document.choice.over_dataset
    assert not person.workbench.document.dataset


def test_evaluating_and_filling_are_reached_by_keys_menu_and_palette(reader: Person) -> None:
    palette = summon(reader, "evaluate the circuit")
    assert (palette.rows()[0].enabled, palette.rows()[0].why) == (False, "Choose a circuit first")
    QTest.keyClick(palette.field, Qt.Key.Key_Escape)
    trace(reader)
    assert reader.menu_action("Edit", "Evaluate the Circuit").isEnabled()
    reader.window.docks["inspector"].raise_()
    reader.press(Qt.Key.Key_E, widget=reader.window.canvas)
    panel = reader.panel("trust")
    reader.wait(lambda: panel.isVisible() and panel.data().statements and not panel.data().waiting)
    assert len(panel.texts()) == len(panel.data().statements) >= 5

    # What is known of an earlier circuit hides no reason.
    reader.choose("Edit", "Undo")
    assert panel.data().statements
    assert "Choose a circuit first" in panel.problem.text()
    assert panel.problem.isVisible()
    assert not panel.evaluate.isEnabled()
    assert not reader.window.commands["evaluate"].isEnabled()

    palette = summon(reader, "fill the dataset to trace")
    assert palette.rows()[0].words == "Fill the Dataset to Trace over It"
    QTest.keyClick(palette.field, Qt.Key.Key_Return)
    reader.wait(panel.fill_menu.isVisible)
    panel.fill_menu.close()


def test_another_trouble_than_alike_scores_is_told_as_it_is(reader: Person, monkeypatch) -> None:
    def fail(*_: object) -> None:
        raise InputError("This row is too long.", "Make it shorter.")

    monkeypatch.setitem(QUESTIONS, "stability", replace(QUESTIONS["stability"], find=fail))
    trace(reader)
    open_trust(reader)
    reader.click(reader.panel("trust").evaluate)
    reader.rest()
    assert "This row is too long." in reader.panel("trust").problem.text()
    assert "alike" not in reader.panel("trust").problem.text()


def test_a_model_without_a_head_has_no_right_answers_and_says_so() -> None:
    setup = case("vit", batch=3)
    b = setup.pair.counterfactual
    assert b is not None
    tensors = zip(setup.pair.clean.tensor, b.tensor, strict=True)
    pairs = ws.Dataset([setup.model.pair(one[None], other[None]) for one, other in tensors])
    session = ws.Session(setup.model, pairs.pairs[0])
    report = trust_report(session, ws.trace(session, "eap", dataset=pairs), pairs, size=30)
    assert any("so none is right or wrong" in words for words in report_sentences(report))
    assert report["whole accuracy"] is None


NAMES = ("Mary", "John", "Tom", "Amy", "Paul", "Ruth", "Jacob", "Mary")


def test_the_three_tests_are_those_of_the_engine(person: Person) -> None:
    """On eight pairs: a person pastes them, traces them, and reads what the tests say."""
    story = "When {a} and {b} went to the store, {c} gave a drink to"
    pairs = [(a, b, NAMES[(place + 3) % 7]) for place, (a, b) in enumerate(itertools.pairwise((*NAMES, "John")))]
    rows = [(story.format(a=a, b=b, c=b), story.format(a=a, b=b, c=c), f" {a}", f" {b}") for a, b, c in pairs]
    person.open("bundled:names", rows[0][0], rows[0][1], MetricChoice("logit_difference", " Mary", " John"))
    paste(person, "\n".join("\t".join(row) for row in rows))
    over_dataset(person)
    trace(person)
    assert person.workbench.scored.pairs == 8
    type_size(person, 24)
    open_trust(person)
    evaluate(person)
    assert not person.panel("trust").lacks.isVisible()

    session = person.session()
    made = ws.Dataset([session.model.pair(a, b) for a, b, _, _ in rows], [(target, foil) for *_, target, foil in rows])
    circuit = ws.trace(session, "eap-ig", dataset=made).top(24)
    tests = hypothesis_tests(session, circuit, dataset=made)
    shown = {row.title.text(): row for row in person.panel("trust").findChildren(StatementRow) if row.isVisible()}
    assert [test.name for test in tests] == ["equivalence", "independence", "minimality"]
    for test in tests:
        row = shown[test.name.capitalize()]
        assert row.title.toolTip()
        assert not row.detail.isVisible()
        person.click(row.unfold)
        assert row.detail.isVisible()
        assert test.words in row.detail.text()
        assert ("p < 0.001" if test.p < 0.001 else f"p = {test.p:.3f}") in row.detail.text()
        assert row.figure.text().startswith("! ") == (not test.passed)
        assert row.figure.color() == ("text" if test.passed else "negative")
    assert len({test.passed for test in tests}) == 2  # both kinds of answer are seen


def test_the_panel_fits_at_every_size_of_text(reader: Person) -> None:
    trace(reader)
    open_trust(reader)
    evaluate(reader)
    panel, window = reader.panel("trust"), reader.window
    try:
        for percent in (80, 100, 125, 150):
            theme.set_text_percent(percent)
            for size in ((1440, 900), (1024, 700)):
                window.resize(*size)
                window.arrangement.fit()
                for _ in range(4):
                    QApplication.processEvents()
                assert panel.scroll_area.widget().width() <= panel.scroll_area.viewport().width() + 1, (percent, size)
                assert cut_off(panel) == [], (percent, size)
                strip = window.panels["circuit"]
                assert any(words in strip.title.text() for words in ("unexplained", "above", "too much"))
                assert strip.title.fontMetrics().horizontalAdvance(strip.title.text()) <= strip.title.width()
                assert strip.note.text()
                assert "random" in strip.note.text() or strip.note.toolTip().startswith("random edges")
    finally:
        theme.set_text_percent(100)
