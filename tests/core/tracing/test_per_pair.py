"""Scores of every pair alone, from runs that the pairs share."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import wirescope as ws
from core.errors import ArgumentError, InputError
from core.models.adapter import Adapter
from core.tracing import attribution, over_pairs, per_pair
from core.tracing.method import METHODS
from core.tracing.per_pair import scores_per_pair
from tests.core.engine.cases import case
from tests.small_models import VOCABULARY

TOGETHER = [name for name, method in METHODS.items() if method.by_row]
DIFFERENT = ((5, 1), (7, 3), (5, 4), (7, 2), (5, 2))  # how long each pair is, and where its B begins to differ


def dataset_of(model: ws.Model) -> ws.Dataset:
    draw, pairs = torch.Generator().manual_seed(0), []
    for length, first in DIFFERENT:
        a = torch.randint(0, VOCABULARY, (1, length), generator=draw)
        b = a.clone()
        b[:, first] = (b[:, first] + 1) % VOCABULARY
        pairs.append(model.pair(a, b))
    return ws.Dataset(pairs, [(row + 1, row + 2) for row in range(len(pairs))])


@pytest.mark.parametrize("block", [attribution.BLOCK_BYTES, 4000])
@pytest.mark.parametrize("replacement", ["patch", "mean", "zero"])
@pytest.mark.parametrize("name", TOGETHER)
def test_a_pair_scores_in_company_what_it_scores_alone(name: str, replacement: str, block: int, monkeypatch) -> None:
    model = case("llama-grouped").model
    dataset = dataset_of(model)
    session = ws.Session(model, dataset.pairs[0], ws.logit_difference(1, 2), dataset=dataset)
    expected = []
    for pair, (target, foil) in zip(dataset.pairs, dataset.answers, strict=True):
        alone = ws.Session(model, pair, ws.logit_difference(target, foil), dataset=dataset)
        expected.append(ws.trace(alone, name, replacement=replacement).values)  # type: ignore[arg-type]
    monkeypatch.setattr(attribution, "BLOCK_BYTES", block)
    found = scores_per_pair(session, name, dataset, replacement)  # type: ignore[arg-type]
    assert np.allclose(found, expected, rtol=1e-6, atol=1e-7)
    assert len({row.tobytes() for row in found}) == len(DIFFERENT)


@pytest.mark.parametrize("name", TOGETHER)
def test_pairs_of_one_length_share_their_runs(name: str, monkeypatch) -> None:
    model = case("gpt2").model
    ran: list[int] = []
    usual = Adapter.mlp

    def counted(adapter: Adapter, layer: int, x: torch.Tensor) -> torch.Tensor:
        ran.append(len(x))
        return usual(adapter, layer, x)

    monkeypatch.setattr(Adapter, "mlp", counted)
    calls = []
    for count in (2, 6):  # one pair alone would take the session's own runs
        ids = torch.arange(5 * count).reshape(count, 5) % VOCABULARY
        pairs = [model.pair(row[None], (row[None] + 1) % VOCABULARY) for row in ids]
        session = ws.Session(model, pairs[0], ws.logit_difference(1, 2))
        ran.clear()
        scores_per_pair(session, name, ws.Dataset(pairs), "zero")
        calls.append(len(ran))
    assert calls[1] <= calls[0] + 1


def test_a_pair_of_several_rows_is_refused() -> None:
    setup = case("gpt2", batch=2)
    session = ws.Session(setup.model, setup.pair, ws.logit_difference(1, 2))
    with pytest.raises(InputError, match="one by one"):
        scores_per_pair(session, "eap", ws.Dataset([setup.pair]))


def test_pairs_go_together_as_their_gradients_fit(monkeypatch) -> None:
    """EAP-IG holds the gradients of several steps at once, as in a trace."""
    setup = case("gpt2")
    ids = torch.arange(5 * 8).reshape(8, 5) % VOCABULARY
    pairs = [setup.model.pair(row[None], (row[None] + 1) % VOCABULARY) for row in ids]
    session = ws.Session(setup.model, pairs[0], ws.logit_difference(1, 2))
    asked: list[int] = []
    usual = per_pair.batches_over

    def told(session: ws.Session, dataset: ws.Dataset, positions: int) -> object:
        asked.append(positions)
        return usual(session, dataset, positions)

    monkeypatch.setattr(per_pair, "batches_over", told)
    monkeypatch.setattr(over_pairs, "batch_positions", lambda weights, runs: 10**6)
    for steps in (1, 5):
        scores_per_pair(session, "eap-ig", ws.Dataset(pairs), options=ws.Options(steps=steps))
    assert asked == [over_pairs.fitting_positions(session, steps) for steps in (1, 5)]
    assert asked[1] < asked[0]


@pytest.mark.parametrize("name", ["eap", "exact-scan"])
def test_pairs_are_scored_alone_at_spans_too(name: str) -> None:
    model = case("llama-grouped").model
    dataset = dataset_of(model)
    session = ws.Session(model, dataset.pairs[0], ws.logit_difference(1, 2), dataset=dataset)
    spans = ("0", "-1", "other positions")
    if name == "exact-scan":
        with pytest.raises(ArgumentError, match="does not score edge-spans"):
            scores_per_pair(session, name, dataset, spans=spans)
        return
    found = scores_per_pair(session, name, dataset, spans=spans)
    whole = ws.trace(session, name, dataset=dataset, level="edge-spans", spans=("0", "-1"))
    assert whole.spans == spans
    assert np.allclose(found.mean(axis=0), whole.values.ravel(), rtol=1e-4, atol=1e-7)
    over_spans = found.reshape(len(dataset), -1, 3).sum(axis=2)
    assert np.allclose(over_spans, scores_per_pair(session, name, dataset), rtol=1e-4, atol=1e-7)
