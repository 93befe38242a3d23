"""What a task is, and how its rows are checked against a model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Literal

from PIL import Image

from core.errors import InputError
from core.inputs.text import answer_id, check_aligned
from core.inputs.token_texts import TokenText
from core.models.model import Model

TRIES = 8  # rows drawn for each one that is wanted, before giving up

Input = str | Image.Image


@dataclass(frozen=True)
class Row:
    """A pair of inputs, texts or pictures, and the metric's answers; both are empty for a model without answers."""

    clean: Input
    counterfactual: Input
    target: str = ""
    foil: str = ""
    name: str = ""  # of a picture


Sampler = Callable[[Random], Row]
Matcher = Callable[[TokenText, Random], Row | None]  # a row whose A is this text; None where it is no such sentence


def _no_match(source: TokenText, rng: Random) -> Row | None:
    return None


@dataclass(frozen=True)
class Task:
    """One row of the table.

    name: in code. title: for menus. about: what it asks, with its source. samplers: given a model, ways to draw a row,
    the best first; the first whose rows fit the tokenizer is used. match: finds the counterfactual of a text that the
    user has written, where it is a sentence of this task.
    """

    name: str
    title: str
    about: str
    samplers: Callable[[Model], tuple[Sampler, ...]] = field(repr=False)
    kind: Literal["text", "image"] = "text"
    match: Matcher = field(default=_no_match, repr=False)

    def fits(self, model: Model) -> bool:
        """Whether the model takes such inputs and could give such answers."""
        if self.kind == "text":
            return model.is_text and model.tokenizer is not None and model.adapter.shape.output_kind == "next token"
        return not model.is_text and bool(self.samplers(model))


@dataclass(frozen=True)
class TaskPairs:
    """Rows of a task that fit a model. pairs: A and B. answers: target and foil of each. dropped: the A of each row
    that did not fit, and why. names: of pictures."""

    task: str
    pairs: tuple[tuple[Input, Input], ...]
    answers: tuple[tuple[str, str], ...]
    dropped: tuple[tuple[str, str], ...] = ()
    names: tuple[str, ...] = ()

    def words(self) -> str:
        """ "24 pairs; 3 did not fit this model, for example: ..." """
        text = f"{len(self.pairs)} pairs"
        if self.dropped:
            text += f"; {len(self.dropped)} did not fit this model, for example: {self.dropped[0][1]}"
        return text


def draw(task: Task, model: Model, pairs: int, seed: int) -> TaskPairs:
    """Draw rows until enough fit. Raises InputError where less than one in `TRIES` does."""
    if pairs < 1:
        raise InputError("A task needs at least one pair.", "Ask for 1 or more.")
    dropped: list[tuple[str, str]] = []
    rows: list[Row] = []
    for sampler in task.samplers(model):
        rng = Random(f"{task.name}/{seed}")
        rows, refused = _draw(sampler, model, pairs, rng)
        dropped += refused
        if rows:
            break
    if not rows:
        reason = dropped[0][1] if dropped else "its words are no tokens of this model."
        raise InputError(f"No pair of the task {task.title} fits {model.title}: {reason}", "Choose another task.")
    return TaskPairs(
        task=task.name,
        pairs=tuple((row.clean, row.counterfactual) for row in rows),
        answers=tuple((row.target, row.foil) for row in rows),
        dropped=tuple(dropped),
        names=tuple(row.name for row in rows),
    )


def _draw(sampler: Sampler, model: Model, pairs: int, rng: Random) -> tuple[list[Row], list[tuple[str, str]]]:
    rows: list[Row] = []
    dropped: list[tuple[str, str]] = []
    seen: set[str] = set()
    for _ in range(TRIES * pairs):
        row = sampler(rng)
        shown = row.clean if isinstance(row.clean, str) else row.name
        if shown in seen:
            continue
        seen.add(shown)
        reason = refusal(row, model)
        if reason:
            dropped.append((shown, reason))
        else:
            rows.append(row)
            if len(rows) == pairs:
                break
        if not rows and len(dropped) >= 2 * TRIES:  # hopeless: this tokenizer cuts these words
            break
    return rows, dropped


def refusal(row: Row, model: Model) -> str:
    """Why a row of text cannot be used with a model; empty where it can."""
    if not isinstance(row.clean, str):
        return ""
    try:
        check_aligned(model.side(row.clean), model.side(row.counterfactual))
        target, foil = (answer_id(model.tokenizer, answer) for answer in (row.target, row.foil))
    except InputError as error:
        return error.message
    if target == foil:
        return "Target and foil are the same token."
    return ""
