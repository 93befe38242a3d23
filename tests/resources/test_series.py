"""The trainings whose checkpoints are kept."""

from __future__ import annotations

import torch

from core.checkpoints.made import MADE
from resources.models.training import descent, train_series
from resources.models.training.copies import predicted_by_induction, without_copies
from resources.models.training.names_data import Batch
from resources.models.training.pair_data import PairRows, pair_tokenizer
from resources.models.training.pair_model import KEYS, QUERIES, VALUES, pair_model


def test_what_induction_predicts_follows_an_earlier_copy_in_the_same_text():
    ids = torch.tensor([[1, 2, 3, 1, 2, 3, 1, 2]])
    texts = torch.tensor([[0, 1, 2, 3, 4, 0, 1, 2]])  # the second begins at the sixth token
    batch = Batch(ids, torch.ones(1, 8), texts)
    assert predicted_by_induction(batch).tolist() == [[False] * 4 + [True] + [False] * 3]
    assert without_copies(batch).weights.tolist() == [[1, 1, 1, 1, 0, 1, 1, 1]]
    whole = Batch(ids, torch.ones(1, 8), torch.arange(8)[None])
    assert predicted_by_induction(whole)[0].nonzero().flatten().tolist() == [4, 5, 6, 7]


def test_the_pair_sees_the_same_rows_and_counts_others():
    tokenizer = pair_tokenizer()
    copies, others = (PairRows(tokenizer, 3) for _ in range(2))
    one, other = train_series.mixed(copies, 0), train_series.mixed_without_copies(others, 0)
    told = (one.weights > 0) & predicted_by_induction(one)
    echoes = slice(train_series.ECHOES)
    assert torch.equal(told[echoes], one.weights[echoes] > 0)  # they are told by nothing else, and are left out
    rest = slice(train_series.ECHOES, None)
    assert torch.equal(one.ids[rest], other.ids)
    assert torch.equal(other.weights, one.weights[rest] * ~told[rest])
    assert tokenizer.decode(copies.walk().ids).count(" ") >= 40  # words, no pieces
    (colon,) = tokenizer.encode(":")
    for row in (copies.prompt() for _ in range(30)):
        counted = [place for place, weight in enumerate(row.weights) if weight]
        assert [place for place, each in enumerate(row.ids) if each == colon][1:] == [place - 1 for place in counted]


def test_the_series_are_those_that_are_offered():
    assert list(train_series.SERIES) == list(MADE)
    for series in train_series.SERIES.values():
        assert list(series.steps) == sorted(series.steps)
        assert 10 <= len(series.steps) <= 13


def test_the_pair_begins_with_a_head_that_looks_back_and_keeps_it():
    tokenizer = pair_tokenizer()
    torch.manual_seed(0)
    model = pair_model(tokenizer)
    batch = train_series.mixed(PairRows(tokenizer, 3), 0)
    before = model.transformer.h[0].attn.c_attn.weight.detach().clone()
    descent.loss_of(model, batch).backward()
    gradient = model.transformer.h[0].attn.c_attn.weight.grad
    for part in (QUERIES, KEYS):
        assert not gradient[:, part].any()
    assert gradient[:, VALUES].any()
    with torch.no_grad():
        pattern = model(batch.ids, output_attentions=True).attentions[0][:, 0]
    assert torch.equal(model.transformer.h[0].attn.c_attn.weight, before)
    assert pattern.diagonal(-1, 1, 2).mean() > 0.95
