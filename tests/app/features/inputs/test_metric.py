"""The metric is chosen on the left, and everything is measured with it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.worker import session_cache
from core.edits import Edit
from core.formatting import metric_digits, number
from core.metrics import METRICS
from core.project.metric_choice import MetricChoice
from tests.app.conftest import METRIC
from tests.app.models import CLASSES, CLEAN, COUNTERFACTUAL
from tests.app.person import Person


def choose_kind(person: Person, kind: str) -> None:
    """Take an entry of the list of metrics, as with the mouse."""
    combo = person.panel("inputs").metric_editor.kind
    index = combo.findData(kind)
    assert index >= 0
    combo.setCurrentIndex(index)
    combo.activated.emit(index)
    person.rest()


def answer(person: Person, field: str, text: str) -> None:
    """Type an answer over what is there, and press Enter."""
    line = getattr(person.panel("inputs").metric_editor, field).lineEdit()
    person.click(line)
    line.selectAll()
    QTest.keyClicks(line, text)
    person.press(Qt.Key.Key_Return, widget=line)


def check(person: Person, name: str) -> None:
    """The window shows the same metric and the same numbers as a session of its own."""
    session = person.session()
    assert session.metric.name == name
    assert person.panel("predictions").metric_name.text() == name
    expected = float(session.run(list(person.workbench.document.edits)).metric[0])
    assert person.workbench.ran.after == pytest.approx(expected, abs=1e-5)
    digits = metric_digits(person.workbench.ran.before, person.workbench.ran.after)
    assert person.panel("predictions").metric_value.text() == number(person.workbench.ran.after, digits)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("probability", 'p(" Mary")'),
        ("log_probability", 'log p(" Mary")'),
        ("class_logit", 'logit(" Mary")'),
        ("kl", "KL to clean"),
    ],
)
def test_another_kind_of_metric(reader: Person, kind: str, name: str) -> None:
    (index,) = reader.strong_edges()
    reader.click_edge(index)
    reader.press(Qt.Key.Key_X)
    choose_kind(reader, kind)
    check(reader, name)
    assert not reader.dialogs()
    editor = reader.panel("inputs").metric_editor
    assert editor.target.isVisible() == METRICS[kind].needs_target
    assert not editor.foil.isVisible()
    assert reader.workbench.scored is not None
    assert abs(reader.workbench.scored.values).max() > 1e-6


def test_another_target_and_another_foil(reader: Person) -> None:
    answer(reader, "target", "·Tom")
    check(reader, 'logit(" Tom") − logit(" John")')
    answer(reader, "foil", " Mary")
    check(reader, 'logit(" Tom") − logit(" Mary")')


def test_the_lists_offer_likely_answers(reader: Person) -> None:
    field = reader.panel("inputs").metric_editor.foil
    likely = max(reader.workbench.ran.rows, key=lambda row: row.before).label
    shown = "·" + likely[1:] if likely.startswith(" ") else likely
    index = field.findText(shown)
    assert index >= 0
    field.setCurrentIndex(index)
    field.activated.emit(index)
    reader.rest()
    check(reader, f'logit(" Mary") − logit("{likely}")')


def test_target_and_foil_are_swapped(reader: Person) -> None:
    before = reader.workbench.ran.before
    reader.click(reader.panel("inputs").metric_editor.swap)
    reader.rest()
    check(reader, 'logit(" John") − logit(" Mary")')
    assert reader.workbench.ran.before == pytest.approx(-before)


@pytest.mark.parametrize(
    ("field", "text", "words"),
    [
        ("target", "Marys", ["'Marys' is 2 tokens", "Mary|s"]),
        ("foil", "", ["The metric needs a foil"]),
        ("foil", "·Mary", ["Target and foil are the same answer"]),
        ("target", "Tom", ["'Tom' is 3 tokens (T|o|m)", 'With a space before it, " Tom" is one token']),
    ],
)
def test_an_answer_that_does_not_fit_says_why_and_the_results_stay_readable(
    reader: Person, field: str, text: str, words: list[str]
) -> None:
    (index,) = reader.strong_edges()
    reader.click_edge(index)
    reader.press(Qt.Key.Key_X)
    rows = reader.predictions()
    if text:
        answer(reader, field, text)
    else:
        line = getattr(reader.panel("inputs").metric_editor, field).lineEdit()
        line.selectAll()
        reader.press(Qt.Key.Key_Delete, widget=line)
        reader.press(Qt.Key.Key_Return, widget=line)
    problem = reader.panel("inputs").metric_editor.problem
    assert problem.isVisible()
    for part in words:
        assert part in problem.text()
    assert problem.text().endswith(f"Shown instead: {reader.panel('predictions').metric_name.text()}.")
    assert not reader.dialogs()
    assert {cells[:2] for cells in rows} & {cells[:2] for cells in reader.predictions()}
    assert len(reader.edits()) == 1
    answer(reader, "target", "·Mary")
    answer(reader, "foil", "·John")
    assert not problem.isVisible() or problem.text().startswith("Neither answer is likely here.")
    assert reader.predictions() == rows


def test_answers_that_are_unlikely_after_another_prompt_are_pointed_out(reader: Person, monkeypatch) -> None:
    monkeypatch.setattr(session_cache, "LISTED_ANSWERS", 3)
    problem = reader.panel("inputs").metric_editor.problem
    reader.type_prompt("A", "When Tom gave the store a drink to")
    reader.type_prompt("B", "When Mary gave the store a drink to")
    likely = reader.workbench.ready.answers
    unlikely = [row for row in ("Mary", "John", "Tom", "store", "drink") if f" {row}" not in likely][:2]
    answer(reader, "target", f"·{unlikely[0]}")
    answer(reader, "foil", f"·{unlikely[1]}")
    check(reader, f'logit(" {unlikely[0]}") − logit(" {unlikely[1]}")')  # it stays as it was chosen
    assert problem.isVisible()
    assert problem.text().startswith(f'Neither answer is likely here. Likely: "{likely[0]}", "{likely[1]}"')
    answer(reader, "target", likely[0].replace(" ", "·"))
    assert not problem.isVisible()


def test_an_effect_is_measured_with_the_metric(reader: Person) -> None:
    (index,) = reader.strong_edges()
    reader.click_edge(index)
    first = reader.effects()
    choose_kind(reader, "probability")
    second = reader.effects()
    assert first != second
    without, _ = reader.expected([])
    with_it, _ = reader.expected([Edit(reader.edge(index), "patch")])
    assert float(second["measured"].replace("−", "-")) == pytest.approx(with_it - without, abs=0.006)


@pytest.mark.parametrize("kind", ["kl", "log_probability"])
def test_without_b_every_metric_still_works(reader: Person, kind: str) -> None:
    reader.click(reader.panel("inputs").remove)
    reader.rest()
    choose_kind(reader, kind)
    assert not reader.dialogs()
    assert abs(reader.workbench.scored.values).max() > 1e-6
    (index,) = reader.strong_edges()
    reader.click_edge(index)
    reader.press(Qt.Key.Key_X)
    assert reader.workbench.ran.after != reader.workbench.ran.before
    assert not reader.dialogs()


def test_a_classifier_offers_its_classes(viewer: Person) -> None:
    editor = viewer.panel("inputs").metric_editor
    choose_kind(viewer, "logit_difference")
    assert [editor.target.itemText(i) for i in range(editor.target.count())] == list(CLASSES)
    answer(viewer, "target", "moon")
    answer(viewer, "foil", "two words")
    check(viewer, 'logit("moon") − logit("two words")')
    answer(viewer, "foil", "dog")
    assert editor.problem.isVisible()
    assert "dog" in editor.problem.text()


def test_a_model_without_a_head_is_measured_by_cosines(person: Person, models, pictures) -> None:
    person.open(models.dinov2, pictures("a.png"), pictures("b.png"))
    editor = person.panel("inputs").metric_editor
    kinds = [editor.kind.itemData(i) for i in range(editor.kind.count())]
    assert kinds == ["cosine", "cosine_clean", "cosine_b", "cosine_reference"]
    assert person.panel("predictions").metric_name.text() == "cosine to A − cosine to B"
    assert [row[0] for row in person.predictions()] == ["to A", "to B"]
    assert person.predictions()[0][1] == "1.000 → 1.000"
    (index,) = person.strong_edges()
    person.click_edge(index)
    person.press(Qt.Key.Key_X)
    metric, _ = person.expected([Edit(person.edge(index), "patch")])
    assert person.workbench.ran.after == pytest.approx(metric, abs=1e-5)
    assert person.workbench.ran.after < person.workbench.ran.before
    choose_kind(person, "cosine_clean")
    check(person, "cosine to A")
    choose_kind(person, "cosine_b")
    check(person, "cosine to B")
    assert not person.dialogs()


@pytest.mark.parametrize("metric", [None, MetricChoice("cosine"), MetricChoice("cosine_b")])
def test_a_model_without_a_head_works_without_b(person: Person, models, pictures, metric) -> None:
    person.open(models.dinov2, pictures("a.png"), pictures("b.png"), metric)
    person.click(person.panel("inputs").remove)
    person.rest()
    assert not person.dialogs()
    assert not person.panel("inputs").metric_editor.problem.isVisible()
    assert person.panel("predictions").metric_name.text() == "cosine to A"
    assert [row[0] for row in person.predictions()] == ["to A"]
    assert abs(person.workbench.scored.values).max() > 1e-6
    (index,) = person.strong_edges()
    person.click_edge(index)
    person.press(Qt.Key.Key_X)
    assert person.workbench.ran.after < 1.0


def test_the_metric_stays_with_another_prompt(reader: Person) -> None:
    reader.type_prompt("A", "When Mary gave a store to")
    check(reader, 'logit(" Mary") − logit(" John")')
    assert reader.card("B").chips.chip_texts() == COUNTERFACTUAL.split()
    reader.type_prompt("A", CLEAN)
    check(reader, 'logit(" Mary") − logit(" John")')


def test_without_a_choice_the_metric_follows_the_prompts_top_answer(person: Person, models) -> None:
    person.open(models.llama, CLEAN, COUNTERFACTUAL)
    editor = person.panel("inputs").metric_editor
    top = max(person.workbench.ran.rows, key=lambda row: row.before).label
    assert person.panel("predictions").metric_name.text() == f'log p("{top}")'
    assert editor.kind.currentData() == "log_probability"
    assert editor.choice().target == top


def test_an_answer_without_its_space_is_mended_with_a_click(reader: Person) -> None:
    editor = reader.panel("inputs").metric_editor
    reader.click(editor.target)
    editor.target.lineEdit().selectAll()
    reader.qtbot.keyClicks(editor.target.lineEdit(), "John")
    reader.press(Qt.Key.Key_Return, widget=editor.target.lineEdit())
    assert "'John' is" in editor.problem.text()  # its pieces are shown, and none is taken for the whole
    assert "tokens (J|o|h|n)" in editor.problem.text()
    assert editor.fix.text() == "Use ·John"
    reader.click(editor.foil)
    editor.foil.lineEdit().selectAll()
    reader.qtbot.keyClicks(editor.foil.lineEdit(), "·Mary")
    reader.press(Qt.Key.Key_Return, widget=editor.foil.lineEdit())
    reader.click(editor.fix)
    reader.rest()
    assert reader.workbench.document.metric == MetricChoice("logit_difference", " John", " Mary")
    assert not editor.problem.isVisible() or "tokens" not in editor.problem.text()
    assert not editor.fix.isVisible() or "Neither answer is likely" in editor.problem.text()
    metric, _ = reader.expected([])
    assert reader.workbench.ran.before == pytest.approx(metric, abs=1e-5)


def test_a_token_without_its_space_that_the_model_does_not_say_is_pointed_out(person: Person) -> None:
    """In this vocabulary "Mary" is a token as well as " Mary"."""
    person.open(
        "bundled:names",
        "When Mary and John went to the store, John gave a drink to",
        None,
        MetricChoice("probability", "Mary"),
    )
    editor = person.panel("inputs").metric_editor
    assert '"Mary" and " Mary" are two different tokens here' in editor.problem.text()
    person.click(editor.fix)
    person.rest()
    assert person.workbench.document.metric == MetricChoice("probability", " Mary")
    assert not editor.fix.isVisible()
    person.choose("Edit", "Undo")
    assert editor.fix.text() == "Use ·Mary"


def test_what_is_typed_over_an_answer_takes_its_place_and_outlives_a_run(reader: Person) -> None:
    field = reader.panel("inputs").metric_editor.target
    line = field.lineEdit()
    reader.click(line)
    reader.wait(line.hasSelectedText)
    QTest.keyClicks(line, " Jo")
    reader.workbench.ask()
    reader.rest()  # the answers that are offered come anew
    assert line.text() == " Jo"
    QTest.keyClicks(line, "hn")
    QTest.keyClick(line, Qt.Key.Key_Return)
    reader.rest()
    assert reader.workbench.document.metric == replace(METRIC, target=" John")


STORY = "When {} and {} went to the store, {} gave a drink to"


def test_the_metric_of_an_example_follows_other_names_and_a_chosen_one_stays(person: Person) -> None:
    a, b = STORY.format("Mary", "John", "John"), STORY.format("Mary", "John", "Mary")
    person.open("bundled:names", a, b, MetricChoice("logit_difference", " Mary", " John"))
    person.type_prompt("A", STORY.format("Alice", "Robert", "Robert"))
    person.type_prompt("B", STORY.format("Alice", "Robert", "Alice"))
    person.wait(lambda: person.workbench.document.metric == MetricChoice("logit_difference", " Alice", " Robert"))
    person.rest()
    editor = person.panel("inputs").metric_editor
    assert (editor.target.answer(), editor.foil.answer()) == (" Alice", " Robert")
    assert editor.foil.itemText(0) == "·Robert"  # B's own answer is the first that is offered
    assert not editor.problem.isVisible()
    person.choose("Edit", "Undo")  # one step back, the answers are those of before
    assert person.workbench.document.metric == MetricChoice("logit_difference", " Mary", " John")

    # What the user chose stays; the likely answers are a click away.
    answer(person, "target", "·Tom")
    answer(person, "foil", "·Ruth")
    person.type_prompt("B", STORY.format("Alice", "Robert", "Alice"))
    assert person.workbench.document.metric == MetricChoice("logit_difference", " Tom", " Ruth")
    assert editor.problem.text().startswith("Neither answer is likely here.")
    person.click(editor.fix)
    person.rest()
    assert person.workbench.document.metric == MetricChoice("logit_difference", " Alice", " Robert")
    assert not editor.problem.isVisible()
