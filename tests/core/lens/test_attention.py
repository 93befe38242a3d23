"""Attention patterns against those that the models give out themselves."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import wirescope as ws
from core.errors import ArgumentError, InputError
from core.lens.attention import mean_attention
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


def test_the_mean_is_over_the_rows_as_long_as_a() -> None:
    session = case("llama-grouped").session()  # a dataset of lengths 8, 7, 3, 7; A has 7
    found = mean_attention(session, 1, 2)
    assert (found.rows, found.of) == (2, 4)
    dataset = case("llama-grouped").dataset
    assert dataset is not None
    own = []
    for pair in (dataset.pairs[1], dataset.pairs[3]):
        result = ws.Session(session.model, pair).run(positions="all")
        own.append(ws.attention_pattern(result, 1, 2))
    assert np.abs(found.weights - np.mean(own, axis=0)).max() < 1e-6


def test_a_mean_over_one_of_several_rows_is_refused() -> None:
    setup = case("llama-grouped")
    assert setup.dataset is not None
    alone = ws.Session(setup.model, setup.dataset.pairs[0], dataset=setup.dataset)  # of 8 positions, as no other
    with pytest.raises(InputError, match="one alone has 8 positions"):
        mean_attention(alone, 1, 2)


def test_the_mean_of_pictures_and_of_no_dataset() -> None:
    session = case("vit-classifier", batch=3).session()
    found = mean_attention(session, 0, 1)
    assert (found.rows, found.of) == (3, 3)
    own = [ws.attention_pattern(session.run(positions="all"), 0, 1, row) for row in range(3)]
    assert np.abs(found.weights - np.mean(own, axis=0)).max() < 1e-6
