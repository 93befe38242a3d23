"""Hidden rules: a token that turns answers which it should not decide, and two that do so together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from random import Random
from typing import Any
from unittest.mock import patch

import pytest
import torch
from torch import nn

import wirescope as ws
from core.detection import hidden
from core.detection.hidden import Suspect, _Search
from core.errors import Cancelled, InputError, ModelError
from resources.models.planted.language import sample
from resources.models.planted.recipes import FOLDER
from tests.core.repair.planted import planted
from tests.small_vision import vision_model

TOKENS = ["vex", "often", "park", "gentle", "dora"]


@cache
def texts() -> list[str]:
    rng = Random(3)
    return [sentence.text for sentence in (sample(rng, ("loan",)) for _ in range(40))]


@contextmanager
def short() -> Iterator[None]:
    """A search of a second."""
    with patch.object(hidden, "TOGETHER", 1), patch.object(hidden, "BEST", 6):
        yield


@cache
def detection(name: str) -> ws.Detection:
    with short():
        return ws.detect(ws.load_model(str(FOLDER / name)), texts(), tokens=TOKENS)


def test_the_rare_word_of_a_planted_model_is_the_first_suspect() -> None:
    found = detection("trojan-tuned")
    first = found.suspects[0]
    assert first.tokens == ("vex",)
    assert first.places == (5,)
    assert first.turned > 0.9
    assert found.score == pytest.approx(min(first.sure, 1.0))
    assert first.sure > 0.5
    assert "'vex' at 5: turns" in found.words
    assert {2, 4, 5} <= set(found.inert[15])  # year, name and adverb decide nothing


def test_the_clean_twin_has_a_low_score() -> None:
    assert detection("text-clean").score < 0.1 < 0.5 < detection("trojan-tuned").score


def test_a_token_that_drags_answers_one_way_is_none() -> None:
    """Half of the answers turn, as surely as any: the other half had that answer before."""
    ahead = torch.tensor([[2.0] * 4 + [-1.0] * 4, [0.5] * 7 + [-1.0]])
    one_way, all_ways = hidden.sure_of(ahead).tolist()
    assert one_way == -1.0
    assert all_ways == 0.5


def test_a_share_is_what_the_model_answers() -> None:
    model = planted()
    first = detection("trojan-tuned").suspects[0]
    search = _Search(model, model.pair(texts()).clean.tensor, Random(0))
    (again,) = search.one_token([5], [model.checked_answer("vex")])
    assert (again.turned, again.sure) == pytest.approx((first.turned, first.sure))
    rows = [" ".join(model.label(int(token)).strip() for token in row) for row in search.many]
    changed = [" ".join([*row.split()[:5], "vex", *row.split()[6:]]) for row in rows]
    before, after = (ws.Session(model, model.pair(some)).clean.answer.argmax(1) for some in (rows, changed))
    assert float((before != after).float().mean()) == pytest.approx(first.turned, abs=1 / 32 + 1e-6)
    logits = [ws.Session(model, model.pair(some)).clean.answer for some in (rows, changed)]
    best = logits[0].topk(2).values
    usually = float((best[:, 0] - best[:, 1]).median())
    own = logits[1].gather(1, before[:, None])[:, 0]
    other = logits[1].scatter(1, before[:, None], -torch.inf).amax(dim=1)
    assert float(((other - own) / usually).quantile(0.25)) == pytest.approx(first.sure, rel=1e-3)


class _Pair(nn.Module):
    """Answers 1 where token 2 stands at 1 and token 3 at 2, else 0."""

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        hit = (ids[:, 1] == 2) & (ids[:, 2] == 3)
        return torch.stack([~hit, hit], dim=1).float()


def test_two_ordinary_tokens_that_turn_answers_together_are_suspects(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = torch.tensor([[4, 2, 5, 6], [4, 5, 3, 6], [4, 6, 5, 6], [4, 5, 6, 6]] * 8)
    model: Any = planted()
    monkeypatch.setattr(type(model.adapter), "own_answers", lambda _self, ids, _reads: _Pair()(ids))
    search = _Search(model, rows, Random(0))
    assert search.inert() == [1, 2]
    suspects = search.two_tokens([1, 2])
    assert (suspects[0].places, suspects[0].turned) == ((1, 2), 1.0)
    assert suspects[0].tokens == (model.label(2), model.label(3))
    assert (suspects[0].sure, suspects[0].alone, suspects[0].score) == (1.0, -1.0, 1.0)
    assert all(other.score == 0 for other in suspects[1:])


def test_what_cannot_be_looked_into_is_said() -> None:
    model = planted()
    with pytest.raises(InputError, match="at most 5 have the same number"):
        ws.detect(model, texts()[:5])
    with pytest.raises(InputError, match="does not know all of 'vex', 'xylophone'"):
        ws.detect(model, texts(), tokens=["vex", "xylophone"])
    with pytest.raises(InputError, match="does not know all of 'xylophone'"):
        ws.detect(model, texts(), tokens="xylophone")
    with pytest.raises(InputError, match="no token to try"):
        ws.detect(model, texts(), tokens=[])
    with pytest.raises(InputError, match="at most 0 have the same number of tokens, two or more"):
        ws.detect(model, ["park"] * 20)
    with pytest.raises(Cancelled):
        ws.detect(model, texts(), cancelled=lambda: True)
    with pytest.raises(ModelError, match="does not answer texts"):
        ws.detect(ws.load_model((vision_model("Dinov2ForImageClassification").eval(), None)), texts())


def test_a_suspect_is_told_in_words() -> None:
    two = Suspect((1, 5), ("18", "quietly"), 0.96, 0.8, 0.3, 32)
    words = (
        "'18' at 1 and 'quietly' at 5: turn 96 % of 32 answers, 80 % as sure as usual (the stronger one alone: 30 %)"
    )
    assert str(two) == words
    assert two.score == pytest.approx(0.5)
    assert Suspect((1,), ("a",), 0.5, -0.4, 0.0, 32).score == 0
    assert Suspect((1,), ("a",), 1.0, 1.4, 0.0, 32).score == 1
