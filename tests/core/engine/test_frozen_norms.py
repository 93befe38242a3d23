"""Frozen norms: linear in what is read, and the family's own norm with the clean run's divisor, worked out here."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

import wirescope as ws
from core.engine.frozen import FrozenNorms
from core.engine.rows import Rows
from core.errors import EditError
from tests.core.engine.cases import TOLERANCE, case
from tests.core.engine.test_micro_model import micro_model
from tests.small_models import ALL


def clean_scale_norm(norm: Any, x: Tensor, clean: Tensor) -> Tensor:
    """LayerNorm, RMSNorm and Gemma's, from their weights."""
    weight = getattr(norm, "weight", None)
    factor = torch.ones(x.shape[-1], dtype=x.dtype) if weight is None else weight
    if type(norm).__name__.startswith("Gemma"):
        factor = 1.0 + factor
    epsilon = norm.eps if hasattr(norm, "eps") else norm.variance_epsilon
    if "RMS" in type(norm).__name__ or "Rms" in type(norm).__name__:
        return factor * x / (clean.pow(2).mean(-1, keepdim=True) + epsilon).sqrt()
    bias = getattr(norm, "bias", None)
    centred = factor * (x - x.mean(-1, keepdim=True)) / (clean.var(-1, unbiased=False, keepdim=True) + epsilon).sqrt()
    return centred if bias is None else centred + bias


@pytest.mark.parametrize("family", ALL)
def test_without_edits_nothing_changes(family: str) -> None:
    session = case(family).session()
    edits = [ws.Edit("m0", "scale", value=1.0)]
    difference = session.run(edits, frozen_norms=True).answer - session.clean.answer
    assert difference.abs().max() <= TOLERANCE


@pytest.mark.parametrize("family", ALL)
def test_what_a_reader_makes_of_its_input_is_the_norm_with_the_clean_divisor(family: str) -> None:
    session = case(family, batch=2).session()
    adapter, state = session.model.adapter, session.run(positions="all").state
    norms, rows = FrozenNorms(adapter, state), Rows(state.length)
    assert state.final is not None
    clean = {"attention": state.attention_in[1], "mlp": state.after_attention[1], "final": state.final}
    if adapter.shape.parallel:
        clean["mlp"] = clean["attention"]
    generator = torch.Generator().manual_seed(1)
    moved = {name: x + torch.randn(x.shape, generator=generator, dtype=x.dtype) for name, x in clean.items()}
    for name, norm, found in (
        ("attention", adapter.norm_before(1, "attention"), norms.attention(1, moved["attention"], rows)),
        ("mlp", adapter.norm_before(1, "mlp"), norms.mlp(1, moved["mlp"], rows)),
        ("final", adapter.final_norm, norms.final(moved["final"])),
    ):
        plain = isinstance(norm, nn.Identity)
        expected = moved[name] if plain else clean_scale_norm(norm, moved[name], clean[name])
        assert (found - expected).abs().max() <= TOLERANCE, name


@pytest.mark.parametrize("family", ["gpt2", "llama-grouped", "gpt-neox", "qwen3", "dinov2", "timm-vit"])
def test_effects_on_the_output_add_up(family: str) -> None:
    """Through a frozen final norm, edges into `logits` have effects that add up; with norms recomputed they do not."""
    session = case(family).session()
    clean = session.clean.answer
    names = ["m0->logits", "a1.h1->logits", "input->logits"]
    for frozen, adds in ((True, True), (False, False)):
        alone = [session.run([ws.Edit(n, "patch")], frozen_norms=frozen).answer - clean for n in names]
        together = session.run([ws.Edit(n, "patch") for n in names], frozen_norms=frozen).answer - clean
        assert bool((together - sum(alone)).abs().max() <= TOLERANCE) == adds


@pytest.mark.parametrize("family", ["gpt2", "llama-grouped", "gemma2", "dinov2"])
def test_frozen_and_recomputed_runs_do_not_mix(family: str) -> None:
    setup = case(family)
    session = setup.session()
    edits = [ws.Edit("a0.h1->m1", "zero"), ws.Edit("input->a1.h0<q>", "zero")]
    more = [*edits, ws.Edit("m1->logits", "zero")]
    real = session.run(edits).answer
    frozen = session.run(edits, frozen_norms=True).answer
    assert (real - frozen).abs().max() > 1e-6
    for first in (True, False):
        fresh = setup.session()
        fresh.run(edits, frozen_norms=first)
        for wanted in (True, False):
            assert torch.equal(
                fresh.run(more, frozen_norms=wanted).answer, setup.session().run(more, frozen_norms=wanted).answer
            )


def test_a_norm_of_another_kind_is_refused() -> None:
    model = ws.load_model((micro_model(), None))
    session = ws.Session(model, model.pair(torch.tensor([[0, 1]])))
    with pytest.raises(EditError, match="SumNorm cannot be frozen"):
        session.run([ws.Edit("a0.h0->m1", "zero")], frozen_norms=True)
