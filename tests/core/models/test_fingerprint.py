"""The hash of a model's weights: the same for the same numbers whatever they are called, another where one differs."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from core.errors import Cancelled
from core.models.fingerprint import weights_hash
from core.precision import cast_parameters


def module(*names: str, shape: tuple[int, ...] = (3, 4), dtype: torch.dtype = torch.float32) -> nn.Module:
    made = nn.Module()
    for number, name in enumerate(names):
        torch.manual_seed(number)
        made.register_parameter(name, nn.Parameter(torch.randn(*shape, dtype=torch.float64).to(dtype)))
    return made


def test_names_and_order_do_not_count_but_numbers_shapes_and_precision_do() -> None:
    known = weights_hash(module("a", "b"))
    assert len(known) == 64
    renamed = module("x", "y")
    assert weights_hash(renamed) == known
    tied = module("x", "y")
    tied.register_parameter("z", tied.x)
    assert weights_hash(tied) == known
    others = [module("a"), module("a", "b", shape=(4, 3)), module("a", "b", dtype=torch.bfloat16), module("a", "b")]
    with torch.no_grad():
        others[-1].b[0, 0] += 1e-6
    assert len({known, *map(weights_hash, others)}) == 5
    buffered = module("a", "b")
    buffered.register_buffer("mask", torch.ones(2))
    assert weights_hash(buffered) != known


def test_a_module_that_is_cast_has_that_of_its_present_numbers() -> None:
    made = module("a", "b")
    before = weights_hash(made)
    cast_parameters(made, torch.device("cpu"), torch.bfloat16)
    assert weights_hash(made) == weights_hash(module("a", "b", dtype=torch.bfloat16)) != before


def test_it_is_found_once_and_given_up_when_cancelled() -> None:
    made = module("a", "b")
    with pytest.raises(Cancelled):
        weights_hash(made, lambda: True)
    known = weights_hash(made)
    assert weights_hash(made, lambda: True) == known
