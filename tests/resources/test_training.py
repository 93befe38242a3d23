"""How the bundled models are trained: rows that weigh what is tested, pictures that turning does not change."""

from __future__ import annotations

import pytest
import torch

from core.inputs.generators import lexicon
from resources.models.training import train_names, train_shapes
from resources.models.training.names_data import TEXT_WEIGHT, RowMaker, stack
from resources.models.training.names_tokenizer import CONTEXT, build


@pytest.fixture(scope="module")
def tokenizer():
    return build()


def test_rows_come_from_the_seed_alone(tokenizer) -> None:
    first, second = RowMaker(tokenizer, 3), RowMaker(tokenizer, 3)
    assert [first.sentence() for _ in range(20)] == [second.sentence() for _ in range(20)]
    assert first.packed() == second.packed()


def test_an_answer_weighs_most(tokenizer) -> None:
    maker = RowMaker(tokenizer, 1)
    for _ in range(200):
        weights = maker.sentence().weights
        assert set(weights) <= {1.0, TEXT_WEIGHT}
        assert weights.count(1.0) <= 1


def test_only_what_was_seen_before_counts_in_a_repetition(tokenizer) -> None:
    maker = RowMaker(tokenizer, 1)
    for _ in range(300):
        row = maker.repetition()
        counted = [place for place, weight in enumerate(row.weights) if weight]
        assert counted
        for place in counted:
            pairs = list(zip(row.ids[: place - 1], row.ids[1:place], strict=True))
            assert (row.ids[place - 1], row.ids[place]) in pairs


def test_held_out_words_are_never_in_a_repetition(tokenizer) -> None:
    maker = RowMaker(tokenizer, 2)
    words = [*lexicon.HELD_OUT_SEQUENCE_WORDS, *(f" {word}" for word in lexicon.HELD_OUT_SEQUENCE_WORDS)]
    kept_out = {tokenizer(word)["input_ids"][0] for word in words if len(tokenizer(word)["input_ids"]) == 1}
    assert not any(kept_out & set(maker.repetition().ids) for _ in range(500))


def test_padding_and_first_tokens_count_for_nothing(tokenizer) -> None:
    maker = RowMaker(tokenizer, 4)
    rows = [maker.sentence() for _ in range(8)]
    batch = stack(rows, tokenizer.eos_token_id)
    for index, row in enumerate(rows):
        assert batch.ids[index, : len(row.ids)].tolist() == row.ids
        assert batch.weights[index, len(row.ids) :].sum() == 0
    assert batch.weights[:, 0].sum() == 0
    assert len(maker.packed().ids) == CONTEXT


def test_turning_is_each_of_the_squares_eight_ways_once() -> None:
    picture = torch.arange(9.0).reshape(1, 1, 3, 3)
    turned = train_shapes.turned(picture.repeat(8, 1, 1, 1), torch.Generator().manual_seed(0))
    assert len({tuple(part.flatten().tolist()) for part in turned}) == 8


@pytest.mark.parametrize("module", [train_names, train_shapes])
def test_the_learning_rate_rises_then_falls(module) -> None:
    rates = [module.rate(step, 1000) for step in range(1000)]
    peak = rates.index(max(rates))
    assert peak in (module.WARM_UP - 1, module.WARM_UP)
    assert rates[:peak] == sorted(rates[:peak])
    assert rates[peak:] == sorted(rates[peak:], reverse=True)
    assert rates[-1] < 0.02 * module.PEAK_RATE
