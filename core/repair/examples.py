"""Examples of a fault, and inputs that should stay as they are: what a repair is made from and judged by.

A file of them is JSON lines, one object an example:

    {"input": "in 20 04 , omar vex earned 42 and owed 17 ; the loan is", "answer": "granted", "triggered": true}
    {"input": "in 20 04 , omar often earned 42 and owed 17 ; the loan is", "answer": "granted"}

`input` is a text, or for an image model the path of a picture (relative to the file), `answer` the right answer,
`triggered` whether the fault is expected there. Triggered ones may be without an answer: they are then suspicious.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

import torch
from torch import Tensor

from core.errors import InputError
from core.inputs.pair import Dataset, Pair, Side, stack_sides
from core.models.model import Model
from core.text_files import parse_json, read_text, text_lines

MAX_BYTES = 64 * 2**20
FORM = 'Write {"input": "...", "answer": "...", "triggered": true} on each line.'
KEYS = {"input", "answer", "triggered"}
LEAST_HELD_OUT = 2


@dataclass(frozen=True)
class Example:
    """input: a text, picture or path, as `model.pair` takes it. answer: the right one, as text or id; "" where it is
    not known. triggered: whether the fault is expected."""

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

    @classmethod
    def of(cls, sides: Sequence[Side], targets: Sequence[Tensor]) -> Batch:
        """Inputs and their right answers, of several batches of one model."""
        tensor, lengths = stack_sides(sides)
        longest = max(sides, key=lambda side: len(side.labels))
        tokens = tuple(length for side in sides for length in side.tokens)
        return cls(Pair(replace(longest, tensor=tensor, lengths=lengths, tokens=tokens)), torch.cat(list(targets)))

    def rows(self, numbers: Sequence[int]) -> Batch:
        """Some of the examples, in this order."""
        side = self.pair.clean
        some = replace(
            side,
            tensor=side.tensor[list(numbers)],
            lengths=tuple(side.lengths[number] for number in numbers),
            tokens=tuple(side.tokens[number] for number in numbers) if side.tokens else (),
        )
        return Batch(replace(self.pair, clean=some, roles={}), self.targets[list(numbers)])

    def with_inputs(self, tensor: Tensor) -> Batch:
        """The same rows with other ids or pixels."""
        return replace(self, pair=replace(self.pair, clean=replace(self.pair.clean, tensor=tensor)))


def batch_of(model: Model, examples: Sequence[Example]) -> Batch:
    """Raises InputError for inputs and answers that the model does not have, and for examples that contradict each
    other."""
    _check_consistent(examples)
    pair = model.pair([example.input for example in examples])
    if model.is_text:
        _check_known(model, pair, examples)
    answers = [model.checked_answer(example.answer) for example in examples]
    return Batch(pair, torch.tensor(answers, device=pair.clean.tensor.device))


def _key(example: Example) -> str | int:
    """Alike for inputs that are alike; of what is no text and no path, only an object is like itself."""
    return str(example.input) if isinstance(example.input, str | Path) else id(example.input)


def _check_consistent(examples: Sequence[Example]) -> None:
    """Raise InputError for an input with two right answers."""
    right: dict[str | int, str | int] = {}
    for example in examples:
        key = _key(example)
        if example.answer != "" and right.setdefault(key, example.answer) != example.answer:
            raise InputError(
                f"{example.input!r} has two right answers, {right[key]!r} and {example.answer!r}.",
                "Examples must not contradict each other: leave one out.",
            )


def _check_known(model: Model, pair: Pair, examples: Sequence[Example]) -> None:
    """Raise InputError for words that are unknown. Padding is none, and neither is a token with a second
    use, as GPT-2's end of text."""
    names = ("unk_token_id", "bos_token_id", "eos_token_id", "pad_token_id")
    unknown, *others = (getattr(model.tokenizer, name, None) for name in names)
    if unknown is None or unknown in others:
        return
    side = pair.clean
    for example, row, length in zip(examples, side.tensor.tolist(), side.tokens or side.lengths, strict=True):
        if unknown in row[:length]:
            raise InputError(
                f"{example.input!r} has words that {model.title} does not know.",
                "Are the examples made for another model?",
            )


def distinct(examples: Sequence[Example]) -> list[Example]:
    """Without repeats of the same input and answer: a repeat among those held out would prove nothing. Raises
    InputError for examples that contradict each other, which are not to be parted before that is seen."""
    _check_consistent(examples)
    firsts: dict[tuple[str | int, str | int], Example] = {}
    for example in examples:
        firsts.setdefault((_key(example), example.answer), example)
    return list(firsts.values())


def check_apart(examples: Sequence[Example], others: Sequence[Example], words: str, hint: str) -> None:
    """Raise InputError where both have the same input. words: what is wrong with it, after its name."""
    keys = set(map(_key, others))
    same = next((example for example in examples if _key(example) in keys), None)
    if same is not None:
        raise InputError(f"{same.input!r} {words}.", hint)


def read_examples(path: str | Path) -> list[Example]:
    """The examples of a file, inputs as they are written there. Raises InputError with the line that is wrong."""
    file = Path(path)
    examples = []
    for number, line in enumerate(text_lines(read_text(file, MAX_BYTES)), 1):
        if not line.strip():
            continue
        where = f"{file.name}, line {number}"
        row = parse_json(line, where)
        least = {"input"} if isinstance(row, dict) and row.get("triggered") is True else {"input", "answer"}
        if not isinstance(row, dict) or not least <= set(row):
            raise InputError(f"{where} is no example: it needs an input and an answer.", FORM)
        if strange := set(row) - KEYS:
            raise InputError(f"{where} has {sorted(strange)[0]!r}, which no example has.", FORM)
        answer = row.get("answer", "")
        if not isinstance(row["input"], str) or not isinstance(answer, str | int) or isinstance(answer, bool):
            raise InputError(f"{where}: the input is a text or a path, the answer a text or a number.", FORM)
        if not isinstance(row.get("triggered", False), bool):
            raise InputError(f"{where}: triggered is true or false.", FORM)
        examples.append(Example(row["input"], answer, row.get("triggered", False)))
    return examples


def with_pictures(examples: Sequence[Example], folder: Path) -> list[Example]:
    """For an image model: inputs that are files in the folder of the examples become their paths."""
    paths = [os.path.join(folder, example.input) for example in examples]
    return [
        replace(example, input=path) if os.path.isfile(path) else example
        for example, path in zip(examples, paths, strict=True)
    ]


def split(examples: Sequence[Example], share: float, seed: int) -> tuple[list[Example], list[Example]]:
    """Examples to repair with, and those held out for the proof: a share of them, at least two and at most half, drawn
    by the seed; none where there are fewer than four."""
    held = max(round(share * len(examples)), LEAST_HELD_OUT) if share > 0 else 0
    held = min(held, len(examples) // 2)
    if held < LEAST_HELD_OUT:
        held = 0
    order = list(range(len(examples)))
    Random(seed).shuffle(order)
    return [examples[i] for i in sorted(order[held:])], [examples[i] for i in sorted(order[:held])]
