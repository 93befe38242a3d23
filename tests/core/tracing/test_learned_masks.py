"""Learned masks: few edges stay open, and they keep the output."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import wirescope as ws
from core.errors import ArgumentError, ModelError
from core.tracing import learned_masks
from core.tracing.job import Options
from core.tracing.trace import Tracing
from tests.core.engine.cases import case
from tests.core.tracing.partly import stopped_after


@pytest.fixture(scope="module")
def names() -> ws.Session:
    model = ws.load_model("bundled:names")
    a = "When Mary and John went to the store, John gave a drink to"
    return ws.Session(model, model.pair(a, a.replace("John gave", "Mary gave")), ws.kl())


def test_a_twentieth_of_the_edges_keeps_what_the_model_says(names: ws.Session) -> None:
    scores = ws.trace(names, "learned-masks", options=Options(updates=120, keep=0.05))
    open_ones = int((scores.values > 0.5).sum())
    assert 0.02 < open_ones / names.graph.n_edges < 0.09
    learned = float(names.run_circuit(scores.top(open_ones)).metric[0])
    attributed = float(names.run_circuit(ws.trace(names, "eap").top(open_ones)).metric[0])
    nothing = float(names.run_circuit(scores.top(0)).metric[0])
    assert learned < 0.5 < 1.5 < attributed
    assert nothing > 5


@pytest.mark.parametrize(("family", "keep"), [("gptj", 0.1), ("dinov2", 0.4)])
def test_as_many_are_expected_to_be_open_as_were_asked_for(family: str, keep: float) -> None:
    session = case(family).session()
    values = ws.trace(session, "learned-masks", options=Options(updates=100, keep=keep)).values
    log_alpha = np.log(values / (1 - values))
    still_open = 1 / (1 + np.exp(-(log_alpha + 2 / 3 * np.log(11))))  # the chance that a mask is not cut to 0
    assert still_open.mean() == pytest.approx(keep, abs=0.05)


def test_masks_of_nodes_open_and_shut_all_their_edges() -> None:
    session = case("llama-grouped").session()
    values = ws.trace(session, "learned-masks", level="nodes", options=Options(updates=60, keep=0.4)).values
    assert values.shape == (session.graph.n_writers,)
    assert ((values > 0) & (values < 1)).all()
    assert 3 <= (values > 0.5).sum() <= 9


def test_masks_are_the_seeds() -> None:
    session = case("gpt2").session()
    one, same, other = (
        ws.trace(session, "learned-masks", options=Options(seed=seed, updates=8)).values for seed in (1, 1, 2)
    )
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_the_pairs_of_a_dataset_share_their_masks() -> None:
    """A pair twice is that pair: the divergence is a mean."""
    session = case("gpt2").session()
    pair, options = session.pair, Options(updates=8)
    twice = ws.trace(session, "learned-masks", dataset=ws.Dataset([pair, pair]), options=options).values
    assert np.allclose(twice, ws.trace(session, "learned-masks", options=options).values, rtol=0, atol=1e-9)


def test_masks_so_far_come_at_each_update() -> None:
    session = case("gpt2").session()
    parts = stopped_after(Tracing(session, "learned-masks", options=Options(updates=10)), 4)
    assert [share for _, share in parts] == pytest.approx([0.1, 0.2, 0.3, 0.4])
    assert parts[0][0].values.std() > 0


def test_large_models_and_shares_that_are_none_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    session = case("gpt2").session()
    monkeypatch.setattr(learned_masks, "MOST_EDGES", 100)
    with pytest.raises(ModelError, match=f"{session.graph.n_edges} edges, 100 is the most"):
        ws.trace(session, "learned-masks")
    for keep in (0.0, 1.0):
        with pytest.raises(ArgumentError, match="share to keep"):
            Options(keep=keep)
    assert torch.is_grad_enabled()
