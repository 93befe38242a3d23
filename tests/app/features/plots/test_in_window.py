"""The dock Plots in the window: loaded when it is first seen, and of what the window shows."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog

from app.presenters.exported_circuit import circuit_text
from core.project.metric_choice import MetricChoice
from core.project.trace_choice import TraceChoice
from tests.app.person import Person


@pytest.fixture
def plots(reader: Person) -> Person:
    """The dock is open, on two traces."""
    for method in ("eap", "eap-ig"):
        trace(reader, method)
    QTest.keyClick(reader.window, Qt.Key.Key_F8, Qt.KeyboardModifier.ShiftModifier)
    reader.wait(lambda: reader.panel("plots").stage is not None)
    reader.rest()
    return reader


def trace(person: Person, method: str) -> None:
    before = len(person.window.controllers["plots"].data().curves.lines)
    person.workbench.traces.begin("Trace", TraceChoice(method))
    person.wait(lambda: len(person.window.controllers["plots"].data().curves.lines) > before)
    person.rest()


def show(person: Person, key: str) -> None:
    person.click(person.panel("plots").buttons[key])
    QApplication.processEvents()


def test_curves_stay_and_say_what_they_are_of(plots: Person) -> None:
    panel, workbench = plots.panel("plots"), plots.workbench
    lines = panel._data.curves.lines
    assert [(line.name.split(" over")[0], line.present) for line in lines] == [("EAP", False), ("EAP-IG", True)]
    strip = plots.circuit().curve
    assert (lines[1].sizes, lines[1].recovered) == (strip.sizes, strip.recovered)
    assert "replaced from B" in panel.caption.text()
    chart = panel.stage.chart
    chart.setFocus()
    for _ in range(3):
        plots.press(Qt.Key.Key_Right, widget=chart)
    assert f"{strip.sizes[2]:,} of" in panel.reading.text()
    assert panel.reading.text() == chart.accessibleDescription()

    # a curve is hidden and comes back; zoom stays until it is taken back
    box = next(iter(panel.stage.legend.boxes.values()))
    drawn = len(chart.getPlotItem().items)
    box.setChecked(False)
    assert len(chart.getPlotItem().items) < drawn
    box.setChecked(True)
    wide = chart.getViewBox().viewRange()
    plots.press(Qt.Key.Key_Plus, widget=chart)
    assert np.diff(chart.getViewBox().viewRange()[0]) < np.diff(wide[0])
    plots.press(Qt.Key.Key_0, widget=chart)
    assert chart.getViewBox().viewRange() == wide

    # another ablation has a curve of its own; those of the former one are named by it
    workbench.question.set_replacement("zero")
    plots.wait(lambda: len(panel._data.curves.lines) == 3)
    *former, present = panel._data.curves.lines
    assert all("replaced from B" in line.name and not line.same for line in former)
    assert present.present
    # another metric: no curve of it yet, those that are there are dimmed
    workbench.question.set_metric(MetricChoice("logit_difference", " John", " Mary"))
    plots.wait(lambda: "no curve yet" in panel.caption.text())
    assert panel.plot.stale(panel._data)
    assert panel.reading.text().startswith("Of an earlier state")
    plots.click(panel.forget)
    plots.wait(lambda: not panel._data.curves.lines)
    assert "Trace (T)" in panel.empty.text()


def test_the_threshold_is_dragged_as_one_step(plots: Person) -> None:
    panel, workbench = plots.panel("plots"), plots.workbench
    workbench.commit("Keep 20", replace(workbench.document, size=20))
    workbench.history.seal()
    plots.rest()
    show(plots, "scores")
    chart, steps = panel.stage.chart, len(workbench.history.current.path())
    chart.grab()  # all has its place from now on
    start, view = chart.threshold_place.toPoint(), chart.viewport()
    QTest.mouseMove(view, start)
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=start)
    for by in (-6, -14, -24, -34):
        QTest.mouseMove(view, start + QPoint(by, 0), delay=30)
        plots.rest()
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=start + QPoint(-34, 0))
    plots.rest()
    size = workbench.document.size
    assert size > 20
    assert len(workbench.history.current.path()) == steps + 1
    assert f"best {size:,} edges" in panel.plot.note(panel._data)
    workbench.history.undo()
    plots.rest()
    assert workbench.document.size == 20
    plots.press(Qt.Key.Key_PageUp, widget=chart)
    assert workbench.document.size == 40


def test_estimates_history_and_a_known_circuit(plots: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    panel, workbench, plotting = plots.panel("plots"), plots.workbench, plots.window.controllers["plots"]
    show(plots, "agreement")
    assert "Measure (M)" in panel.empty.text()
    plots.window.commands["measure"].trigger()
    plots.wait(lambda: panel._data.agreement.count)
    plots.rest()
    found = panel._data.agreement
    for name, estimated, measured in zip(found.names[:5], found.estimated, found.measured, strict=False):
        edge = workbench.opened.graph.edge(workbench.opened.graph.edges.index(name))
        assert workbench.known.measured[edge] == pytest.approx(measured)
        assert workbench.scored.values[workbench.opened.graph.edge_index(edge)] == pytest.approx(-estimated)

    # the file that is written says the same; its name ends as what is in it, whatever was typed
    target = tmp_path / "effects.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "effects.txt"), ""))
    panel.export_wanted.emit(".csv")
    rows = list(csv.DictReader(target.read_text(encoding="utf-8").splitlines()))
    assert [float(row["measured_effect"]) for row in rows] == found.measured.tolist()
    assert {row["ablation"] for row in rows} == {"replaced from B"}
    for ending, start in ((".svg", b"<?xml"), (".png", b"\x89PNG")):
        target = tmp_path / f"effects{ending}"
        panel.export_wanted.emit(ending)
        assert target.read_bytes().startswith(start)
        assert target.stat().st_size > 5000

    # the circuit itself, as a known one: every edge of it is found, and nothing else
    known = tmp_path / "known.json"
    known.write_text(circuit_text(workbench.presenter.snapshot()), encoding="utf-8")
    show(plots, "known")
    plotting.open_known(str(known))
    plots.wait(lambda: len(panel._data.known.sizes))
    at = panel._data.known.sizes.tolist().index(panel._data.known.edges_known)
    assert (panel._data.known.precision[at], panel._data.known.recall[at]) == (1.0, 1.0)
    known.write_text("{}", encoding="utf-8")
    plotting.open_known(str(known))
    assert "known.json" in plots.dismiss()
    assert panel._data.known.edges_known  # the one before stays

    # an edit is a point of the history
    show(plots, "history")
    points = len(panel._data.history.points)
    edge = workbench.opened.graph.edge(int(workbench.scored.ranking.best[0]))
    plots.window.canvas.choose((edge,))
    plots.press(Qt.Key.Key_X, widget=plots.window.canvas)
    plots.wait(lambda: len(panel._data.history.points) == points + 1)
    assert panel._data.history.points[-1].value == pytest.approx(workbench.ran.after)
    assert panel._data.history.points[-1].state == "present"
