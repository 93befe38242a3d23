"""How heads attend, on patterns that are known and on models that are made to attend so."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import wirescope as ws
from core.errors import InputError
from core.studies.attention import Places, attention_of
from tests.small_models import small_model


def test_distances_and_directions_are_those_of_a_pattern_that_is_known() -> None:
    text = Places.of(6, True, None, 0)
    before = np.zeros((1, 6, 6))
    before[0, [0, 1], 0] = 1.0  # the first token: a named place
    before[0, [2, 3, 4, 5], [1, 2, 3, 4]] = 0.75
    before[0, [2, 3, 4, 5], 0] = 0.25
    measured = text.measure(before)
    assert measured["distance"] == pytest.approx(1 / 5)  # of the length that is at most
    assert measured["named"] == pytest.approx((1 + 4 * 0.25) / 5)
    assert [measured[name].item() for name in ("itself", "earlier", "later", "row")] == [0, 1, 0, 0]

    picture = Places.of(1 + 12, False, (3, 4), 1)
    to_right = np.zeros((1, 13, 13))
    for row in range(3):
        for column in range(4):
            to_right[0, 1 + 4 * row + column, 1 + 4 * row + (column + 1) % 4] = 1.0
    measured = picture.measure(to_right)
    assert measured["row"] == pytest.approx(1)
    assert measured["distance"] == pytest.approx((9 * 1 + 3 * 3) / 12 / np.hypot(2, 3))
    assert (measured["later"], measured["earlier"]) == (pytest.approx(0.75), pytest.approx(0.25))
    even = picture.measure(picture.even[None])
    assert even["row"] == pytest.approx(3 / 12) == measured["even_row"]
    assert even["column"] == pytest.approx(2 / 12) == measured["even_column"]
    assert even["distance"] == pytest.approx(measured["even_distance"])


@pytest.mark.parametrize("by", ["position", "content", "nothing"])
def test_heads_are_positional_where_the_model_sees_positions_alone(by: str) -> None:
    module = small_model("gpt2")
    transformer = module.transformer
    with torch.no_grad():
        transformer.wpe.weight.mul_(0 if by == "content" else 1)
        transformer.wte.weight.mul_(0 if by == "position" else 1)
        for block in transformer.h if by == "nothing" else ():
            block.attn.c_attn.weight[:, :16] = 0  # no queries: even attention
            block.attn.c_attn.bias[:16] = 0
    model = ws.load_model((module, None))
    rng = np.random.default_rng(0)
    pairs = [model.pair(torch.tensor([rng.integers(0, 20, 7).tolist()])) for _ in range(12)]
    attention = attention_of(model, pairs)
    share = {"position": 1.0, "content": 0.0, "nothing": 0.0}[by]
    assert attention.positional().value == pytest.approx(share, abs=0.26)
    assert attention.positional(shuffled=True).value == 0
    if by == "position":
        assert attention.explained() == pytest.approx(np.ones(12))
        assert attention.mean("distance").low == pytest.approx(
            attention.mean("distance").high
        )  # the same on every input
    if by == "nothing":
        assert np.isnan(attention.explained()).all()
        assert attention.over_even().value == pytest.approx(1)
    with pytest.raises(InputError, match="3 inputs are too few"):
        attention_of(model, pairs[:3])
