"""How much heads attend to a place, against the patterns that the models give out themselves."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core.errors import ArgumentError, Cancelled
from core.lens.reading import attention_to
from tests.core.engine.cases import case


@pytest.mark.parametrize("family", ["gpt2", "llama", "vit"])
def test_shares_are_sums_over_keys_and_means_over_queries_of_the_models_own_attention(family: str) -> None:
    setup = case(family)
    result = setup.session().run(positions="all")
    used = setup.module.config._attn_implementation  # type: ignore[union-attr]
    setup.module.set_attn_implementation("eager")  # type: ignore[operator]
    try:
        with torch.no_grad():
            own = setup.module(setup.pair.clean.tensor, output_attentions=True).attentions
    finally:
        setup.module.set_attn_implementation(used)  # type: ignore[operator]
    shares = attention_to(result, (0, 3), (0, 1))
    expected = np.array([layer[0][:, [0, 3]][:, :, [0, 1]].sum(-1).mean(-1).numpy() for layer in own])
    assert np.abs(shares - expected).max() < 1e-6


def test_positions_outside_the_input_are_refused_and_a_long_search_can_be_given_up() -> None:
    result = case("gpt2").session().run(positions="all")
    for queries, keys in (((0,), (99,)), ((-1,), (0,)), ((), (0,)), ((0,), ())):
        with pytest.raises(ArgumentError, match="not of this input"):
            attention_to(result, queries, keys)
    with pytest.raises(Cancelled):
        attention_to(result, (0,), (0,), cancelled=lambda: True)
