"""The work moves to another machine, where a folder of the same name may hold other weights."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from app.workbench.remote_worker import RemoteWorker
from app.worker.remote_side import make_service
from core.graph import Node
from tests.app.features.history.test_history import cut
from tests.app.features.projects.test_access import press, shake, strip_of, try_to_cut
from tests.app.models import CLEAN, COUNTERFACTUAL
from tests.app.person import Person
from tests.app.tracing_steps import trace
from tests.app.workbench.remote_stand_ins import TestLink


def move(person: Person) -> None:
    """Have the work done on another machine, whose files are those of this one."""
    person.workbench.homes.move(RemoteWorker(TestLink(make_service()), sends_files=True))


def held(person: Person) -> tuple[object, ...]:
    """What a project would hold of the model."""
    project = person.controller("projects").project.project()
    return project.models, project.traces, project.circuits, [step.outcome for step in project.steps]


@pytest.fixture
def folder(reader: Person, models, tmp_path: Path) -> Path:
    folder = tmp_path / "study"
    shutil.copytree(models.gpt2, folder)
    reader.open(folder, CLEAN, COUNTERFACTUAL)
    cut(reader, Node("mlp", 1))
    trace(reader)
    reader.rest()
    return folder


def test_a_folder_of_the_same_sizes_with_other_weights_is_told_and_nothing_of_it_is_kept_as_of_the_former(
    reader: Person, folder: Path, tmp_path: Path
) -> None:
    workbench = reader.workbench
    before, scored, figures = held(reader), workbench.scored.values.tolist(), reader.figures()
    former = tmp_path / "former.safetensors"
    shutil.copy(folder / "model.safetensors", former)
    shake(folder)
    sizes = former.stat().st_size, (folder / "model.safetensors").stat().st_size
    assert sizes[0] == sizes[1], "by their sizes they are the same"

    move(reader)
    reader.wait(strip_of(reader).isVisible)
    reader.rest()
    said = strip_of(reader).words.text()
    assert said.startswith("The model study has other weights on node-7 (")
    assert "than before in this window (" in said
    assert "File > Disconnect goes back" in said
    reader.wait(lambda: workbench.scored is not None)
    assert workbench.scored.values.tolist() != scored
    assert reader.figures() != figures, "they are of the weights there"
    assert held(reader) == before
    assert "has other weights than before" in try_to_cut(reader, Node("mlp", 0))

    shutil.copy(former, folder / "model.safetensors")
    workbench.homes.come_back()
    reader.wait(lambda: not strip_of(reader).isVisible())
    reader.rest()
    assert (reader.figures(), held(reader)) == (figures, before)
    shake(folder)
    move(reader)
    press(reader, "Use These Weights")
    reader.wait(lambda: not strip_of(reader).isVisible() and workbench.scored is not None)
    reader.rest()
    models, traces, _, outcomes = held(reader)
    assert models != before[0]
    of_folder = [trace.values.tolist() for trace in traces if trace.of.model == str(folder)]
    assert of_folder == [workbench.scored.values.tolist()], "those of the former weights are gone"
    assert outcomes[-1].after != before[-1][-1].after
    assert len(reader.edits()) == 1
    workbench.homes.come_back()
    reader.rest()


def test_the_same_weights_elsewhere_leave_all_as_it_is_and_edits_go_on_meanwhile(reader: Person, folder: Path) -> None:
    before = held(reader)
    move(reader)
    reader.workbench.editing.toggle(Node("mlp", 0), "cut")
    assert len(reader.edits()) == 2, "while nobody knows yet which weights are there"
    assert reader.workbench.history.unsure
    reader.wait(lambda: reader.workbench.history.current.outcome is not None)
    reader.rest()
    models, traces, *_ = held(reader)
    assert models == before[0]
    assert traces[: len(before[1])] == before[1]
    assert not strip_of(reader).isVisible()
    reader.workbench.homes.come_back()
    reader.rest()
