"""The history on the screen: go back, branch, return, look at a step without going there."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.features.history.presenter.rows import preview
from core.edits import Edit
from core.formatting import metric_digits, number, pretty_name
from core.graph import Node
from core.project.metric_choice import MetricChoice
from tests.app.models import COUNTERFACTUAL
from tests.app.person import Person
from views.panels.history.rows import STEP


def rows(person: Person) -> list[tuple[str, str, str, int]]:
    """What the list says: words, metric, state, rail."""
    model = person.panel("history").list.model()
    found = [model.data(model.index(i, 0), STEP) for i in range(model.rowCount())]
    return [(row.words, row.value, row.state, row.lane) for row in found]


def words(person: Person) -> list[str]:
    return [row[0] for row in rows(person)]


def centre(person: Person, words_of_row: str) -> QPoint:
    """Where a step is on the screen; it is scrolled to."""
    steps = person.panel("history").list
    index = steps.model().index(words(person).index(words_of_row), 0)
    steps.scrollTo(index)
    return steps.visualRect(index).center()


def click_step(person: Person, words_of_row: str) -> None:
    person.click(person.panel("history").list.viewport(), centre(person, words_of_row))
    person.rest()


def hover(person: Person, words_of_row: str) -> None:
    QTest.mouseMove(person.panel("history").list.viewport(), centre(person, words_of_row))
    QApplication.processEvents()


def leave(person: Person) -> None:
    """The pointer goes to the canvas."""
    QTest.mouseMove(person.window.canvas, person.window.canvas.rect().center())
    QApplication.processEvents()


def seen(person: Person) -> tuple[object, ...]:
    """All that the predictions panel says."""
    panel = person.panel("predictions")
    return person.predictions(), panel.metric_value.text(), panel.metric_change.text(), panel.metric_name.text()


def cut(person: Person, node: Node) -> str:
    """Cut a node by hand. Returns what the step is called."""
    person.click_node(node)
    person.press(Qt.Key.Key_X, widget=person.window.canvas)
    return f"Cut {node.name} (from B)"


def test_branches_previews_and_ways_back(reader: Person) -> None:
    panel, status = reader.panel("predictions"), reader.message
    assert rows(reader) == [("Start", panel.metric_value.text(), "present", 0)]
    at_start = seen(reader)
    one = cut(reader, Node("head", 0, 1))
    after_one, document_one = seen(reader), reader.workbench.document
    two = cut(reader, Node("mlp", 1))
    after_two, document_two = seen(reader), reader.workbench.document
    assert len({after_one[0][0], after_two[0][0], at_start[0][0]}) == 3
    metric, _ = reader.expected([Edit(Node("head", 0, 1), "patch")])
    assert rows(reader)[1][1] == number(metric, len(rows(reader)[1][1].split(".")[1]))
    assert {len(row[1].split(".")[1]) for row in rows(reader)} in ({2}, {3})  # under each other
    assert [row[2] for row in rows(reader)] == ["past", "past", "present"]

    # undo says what it took back; the step stays in sight, dimmed
    assert reader.window.commands["undo"].toolTip() == f"Undo {two} (Ctrl+Z)"
    reader.choose("Edit", "Undo")
    assert status() == f"Undid: {two}"
    assert seen(reader) == after_one
    assert [row[2] for row in rows(reader)] == ["past", "present", "ahead"]
    assert reader.window.commands["redo"].toolTip() == f"Redo {two} (Ctrl+Shift+Z)"

    # another change begins a branch; the line that goes on stays straight
    three = cut(reader, Node("head", 2, 3))
    after_three = seen(reader)
    assert [(row[0], row[2], row[3]) for row in rows(reader)] == [
        ("Start", "past", 0),
        (one, "past", 0),
        (two, "aside", 1),
        (three, "present", 0),
    ]

    # the pointer shows a step without going there, and nothing is asked of the engine
    asked = reader.workbench.ran.number
    hover(reader, two)
    assert seen(reader) == after_two
    assert panel.preview_words.isVisible()
    assert panel.preview_words.text() == f"Preview: {two}"
    hover(reader, "Start")
    assert seen(reader) == at_start
    leave(reader)
    assert seen(reader) == after_three
    assert not panel.preview_words.isVisible()
    assert not reader.workbench.busy
    assert reader.workbench.ran.number == asked
    assert words(reader)[-1] == three

    # a click goes there, and back
    click_step(reader, two)
    assert reader.workbench.document == document_two
    assert seen(reader) == after_two
    assert status() == f"Back at: {two}"
    assert [row[2] for row in rows(reader)] == ["past", "past", "present", "aside"]
    assert [row[3] for row in rows(reader)] == [0, 0, 1, 0]
    reader.choose("Edit", "Undo")
    reader.choose("Edit", "Redo")  # to where one has been last, not to the newest
    assert status() == f"Did again: {two}"
    assert reader.workbench.document == document_two

    # the keys: what they are on is previewed, Enter goes there, Esc ends the preview
    steps = reader.panel("history").list
    steps.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(steps, Qt.Key.Key_Up)
    assert panel.preview_words.text() == f"Preview: {one}"
    assert seen(reader) == after_one
    QTest.keyClick(steps, Qt.Key.Key_Escape)
    assert seen(reader) == after_two
    QTest.keyClick(steps, Qt.Key.Key_Up)
    reader.press(Qt.Key.Key_Return, widget=steps)
    assert reader.workbench.document == document_one
    assert seen(reader) == after_one
    assert not panel.preview_words.isVisible()
    QTest.keyClick(steps, Qt.Key.Key_Home)
    assert seen(reader) == at_start
    reader.window.canvas.setFocus()
    assert seen(reader) == after_one  # the focus has left

    # the menu
    menu = steps.make_menu(words(reader).index(three))
    entries = {action.text(): action for action in menu.actions() if action.text()}
    entries["Copy the Words"].trigger()
    assert QApplication.clipboard().text() == three
    entries["Copy All Steps to Here"].trigger()
    assert [line.split("\t")[0] for line in QApplication.clipboard().text().splitlines()] == ["Start", one, three]
    entries["Go Here"].trigger()
    reader.rest()
    assert seen(reader) == after_three
    assert not steps.make_menu(words(reader).index(three)).actions()[0].isEnabled()  # one is there
    at = centre(reader, one)
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, steps.viewport().mapToGlobal(at))
    QApplication.sendEvent(steps.viewport(), event)
    popup = QApplication.activePopupWidget()
    assert popup is not None
    popup.close()


def test_the_line_under_the_metric_follows_the_way(reader: Person) -> None:
    line = reader.panel("predictions").sparkline
    assert not line.isVisible()  # one point is no line
    one, two = cut(reader, Node("head", 0, 1)), cut(reader, Node("mlp", 1))
    values = [reader.expected([Edit(node, "patch") for node in nodes])[0] for nodes in (
        (), (Node("head", 0, 1),), (Node("head", 0, 1), Node("mlp", 1)))]  # fmt: skip
    assert line.isVisible()
    assert [point.value for point in line.points] == pytest.approx(values, abs=1e-5)
    assert [point.state for point in line.points] == ["past", "past", "present"]
    heights = [line.place(index).y() for index in range(3)]
    assert sorted(range(3), key=lambda i: -heights[i]) == sorted(range(3), key=lambda i: values[i])
    digits = metric_digits(values[0], values[1])
    assert line.tip(line.place(1)) == f"{one}: {number(values[1], digits)}"
    assert reader.panel("predictions").metric_value.text() in line.tip(line.place(2))
    reader.click(line, line.place(0).toPoint())  # a click goes there
    reader.rest()
    assert reader.edits() == []
    assert [point.state for point in line.points] == ["present", "ahead", "ahead"]
    reader.choose("Edit", "Redo")
    reader.choose("Edit", "Redo")
    assert reader.message() == f"Did again: {two}"


def test_a_step_that_was_never_run_is_computed_when_one_goes_there(reader: Person) -> None:
    workbench = reader.workbench
    workbench.editing.toggle(Node("head", 0, 1), "cut")
    workbench.editing.toggle(Node("mlp", 1), "cut")  # before the engine could answer
    reader.rest()
    never = "Cut a0.h1 (from B)"
    assert rows(reader)[1][:3] == (never, "–", "past")
    before = seen(reader)
    hover(reader, never)
    assert seen(reader) == before  # there is nothing to show of it
    assert not reader.panel("predictions").preview_words.isVisible()
    click_step(reader, never)
    metric, _ = reader.expected([Edit(Node("head", 0, 1), "patch")])
    value = rows(reader)[1][1]
    assert value == number(metric, len(value.split(".")[1]))


def test_everything_that_is_done_is_a_named_step(reader: Person) -> None:
    first = reader.workbench.document
    reader.type_prompt("A", "When Tom gave a drink to")
    reader.workbench.question.set_metric(MetricChoice("probability", " Mary"))
    reader.rest()
    reader.workbench.question.set_replacement("zero")
    reader.rest()
    reader.workbench.question.swap()
    reader.rest()
    reader.click_node(Node("mlp", 1))
    reader.press(Qt.Key.Key_X, widget=reader.window.canvas)
    reader.press(Qt.Key.Key_X, widget=reader.window.canvas)
    reader.click(reader.panel("inputs").remove)
    reader.rest()
    assert words(reader) == [
        "Start",
        "A: “When Tom gave a drink to”",
        "Metric: probability  Mary",
        "Replace with zero",
        "Swap A and B",
        "Cut m1 (zero)",
        "Restore m1",
        "Remove B",
    ]
    click_step(reader, "Start")
    assert reader.workbench.document == first
    assert reader.card("B").chips.chip_texts() == COUNTERFACTUAL.split()
    assert reader.panel("predictions").metric_name.text() == 'logit(" Mary") − logit(" John")'
    hover(reader, "Metric: probability  Mary")
    assert reader.panel("predictions").metric_name.text() == 'p(" Mary")'
    leave(reader)


def drag(person: Person, *values: int) -> None:
    """Move the inspector's slider through some values, and let it go."""
    slider = person.panel("inspector").edits.slider
    slider.setSliderDown(True)
    for value in values:
        slider.setValue(value)
        person.rest()
    slider.setSliderDown(False)


def test_a_dragged_slider_is_one_step_and_the_next_drag_another(reader: Person) -> None:
    (index,) = reader.strong_edges()
    reader.click_edge(index)
    buttons = reader.panel("inspector").edits
    reader.click(buttons.buttons["scale"])
    reader.rest()
    name = pretty_name(reader.edge(index).name)
    assert words(reader) == ["Start", f"Scale {name} to 0.5"]
    drag(reader, 12, 20, 30)
    assert words(reader) == ["Start", f"Scale {name} to 1.5"]
    drag(reader, 20, 10)
    assert words(reader) == ["Start", f"Scale {name} to 1.5", f"Scale {name} to 0.5"]
    metrics = [reader.expected([Edit(reader.edge(index), "scale", value=value)])[0] for value in (1.5, 0.5)]
    outcomes = [step.outcome.after for step in reader.workbench.history.current.path()[1:]]
    assert outcomes == pytest.approx(metrics, abs=1e-5)


def test_pictures_have_a_history_too(viewer: Person, pictures) -> None:
    before = seen(viewer)
    cut(viewer, Node("mlp", 1))
    after = seen(viewer)
    assert after != before
    viewer.controller("inputs").cards.take_paths("B", [str(pictures("c.png"))])
    viewer.rest()
    assert words(viewer) == ["Start", "Cut m1 (from B)", "B: c.png"]
    hover(viewer, "Start")
    assert seen(viewer) == before
    hover(viewer, "Cut m1 (from B)")
    assert seen(viewer) == after
    leave(viewer)
    click_step(viewer, "Cut m1 (from B)")
    assert seen(viewer) == after
    assert viewer.card("B").name.text() == "b.png"


def test_a_preview_has_the_colours_of_its_own_metric(reader: Person) -> None:
    """What leads away from A raises one difference of logits and lowers the other."""
    reader.workbench.editing.toggle(Node("mlp", 1), "cut")
    reader.rest()
    first, direction = reader.workbench.history.current, reader.workbench.direction
    assert direction in (-1, 1)
    metric = reader.workbench.document.metric
    reader.workbench.question.set_metric(replace(metric, target=metric.foil, foil=metric.target))
    reader.rest()
    second = reader.workbench.history.current
    assert reader.workbench.direction == -direction
    assert [preview(step).direction for step in (first, second)] == [direction, -direction]
