"""A's run with gradients has the same bits as without, so that one run is both."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import wirescope as ws
from core.engine.state import tensors_of
from core.models.adapter import Adapter
from core.tracing.attribution import gradients_at_clean
from tests.core.engine.cases import case

FAMILIES = ["gpt2", "llama-grouped", "qwen2-window", "gptj", "gemma2", "olmo2", "gpt-oss", "vit", "timm-vit", "dinov2"]


def new_session(family: str) -> ws.Session:
    """One that has run nothing yet."""
    setup = case(family, batch=2)
    known = setup.session()
    return ws.Session(setup.model, setup.pair, known.metric.metric, parity=known.parity)


@pytest.mark.parametrize("family", FAMILIES)
def test_as_run_over_a_it_is_equal_to_the_bit(family: str) -> None:
    by_gradients, plain = new_session(family), new_session(family)
    run = gradients_at_clean(by_gradients)
    kept, expected = by_gradients.engine.unedited._clean[True], plain.engine.clean(full=True)
    tensors = list(zip(tensors_of(kept), tensors_of(expected), strict=True))
    assert all(torch.equal(one, other) for one, other in tensors)
    assert not any(tensor.requires_grad for tensor, _ in tensors)
    assert kept.plan == expected.plan
    assert by_gradients.engine.clean(full=True) is kept
    again = gradients_at_clean(by_gradients)
    assert torch.equal(again.readers(0), run.readers(0)), "the same where A's run was there"
    for session in (by_gradients, plain):
        session.prepare()
    assert torch.equal(by_gradients.clean.metric, plain.clean.metric)


def test_eap_in_a_new_session_makes_as_run_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """One pass over A, one over B; at every position where the last layer stands at the last one alone."""
    session, known = new_session("llama-grouped"), case("llama-grouped", batch=2).session()
    computed, usual = [], Adapter.mlp

    def counted(adapter: Adapter, layer: int, x: torch.Tensor) -> torch.Tensor:
        computed.append(layer)
        return usual(adapter, layer, x)

    monkeypatch.setattr(Adapter, "mlp", counted)
    scores = ws.trace(session, "eap")
    layers = session.graph.layers
    assert len(computed) == 2 * layers + 2, "the last layers of A and B at the output's position, beside all positions"
    assert np.array_equal(scores.values, ws.trace(known, "eap").values), "and the scores depend on the pair alone"
    assert scores.direction == ws.trace(known, "eap").direction
