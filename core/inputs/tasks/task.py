"""What a task is, and how its rows are checked against a model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Literal

from PIL import Image

from core.errors import InputError, NoPairFitsError
from core.inputs.corruption import token_text_of
from core.inputs.generators.prompt import Parts
from core.inputs.misfits import Misfit, misfit, misfit_words
from core.inputs.model_inputs import ModelInputs
from core.inputs.token_texts import TokenText
from core.plugins import Table

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
    parts: Parts = ()  # of `clean`, by the names of a template's fields


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
    samplers: Callable[[ModelInputs], tuple[Sampler, ...]] = field(repr=False)
    kind: Literal["text", "image"] = "text"
    match: Matcher = field(default=_no_match, repr=False)

    def fits(self, model: ModelInputs) -> bool:
        """Whether the model takes such inputs and could give such answers."""
        if self.kind == "text":
            return model.is_text and model.tokenizer is not None and model.adapter.shape.output_kind == "next token"
        return not model.is_text and bool(self.samplers(model))


TASKS = Table("tasks", Task, "core.inputs.tasks")


@dataclass(frozen=True)
class TaskPairs:
    """Rows of a task that fit a model. pairs: A and B. answers: target and foil of each. asked: how many pairs were
    wanted. dropped: why other rows that were drawn did not fit. names: of pictures. roles: of each pair, spans of A's
    tokens by the fields of its template, as `FileRow` has them."""

    task: str
    pairs: tuple[tuple[Input, Input], ...]
    answers: tuple[tuple[str, str], ...]
    asked: int
    dropped: tuple[Misfit, ...] = ()
    names: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()

    def words(self) -> str:
        """ "24 pairs; 3 did not fit this model (...), for example: ..." """
        text = f"{len(self.pairs):,} pairs"
        if len(self.pairs) < self.asked:
            text = f"Only {len(self.pairs):,} different pairs of {self.asked:,} could be made"
        return "; ".join(part for part in (text, misfit_words(self.dropped)) if part)


def draw(task: Task, model: ModelInputs, pairs: int, seed: int) -> TaskPairs:
    """Draw rows until enough fit, at most `TRIES` for each that is wanted: there may be fewer. No two have the same A.
    Raises NoPairFitsError where none fits."""
    if pairs < 1:
        raise InputError("A task needs at least one pair.", "Ask for 1 or more.")
    dropped: list[Misfit] = []
    rows: list[Row] = []
    for sampler in task.samplers(model):
        rng = Random(f"{task.name}/{seed}")
        rows, refused = _draw(sampler, model, pairs, rng)
        dropped += refused
        if rows:
            break
    if not rows:
        reason = misfit_words(dropped) or "its words are no tokens of this model."
        raise NoPairFitsError(f"No pair of the task {task.title} fits {model.title}: {reason}", "Choose another task.")
    return TaskPairs(
        task=task.name,
        pairs=tuple((row.clean, row.counterfactual) for row in rows),
        answers=tuple((row.target, row.foil) for row in rows),
        asked=pairs,
        dropped=tuple(dropped),
        names=tuple(row.name for row in rows),
        roles=tuple(_roles(row, model) for row in rows),
    )


def _roles(row: Row, model: ModelInputs) -> str:
    """ "subject=1:2 end=-1": the parts of A as spans of its tokens, and where it is read. Nothing of pictures."""
    if not isinstance(row.clean, str):
        return ""
    source = token_text_of(model, row.clean)
    spans = [(name, source.positions_of(start, end)) for name, start, end in row.parts]
    return " ".join([*(f"{name}={places[0]}:{places[-1] + 1}" for name, places in spans), "end=-1"])


def _draw(sampler: Sampler, model: ModelInputs, pairs: int, rng: Random) -> tuple[list[Row], list[Misfit]]:
    rows: list[Row] = []
    dropped: dict[tuple[str, str], Misfit] = {}
    kept: set[str] = set()
    for _ in range(TRIES * pairs):
        row = sampler(rng)
        shown = row.clean if isinstance(row.clean, str) else row.name
        pair = shown, str(row.counterfactual)
        if shown in kept or pair in dropped:
            continue
        reason = refusal(row, model)
        if reason is not None:
            dropped[pair] = reason
        else:
            rows.append(row)
            kept.add(shown)
            if len(rows) == pairs:
                break
        if not rows and len(dropped) >= 2 * TRIES:  # hopeless: this tokenizer cuts these words
            break
    return rows, list(dropped.values())


def refusal(row: Row, model: ModelInputs) -> Misfit | None:
    """Why a row of text cannot be used with a model; None where it can."""
    if not isinstance(row.clean, str):
        return None
    return misfit(model, row.clean, row.counterfactual, row.target, row.foil)
