"""Direct logit attribution against sums worked out from the modules themselves, in fp64."""

from __future__ import annotations

import pytest
import torch

import wirescope as ws
from core.errors import ArgumentError
from core.graph import Node
from core.lens.direct import direct_attribution
from tests.core.engine.cases import case

EMBEDDING = {"cosine", "cosine_clean", "cosine_b"}


def session_of(family: str, batch: int = 1) -> ws.Session:
    session = case(family, batch=batch).session()
    if session.metric.metric.kind not in EMBEDDING:
        session.with_metric(ws.logit_difference(3, 5))
    return session


AFFINE = (
    *("gpt2", "llama-grouped", "olmo2", "gemma3", "cohere2-biases", "granite-biases", "opt-no-final-norm", "gptj"),
    *("timm-vit", "timm-vit-average", "timm-vit-average-of-all", "timm-deit-distilled", "vit-classifier"),
    *("dinov2-classifier", "beit-classifier", "clip-classifier", "siglip-classifier"),
)


@pytest.mark.parametrize("family", AFFINE)
def test_shares_add_up_to_the_metric(family: str) -> None:
    session = session_of(family, batch=2)
    found = direct_attribution(session, session.clean)
    assert found.values.sum() + found.biases == pytest.approx(found.total, abs=1e-9)
    assert found.total == pytest.approx(float(session.clean.metric.mean()), abs=1e-9)
    assert found.edits == 0


def test_capped_logits_are_shared_out_before_the_cap() -> None:
    session = session_of("gemma2", batch=2)
    found = direct_attribution(session, session.clean)
    cap = session.model.adapter.config.final_logit_softcapping
    raw = cap * torch.atanh(session.clean.answer / cap)
    assert found.total == pytest.approx(float((raw[:, 3] - raw[:, 5]).mean()), abs=1e-9)
    assert found.values.sum() + found.biases == pytest.approx(found.total, abs=1e-9)


@pytest.mark.parametrize(
    ("family", "why"),
    [
        ("dinov2", "gives an embedding"),
        ("clip-text", "gives an embedding"),
        ("timm-vit-attention-pool", "is not linear"),
        ("timm-vit-largest", "is not linear"),
    ],
)
def test_a_model_whose_output_cannot_be_shared_out_is_refused(family: str, why: str) -> None:
    session = session_of(family)
    with pytest.raises(ArgumentError, match=why):
        direct_attribution(session, session.clean)


def test_a_share_is_what_the_unembedding_makes_of_the_normed_output() -> None:
    """GPT-2, by hand: ((out - its mean) / sigma * weight) . (W[3] - W[5])."""
    setup = case("gpt2")
    session = session_of("gpt2")
    found = direct_attribution(session, session.clean)
    module = setup.module
    final = {}
    hook = module.transformer.ln_f.register_forward_pre_hook(lambda _m, args: final.update(x=args[0].detach()))
    with torch.no_grad():
        module(setup.pair.clean.tensor)
    hook.remove()
    x = final["x"][0, -1]
    sigma = (x.var(unbiased=False) + module.transformer.ln_f.eps).sqrt()
    weight = module.lm_head.weight[3] - module.lm_head.weight[5]
    state = session.run(positions="all").state
    for name in ("input", "a0.h1", "m1", "a2.h3", "m2"):
        node = session.graph.parse(name)
        out = state.out(session.model.adapter, node)[0, -1]
        by_hand = ((out - out.mean()) / sigma * module.transformer.ln_f.weight) @ weight
        assert found.values[session.graph.writer_index(node)] == pytest.approx(by_hand.item(), abs=1e-10)


EDITS = [
    ws.Edit("a0.h2", "zero"),
    ws.Edit("m0->a1.h0<q>", "patch"),
    ws.Edit("m0->logits", "scale", value=0.25),
    ws.Edit("a1.h0->logits", "patch", positions=[-1]),
    ws.Edit("->logits", "steer", value=[0.5] * 8 + [-1.0] * 8),
]


@pytest.mark.parametrize("family", ["gpt2", "llama-grouped", "timm-vit-average"])
def test_with_edits_shares_still_add_up(family: str) -> None:
    session = session_of(family)
    result = session.run(EDITS)
    found = direct_attribution(session, result)
    assert found.values.sum() + found.biases + found.edits == pytest.approx(found.total, abs=1e-9)
    assert found.total == pytest.approx(float(result.metric.mean()), abs=1e-9)
    assert abs(found.edits) > 1e-6
    clean = direct_attribution(session, session.clean)
    number = session.graph.writer_index(Node("head", 0, 2))
    assert found.values[number] == pytest.approx(0, abs=1e-12)
    assert abs(clean.values[number]) > 1e-6


def test_frozen_at_another_run_an_edge_to_the_logits_moves_its_own_share_alone() -> None:
    session = session_of("gpt2")
    cut = session.run([ws.Edit("m1->logits", "zero")])
    before = direct_attribution(session, session.clean)
    after = direct_attribution(session, cut, scales_of=session.clean)
    number = session.graph.writer_index(Node("mlp", 1))
    assert after.values[number] == pytest.approx(0, abs=1e-12)
    others = [i for i in range(session.graph.n_writers) if i != number]
    assert after.values[others] == pytest.approx(before.values[others], abs=1e-12)


def test_of_a_probability_the_shares_are_of_the_logit_above_the_mean() -> None:
    session = session_of("gpt2")
    session.with_metric(ws.probability(3))
    found = direct_attribution(session, session.clean)
    logits = session.clean.answer[0]
    assert found.words.endswith("− mean logit")
    assert found.total == pytest.approx(float(logits[3] - logits.mean()), abs=1e-9)
    session.with_metric(ws.kl())
    found = direct_attribution(session, session.clean)
    assert found.total == pytest.approx(float(logits.max() - logits.mean()), abs=1e-9)


def test_rank_counts_the_larger_ones() -> None:
    session = session_of("gpt2")
    found = direct_attribution(session, session.clean)
    ranks = [found.rank(i) for i in range(session.graph.n_writers)]
    assert sorted(ranks) == list(range(1, session.graph.n_writers + 1))
    assert abs(found.values[ranks.index(1)]) == abs(found.values).max()
