"""Heads known from their construction get their scores, and no others do."""

from __future__ import annotations

import numpy as np
import pytest

import wirescope as ws
from core.errors import InputError
from core.heads.attention import attention_scores
from core.heads.generated import repeated_tokens
from core.heads.places import duplicate, induction, previous
from tests.ground_truth.programs import PROGRAMS


def test_places_by_hand() -> None:
    ids = [5, 7, 5, 7, 9]
    assert previous(ids).nonzero()[1].tolist() == [0, 1, 2, 3]
    assert list(zip(*(each.tolist() for each in duplicate(ids).nonzero()), strict=True)) == [(2, 0), (3, 1)]
    assert list(zip(*(each.tolist() for each in induction(ids).nonzero()), strict=True)) == [(2, 1), (3, 2)]


def test_the_hand_written_heads_and_no_others() -> None:
    model = PROGRAMS["induction"].build().build()
    rows = repeated_tokens(model, 8, 4, tokens=range(1, 8), start=[0])
    assert rows.shape == (8, 9)
    assert (rows[:, 1:5] == rows[:, 5:]).all()
    found = attention_scores(model, rows)
    for kind, head in (("previous token", 2), ("induction", 4 + 1)):
        scores = found.of(kind)
        assert int(np.argmax(scores)) == head
        assert scores[head] > 0.99
        assert np.delete(scores, head).max() < 0.6
        assert found.covers[found.kinds.index(kind), head] > (0.99 if kind == "previous token" else 0.4)
        assert scores[head] > np.nanmax(found.random[found.kinds.index(kind)])
    assert found.of("duplicate token").max() < 0.6
    assert found.queries.tolist() == [8 * 8, 8 * 4, 8 * 4]


def test_models_that_tell_no_next_token_are_refused() -> None:
    with pytest.raises(InputError, match="does not tell the next token"):
        repeated_tokens(ws.load_model("bundled:shapes"), 2)
