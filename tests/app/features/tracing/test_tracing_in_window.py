"""Tracing from the window: any method, over a pair or a dataset, in parts, cancelled half-way; edges measured; against
the engine."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtTest import QTest

import wirescope as ws
from core.errors import Cancelled
from core.evaluation.measured import measure
from core.formatting import percent, share_words
from core.graph import Node
from core.metric_reading import MetricReading
from core.models.loading import load_model
from core.project.trace_choice import TraceChoice
from core.scan import Scan
from core.tracing.method import METHODS
from core.tracing.told_options import Options
from core.tracing.trace import Tracing
from tests.app.models import CLEAN, COUNTERFACTUAL
from tests.app.person import Person
from tests.app.tracing_steps import (
    ROWS,
    choose,
    dataset,
    over_dataset,
    paste,
    solid,
    trace,
    trace_until_given_up,
    type_size,
)

# ---- the menu --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["reader", "viewer"])
def test_the_menu_holds_the_whole_table_and_what_does_not_fit_says_why(request, who: str) -> None:
    person: Person = request.getfixturevalue(who)
    menu = person.window.top_bar.method_menu
    assert list(menu.methods) == list(METHODS)
    assert not menu.over[True].isEnabled()
    assert "no rows" in menu.over[True].text()
    assert menu.methods["relp"].isEnabled() == (who == "reader")
    assert ("for language models only" in menu.methods["relp"].text()) == (who == "viewer")
    person.click(person.panel("inputs").remove)
    person.rest()
    assert not menu.methods["eap-ig"].isEnabled()
    assert "there is no B" in menu.methods["eap-ig"].text()


def test_what_is_chosen_is_remembered_undone_and_told_to_the_method(reader: Person) -> None:
    menu = reader.window.top_bar.method_menu
    assert menu.methods["eap-ig"].isChecked()
    choose(reader, "integrated-edges")
    assert reader.workbench.history.undo_words == "Choose Integrated edges for tracing"
    field = menu.fields["steps"]
    field.setValue(2)
    reader.rest()
    trace(reader)
    expected = ws.trace(reader.session(), "integrated-edges", steps=2)
    assert reader.workbench.scored.method == "integrated-edges"
    assert reader.workbench.scored.values == pytest.approx(expected.values, abs=1e-5)
    assert reader.workbench.document.size is not None
    reader.choose("Edit", "Undo")  # the trace with its circuit
    assert reader.workbench.scored.method == "eap"
    assert reader.workbench.document.size is None
    reader.choose("Edit", "Undo")
    assert menu.fields["steps"].value() == 5
    reader.choose("Edit", "Undo")
    assert menu.methods["eap-ig"].isChecked()


# ---- exact scan: measured, in parts, cancelled half-way ----------------------------------------------------------


@pytest.mark.parametrize("who", ["reader", "viewer"])
def test_an_exact_scan_is_drawn_solid(request, who: str) -> None:
    person: Person = request.getfixturevalue(who)
    choose(person, "exact-scan")
    assert person.workbench.scored.method == "eap"  # nothing slow runs by itself
    trace(person)
    expected = -Scan(person.session(), "edges", "patch").run()
    assert person.workbench.scored.values == pytest.approx(expected, abs=1e-5)
    shown = {mark.index for mark in person.window.canvas.scene.data.edges}
    assert solid(person) == shown
    assert not person.panel("circuit").measure.isVisible()
    assert "Solid edges: measured one at a time" in person.workbench.presenter.snapshot().caption().lines[0]


def test_a_scan_with_a_budget_is_solid_where_it_measured_and_says_how_much(reader: Person) -> None:
    choose(reader, "exact-scan")
    field = reader.window.top_bar.method_menu.fields["budget"]
    assert field.value() == 0
    field.setValue(12)
    reader.rest()
    trace(reader)
    scores = ws.trace(reader.session(), "exact-scan", options=Options(budget=12))
    shown = {mark.index for mark in reader.window.canvas.scene.data.edges}
    assert solid(reader) == shown & set(np.flatnonzero(scores.measured).tolist())
    assert solid(reader)
    assert shown - solid(reader), "the rest stay dashed"
    entries = reader.workbench.presenter.snapshot().caption().entries()
    assert f"12 of {len(scores.values):,} edges measured" in " ".join(words for _, words in entries)
    reader.window.docks["table"].show()
    reader.window.docks["table"].raise_()
    reader.window.controllers["table"].refresh()
    rows = reader.panel("table").view.lines.rows
    for index in (np.flatnonzero(scores.measured)[0], np.flatnonzero(~scores.measured)[0]):
        words = rows.describe(int(index))
        assert ("measured" in words) == scores.measured[index]
        assert ("estimated" in words) == (not scores.measured[index])


def test_a_scan_that_is_cancelled_half_way_keeps_its_part_and_goes_on_from_there(reader: Person, monkeypatch) -> None:
    choose(reader, "exact-scan")
    monkeypatch.setattr("app.worker.traces.EVERY", 0.0)
    monkeypatch.setattr("core.engine.batched_edits.POSITIONS", 40)
    trace_until_given_up(reader)
    scored = reader.workbench.scored
    assert scored.method == "exact-scan"
    assert 0 < scored.share < 1
    known = ~scored.ranking.unknown
    assert known.mean() == pytest.approx(scored.share, abs=0.01)
    whole = -Scan(reader.session(), "edges", "patch").run()
    assert scored.values[known] == pytest.approx(whole[known], abs=1e-5)
    assert f"partial: {percent(scored.share)} of the work" in reader.message()
    assert "partial" in " ".join(reader.panel("circuit").words()[1])
    reader.click_node(reader.workbench.opened.graph.nodes[3])  # it does not go on by itself
    assert reader.workbench.scored.share == scored.share
    counted = []
    of_each = MetricReading.of_each
    monkeypatch.setattr(MetricReading, "of_each", lambda self, runs: counted.extend(runs) or of_each(self, runs))
    trace(reader)
    assert reader.workbench.scored.share == 1
    assert reader.workbench.scored.values == pytest.approx(whole, abs=1e-5)
    assert len(counted) <= (~known).sum() + 1


# ---- over a dataset ----------------------------------------------------------------------------------------------


def test_a_dataset_is_traced_and_the_strip_says_how_sure_it_is(reader: Person) -> None:
    paste(reader, ROWS)
    over_dataset(reader)
    trace(reader)
    pairs = dataset(reader)
    assert len(pairs) == 4  # the fifth does not fit
    assert reader.workbench.scored.pairs == 4
    expected = ws.trace(reader.session(), "eap-ig", dataset=pairs)
    assert reader.workbench.scored.values == pytest.approx(expected.values, abs=1e-5)
    assert "over 4 pairs" in reader.message()

    for size in (reader.workbench.document.size, 60):
        if reader.workbench.document.size != size:
            field = reader.panel("circuit").field
            reader.click(field)
            field.selectAll()
            QTest.keyClicks(field, str(size))
            QTest.keyClick(field, Qt.Key.Key_Return)
            reader.rest()
        found = measure(reader.session(), [expected.top(size).pruned()], "patch", dataset=pairs)
        band = found.band()
        share = f"{share_words(float(found.recovered()[0]))} ± {50 * (band[1, 0] - band[0, 0]):.0f}"
        assert share in reader.panel("circuit").title.text()
        accuracy = float(found.circuits_right.mean())
        assert f"answers {percent(accuracy)} of them rightly" in reader.panel("circuit").track.toolTip()
    curve = ws.faithfulness(reader.session(), expected, dataset=pairs)
    drawn = reader.circuit().curve
    assert drawn.recovered == pytest.approx(curve.recovered, abs=1e-5)
    assert drawn.sure == pytest.approx(curve.band, abs=1e-5)

    # Measured over the same pairs.
    assert not solid(reader)
    reader.press(Qt.Key.Key_M, widget=reader.window.canvas)
    marks = {mark.index: mark for mark in reader.window.canvas.scene.data.edges}
    assert solid(reader) == set(marks)
    index = next(iter(marks))
    model = load_model(reader.workbench.document.model)
    effects = [
        float(session.run([ws.Edit(session.graph.edge(index), "patch")]).metric - session.clean.metric)
        for session in (
            ws.Session(model, pair, ws.logit_difference(*answers))
            for pair, answers in zip(pairs.pairs, pairs.answers, strict=True)
        )
    ]
    assert marks[index].value == pytest.approx(-np.mean(effects), abs=1e-5)


def test_pictures_are_traced_over_a_dataset_too(viewer: Person, pictures) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(pictures(name))) for name in ("c.png", "d.png")])
    assert viewer.drop(viewer.panel("dataset"), mime)
    over_dataset(viewer)
    trace(viewer)  # pictures without a B, and B is what removed edges carry
    assert "No row of the dataset can be traced" in viewer.message()
    assert "No row of the dataset can be traced" in viewer.panel("circuit").problem.text()
    viewer.workbench.question.set_replacement("zero")
    viewer.rest()
    choose(viewer, "eap")
    trace(viewer)
    model = load_model(viewer.workbench.document.model)
    pairs = [model.pair(pictures(name)) for name in ("c.png", "d.png")]
    expected = np.mean([ws.trace(ws.Session(model, pair), "eap", replacement="zero").values for pair in pairs], axis=0)
    assert viewer.workbench.scored.pairs == 2
    assert viewer.workbench.scored.values == pytest.approx(expected, abs=1e-5)


# ---- measuring ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["reader", "viewer"])
def test_measure_turns_dashed_edges_into_solid_ones(request, who: str) -> None:
    person: Person = request.getfixturevalue(who)
    marks = person.window.canvas.scene.data.edges
    assert not solid(person)
    person.click(person.panel("circuit").measure)
    person.rest()
    assert solid(person) == {mark.index for mark in marks}
    session = person.session()
    names = [session.graph.edge(mark.index) for mark in marks]
    effects = Scan(session, names, "patch").run()
    values = [mark.value for mark in person.window.canvas.scene.data.edges]
    assert values == pytest.approx(-effects, abs=1e-5)
    assert "measured" in person.tip(names[0])
    assert person.message() == f"Measured {len(names)} edges, each edited alone."
    assert not person.panel("circuit").measure.isVisible()  # nothing is left that it could do
    person.workbench.question.set_replacement("zero")  # they were measured for B
    person.rest()
    assert not solid(person)
    assert person.panel("circuit").measure.isVisible()


@pytest.mark.parametrize("change", ["model", "prompt", "replacement"])
def test_what_was_asked_of_one_state_is_not_measured_in_another(reader: Person, models, change: str) -> None:
    QTest.keyClick(reader.window.canvas, Qt.Key.Key_M)
    if change == "model":  # its edges have numbers of their own
        reader.open(models.llama, CLEAN, COUNTERFACTUAL)
    elif change == "prompt":
        reader.type_prompt("A", "When Tom gave a drink to")
    else:
        reader.workbench.question.set_replacement("zero")
        reader.rest()
    assert not reader.workbench.known.measured
    assert "Measured" not in reader.message()
    assert "no edge number" not in reader.message()
    reader.press(Qt.Key.Key_M, widget=reader.window.canvas)
    assert solid(reader) == {mark.index for mark in reader.window.canvas.scene.data.edges}


# ---- nothing to trace --------------------------------------------------------------------------------------------


def test_a_and_b_alike_are_not_traced_and_the_strip_says_what_to_do(reader: Person) -> None:
    reader.type_prompt("B", CLEAN)
    trace(reader)
    assert not reader.dialogs()
    assert "score alike" in reader.panel("circuit").problem.text()
    assert "Choose a B with another answer" in reader.panel("circuit").problem.text()
    assert reader.workbench.document.size is None


def test_cancelled_methods_go_on_where_they_were() -> None:
    """The worker's side of it: nothing is computed twice, and the whole is what it would have been."""
    model = load_model("bundled:names")
    pair = model.pair(
        "When Mary and John went to the store, John gave", "When Mary and John went to the store, Mary gave"
    )
    session = ws.Session(model, pair, ws.logit_difference(" Mary", " John"))
    options = Options(steps=1)
    whole = ws.trace(session, "circuit-pruning", options=options)
    tracing = Tracing(session, "circuit-pruning", options=options)
    first: list[float] = []

    def some_parts() -> None:
        for _, share in tracing.parts(lambda: len(first) >= 3):
            first.append(share)

    with pytest.raises(Cancelled):
        some_parts()
    rest = [share for _, share in tracing.parts()]
    assert min(rest) > max(first)
    assert np.array_equal(tracing.scores.values, whole.values)


# ---- what a trace does to the circuit that is kept, and small datasets --------------------------------------------


def test_another_trace_comes_to_its_own_size_but_leaves_one_that_the_user_chose(reader: Person) -> None:
    trace(reader)
    assert reader.workbench.document.size == reader.workbench.recovered.size
    choose(reader, "flow-routes")
    trace(reader)
    assert reader.workbench.document.size == reader.workbench.recovered.size
    type_size(reader, 33)
    choose(reader, "eap")
    trace(reader)
    assert reader.workbench.document.size == 33
    assert reader.message().endswith("Kept are 33, as chosen.")
    assert f"{reader.workbench.recovered.size:,} of " in reader.message()


@pytest.mark.parametrize("who", ["reader", "viewer"])
def test_a_dataset_of_one_is_traced_and_says_what_it_cannot_tell(request, who: str) -> None:
    person: Person = request.getfixturevalue(who)
    person.press(Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier, widget=person.window.canvas)
    assert len(person.workbench.document.dataset) == 1
    assert "1 pair" in person.window.top_bar.method_menu.over[True].text()
    over_dataset(person)
    trace(person)
    assert person.workbench.scored.pairs == 1
    assert "over 1 pair)" in person.message()
    assert "±" not in person.panel("circuit").title.text()  # one pair has no spread
    person.window.docks["trust"].raise_()
    person.click(person.panel("trust").evaluate)
    person.wait(lambda: not person.panel("trust").data().waiting)
    said = " ".join(person.panel("trust").texts())
    assert "one pair cannot tell how stable a circuit is" in said
    assert "the tests need 8 pairs" in said
    assert person.panel("trust").lacks.isVisible()


def test_a_circuit_of_inputs_that_changed_can_be_evaluated_again(reader: Person) -> None:
    trace(reader)
    reader.window.docks["trust"].raise_()
    reader.click(reader.panel("trust").evaluate)
    reader.wait(lambda: not reader.panel("trust").data().waiting)
    reader.type_prompt("A", "When Tom gave a drink to")
    assert reader.panel("trust").data().stale
    assert reader.panel("trust").evaluate.text() == "Evaluate again"
    reader.click(reader.panel("trust").evaluate)  # it is enabled
    reader.wait(lambda: reader.panel("trust").data().statements and not reader.panel("trust").data().waiting)
    assert not reader.panel("trust").data().stale


@pytest.mark.parametrize("how", ["cancel", "undo"])
def test_a_trace_that_is_given_up_leaves_what_the_one_before_it_found(reader: Person, how: str) -> None:
    """Also after an edit that was made while it ran."""
    trace(reader)
    found = reader.workbench.recovered
    assert found is not None
    reader.workbench.traces.begin("Trace: EAP", TraceChoice("eap"))  # no event is handled until the end of it
    assert reader.workbench.recovered is None
    if how == "cancel":
        reader.workbench.editing.toggle(Node("mlp", 1), "cut")
        reader.workbench.cancel()
    else:
        reader.workbench.history.undo()
    assert reader.workbench.recovered is found
    reader.rest()
    assert reader.workbench.document.traced == TraceChoice()
    assert not reader.circuit().curve.stale, "so that its curve is run again, with the edit"
