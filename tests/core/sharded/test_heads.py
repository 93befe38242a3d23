"""Cards of heads over shards are those over all texts at once."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

import wirescope as ws
from core.errors import InputError
from core.heads.attention import attention_scores
from core.heads.identity import OF_ATTENTION, HeadIdentities, head_identities
from core.sharded.executors import Workers
from core.sharded.heads import HeadsWork
from core.sharded.heads_over_pairs import heads_over_pairs
from core.sharded.many_pairs import ManyPairs
from tests.core.sharded.small_run import ROWS, Backwards, small_model


def texts(model: ws.Model, rows) -> list[torch.Tensor]:
    return [model.pair(row.clean, row.counterfactual).clean.tensor for row in rows]


def test_cards_over_shards_are_those_over_all_texts_at_once(tmp_path: Path) -> None:
    model = small_model()
    pairs = ManyPairs(rows=ROWS[:6], name="rows.csv", shard=4)  # of one length
    found, what = heads_over_pairs(model, tmp_path / "one", pairs, HeadsWork(3), Workers())
    assert what == "the A of 6 pairs of rows.csv"
    expected = head_identities(model, torch.cat(texts(model, ROWS[:6])), 3)
    for name in ("generated", "corpus", "covers", "rare", "rare_corpus"):
        assert getattr(found, name) == pytest.approx(getattr(expected, name), abs=1e-12, nan_ok=True), name
    assert np.isfinite(found.corpus).any()
    assert found.read.deciles == pytest.approx(expected.read.deciles, nan_ok=True)
    written = json.loads((tmp_path / "one" / "heads.json").read_text())["heads"]
    assert list(written) == list(found.heads)
    assert written["a0.h1"]["scores"]["previous token"]["corpus"] == found.corpus[0, 1]


def test_texts_of_several_lengths_add_up_and_a_run_goes_on(tmp_path: Path, monkeypatch) -> None:
    model = small_model()
    monkeypatch.setattr(Workers, "executor", lambda _self, model: Backwards(model, stop=2))

    def run() -> HeadIdentities:
        pairs = ManyPairs(rows=iter(ROWS), name="rows.csv", shard=5)  # three lengths, two of them in a shard
        return heads_over_pairs(model, tmp_path, pairs, HeadsWork(), Workers())[0]

    with pytest.raises(KeyboardInterrupt):
        run()
    monkeypatch.undo()
    found = run()
    each = [attention_scores(model, text, OF_ATTENTION) for text in texts(model, ROWS)]  # a text at a time
    queries = np.array([scores.queries for scores in each])[:, :, None]
    score = np.nan_to_num([scores.score for scores in each])
    of_texts = (score * queries).sum(axis=0) / np.maximum(queries.sum(axis=0), 1)
    asked = queries.sum(axis=0)[:, 0] > 0
    assert asked.any()
    assert found.corpus[: len(OF_ATTENTION)][asked] == pytest.approx(of_texts[asked], abs=1e-12)


def test_a_model_that_sees_is_refused_before_anything_is_done(tmp_path: Path) -> None:
    model = ws.load_model("bundled:shapes")
    with pytest.raises(InputError, match="does not tell the next token"):
        heads_over_pairs(model, tmp_path, ManyPairs("shapes", 4, shard=2), HeadsWork(), Workers())
    assert not (tmp_path / "progress.json").exists()
