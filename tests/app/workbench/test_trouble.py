"""The engine fails, is cancelled, is slow, or the window closes in the middle: nothing hangs and nothing is lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest
import torch
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication

from app.services import background_jobs
from app.worker import runs, service
from core.errors import Cancelled, EditError
from core.session import Session
from tests.app.models import CLEAN, COUNTERFACTUAL
from tests.app.person import Person


class Gate:
    """Holds a function of the engine up until the test opens it, or until the run is cancelled."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.open = threading.Event()

    def hold(self, function: Callable) -> Callable:
        def held(*arguments, cancelled=None, **options):
            self.begun.set()
            while not self.open.wait(0.005):
                if cancelled is not None and cancelled():
                    raise Cancelled
            return function(*arguments, **options)

        return held


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.open.set()


def hold_runs(monkeypatch, gate: Gate) -> None:
    """Runs with edits wait at the gate."""
    run, held = Session.run, gate.hold(Session.run)
    monkeypatch.setattr(
        Session, "run", lambda self, edits=(), *a, **o: held(self, edits, *a, **o) if edits else run(self, edits)
    )


# ---- failures ------------------------------------------------------------------------------------------------


def test_an_exception_in_the_engine_is_shown_once_with_details_and_the_window_works_on(
    reader: Person, monkeypatch, caplog
) -> None:
    before = reader.figures()
    (index,) = reader.strong_edges()
    reader.click_edge(index)
    with monkeypatch.context() as broken:
        broken.setattr(Session, "run", lambda *_a, **_o: {}["no such thing"])
        reader.press(Qt.Key.Key_X)
        (box,) = reader.dialogs()
        assert "no such thing" in box.text()
        assert "Your inputs and edits are kept" in box.informativeText()
        assert "Traceback" in box.detailedText()
        assert "KeyError" in box.detailedText()
        reader.dismiss()
    assert [record.message for record in caplog.records] == ["a request failed"]
    assert len(reader.edits()) == 1
    reader.wait(lambda: reader.panel("predictions").metric_value.color() == "faint")  # of before the edit
    reader.press(Qt.Key.Key_X, widget=reader.window.canvas)
    assert not reader.dialogs()
    assert reader.edits() == []
    assert reader.figures() == before
    assert reader.panel("predictions").metric_value.color() == "text"


def test_a_failure_that_comes_again_and_again_is_shown_once(reader: Person, monkeypatch, caplog) -> None:
    monkeypatch.setattr(Session, "run", lambda *_a, **_o: {}["no such thing"])
    for index in reader.strong_edges(4):
        reader.workbench.editing.toggle(reader.edge(index), "cut")
        reader.rest()
    assert "no such thing" in reader.dismiss()
    assert len(caplog.records) == 4


def test_an_expected_failure_has_no_details(reader: Person, monkeypatch) -> None:
    def refuse(*_a, **_o):
        raise EditError("It cannot be done.", "Do something else.")

    monkeypatch.setattr(Session, "run", refuse)
    reader.click_edge(reader.strong_edges()[0])
    (box,) = reader.dialogs()
    assert (box.text(), box.informativeText(), box.detailedText()) == ("It cannot be done.", "Do something else.", "")
    reader.dismiss()


def test_an_exception_in_a_slot_is_reported_and_the_program_goes_on(reader: Person, caplog) -> None:
    with reader.qtbot.captureExceptions() as raised:
        QTimer.singleShot(0, reader.window, lambda: {}["oops"])
        reader.wait(lambda: raised)
    reader.window.problems.report(*raised[0])
    (box,) = reader.dialogs()
    assert "oops" in box.text()
    assert "KeyError: 'oops'" in box.detailedText()
    reader.dismiss()
    assert "event loop" in caplog.text
    reader.type_prompt("A", COUNTERFACTUAL)
    assert reader.card("A").chips.chip_texts() == COUNTERFACTUAL.split()


def test_an_interrupt_in_a_slot_closes_the_window(person: Person) -> None:
    person.window.problems.report(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert not person.window.isVisible()
    assert not person.dialogs()


def test_a_model_that_does_not_agree_with_its_own_forward_is_refused(person: Person, models, monkeypatch) -> None:
    monkeypatch.setattr("core.parity_check.PARITY_LIMITS", {torch.float32: -1.0, torch.float64: -1.0})
    person.workbench.models.open_model(str(models.gpt2))
    person.rest()
    person.type_prompt("A", CLEAN)
    assert "differs from the model's own" in person.dialogs()[0].text()
    for box in person.dialogs():
        box.accept()
    assert not person.predictions()


# ---- slow runs -----------------------------------------------------------------------------------------------


def test_numbers_of_an_earlier_state_are_dimmed_until_the_new_ones_come(reader: Person, monkeypatch, gate) -> None:
    hold_runs(monkeypatch, gate)
    value = reader.panel("predictions").metric_value
    assert value.color() == "text"
    reader.window.canvas.choose((reader.edge(reader.strong_edges()[0]),))
    reader.window.commands["cut"].trigger()
    reader.wait(lambda: value.color() == "faint")
    assert reader.window.canvas.scene.data.stale
    assert reader.panel("status").run.color() == "faint"
    gate.open.set()
    reader.rest()
    assert value.color() == "text"
    assert not reader.window.canvas.scene.data.stale


def test_what_is_cancelled_leaves_dimmed_numbers_and_the_next_run_brings_them_up_to_date(
    reader: Person, monkeypatch, gate
) -> None:
    before = reader.workbench.ran
    value, index = reader.panel("predictions").metric_value, reader.strong_edges()[0]
    with monkeypatch.context() as held:
        hold_runs(held, gate)
        reader.window.canvas.choose((reader.edge(index),))
        reader.window.commands["cut"].trigger()
        reader.wait(gate.begun.is_set)
        reader.workbench.cancel()
        reader.rest()
        assert reader.message() == "Cancelled."
        assert reader.workbench.ran == before
        reader.wait(lambda: value.color() == "faint")
        assert len(reader.edits()) == 1
    gate.open.set()
    reader.choose("Edit", "Undo")
    assert value.color() == "text"
    assert reader.figures() == (before.before, before.after, *((r.label, r.before, r.after) for r in before.rows))


def test_many_quick_cuts_end_with_the_last_state(reader: Person) -> None:
    edges = [reader.edge(index) for index in reader.strong_edges(6)]
    for edge in edges:
        reader.workbench.editing.toggle(edge, "cut")  # faster than the engine
    reader.rest()
    from core.edits import Edit

    metric, _ = reader.expected([Edit(edge, "patch") for edge in edges])
    assert len(reader.edits()) == 6
    assert reader.workbench.ran.after == pytest.approx(metric, abs=1e-5)
    assert all(mark.label for mark in reader.window.canvas.scene.data.edges if mark.edited)


def test_tracing_reports_what_the_strongest_recover_and_can_be_cancelled(reader: Person, monkeypatch, gate) -> None:
    reader.click(reader.window.top_bar.trace)
    reader.rest()
    assert "of 262 edges recover" in reader.message()
    assert "as many random ones" in reader.message()
    assert reader.workbench.scored.method == "eap-ig"

    with monkeypatch.context() as held:
        held.setattr(runs, "trace", gate.hold(runs.trace))
        reader.type_prompt_without_rest("A", "When Tom gave a drink to")
        reader.wait(gate.begun.is_set)
        reader.wait(lambda: reader.panel("status").work.text().startswith("Estimating 262 edges"))
        assert reader.panel("status").cancel.isVisible()
        reader.click(reader.panel("status").cancel)
        reader.rest()
    assert not reader.panel("status").work.isVisible()
    recovered = []
    recover = runs.recover
    monkeypatch.setattr(runs, "recover", lambda *a: recovered.append(1) or recover(*a))
    reader.click_node(reader.workbench.opened.graph.nodes[3])
    assert not recovered  # a trace that was given up does not come back by itself


def test_tracing_without_b_says_what_is_missing_or_takes_the_other_method(reader: Person) -> None:
    reader.click(reader.panel("inputs").remove)
    reader.rest()
    reader.press(Qt.Key.Key_T, widget=reader.window.canvas)
    assert reader.message().startswith("EAP-IG goes from B to A, and there is no B.")
    bar = reader.window.top_bar
    next(action for action in bar.method_menu.actions() if action.text().startswith("EAP:")).trigger()
    reader.rest()
    reader.click(bar.trace)
    reader.rest()
    assert "of 262 edges recover" in reader.message()
    assert not reader.dialogs()


# ---- closing -------------------------------------------------------------------------------------------------


def alive(name: str) -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith(name)]


def test_closing_during_a_run(reader: Person, monkeypatch, gate) -> None:
    hold_runs(monkeypatch, gate)
    reader.window.canvas.choose((reader.edge(reader.strong_edges()[0]),))
    reader.window.commands["cut"].trigger()
    reader.wait(gate.begun.is_set)
    reader.window.close()
    assert not alive("wirescope")
    assert not reader.window.isVisible()


def test_closing_while_a_model_is_read_hides_the_window_first(person: Person, models, monkeypatch, gate) -> None:
    visible = []
    load = service.load_model

    def slow(name: str, **told: str):
        gate.begun.set()
        assert gate.open.wait(20)
        return load(name, **told)

    stop = person.workbench._client._engine.stop
    monkeypatch.setattr(service, "load_model", slow)
    monkeypatch.setattr(
        person.workbench._client._engine,
        "stop",
        lambda: visible.append(person.window.isVisible()) or gate.open.set() or stop(),
    )
    person.workbench.models.start(str(models.gpt2))
    person.wait(gate.begun.is_set)
    person.window.close()
    assert visible == [False]
    assert not alive("wirescope")


def test_closing_during_a_download_cancels_it(person: Person, monkeypatch) -> None:
    from core.models import packs

    begun, ended = threading.Event(), []

    def get(name: str, progress, cancelled):
        begun.set()
        progress(1, 10, "Downloading")
        while not cancelled():
            time.sleep(0.005)
        ended.append(name)
        raise Cancelled

    monkeypatch.setattr(packs, "get", get)
    person.window.commands["welcome"].trigger()
    person.controller("welcome").packs.get("smollm2")
    person.wait(begun.is_set)
    person.window.close()
    assert ended == ["smollm2"]
    assert not alive("wirescope")
    QApplication.processEvents()  # what the job had still to say finds a closed window, and no error


def test_closing_while_an_address_is_fetched(person: Person, monkeypatch) -> None:
    begun = threading.Event()

    def fetch(_address, _report, cancelled):
        begun.set()
        while not cancelled():
            time.sleep(0.005)
        raise Cancelled

    monkeypatch.setattr("app.features.inputs.controller.cards.fetch", fetch)
    person.controller("inputs").cards.take_paths("A", ["http://example.invalid/x.png"])
    person.wait(begun.is_set)
    person.window.close()
    assert not alive("wirescope")


def test_a_job_ends_once_in_one_of_three_ways(qapp, qtbot, caplog) -> None:
    def raise_(error: Exception):
        raise error

    heard = []
    works = {
        "done": lambda report, _c: [report(1, 2, "half"), "made"][1],
        "refused": lambda _r, _c: raise_(EditError("No.", "Try again.")),
        "broken": lambda _r, _c: raise_(ZeroDivisionError("by zero")),
        "cancelled": lambda _r, _c: raise_(Cancelled()),
    }
    for name, work in works.items():
        job = background_jobs.Job(work)
        job.progressed.connect(lambda *a, name=name: heard.append((name, "progressed", *a)))
        job.finished.connect(lambda made, name=name: heard.append((name, "finished", made)))
        job.failed.connect(lambda *a, name=name: heard.append((name, "failed", *a)))
        job.cancelled.connect(lambda name=name: heard.append((name, "cancelled")))
        job.start()
        count = len(heard)
        qtbot.waitUntil(lambda count=count: len(heard) > count, timeout=30_000)
        assert job.wait()
        QApplication.processEvents()
    assert heard == [
        ("done", "progressed", 1, 2, "half"),
        ("done", "finished", "made"),
        ("refused", "failed", "No.", "Try again."),
        ("broken", "failed", "Something went wrong: by zero", "Nothing of your work is lost."),
        ("cancelled", "cancelled"),
    ]
    assert [record.message for record in caplog.records] == ["a background job failed"]
