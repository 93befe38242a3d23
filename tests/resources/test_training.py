"""How the bundled models are trained: rows that weigh what is tested, pictures that turning does not change."""

from __future__ import annotations

import itertools

import pytest
import torch

from core.inputs.generators import induction
from resources.models.training import train_names, train_shapes
from resources.models.training.names_data import FILLER_WEIGHT, TEXT_WEIGHT, RowMaker
from resources.models.training.names_tokenizer import CONTEXT, build


@pytest.fixture(scope="module")
def tokenizer():
    return build()


def test_rows_come_from_the_seed_alone(tokenizer) -> None:
    first, second = RowMaker(tokenizer, 3), RowMaker(tokenizer, 3)
    assert [first.sentence() for _ in range(20)] == [second.sentence() for _ in range(20)]
    assert first.running() == second.running()
    assert first.apart() == second.apart()


def test_an_answer_weighs_most(tokenizer) -> None:
    maker = RowMaker(tokenizer, 1)
    counts = set()
    for _ in range(300):
        weights = maker.sentence().weights
        assert set(weights) <= {1.0, TEXT_WEIGHT, FILLER_WEIGHT}
        assert weights[0] < 1
        counts.add(weights.count(1.0))
    assert {0, 1} < counts, "some filler tells two words"


def test_only_what_was_seen_before_counts_in_a_repetition(tokenizer) -> None:
    maker = RowMaker(tokenizer, 1)
    for _ in range(300):
        row = maker.repetition()
        counted = [place for place, weight in enumerate(row.weights) if weight]
        assert counted
        for place in counted:
            pairs = list(zip(row.ids[: place - 1], row.ids[1:place], strict=True))
            assert (row.ids[place - 1], row.ids[place]) in pairs


def test_sequences_are_as_long_as_those_that_are_tested(tokenizer) -> None:
    batch = RowMaker(tokenizer, 2).cycles(60)
    for ids, positions in zip(batch.ids.tolist(), batch.positions.tolist(), strict=True):
        starts = [place for place, position in enumerate(positions) if position == 0]
        for start, end in itertools.pairwise(starts):
            text = ids[start:end]
            period = next(length for length in range(1, len(text)) if text[length:] == text[:-length])
            assert period in induction.PERIODS


def test_the_first_steps_see_one_thing_at_a_time(tokenizer) -> None:
    rows = RowMaker(tokenizer, 3)
    first = train_names.draw(rows, 0)
    assert all(place > 3 for place in first.positions[first.weights > 0].tolist()), "cycles count from the second round"
    objects = train_names.draw(rows, train_names.CYCLE_STEPS)
    words = "\n".join(tokenizer.decode(row) for row in objects.ids)
    assert any(
        verb in words for verb in (" gave ", " handed ", " passed ", " showed ", " sent ", " brought ", " offered ")
    )
    assert set(rows.mixture) == {"indirect-objects", "other-words"}
    train_names.draw(rows, train_names.CYCLE_STEPS + train_names.OBJECT_STEPS)
    assert len(rows.mixture) > 2


def test_only_what_was_seen_before_counts_in_a_cycle(tokenizer) -> None:
    batch = RowMaker(tokenizer, 6).cycles(20)
    assert batch.ids.shape == batch.weights.shape == batch.positions.shape == (20, CONTEXT)
    for ids, weights, positions in zip(batch.ids, batch.weights, batch.positions, strict=True):
        for place in weights.nonzero().flatten().tolist():
            start = place - int(positions[place])
            seen = list(zip(ids[start : place - 1].tolist(), ids[start + 1 : place].tolist(), strict=True))
            assert (int(ids[place - 1]), int(ids[place])) in seen


def test_texts_held_apart_start_at_position_zero_and_are_not_predicted_from_others(tokenizer) -> None:
    batch = RowMaker(tokenizer, 4).batch(apart=6, running=2)
    assert batch.ids.shape == batch.weights.shape == batch.positions.shape == (8, CONTEXT)
    assert batch.weights[batch.positions == 0].sum() == 0
    assert (batch.positions[:6] == 0).sum() > 12
    assert batch.positions[6:].tolist() == [list(range(CONTEXT))] * 2


def test_a_text_held_apart_is_computed_as_if_it_were_alone(tokenizer) -> None:
    torch.manual_seed(0)
    model = train_names.new_model(tokenizer).eval()
    batch = RowMaker(tokenizer, 5).batch(apart=1, running=0)
    starts = (batch.positions[0] == 0).nonzero().flatten().tolist()
    with torch.no_grad():
        together = model.transformer(batch.ids, position_ids=batch.positions, use_cache=False).last_hidden_state
        second = batch.ids[:, starts[1] : starts[2]]
        alone = model.transformer(second, use_cache=False).last_hidden_state
    torch.testing.assert_close(together[:, starts[1] : starts[2]], alone, atol=1e-5, rtol=1e-4)


def test_turning_is_each_of_the_squares_eight_ways_once() -> None:
    picture = torch.arange(9.0).reshape(1, 1, 3, 3)
    turned = train_shapes.turned(picture.repeat(8, 1, 1, 1), torch.Generator().manual_seed(0))
    assert len({tuple(part.flatten().tolist()) for part in turned}) == 8


def test_masks_are_cut_as_the_model_cuts_pictures() -> None:
    masks = torch.zeros(1, 64, 64, dtype=torch.uint8)
    masks[0, 8 * 2 + 3, 8 * 5 + 1] = 255  # patch row 2, column 5; pixel row 3, column 1
    cut = train_shapes.patches(masks)
    assert cut.shape == (1, 64, 64)
    assert cut.nonzero().tolist() == [[0, 2 * 8 + 5, 3 * 8 + 1]]


def test_plain_shapes_stand_out_from_their_ground() -> None:
    batch = torch.zeros(20, 4, 64, 64, dtype=torch.uint8)
    batch[:, :3] = torch.randint(0, 256, (20, 3, 64, 64), generator=torch.Generator().manual_seed(1)).to(torch.uint8)
    batch[:, 3, 20:40, 20:40] = 255
    pictures = train_shapes.plain(batch, torch.Generator().manual_seed(2))
    assert pictures.shape == (20, 3, 64, 64)
    assert 0 <= pictures.min() <= pictures.max() <= 255
    inside, outside = pictures[:, :, 20:40, 20:40], pictures[:, :, 0:20, 0:20]
    for part in (inside, outside):  # nothing of the texture is left
        assert (part == part[:, :, :1, :1]).all()
    assert (inside[:, :, 0, 0] - outside[:, :, 0, 0]).abs().min() >= 90


def rises_then_falls(rates: list[float], rise: int) -> bool:
    peak = rates.index(max(rates))
    return peak <= rise and rates[:peak] == sorted(rates[:peak]) and rates[peak:] == sorted(rates[peak:], reverse=True)


def test_the_learning_rate_rises_then_falls() -> None:
    rates = [train_shapes.rate(step, 1000) for step in range(1000)]
    assert rises_then_falls(rates, train_shapes.WARM_UP)
    assert rates[-1] < 0.02 * max(rates)


def test_the_learning_rate_starts_anew_at_each_stage() -> None:
    second = train_names.CYCLE_STEPS
    third = second + train_names.OBJECT_STEPS
    rates = [train_names.rate(step, third + 1000) for step in range(third + 1000)]
    assert max(rates[:second]) == train_names.CYCLE_RATE
    assert max(rates[second:third]) == train_names.OBJECT_RATE
    for stage in (rates[:second], rates[second:third], rates[third:]):
        assert rises_then_falls(stage, train_names.WARM_UP)
    assert rates[-1] < 0.02 * train_names.PEAK_RATE
