"""A project goes on with another model in the place of one that is not there, or has other weights."""

from __future__ import annotations

from dataclasses import replace

from core.project.project import Project
from core.project.step_names import model_words


def rebind(project: Project, model: str, other: str) -> Project:
    """The project with another model wherever one is named. Steps, inputs and edits stay; figures, scores, curves,
    evaluations and runs of the former model go, for they say nothing of this one. Of the same name: with the weights
    it has now. What the project has of the other model already stays, with the hash of its weights to be compared."""
    steps = []
    for step in project.steps:
        if step.document.model == model:
            words = step.words.replace(model_words(model), model_words(other)) if step.opens and model else step.words
            document = replace(step.document, model=other)
            step = replace(step, words=words, document=document, outcome=None, recovery=None)
        steps.append(step)
    return replace(
        project,
        steps=tuple(steps),
        models=tuple(each for each in project.models if each.name != model),
        traces=tuple(each for each in project.traces if each.of.model != model),
        circuits=tuple(each for each in project.circuits if project.steps[each.step].document.model != model),
        evaluations=tuple(each for each in project.evaluations if each.document.model != model),
        runs=tuple(each for each in project.runs if each.document.model != model),
        curves=tuple(each for each in project.curves if each.document.model != model),
        notes=tuple(replace(note, model=other) if model and note.model == model else note for note in project.notes),
    )
