"""Attention patterns against those that the models give out themselves."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import wirescope as ws
from core.errors import ArgumentError
from tests.core.engine.cases import case
from tests.small_models import ALL

HUGGING_FACE = [family for family in ALL if not family.startswith("timm")]


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
