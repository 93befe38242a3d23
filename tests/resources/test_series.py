"""The trainings whose checkpoints are kept."""

from __future__ import annotations

import torch

from core.checkpoints.made import MADE
from resources.models.training import train_series
from resources.models.training.copies import predicted_by_induction, without_copies
from resources.models.training.names_data import Batch, RowMaker
from resources.models.training.names_tokenizer import build


def test_what_induction_predicts_follows_an_earlier_copy_in_the_same_text():
    ids = torch.tensor([[1, 2, 3, 1, 2, 3, 1, 2]])
    texts = torch.tensor([[0, 1, 2, 3, 4, 0, 1, 2]])  # the second begins at the sixth token
    batch = Batch(ids, torch.ones(1, 8), texts)
    assert predicted_by_induction(batch).tolist() == [[False] * 4 + [True] + [False] * 3]
    assert without_copies(batch).weights.tolist() == [[1, 1, 1, 1, 0, 1, 1, 1]]
    whole = Batch(ids, torch.ones(1, 8), torch.arange(8)[None])
    assert predicted_by_induction(whole)[0].nonzero().flatten().tolist() == [4, 5, 6, 7]


def test_the_pair_sees_the_same_rows_and_counts_others():
    tokenizer = build()
    copies, others = (RowMaker(tokenizer, 3) for _ in range(2))
    one, other = train_series.mixed(copies, 0), train_series.mixed_without_copies(others, 0)
    assert torch.equal(one.ids, other.ids)
    left_out = (one.weights > 0) & (other.weights == 0)
    assert torch.equal(left_out, (one.weights > 0) & predicted_by_induction(one))
    assert other.weights[: train_series.CYCLES].sum() == 0  # repeated sequences are nothing else
    assert other.weights.sum() > 0


def test_the_series_are_those_that_are_offered():
    assert list(train_series.SERIES) == list(MADE)
    for series in train_series.SERIES.values():
        assert list(series.steps) == sorted(series.steps)
        assert 10 <= len(series.steps) <= 13
