"""The predictions: pinned answers, as many of the likeliest as wanted, and B's own run beside them."""

from __future__ import annotations

import csv
import io

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from core.edits import Edit
from core.formatting import answer_words, number
from core.graph import Node
from core.models.loading import load_model
from core.session import Session
from tests.app.models import CLASSES, CLEAN
from tests.app.person import Person


def labels(person: Person) -> list[str]:
    return [row[0] for row in person.predictions()]


def pinned(person: Person) -> list[str]:
    return [row.label for row in person.panel("predictions").table.rows if row.pinned]


def click_pin(person: Person, row: int) -> None:
    """Click the pin at a row; it appears under the pointer."""
    table = person.panel("predictions").table
    point = table.pin_rect(row).center().toPoint()
    QTest.mouseMove(table, point)
    person.click(table, point)
    person.rest()


def type_pin(person: Person, text: str) -> None:
    """Ctrl+P, the answer, Enter."""
    person.press(Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier, person.window)
    field = person.panel("predictions").pin_field
    assert field.isVisible()
    QTest.keyClicks(field, text)
    QTest.keyClick(field, Qt.Key.Key_Return)
    QApplication.processEvents()
    person.rest()


def choose(person: Person, entry: str) -> None:
    """An entry of the panel's menu."""
    menu = person.panel("predictions").make_menu()
    next(action for action in menu.actions() if action.text() == entry).trigger()
    person.rest()


def chances(session: Session, edits: list[Edit]) -> dict[str, tuple[float, float, float]]:
    """Before, after and in B, by label."""
    runs = [session.clean, session.run(edits), session.counterfactual]
    columns = [run.answer[0].softmax(-1).tolist() for run in runs]
    return {session.model.label(index): row for index, row in enumerate(zip(*columns, strict=True))}


def test_pins_stay_whatever_happens_and_are_steps_of_the_history(reader: Person) -> None:
    table, panel = reader.panel("predictions").table, reader.panel("predictions")
    expected = chances(reader.session(), [])
    likely = sorted(expected, key=lambda label: -expected[label][0])
    assert labels(reader) == [answer_words(label) for label in likely[:5]]

    # by the pin at a row
    click_pin(reader, 3)
    assert pinned(reader) == [likely[3]]
    assert labels(reader)[0] == answer_words(likely[3])
    assert len(labels(reader)) == 6  # and five others
    assert reader.workbench.history.current.words == f"Pin “{answer_words(likely[3])}”"

    # by typing one that is nowhere near
    last = next(label for label in reversed(likely) if label.startswith(" ") and label[1:].isalpha())
    type_pin(reader, "·" + last[1:])
    assert pinned(reader) == [likely[3], last]
    assert panel.pin_field.text() == ""
    type_pin(reader, last)
    assert reader.message() == f"“{answer_words(last)}” is pinned already."
    assert pinned(reader) == [likely[3], last]
    QTest.keyClick(panel.pin_field, Qt.Key.Key_Escape)
    assert not panel.pin_field.isVisible()

    # the same figures as the engine's, after an edit too
    node = Node("head", 0, 1)
    reader.click_node(node)
    reader.press(Qt.Key.Key_X, widget=reader.window.canvas)
    expected = chances(reader.session(), [Edit(node, "patch")])
    assert pinned(reader) == [likely[3], last]
    for row in table.rows:
        assert (row.before, row.after, row.in_b) == pytest.approx(expected[row.label], abs=1e-6)

    # undo takes an edit back, then the pins one by one
    reader.choose("Edit", "Undo")
    reader.choose("Edit", "Undo")
    assert pinned(reader) == [likely[3]]
    assert reader.message() == f"Undid: Pin “{answer_words(last)}”"
    reader.choose("Edit", "Redo")
    assert pinned(reader) == [likely[3], last]
    click_pin(reader, 0)
    assert pinned(reader) == [last]

    # by the keys
    table.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(table, Qt.Key.Key_Down)
    reader.press(Qt.Key.Key_Space, widget=table)
    assert pinned(reader) == [last, table.rows[1].label]
    QTest.keyClick(table, Qt.Key.Key_Up)
    reader.press(Qt.Key.Key_Delete, widget=table)
    assert last not in pinned(reader)
    choose(reader, "Unpin All")
    assert pinned(reader) == []


def test_what_is_several_tokens_is_refused_with_its_tokens(reader: Person) -> None:
    panel = reader.panel("predictions")
    document = reader.workbench.document
    type_pin(reader, " Mary gave")
    assert panel.pin_problem.isVisible()
    assert "is 2 tokens ( Mary| gave), not one" in panel.pin_problem.text()
    assert panel.pin_field.text() == " Mary gave"  # nothing is lost
    assert reader.workbench.document == document
    QTest.keyClicks(panel.pin_field, "x")
    assert not panel.pin_problem.isVisible()
    panel.pin_field.clear()
    type_pin(reader, "id:3")
    assert pinned(reader) == [reader.session().model.label(3)]
    type_pin(reader, "id:999999")
    assert "There is no answer number 999999" in panel.pin_problem.text()


def test_answers_are_offered_while_one_types(reader: Person) -> None:
    field = reader.panel("predictions").pin_field
    reader.window.docks["predictions"].close()
    reader.choose("Edit", "Pin an Answer")
    assert field.isVisible()  # the panel is back
    wanted = next(answer for answer in field.offered() if answer.startswith("·") and len(answer) > 2)
    QTest.keyClicks(field, wanted[1:])  # without its space
    popup = field.completer().popup()
    reader.wait(popup.isVisible)
    shown = [popup.model().index(row, 0).data() for row in range(popup.model().rowCount())]
    for _ in range(shown.index(wanted) + 1):
        QTest.keyClick(popup, Qt.Key.Key_Down)
    QTest.keyClick(popup, Qt.Key.Key_Return)
    QApplication.processEvents()
    reader.rest()
    assert pinned(reader) == [" " + wanted[1:]]  # the chosen one alone, not what was typed too
    assert [step.words for step in reader.workbench.history.current.path()] == ["Start", f"Pin “{wanted[1:]}”"]


def test_more_rows_are_had_by_scrolling_and_remembered(reader: Person, sit_down) -> None:
    assert len(reader.predictions()) == 5
    choose(reader, "20 Likeliest Answers")
    assert len(reader.predictions()) == 20
    scroll = reader.panel("predictions").scroll
    assert scroll.rows_shown() < 20
    bar = scroll.verticalScrollBar()
    assert bar.maximum() > 0
    table = reader.panel("predictions").table
    table.setFocus()
    for _ in range(19):
        QTest.keyClick(table, Qt.Key.Key_Down)
    assert bar.value() == bar.maximum()  # the row that the keys are on is in sight
    other = sit_down()
    checked = [action.text() for action in other.panel("predictions").make_menu().actions() if action.isChecked()]
    assert checked == []  # nothing is shown there yet
    other.open(reader.workbench.document.model, CLEAN)
    assert len(other.predictions()) == 20
    choose(other, "5 Likeliest Answers")
    assert len(other.predictions()) == 5


def test_bs_own_run_stands_beside_and_can_be_put_away(reader: Person) -> None:
    panel, table = reader.panel("predictions"), reader.panel("predictions").table
    expected = chances(reader.session(), [])
    digits = len(reader.predictions()[0][2].split(".")[1])
    assert table.b_texts() == [number(expected[row.label][2], digits) for row in table.rows]
    assert f"in B {table.b_texts()[0]}" in table.accessibleName()
    assert f"in B {number(table.rows[0].in_b, 5)}" in table.tip(0, table.row_rect(0).center())
    assert f"in B {table.b_texts()[0]}" in panel.as_text().splitlines()[0]
    read = list(csv.DictReader(io.StringIO(panel.as_csv())))
    assert float(read[0]["in B"]) == pytest.approx(expected[table.rows[0].label][2], abs=1e-6)
    assert read[-1]["in B"] == ""  # the metric's row
    choose(reader, "Compare with B's Own Run")
    assert table.b_texts() == []
    assert "in B" not in panel.as_text() + panel.as_csv() + table.accessibleName()
    choose(reader, "Compare with B's Own Run")
    assert table.b_texts()
    reader.click(reader.panel("inputs").remove)
    reader.rest()
    assert table.b_texts() == []
    assert "Compare with B's Own Run" not in [action.text() for action in panel.make_menu().actions()]


def test_classes_are_pinned_by_their_names(viewer: Person) -> None:
    assert viewer.panel("predictions").pin_field.offered() == list(CLASSES)
    type_pin(viewer, "Two Words")
    assert pinned(viewer) == ["two words"]
    assert viewer.workbench.document.pinned == ("two words",)
    type_pin(viewer, "zebra")
    assert "There is no class called 'zebra'." in viewer.panel("predictions").pin_problem.text()
    node = Node("mlp", 0)
    viewer.click_node(node)
    viewer.press(Qt.Key.Key_X, widget=viewer.window.canvas)
    expected = chances(viewer.session(), [Edit(node, "patch")])
    row = viewer.panel("predictions").table.rows[0]
    assert (row.before, row.after, row.in_b) == pytest.approx(expected["two words"], abs=1e-6)


def test_an_embedding_has_nothing_to_pin_and_is_compared_with_b(person: Person, models, pictures) -> None:
    person.open(models.dinov2, pictures("a.png"), pictures("b.png"))
    panel = person.panel("predictions")
    assert labels(person) == ["to A", "to B"]
    assert not panel.pin_button.isVisible()
    assert not person.window.commands["pin"].isEnabled()
    to_a, to_b = panel.table.rows
    assert (to_a.before, to_b.in_b) == pytest.approx((1.0, 1.0), abs=1e-5)
    assert to_a.in_b == pytest.approx(to_b.before, abs=1e-5)  # how near A and B are
    assert len(panel.table.b_texts()) == 2
    panel.table.setFocus()
    person.press(Qt.Key.Key_Space, widget=panel.table)
    assert person.workbench.document.pinned == ()


def test_pins_of_another_model_are_kept_but_not_shown(reader: Person, models) -> None:
    type_pin(reader, " Mary")
    assert pinned(reader) == [" Mary"]
    model = load_model(str(models.vit))
    from app.worker.pinned_answers import pin_key, pinned_indices

    assert pinned_indices(model, [" Mary", "cup", "id:0", "id:99"], len(CLASSES)) == [1, 0]
    assert [pin_key(model, index) for index in range(len(CLASSES))] == list(CLASSES)


@pytest.mark.parametrize("width", [300, 520, 900])
def test_what_gives_way_in_a_narrow_panel(reader: Person, width: int) -> None:
    """The figures and the change never do."""
    panel = reader.panel("predictions")
    dock = reader.window.docks["predictions"]
    dock.setFloating(True)
    dock.resize(width, 190)
    QApplication.processEvents()
    assert panel.scroll.rows_shown() >= 4
    assert panel.metric_value.isVisible() != panel.short_metric.isVisible()
    table = panel.table
    assert table.width() <= panel.width()
    assert table.index_at(table.row_rect(2).center()) == 2
    assert table.index_at(QPoint(4, -4).toPointF()) == -1
