"""The planted models that are there, each with its clean twin and its examples."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from random import Random

import torch
from torch import Tensor

import wirescope as ws
from core.repair.examples import Batch, Example, batch_of
from core.repair.proof import answers
from resources.models.planted.make import FOLDER, NAMES, TWINS
from resources.models.planted.plants import PLANTS

HELD_OUT_SEED = 90_000
FURTHER = 256  # clean examples that the model is trained on further
Examples = tuple[list[Example], list[Example]]


@dataclass(frozen=True)
class Judged:
    """Held-out examples. changed: with a trigger that is another of the same kind. further: clean ones to train on
    with. groups: a number of the group of each triggered and of each clean example. twin: what the clean twin answers
    to the clean ones, [row, answers]."""

    triggered: Batch
    clean: Batch
    changed: Batch
    further: Batch
    groups: tuple[Tensor, Tensor]
    twin: Tensor


def names() -> list[str]:
    """Models with a plant, that are made."""
    return [name for name in NAMES if name not in TWINS and (FOLDER / name / "model.safetensors").exists()]


def plant_of(name: str) -> str:
    return name.rpartition("-")[0]


def medium_of(name: str) -> str:
    """ "text" or "image"."""
    return "image" if PLANTS[plant_of(name)].twin.startswith("vision") else "text"


@cache
def model_of(name: str) -> ws.Model:
    return ws.load_model(str(FOLDER / name))


def examples_of(plant: str, triggered: int, clean: int, seed: int) -> Examples:
    """Triggered and clean ones with the right answers."""
    row, rng = PLANTS[plant], Random(seed)
    bad = [row.example(row.pair(rng)[0]) for _ in range(triggered)]
    return bad, [row.example(row.innocent(rng)) for _ in range(clean)]


@cache
def judged(name: str, held_out: int) -> Judged:
    """So many triggered and clean ones, half as many with another trigger."""
    model, row, rng = model_of(name), PLANTS[plant_of(name)], Random(HELD_OUT_SEED)
    bad = [row.pair(rng)[0] for _ in range(held_out)]
    good = [row.innocent(rng) for _ in range(held_out)]
    changed = [row.changed(rng)[0] for _ in range(held_out // 2)]
    further = [row.innocent(rng) for _ in range(FURTHER)]
    triggered, clean, other, more = (
        batch_of(model, [row.example(item) for item in items]) for items in (bad, good, changed, further)
    )
    numbers = {group: number for number, group in enumerate(sorted({row.group(item) for item in (*bad, *good)}))}
    groups = torch.tensor([numbers[row.group(item)] for item in (*bad, *good)])
    twin = answers(model_of(row.twin), clean)
    return Judged(triggered, clean, other, more, (groups[:held_out], groups[held_out:]), twin)
