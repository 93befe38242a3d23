"""Built-in tasks: pairs of inputs for behaviours that the field studies, made for the loaded model.

    rows = make_task("ioi", model, pairs=24, seed=0)

Every row is checked against the model: A and B must match token by token, and target and foil must be one token each
(or class names). Rows that do not are dropped, and `dropped` says which and why. Each task is a file of this folder;
`TASKS` is the table that they are rows of.
"""

from __future__ import annotations

from random import Random

from core.errors import InputError
from core.inputs.corruption import token_text_of
from core.inputs.model_inputs import ModelInputs
from core.inputs.tasks import (
    agreement,
    capitals,
    docstring,
    greater_than,
    indirect_objects,
    induction,
    photographs,
    printed_words,
    shapes,
)
from core.inputs.tasks.task import TASKS, Row, Task, TaskPairs, draw, refusal

ROWS: tuple[Task, ...] = (
    indirect_objects.TASK,
    greater_than.TASK,
    docstring.TASK,  # before induction: what repeats in a docstring is its words too
    induction.TASK,
    capitals.TASK,
    agreement.TASK,
    printed_words.TASK,  # before shapes: a model that reads knows these pictures best
    shapes.TASK,
    photographs.TASK,
    photographs.BLURRED,
)


def tasks_for(model: ModelInputs) -> tuple[Task, ...]:
    """The tasks of the model's kind of input."""
    return tuple(task for task in TASKS.values() if task.fits(model))


def make_task(name: str, model: ModelInputs, pairs: int = 24, seed: int = 0) -> TaskPairs:
    """`pairs` valid rows of a task, the same for the same seed and tokenizer.

    Raises ArgumentError for an unknown task, InputError for a model that it does not fit, with the reason, and where
    hardly any row fits the tokenizer.
    """
    task = TASKS.named(name, "task called")
    if not task.fits(model):
        fitting = [f"{each.name} ({each.title})" for each in tasks_for(model)]
        raise InputError(
            f"The task {task.title} is not for {model.title}: {_why_not(task, model)}",
            f"For it there are: {', '.join(fitting)}." if fitting else "Give pairs of your own.",
        )
    return draw(task, model, pairs, seed)


def _why_not(task: Task, model: ModelInputs) -> str:
    if model.is_text != (task.kind == "text"):
        return "it is one of text." if task.kind == "text" else "it is one of pictures."
    if task.kind == "text":
        return "it asks for the next token, which this model does not give."
    return "its answers are none of this model's classes."


def match_task(model: ModelInputs, text: str, seed: int = 0) -> tuple[Task, Row] | None:
    """The task of which a text is a sentence, and the row with the text as its A. None where it is of none, or where no
    counterfactual of it fits the model's tokens."""
    source = token_text_of(model, text)
    for task in tasks_for(model):
        row = task.match(source, Random(f"{task.name}/{seed}"))
        if row is not None and refusal(row, model) is None:
            return task, row
    return None


__all__ = ["ROWS", "TASKS", "Row", "Task", "TaskPairs", "make_task", "match_task", "tasks_for"]
