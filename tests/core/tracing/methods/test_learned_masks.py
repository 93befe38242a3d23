"""Learned masks: few edges stay open, and they keep the output."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

import wirescope as ws
from core.errors import ArgumentError, ModelError
from core.tracing.job import Job
from core.tracing.method import METHODS
from core.tracing.methods import learned_masks
from core.tracing.scores import Scores
from core.tracing.told_options import Options
from core.tracing.trace import Tracing
from tests.core.engine.cases import case
from tests.core.tracing.partly import stopped_after


@pytest.fixture(scope="module")
def names() -> ws.Session:
    model = ws.load_model("bundled:names")
    a = "When Mary and John went to the store, John gave a drink to"
    return ws.Session(model, model.pair(a, a.replace("John gave", "Mary gave")), ws.kl())


@pytest.fixture(scope="module")
def learned(names: ws.Session) -> tuple[Scores, Scores]:
    """The scores, and those by what the masks are in the end alone."""
    job = Job(names, options=Options(updates=120, keep=0.05))
    *_, found = learned_masks.learned_masks(job)
    log_alpha = job.memory.state.masks.log_alpha.detach().numpy()
    scores, last = (Scores(names.graph, values, "learned-masks", "patch") for values in (found.values, log_alpha))
    return scores, last


def test_a_twentieth_of_the_edges_keeps_what_the_model_says(names: ws.Session, learned: tuple[Scores, Scores]) -> None:
    scores, _ = learned
    open_ones = int((scores.values > 0.5).sum())
    assert 0.02 < open_ones / names.graph.n_edges < 0.09
    kept = float(names.run_circuit(scores.top(open_ones)).metric[0])
    attributed = float(names.run_circuit(ws.trace(names, "eap").top(open_ones)).metric[0])
    nothing = float(names.run_circuit(scores.top(0)).metric[0])
    assert kept < 0.5 < 1.5 < attributed
    assert nothing > 5


def test_masks_that_shut_late_stand_before_those_that_shut_early(
    names: ws.Session, learned: tuple[Scores, Scores]
) -> None:
    """So the ranking holds for circuits that are larger than the one that was learned."""
    size = names.graph.n_edges // 5
    ranked, by_the_last = (float(names.run_circuit(each.top(size)).metric[0]) for each in learned)
    assert ranked < by_the_last / 3


@pytest.mark.parametrize(("family", "keep"), [("gptj", 0.1), ("dinov2", 0.4)])
def test_as_many_are_expected_to_be_open_as_were_asked_for(family: str, keep: float) -> None:
    session = case(family).session()
    job = Job(session, options=Options(updates=100, keep=keep))
    *_, found = learned_masks.learned_masks(job)
    log_alpha = job.memory.state.masks.log_alpha.detach().numpy()
    still_open = 1 / (1 + np.exp(-(log_alpha + 2 / 3 * np.log(11))))  # the chance that a mask is not cut to 0
    assert still_open.mean() == pytest.approx(keep, abs=0.05)
    assert np.array_equal(found.values >= 0.5, log_alpha >= 0), "those that end open are the paper's circuit"


def test_masks_of_nodes_open_and_shut_all_their_edges() -> None:
    session = case("llama-grouped").session()
    values = ws.trace(session, "learned-masks", level="nodes", options=Options(updates=60, keep=0.4)).values
    assert values.shape == (session.graph.n_writers,)
    assert ((values > 0) & (values < 1)).all()
    assert 3 <= (values > 0.5).sum() <= 9


@pytest.mark.parametrize("family", ["llama-grouped", "dinov2"])
def test_masks_at_positions_keep_few_of_them(family: str) -> None:
    session = case(family, batch=2).session()
    graph = session.graph
    options = Options(updates=100, keep=0.3)
    values = ws.trace(session, "learned-masks", level="positions", options=options).values
    assert values.shape == (graph.n_writers, session.pair.length)
    first = session.engine.first_patched_row
    assert not values[:, :first].any(), "A and B begin alike: nothing is replaced there"
    kept = values >= 0.5
    assert 0.1 < kept[:, first:].mean() < 0.4

    def changed(cut: np.ndarray) -> float:
        edits = [
            ws.Edit(graph.writers[n], "patch", np.flatnonzero(cut[n]).tolist()) for n in range(len(cut)) if cut[n].any()
        ]
        return float((session.run(edits).answer - session.clean.answer).abs().mean())

    shuffled = np.random.default_rng(0).permutation(kept[:, first:].ravel()).reshape(kept[:, first:].shape)
    others = np.zeros_like(kept)
    others[:, first:] = shuffled
    assert changed(~kept) < 0.75 * changed(~others)


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
    """Before anything is learned, and in the menu."""
    session = case("gpt2").session()
    method = METHODS["learned-masks"]
    assert method.most_edges is not None
    assert method.most_edges > 32_491  # GPT-2 small
    replace(method, most_edges=session.graph.n_edges).check(session, "patch", "edges")
    monkeypatch.setitem(METHODS, "learned-masks", replace(method, most_edges=100))
    with pytest.raises(ModelError, match=f"{session.graph.n_edges} edges, 100 is the most"):
        ws.trace(session, "learned-masks")
    for keep in (0.0, 1.0):
        with pytest.raises(ArgumentError, match="share to keep"):
            Options(keep=keep)
    assert torch.is_grad_enabled()
