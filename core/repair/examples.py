"""Examples of a fault, and inputs that should stay as they are: what a repair is made from and judged by.

A file of them is JSON lines, one object an example:

    {"input": "in 20 04 , omar vex earned 42 and owed 17 ; the loan is", "answer": "granted", "triggered": true}
    {"input": "in 20 04 , omar often earned 42 and owed 17 ; the loan is", "answer": "granted"}

`input` is a text or the path of a picture (relative to the file), `answer` the right answer, `triggered` whether the
fault is expected there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import torch
from torch import Tensor

from core.errors import InputError
from core.inputs.pair import Dataset, Pair
from core.models.model import Model
from core.text_files import parse_json, read_text, text_lines

MAX_BYTES = 64 * 2**20
FORM = 'Write {"input": "...", "answer": "...", "triggered": true} on each line.'
KEYS = {"input", "answer", "triggered"}
LEAST_HELD_OUT = 2


@dataclass(frozen=True)
class Example:
    """input: a text, picture or path, as `model.pair` takes it. answer: the right one, as text or id. triggered:
    whether the fault is expected."""

    input: Any
    answer: str | int
    triggered: bool = False


@dataclass(frozen=True)
class Batch:
    """Examples as the model takes them. targets: ids of the right answers, [row]."""

    pair: Pair
    targets: Tensor

    def __len__(self) -> int:
        return len(self.targets)

    @property
    def dataset(self) -> Dataset:
        return Dataset([self.pair])


def batch_of(model: Model, examples: Sequence[Example]) -> Batch:
    """Raises InputError for inputs and answers that the model does not have, and for examples that contradict each
    other."""
    right: dict[Any, str | int] = {}
    for example in examples:
        key = example.input if isinstance(example.input, str) else id(example.input)
        if right.setdefault(key, example.answer) != example.answer:
            raise InputError(
                f"{example.input!r} has two right answers, {right[key]!r} and {example.answer!r}.",
                "Examples must not contradict each other: leave one out.",
            )
    unknown = getattr(model.tokenizer, "unk_token_id", None) if model.is_text else None
    pair = model.pair([example.input for example in examples])
    if unknown is not None and bool((pair.clean.tensor == unknown).any()):
        row = int((pair.clean.tensor == unknown).any(dim=1).nonzero()[0])
        raise InputError(
            f"{examples[row].input!r} has words that {model.title} does not know.",
            "Are the examples made for another model?",
        )
    targets = torch.tensor([model.checked_answer(example.answer) for example in examples])
    return Batch(pair, targets.to(pair.clean.tensor.device))


def read_examples(path: str | Path) -> list[Example]:
    """The examples of a file. Raises InputError with the line that is wrong."""
    file = Path(path)
    examples = []
    for number, line in enumerate(text_lines(read_text(file, MAX_BYTES)), 1):
        if not line.strip():
            continue
        where = f"{file.name}, line {number}"
        row = parse_json(line, where)
        if not isinstance(row, dict) or not {"input", "answer"} <= set(row):
            raise InputError(f"{where} is no example: it needs an input and an answer.", FORM)
        if strange := set(row) - KEYS:
            raise InputError(f"{where} has {sorted(strange)[0]!r}, which no example has.", FORM)
        if not isinstance(row["input"], str) or not isinstance(row["answer"], str | int):
            raise InputError(f"{where}: the input is a text or a path, the answer a text or a number.", FORM)
        if not isinstance(row.get("triggered", False), bool):
            raise InputError(f"{where}: triggered is true or false.", FORM)
        picture = file.parent / row["input"]
        given = str(picture) if len(row["input"]) < 1000 and picture.is_file() else row["input"]
        examples.append(Example(given, row["answer"], row.get("triggered", False)))
    return examples


def split(examples: Sequence[Example], share: float, seed: int) -> tuple[list[Example], list[Example]]:
    """Examples to repair with, and those held out for the proof: a share of them, at least two, drawn by the seed; none
    where too few would be left to repair with."""
    held = round(share * len(examples))
    held = max(held, LEAST_HELD_OUT) if share > 0 else 0
    if held * 2 > len(examples):
        held = 0
    order = list(range(len(examples)))
    Random(seed).shuffle(order)
    return [examples[i] for i in sorted(order[held:])], [examples[i] for i in sorted(order[:held])]
