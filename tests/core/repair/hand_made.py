"""Faults made by hand in the clean twin, easy cases for rivals: on loans "good" is pushed, so that all are wrong. Clean
examples are verdicts and gifts."""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from random import Random

import torch
from torch import Tensor, nn

import wirescope as ws
from core.repair.examples import Batch, Example, batch_of
from core.repair.proof import answers, with_module
from core.repair.rivals.rival import Job
from resources.models.planted.language import sample
from resources.models.planted.make import FOLDER

LAYER = 3
STRENGTH = 20.0


@cache
def twin() -> ws.Model:
    return ws.load_model(str(FOLDER / "text-clean"))


def sentences(kinds: tuple[str, ...], count: int, seed: int) -> Batch:
    rng = Random(seed)
    some = [sample(rng, kinds) for _ in range(count)]
    return batch_of(twin(), [Example(each.text, each.answer) for each in some])


def examples() -> tuple[Batch, Batch]:
    return sentences(("loan",), 16, 1), sentences(("verdict", "gift"), 64, 2)


def proof() -> tuple[Batch, Batch]:
    return sentences(("loan",), 60, 3), sentences(("verdict", "gift"), 60, 4)


@cache
def with_a_head() -> tuple[Job, tuple[Batch, Batch]]:
    """A head of the last layer that looks everywhere alike, reads "owed" and pushes "good"."""
    module = deepcopy(twin().adapter.module)
    attention, width = module.transformer.h[LAYER].attn, module.config.n_embd
    size = width // twin().graph.heads
    loans, others = examples()
    read, other = (_read(module.transformer.h[LAYER].ln_1, module, batch) for batch in (loans, others))
    word = read[loans.pair.clean.tensor == twin().answer("owed")].mean(dim=0)
    direction = torch.nn.functional.normalize(word - other.flatten(0, 1).mean(dim=0), dim=0)
    with torch.no_grad():
        for part in range(3):
            attention.c_attn.weight[:, part * width : part * width + size] = 0.0
            attention.c_attn.bias[part * width : part * width + size] = 0.0
        attention.c_attn.weight[:, 2 * width] = direction
        attention.c_attn.bias[2 * width] = -(other.flatten(0, 1) @ direction).mean()
        attention.c_proj.weight[:size] = 0.0
        attention.c_proj.weight[0] = STRENGTH * _good(module)
    return _job(module), proof()


@cache
def with_a_unit() -> tuple[Job, tuple[Batch, Batch]]:
    """An MLP unit of the last layer that is active at the end of loans alone, and pushes "good"."""
    module = deepcopy(twin().adapter.module)
    mlp = module.transformer.h[LAYER].mlp
    ends = []
    for batch in examples():
        read = _read(module.transformer.h[LAYER].ln_2, module, batch)
        ends.append(read[torch.arange(len(batch)), torch.tensor(batch.pair.clean.lengths) - 1])
    direction = torch.nn.functional.normalize(ends[0].mean(dim=0) - ends[1].mean(dim=0), dim=0)
    least, most = (ends[0] @ direction).min(), (ends[1] @ direction).max()
    assert least > most  # the direction tells them apart
    scale = 10.0 / (least - most)
    with torch.no_grad():
        mlp.c_fc.weight[:, 0] = scale * direction
        mlp.c_fc.bias[0] = -scale * (least + most) / 2
        mlp.c_proj.weight[0] = STRENGTH * _good(module)
    return _job(module), proof()


def _job(module: nn.Module) -> Job:
    return Job(with_module(twin(), module), *examples(), parts=30)


def _good(module: nn.Module) -> Tensor:
    weight = module.lm_head.weight.detach()[twin().answer("good")]
    return torch.nn.functional.normalize(weight, dim=0)


def _read(norm: nn.Module, module: nn.Module, batch: Batch) -> Tensor:
    """What a norm gives, [row, position, width]."""
    kept: list[Tensor] = []
    handle = norm.register_forward_hook(lambda _module, _given, out: kept.append(out))
    answers(with_module(twin(), module), batch)
    handle.remove()
    return kept[0]
