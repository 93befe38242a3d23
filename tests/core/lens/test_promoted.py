"""What OV circuits and vectors push, worked out from the modules' own weights."""

from __future__ import annotations

import pytest
import torch

import wirescope as ws
from core.errors import ArgumentError, InputError
from core.graph import Node
from core.lens.logit_lens import node_logits
from core.lens.promoted import token_value
from tests.core.engine.cases import WIDTH, case


def test_a_token_goes_through_norm_value_output_and_unembedding() -> None:
    """W_U W_O (W_V ln(W_E t) + b_V) by the weights of GPT-2, whose maps are stored [in, out]."""
    setup = case("gpt2")
    result = setup.session().run(positions="all")
    body, token, layer, head, size = setup.module.transformer, 4, 1, 2, WIDTH // 4
    with torch.no_grad():
        block, part = body.h[layer], slice(head * size, (head + 1) * size)
        normed = block.ln_1(body.wte.weight[token])
        qkv = block.attn.c_attn
        v = normed @ qkv.weight[:, 2 * WIDTH :][:, part] + qkv.bias[2 * WIDTH :][part]
        x = v @ block.attn.c_proj.weight[part]
        stream = result.state.final[0, -1]
        scale = (stream.var(unbiased=False) + body.ln_f.eps).sqrt()
        logits = setup.module.lm_head.weight @ ((x - x.mean()) / scale * body.ln_f.weight)
    expected = logits - logits.mean()
    found = ws.head_promotes(result, Node("head", layer, head), token=token, count=23)
    assert [row.index for row in found.most] == expected.argsort(descending=True).tolist()
    assert [row.value for row in found.most] == pytest.approx(expected.sort(descending=True).values.tolist(), abs=1e-9)
    assert [row.index for row in found.least[:2]] == expected.argsort()[:2].tolist()
    assert "a1.h2 reading the token" in found.of


@pytest.mark.parametrize("family", ["gpt2", "llama-grouped", "gemma2", "vit-classifier"])
def test_what_a_head_pushes_by_its_sources_adds_up_by_its_attention(family: str) -> None:
    """sum over j of A_pj times what it pushes reading j is what it says at p."""
    setup = case(family)
    session = setup.session()
    result = session.run(positions="all")
    head = Node("head", 1, 3)
    at = 0 if family == "vit-classifier" else session.pair.length - 1
    weights = ws.attention_pattern(result, head.layer, head.head)[at]
    total = torch.zeros(result.answer.shape[-1], dtype=torch.float64)
    for source, weight in enumerate(weights):
        found = ws.head_promotes(result, head, source, count=len(total), position=at)
        for row in found.most:
            total[row.index] += float(weight) * row.value
    assert total.tolist() == pytest.approx(node_logits(result, head, [at])[0].tolist(), abs=1e-5)  # weights are in fp32


def test_a_value_of_the_first_layer_is_the_runs_where_positions_are_turned_alone() -> None:
    """Where the embedding has no position in it, the first layer's values are those of the tokens."""
    session = case("llama-grouped").session()
    state = session.run(positions="all").state
    for position in (0, 3):
        token = int(session.pair.clean.tensor[0, position])
        assert token_value(session.model, Node("head", 0, 2), token).tolist() == pytest.approx(
            state.v[0][0, position, 1].tolist(), abs=1e-12
        )


def test_an_output_direction_is_read_as_any_vector() -> None:
    setup = case("gpt2")
    result = setup.session().run(positions="all")
    column = setup.module.transformer.h[1].mlp.c_proj.weight[5].detach()
    found = ws.promoted(result, column, 3)
    twice = ws.promoted(result, 2 * column, 3)
    assert [row.index for row in twice.most] == [row.index for row in found.most]
    assert twice.most[0].value == pytest.approx(2 * found.most[0].value)
    assert found.at == setup.pair.length - 1


def test_what_cannot_be_read_is_refused_in_words() -> None:
    result = case("gpt2").session().run(positions="all")
    head = Node("head", 0, 0)
    for asked, words in (
        (lambda: ws.head_promotes(result, Node("mlp", 0), 1), "no head"),
        (lambda: ws.head_promotes(result, head), "one input"),
        (lambda: ws.head_promotes(result, head, 1, 2), "one input"),
        (lambda: ws.head_promotes(result, head, 40), "no position 40"),
        (lambda: ws.promoted(result, torch.zeros(3)), "16 numbers"),
    ):
        with pytest.raises(ArgumentError, match=words):
            asked()
    with pytest.raises(InputError, match="no token 99"):
        ws.head_promotes(result, head, token=99)
    with pytest.raises(ArgumentError, match="gives an embedding"):
        ws.head_promotes(case("dinov2").session().run(positions="all"), head, 1)
    with pytest.raises(ArgumentError, match="no tokens"):
        ws.head_promotes(case("vit-classifier").session().run(positions="all"), head, token=1)
