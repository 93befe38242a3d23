"""A project that goes on with another model keeps no figure of weights that it does not name."""

from __future__ import annotations

from dataclasses import replace

from core.notes import Note
from core.project.document import Document
from core.project.project import EvaluationRecord, ModelRecord, Project, StepRecord
from core.project.rebinding import rebind


def test_a_model_that_is_gone_over_to_is_compared_with_its_own_weights() -> None:
    gone, other = Document("a", size=5), Document("b", size=5)
    steps = StepRecord("Open a", gone, opens=True), StepRecord("Open b", other, 0, opens=True)
    models = ModelRecord("a", "fp32", "1" * 64), ModelRecord("b", "fp32", "2" * 64)
    evaluations = tuple(EvaluationRecord(document, "zero", 1, (), "") for document in (gone, other))
    notes = Note("node", "m1", "of a", model="a"), Note("node", "m1", "of any")
    project = Project(steps, 0, models, evaluations=evaluations, notes=notes)
    found = rebind(project, "a", "b")
    assert [step.document for step in found.steps] == [replace(gone, model="b"), other]
    assert found.notes == (replace(notes[0], model="b"), notes[1])
    assert (found.models, found.evaluations) == (models[1:], evaluations[1:])
    assert rebind(project, "b", "b").models == models[:1], "the weights that are here now"
