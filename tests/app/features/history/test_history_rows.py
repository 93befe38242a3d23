"""What the history says of each step: the metric where it can have changed, the share a circuit recovers, or none."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from app.features.history.presenter.rows import joined_steps, metric_points, step_rows, way_words
from core.edits import Edit
from core.graph import Node
from core.project.document import Document, Source
from core.project.history import History, Recovery
from core.project.metric_choice import MetricChoice
from core.project.outcome import Outcome
from tests.app.features.history.test_history import cut, hover, leave, rows, words
from tests.app.models import COUNTERFACTUAL
from tests.app.person import Person
from tests.app.tracing_steps import choose, score


def listed(history: History) -> list[tuple[str, str, str]]:
    return [(row.words, row.value, row.state) for row in step_rows(history)[1]]


@pytest.fixture
def history(qapp: QApplication) -> History:
    made = History(Document("m", Source("text", "a")), lambda document: None)
    made.take_outcome(Outcome("logit", 1.0, 1.0, "probability", ()))
    return made


def keep(history: History, size: int, share: float) -> None:
    history.push(f"Keep {size}", replace(history.current.document, size=size))
    history.take_outcome(Outcome("logit", 1.0, 1.0, "probability", ()))
    history.take_recovery(Recovery(share, f"recovers {share}"))


def test_sizes_in_a_row_are_one_row_with_what_the_last_recovers(history: History) -> None:
    for size, share in ((10, 0.2), (20, 0.5), (30, 0.83)):
        keep(history, size, share)
    assert listed(history) == [("Start", "1.00", "past"), ("Keep 30 ×3", "83 %", "present")]
    assert [point.words for point in metric_points(history)[1]] == ["Start"]  # the metric was never another one
    assert way_words(history.current) == "Start\t1.00\nKeep 10\t20 %\nKeep 20\t50 %\nKeep 30\t83 %"
    history.undo()  # one at a time, nothing between is lost
    assert listed(history)[1] == ("Keep 20 ×3", "50 %", "present")
    assert "Keep 20 (here)  50 %" in step_rows(history)[1][1].tip
    history.undo()
    history.undo()
    assert listed(history) == [("Start", "1.00", "present"), ("Keep 30 ×3", "83 %", "ahead")]
    history.go(joined_steps(step_rows(history)[0][1])[1])
    assert history.current.words == "Keep 20"
    keep(history, 40, 0.9)  # a branch ends the row
    assert listed(history) == [
        ("Start", "1.00", "past"),
        ("Keep 20 ×2", "50 %", "past"),
        ("Keep 30", "83 %", "aside"),
        ("Keep 40", "90 %", "present"),
    ]


def test_the_line_breaks_where_the_question_changes_and_each_metric_has_its_scale(reader: Person) -> None:
    cut(reader, Node("head", 0, 1))
    reader.type_prompt("A", "When Tom gave a drink to")  # other inputs, the same metric
    cut(reader, Node("mlp", 1))
    reader.workbench.question.set_metric(MetricChoice("probability", " Mary"))
    reader.rest()
    cut(reader, Node("mlp", 0))
    line = reader.panel("predictions").sparkline
    names = [point.metric for point in line.points]
    assert [point.line for point in line.points] == [0, 0, 1, 1, 2, 2]
    assert names[:4] == [names[0]] * 4
    assert names[4:] == ['p(" Mary")'] * 2
    low, high = line.place(4).y(), line.place(5).y()  # the two of the probability fill the height
    assert abs(low - high) == pytest.approx(max(line.place(i).y() for i in range(4)) - min(
        line.place(i).y() for i in range(4)))  # fmt: skip
    assert 'p(" Mary") = ' in line.tip(line.place(5))
    model = reader.panel("history").list.model()
    assert [model.row(place).breaks for place in range(6)] == [False, False, True, False, True, False]
    picture = line.grab().toImage()
    gap = round((line.place(3).x() + line.place(4).x()) / 2)
    drawn = [picture.pixelColor(gap, y) != picture.pixelColor(gap, y + 1) for y in range(picture.height() - 1)]
    assert sum(drawn) > 3  # a dotted line, and none from point to point
    for before, after in pairwise(line.points):
        assert before.line <= after.line


def test_a_trace_keeps_what_it_recovers_and_a_cancelled_one_is_no_step(reader: Person) -> None:
    workbench, window = reader.workbench, reader.window
    reader.press(Qt.Key.Key_T, widget=window.canvas)
    reader.rest()
    kept = window.controllers["circuit"].strip.data().kept
    assert kept is not None
    traced = rows(reader)[-1]
    assert traced[0].startswith("Trace: keep the best")
    assert traced[1].endswith(" %")
    assert traced[1][:-2] == f"{100 * kept.share:.0f}"
    assert reader.panel("history").list.model().row(1).spoken == "recovers"
    before, document, recovered = words(reader), workbench.document, workbench.recovered

    def begin() -> None:
        window.top_bar.method_menu.method_chosen.emit("eap")
        reader.rest()
        window.commands["trace"].trigger()
        assert workbench.traces.running
        assert len(words(reader)) == len(before) + 2

    begin()
    window.workbench.cancel()
    reader.rest()
    assert words(reader) == [*before, "Choose EAP for tracing"]
    assert reader.message() == "Cancelled."
    assert workbench.document.traced == document.traced
    assert workbench.recovered == recovered
    assert window.commands["redo"].text() == "Redo"


def test_a_trace_that_is_cancelled_after_an_edit_is_no_step_and_the_edit_stays(reader: Person) -> None:
    workbench, window = reader.workbench, reader.window
    document = workbench.document
    reader.click_node(Node("mlp", 1))
    window.top_bar.method_menu.method_chosen.emit("eap")
    reader.rest()
    before = words(reader)
    window.commands["trace"].trigger()
    workbench.editing.toggle_selection("zero")
    assert workbench.traces.running
    window.workbench.cancel()
    reader.rest()
    assert [*before, words(reader)[-1]] == words(reader)
    assert "m1" in words(reader)[-1]
    assert workbench.document.traced == document.traced
    assert [edit.target for edit in workbench.document.edits] == [Node("mlp", 1)]
    reader.choose("Edit", "Undo")
    assert workbench.document == replace(document, choice=workbench.document.choice)
    reader.choose("Edit", "Redo")
    assert [edit.target for edit in workbench.document.edits] == [Node("mlp", 1)]
    assert workbench.document.traced == document.traced


@pytest.mark.parametrize("level", ["nodes", "positions"])
def test_a_long_trace_of_nodes_that_is_cancelled_before_anything_is_scored_is_no_step(
    reader: Person, level: str
) -> None:
    choose(reader, "exact-scan")
    score(reader, level)
    before = words(reader)
    reader.window.commands["trace"].trigger()
    assert reader.workbench.document.traced_nodes is not None
    reader.workbench.cancel()
    reader.rest()
    assert words(reader) == before
    assert reader.workbench.document.traced_nodes is None
    assert reader.message() == "Cancelled before anything was scored."


def test_a_step_that_came_to_nothing_goes_from_all_that_followed_it(history: History) -> None:
    start = history.current.document
    history.push("Trace", replace(start, size=5))
    traced = history.current
    history.push("Cut m0", replace(history.current.document, edits=(Edit(Node("mlp", 0), "zero"),)))
    history.push("Keep 9", replace(history.current.document, size=9))
    history.go(traced.children[0])
    history.push("Cut m1", replace(history.current.document, edits=(Edit(Node("mlp", 1), "zero"),)))
    history.retract(traced)
    assert [step.words for step, _ in history.steps()] == ["Start", "Cut m0", "Keep 9", "Cut m1"]
    assert [step.document.size for step, _ in history.steps()] == [None, None, 9, None]  # what is chosen since stays
    assert history.current.words == "Cut m1"
    history.undo()
    history.undo()
    assert history.current.document == start
    history.redo()
    assert history.current.words == "Cut m0"


def test_an_edit_and_a_preview_keep_the_metric(reader: Person) -> None:
    reader.press(Qt.Key.Key_T, widget=reader.window.canvas)
    name = cut(reader, Node("mlp", 1))
    metric = reader.panel("predictions").metric_value.text()
    assert rows(reader)[-1][:2] == (name, metric)
    reader.type_prompt("A", COUNTERFACTUAL)
    hover(reader, name)
    assert reader.panel("predictions").metric_value.text() == metric
    leave(reader)
    value, _ = reader.expected([Edit(Node("mlp", 1), "patch")])
    assert reader.workbench.history.current.outcome.after == pytest.approx(value, abs=1e-5)
