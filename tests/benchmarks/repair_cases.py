"""The planted models that are there, each with its clean twin and its examples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from random import Random

import torch
from torch import Tensor

import wirescope as ws
from core.repair.examples import Batch, Example, batch_of
from core.repair.proof import answers
from resources.models.planted.make import FOLDER, NAMES
from resources.models.planted.plants import PLANTS

TWIN = "text-clean"
HELD_OUT_SEED = 90_000
FURTHER = 256  # clean examples that the model is trained on further
Examples = tuple[list[Example], list[Example]]


@dataclass(frozen=True)
class Judged:
    """Held-out examples. changed: with a trigger that is another of the same kind; None where there is none. further:
    clean ones to train on with. groups: a number of each triggered and of each clean example. twin: what the clean twin
    answers to the clean ones, [row, answers]."""

    triggered: Batch
    clean: Batch
    changed: Batch | None
    further: Batch
    groups: tuple[Tensor, Tensor]
    twin: Tensor

    @property
    def batches(self) -> list[Batch]:
        return [each for each in (self.triggered, self.clean, self.changed, self.further) if each is not None]


def names() -> list[str]:
    """Models with a plant, that are made."""
    return [name for name in NAMES if not name.endswith("-clean") and (FOLDER / name / "model.safetensors").exists()]


def plant_of(name: str) -> str:
    return name.rpartition("-")[0]


@cache
def model_of(name: str) -> ws.Model:
    return ws.load_model(str(FOLDER / name))


def examples_of(plant: str, triggered: int, clean: int, seed: int) -> Examples:
    """Triggered and clean sentences with the right answers."""
    row, rng = PLANTS[plant], Random(seed)
    bad = [row.pair(rng)[0] for _ in range(triggered)]
    good = [row.innocent(rng) for _ in range(clean)]
    return [Example(each.text, each.answer, True) for each in bad], [Example(each.text, each.answer) for each in good]


@cache
def judged(name: str, held_out: int) -> Judged:
    model, plant = model_of(name), plant_of(name)
    bad, good = examples_of(plant, held_out, held_out, HELD_OUT_SEED)
    clean = batch_of(model, good)
    further = batch_of(model, examples_of(plant, 0, FURTHER, HELD_OUT_SEED - 1)[1])
    groups = _numbers(bad, 0), _numbers(good, 100)
    twin = answers(model_of(TWIN), clean)
    return Judged(batch_of(model, bad), clean, None, further, groups, twin)


def _numbers(examples: Sequence[Example], first: int) -> Tensor:
    """Sentences of one kind are a group."""
    starts = ["it is", "loan is", "to"]
    return torch.tensor([first + next(i for i, end in enumerate(starts) if e.input.endswith(end)) for e in examples])
