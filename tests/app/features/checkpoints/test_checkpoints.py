"""The dock *Checkpoints*: a folder is opened, the slider goes through its steps while edits stay, and the steps are
followed as curves."""

from __future__ import annotations

import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from safetensors.numpy import load_file, save_file

from core.checkpoints import made, series
from core.edits import Edit
from core.errors import WirescopeError
from core.models import loading
from core.models.loading import load_model
from core.models.model import Model
from core.project.document import Source
from core.session import Session
from tests.app.person import Person
from tests.small_series import small_series

A, B = "When Mary gave a drink to", "When Tom gave a drink to"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WIRESCOPE_DATA", str(tmp_path / "data"))
    return small_series(tmp_path / "runs", ("checkpoint-1", "checkpoint-2", "checkpoint-10"))


def scrubbing(person: Person, folder: Path) -> None:
    """Open a folder, with inputs on the cards."""
    person.workbench.models.open_model(str(folder))
    panel = person.panel("checkpoints")
    person.wait(lambda: panel.data().at == 2)
    person.rest()
    person.type_prompt("A", A)
    person.type_prompt("B", B)
    person.rest()


def test_scrub_the_checkpoints(person: Person, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scrubbing(person, folder)
    looks: list[str] = []  # at the disk, by the thread's name
    models_by_step = series._models_by_step
    monkeypatch.setattr(
        series, "_models_by_step", lambda path: looks.append(threading.current_thread().name) or models_by_step(path)
    )
    workbench, panel = person.workbench, person.panel("checkpoints")
    assert panel.isVisible()
    assert panel.step.text() == "step 10 of 10"
    assert (panel.open.text(), panel.hub.text()) == ("Open…", "Hub…")  # short beside the slider
    edit = Edit(workbench.opened.graph.parse("m0->logits"), "patch")
    workbench.commit("Patch", workbench.document.with_edit(edit))
    person.rest()
    before = workbench.history.current

    panel.slider.setFocus()
    QTest.keyClick(panel.slider, Qt.Key.Key_Left)
    QTest.keyClick(panel.slider, Qt.Key.Key_Left)
    person.rest()
    assert panel.data().at == 0
    assert workbench.document.model == str(folder / "checkpoint-1")
    assert [each.name for each in workbench.document.edits] == [edit.name]
    assert workbench.document.clean == Source("text", A)
    assert workbench.history.current.parent is before  # one step for the whole scrub
    assert workbench.history.current.words == "Checkpoint: checkpoint-1"
    model = load_model(str(folder / "checkpoint-1"))
    session = Session(model, model.pair(A, B), person.session().metric.metric)
    assert workbench.ran.after == pytest.approx(float(session.run([edit]).metric), abs=1e-4)

    person.window.commands["later_checkpoint"].trigger()
    person.rest()
    assert panel.data().at == 1
    person.window.commands["undo"].trigger()
    person.rest()
    assert panel.data().at == 2
    person.click(panel.play)  # at the end it begins anew
    person.wait(lambda: not panel.data().playing)
    person.rest()
    assert panel.data().at == 2
    assert threading.main_thread().name not in looks


def test_the_steps_are_followed_as_curves(person: Person, folder: Path) -> None:
    scrubbing(person, folder)
    panel = person.panel("checkpoints")
    person.click(panel.follow)
    person.wait(lambda: len(panel.charts()) == 3 and not panel.data().running)
    person.rest()
    heads, metric, circuit = panel.data().plots
    assert heads.steps == (1, 2, 10)
    assert [line.words for line in metric.lines] == ["every edge", "no edge"]
    assert circuit.lines[0].values[-1] == 1
    assert person.workbench.ran.after == pytest.approx(metric.lines[0].values[-1], abs=1e-4)
    assert "metric" in panel.words.text()
    panel.charts()[1].chart.threshold_moved.emit(1.9)  # the line is dragged to the second one
    person.rest()
    assert panel.data().at == 1
    assert panel.data().plots[1].lines == metric.lines  # of all steps still
    assert not panel.data().stale
    person.type_prompt("A", B)
    person.rest()
    assert panel.data().stale


def test_a_document_in_8_bits_is_followed_in_8_bits(person: Person, folder: Path) -> None:
    scrubbing(person, folder)
    whole = person.workbench.ran.after
    person.workbench.compute_in("fp32+8bit")
    person.rest()
    panel = person.panel("checkpoints")
    person.click(panel.follow)
    person.wait(lambda: len(panel.charts()) == 3 and not panel.data().running)
    last = panel.data().plots[1].lines[0].values[-1]
    assert last == pytest.approx(person.workbench.ran.after, abs=1e-5)
    assert last != pytest.approx(whole, abs=1e-5)


def test_revisions_of_the_hub_are_a_series_too(person: Person, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    person.open("bundled:names", A)
    model, panel = person.workbench.document.model, person.panel("checkpoints")
    person.window.commands["show_checkpoints"].trigger()
    person.click(panel.hub)
    dialog = person.controller("checkpoints").dialog

    def ask(revisions: str) -> None:
        dialog.name.setText("org/runs")
        dialog.revisions.setText(revisions)
        person.click(dialog.open)

    ask("main, step2")
    assert "'main' has no step in its name" in dialog.problem.text()
    assert dialog.isVisible()
    ask("step1, step2")  # nobody is there
    person.wait(person.dialogs)
    assert "org/runs@step2 is no folder here, and it could not be had from the Hub" in person.dismiss()
    person.rest()
    assert (person.workbench.document.model, panel.data().steps) == (model, ())

    def of_hub(name: str, _tower: str, _place: object) -> Model:
        return replace(load_model(str(folder / f"checkpoint-{name.partition('@step')[2]}")), name=name)

    monkeypatch.setattr(loading, "_from_hub", of_hub)
    person.click(panel.hub)
    ask("step2,step1")
    person.wait(lambda: panel.data().at == 1)
    person.rest()
    assert panel.data().names == ("step1", "step2")
    person.window.commands["earlier_checkpoint"].trigger()
    person.rest()
    assert person.workbench.document.model == "org/runs@step1"
    person.click(panel.follow)
    person.wait(lambda: bool(panel.data().plots) and not panel.data().running)
    assert panel.data().plots[1].steps == (1, 2)


def test_what_is_no_series_is_spoken_of_and_loses_nothing(person: Person, folder: Path) -> None:
    person.open("bundled:names", A)
    assert "Open a folder of checkpoints first" in person.window.commands["later_checkpoint"].toolTip()
    model = person.workbench.document.model
    (folder / "checkpoint-2" / "model.safetensors").write_bytes(b"")
    person.workbench.models.open_model(str(folder))
    person.wait(person.dialogs)
    assert "checkpoint-2 and checkpoint-1 are not checkpoints of one training" in person.dismiss()
    assert person.workbench.document.model == model
    assert person.panel("checkpoints").data().steps == ()


def test_the_example_is_trained_where_it_is_not_there(
    person: Person, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By another program than the training, which takes minutes."""
    copies = "import shutil, sys; print('step 1 of 2', flush=True); shutil.copytree(sys.argv[1], sys.argv[2])"
    monkeypatch.setattr(made, "command", lambda _, place: [sys.executable, "-c", copies, str(folder), str(place)])
    person.open("bundled:names", A)
    person.window.commands["show_checkpoints"].trigger()
    panel = person.panel("checkpoints")
    assert panel.example.text() == "Train the Example (6 Minutes)"
    person.click(panel.example)
    assert panel.example.text() == "Stop Training"
    person.wait(lambda: panel.data().at == 2)
    person.rest()
    assert Path(person.workbench.document.model) == made.series_folder("names") / "checkpoint-10"
    assert [each.name for each in made.series_folder("names").parent.iterdir()] == ["names"]  # nothing unfinished
    monkeypatch.setattr(made, "command", lambda *_: [sys.executable, "-c", "raise SystemExit('no room')"])
    with pytest.raises(WirescopeError, match="no room"):
        made.make_apart("copies", lambda *_: None, lambda: False)
    assert not made.is_made("copies")


def test_a_checkpoint_that_does_not_open_leaves_the_one_before(person: Person, folder: Path) -> None:
    weights = folder / "checkpoint-1" / "model.safetensors"
    numbers = load_file(weights)
    numbers["transformer.wpe.weight"][:] = float("nan")
    save_file(numbers, weights, {"format": "pt"})
    scrubbing(person, folder)
    panel = person.panel("checkpoints")
    panel.slider.setValue(1)
    person.rest()
    panel.slider.setValue(0)
    person.wait(person.dialogs)
    assert "checkpoint-1" in person.dismiss()
    person.rest()
    assert panel.data().at == 1
    assert panel.slider.value() == 1
    assert person.workbench.history.current.words == "Checkpoint: checkpoint-2"
