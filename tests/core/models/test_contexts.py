"""How long a prompt may be where rotary positions are scaled, and that scaling that grows forgets what came before."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import wirescope as ws
from core.errors import InputError
from tests.small_models import VOCABULARY, keep_precision, language_model, randomise

FIRST = 16  # tokens
TURNS = {"rope_theta": 100.0}


def scaled(kind: dict[str, Any] | None, length: int = FIRST, **more: Any) -> ws.Model:
    more |= {} if kind is None else {"rope_parameters": {**TURNS, **kind}}
    module = language_model("Llama", max_position_embeddings=length, **more)
    randomise(module)
    return ws.load_model((keep_precision(module.double().eval()), None))


def tokens(count: int) -> torch.Tensor:
    return torch.randint(VOCABULARY, (1, count), generator=torch.Generator().manual_seed(count))


FACTORS = {"short_factor": [1.0, 1.0], "long_factor": [2.0, 3.0]}
BANDS = {"low_freq_factor": 1.0, "high_freq_factor": 4.0}


@pytest.mark.parametrize(
    ("kind", "length", "limit"),
    [
        (None, 16, 16),
        ({"rope_type": "linear", "factor": 8.0}, 16, 128),
        ({"rope_type": "dynamic", "factor": 4.0}, 16, 64),
        ({"rope_type": "yarn", "factor": 2.0, "original_max_position_embeddings": 16}, 16, 32),
        ({"rope_type": "yarn", "factor": 2.0, "original_max_position_embeddings": 16}, 32, 32),
        ({"rope_type": "llama3", "factor": 8.0, "original_max_position_embeddings": 16, **BANDS}, 64, 64),
        ({"rope_type": "llama3", "factor": 8.0, "original_max_position_embeddings": 16, **BANDS}, 16, 128),
        ({"rope_type": "longrope", "factor": 4.0, "original_max_position_embeddings": 16, **FACTORS}, 64, 64),
    ],
)
def test_the_longest_prompt_follows_the_scaling(kind: dict[str, Any] | None, length: int, limit: int) -> None:
    model = scaled(kind, length)
    session = ws.Session(model, model.pair(tokens(limit)))
    assert session.parity.difference < 1e-9
    with pytest.raises(InputError, match=f"{limit + 1} tokens; the model takes 1 to {limit}"):
        model.pair(tokens(limit + 1))


@pytest.mark.parametrize("lengths", [(12, 24, 40), (40, 24, 12), (24, 40, 24), (16, 40, 16)])
def test_dynamic_scaling_does_not_remember_longer_prompts(lengths: tuple[int, ...]) -> None:
    kind = {"rope_type": "dynamic", "factor": 4.0}
    model = scaled(kind)
    for length in lengths:
        session = ws.Session(model, model.pair(tokens(length), tokens(length).flip(1)))
        assert session.parity.difference < 1e-9
        fresh = scaled(kind)
        with torch.no_grad():
            alone = fresh.adapter.module(tokens(length)).logits[0, -1]
        assert (session.clean.answer[0] - alone).abs().max() < 1e-9
        patched = session.run([ws.Edit(node, "patch") for node in model.graph.writers]).answer
        assert session.counterfactual is not None
        assert (patched - session.counterfactual.answer).abs().max() < 1e-9


def test_the_module_keeps_what_it_remembers() -> None:
    """A pass of ours leaves the user's module as it was."""
    model = scaled({"rope_type": "dynamic", "factor": 4.0})
    module = model.adapter.module
    with torch.no_grad():
        module(tokens(40))
        before = module(tokens(24)).logits
        ws.Session(model, model.pair(tokens(30)))
        assert torch.equal(module(tokens(24)).logits, before)
