"""Attention patterns against those that the models give out themselves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

import wirescope as ws
from core.engine.layer import LayerMath
from core.errors import ArgumentError, InputError
from core.lens.attention import mean_attention
from tests.core.engine.cases import case
from tests.small_models import ALL

# Those with class texts or a probe have the same vision towers, and are called with pictures alone.
OTHERS = ("zero-shot", "probe")
HUGGING_FACE = [family for family in ALL if not family.startswith("timm") and not family.endswith(OTHERS)]


@pytest.mark.parametrize("family", HUGGING_FACE)
def test_patterns_of_the_clean_run_are_the_models_own(family: str) -> None:
    setup = case(family, batch=2)
    result = setup.session().run(positions="all")
    used = setup.module.config._attn_implementation  # type: ignore[union-attr]
    setup.module.set_attn_implementation("eager")  # type: ignore[operator]
    try:
        with torch.no_grad():
            own = setup.module(setup.pair.clean.tensor, output_attentions=True).attentions
    finally:
        setup.module.set_attn_implementation(used)  # type: ignore[operator]
    for layer, expected in enumerate(own):
        for head in range(expected.shape[1]):
            for row in range(2):
                pattern = ws.attention_pattern(result, layer, head, row)
                if len(pattern) == 1:  # only the class token is read
                    expected = expected[:, :, :1]
                assert pattern.dtype == np.float32
                assert np.abs(pattern - expected[row, head].numpy()).max() < 1e-6
                whole = np.allclose(pattern.sum(axis=1), 1, atol=1e-6)
                assert whole == ("gpt-oss" not in family), "a sink takes its share"


def test_without_positions_the_last_layer_has_the_query_that_is_read() -> None:
    session = case("gpt2").session()
    everywhere = ws.attention_pattern(session.run(positions="all"), 2, 1)
    assert np.allclose(ws.attention_pattern(session.run(), 2, 1), everywhere[-1:], atol=1e-6)


def test_edits_change_the_pattern_of_the_head_that_reads_them() -> None:
    session = case("llama-grouped").session()
    result = session.run([ws.Edit("m0->a1.h1<q>", "zero")])
    clean = session.clean
    assert np.abs(ws.attention_pattern(result, 1, 1) - ws.attention_pattern(clean, 1, 1)).max() > 1e-4
    assert np.array_equal(ws.attention_pattern(result, 1, 0), ws.attention_pattern(clean, 1, 0))


def test_a_circuit_run_keeps_no_pattern() -> None:
    session = case("gpt2").session()
    result = session.run_circuit(ws.circuit_of(session.graph, ["input->logits"]))
    with pytest.raises(ArgumentError, match="keeps no attention"):
        ws.attention_pattern(result, 0, 0)


def patterns(pairs: Iterable[ws.Pair], layer: int, head: int) -> list[NDArray[np.float32]]:
    """Of each pair alone."""
    model = case("llama-grouped").model
    return [ws.attention_pattern(ws.Session(model, pair).run(positions="all"), layer, head) for pair in pairs]


def test_the_mean_is_over_the_positions_that_correspond() -> None:
    """A has 7 positions, the dataset 8, 7, 3 and 7: the nearer ends meet, and a key without a counterpart drops out."""
    setup = case("llama-grouped")
    assert setup.dataset is not None
    eight, seven, three, also_seven = patterns(setup.dataset.pairs, 1, 2)
    for session in (setup.session(), ws.Session(setup.model, setup.dataset.pairs[3], dataset=setup.dataset)):
        found = mean_attention(session, 1, 2)
        assert (found.rows, found.of) == (3, 4)
        last = (eight[7, [0, 1, 2, 4, 5, 6, 7]] + seven[6] + also_seven[6]) / 4
        last[[0, 5, 6]] += three[2] / 4
        assert np.abs(found.weights[6] - last).max() < 1e-6
        third = np.zeros(7)
        third[:3] = (eight[2, :3] + seven[2, :3] + also_seven[2, :3] + three[2]) / 4
        assert np.abs(found.weights[2] - third).max() < 1e-6
        assert not np.triu(found.weights, 1).any(), "nothing is attended to before it is there"
        assert (found.weights.sum(axis=1) < 1 + 1e-6).all()


def test_the_mean_meets_at_roles() -> None:
    """Two texts of one length whose subjects stand at other places."""
    model = case("llama-grouped").model
    pairs = [model.pair(torch.tensor([row])) for row in ([3, 1, 4, 1, 5, 9], [2, 7, 1, 8, 2, 8])]
    first, second = patterns(pairs, 0, 1)
    roles = [{"subject": [(1, 3)]}, {"subject": [(2, 4)]}]
    pairs = [pair.with_roles(role) for pair, role in zip(pairs, roles, strict=True)]
    found = mean_attention(ws.Session(model, pairs[0], dataset=ws.Dataset(pairs)), 0, 1)
    assert np.abs(found.weights[5, 1:3] - (first[5, 1:3] + second[5, 2:4]) / 2).max() < 1e-6
    assert np.abs(found.weights[2, 1:3] - (first[2, 1:3] + second[3, 2:4]) / 2).max() < 1e-6


def test_a_mean_of_one_of_several_rows_is_refused() -> None:
    setup = case("llama-grouped")
    assert setup.dataset is not None
    eight, _, three, _ = setup.dataset.pairs
    alone = ws.Session(setup.model, eight, dataset=ws.Dataset([eight, three, three]))
    with pytest.raises(InputError, match=r"fewer than two have a counterpart .* Add inputs"):
        mean_attention(alone, 1, 2)


def test_the_mean_of_pictures_and_of_no_dataset() -> None:
    setup = case("vit-classifier", batch=3)
    session = ws.Session(setup.model, replace(setup.pair, roles={}))
    found = mean_attention(session, 0, 1)
    assert (found.rows, found.of) == (3, 3)
    own = [ws.attention_pattern(session.run(positions="all"), 0, 1, row) for row in range(3)]
    assert np.abs(found.weights - np.mean(own, axis=0)).max() < 1e-6


@pytest.mark.parametrize("family", ["gpt2", "llama-grouped", "gemma2", "vit-classifier"])
def test_weighted_by_values_is_the_length_of_what_each_weight_moves(family: str) -> None:
    """What a head writes with all other weights zero, made through the engine's own output of a head; and for GPT-2 by
    the module's weights."""
    setup = case(family)
    result = setup.session().run(positions="all")
    state, adapter, layer, head = result.state, setup.model.adapter, 1, 3
    found = ws.value_weighted_attention(result, layer, head)
    weights = state.pattern(adapter, layer, head)[0]
    values = state.v[layer][:, :, head // (adapter.shape.heads // adapter.shape.kv_heads)]
    math, factor = LayerMath(adapter, layer), state.factors[layer]
    for query in (0, 2, len(weights) - 1):
        z = weights[query][:, None] * values[0]  # [key, head width]
        at = None if factor is None else factor[:, query : query + 1].expand(1, len(z), -1)
        expected = math.out(z[None], head, at)[0].norm(dim=-1)
        assert found[query] == pytest.approx(expected.numpy(), abs=1e-6)
    if family == "gpt2":
        part = slice(head * 4, (head + 1) * 4)
        block = setup.module.transformer.h[layer]
        with torch.no_grad():
            qkv = block.attn.c_attn(block.ln_1(state.attention_in[layer][0]))
            moved = qkv[:, 32:][:, part] @ block.attn.c_proj.weight[part]
        assert found == pytest.approx((weights * moved.norm(dim=-1)[None]).numpy(), abs=1e-6)
