"""An exact scan with a budget: exact where the estimates leave most open, estimates elsewhere, and which is which."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import wirescope as ws
from core.errors import ArgumentError
from core.interchange.scores_files import scores_to_json
from core.interchange.scores_reading import read_scores
from core.tracing.methods.exact_scan import POINTS
from core.tracing.told_options import Options
from tests.core.engine.cases import case
from tests.small_models import VOCABULARY


@pytest.mark.parametrize("level", ["edges", "nodes"])
@pytest.mark.parametrize("replacement", ["patch", "zero", "mean"])
def test_the_furthest_intervals_are_measured_and_the_others_estimated(level: str, replacement: str) -> None:
    session = case("gpt2").session()
    every = ws.trace(session, "exact-scan", level=level, replacement=replacement).values  # type: ignore[arg-type]
    budget = len(every) // 4
    scores = ws.trace(
        session,
        "exact-scan",
        level=level,  # type: ignore[arg-type]
        replacement=replacement,  # type: ignore[arg-type]
        options=Options(budget=budget),
    )
    measured = scores.measured
    assert measured is not None
    assert measured.sum() == budget
    assert np.allclose(scores.values[measured], every[measured], rtol=0, atol=1e-9)
    assert f"{budget:,} of {len(every):,} {level}" in scores.about["measured"]
    if replacement == "patch":
        estimates = ws.trace(session, "eap-ig", level=level, steps=POINTS).values  # type: ignore[arg-type]
        assert np.allclose(scores.values[~measured], estimates[~measured], rtol=0, atol=1e-9)
    share = np.abs(every[measured]).sum() / np.abs(every).sum()
    assert share > 0.5, "a quarter of the edits holds most of what edits do"


@pytest.mark.parametrize("budget", [0, 100_000])
def test_a_budget_for_all_is_a_plain_scan(budget: int) -> None:
    session = case("gpt2").session()
    scores = ws.trace(session, "exact-scan", level="nodes", options=Options(budget=budget))
    assert scores.measured is None
    assert np.array_equal(scores.values, ws.trace(session, "exact-scan", level="nodes").values)


def test_over_a_dataset_the_same_edges_are_measured_of_every_pair() -> None:
    model = case("llama-grouped").model
    pairs = []
    for length in (5, 6, 7):
        ids = torch.arange(length)[None] % VOCABULARY
        pairs.append(model.pair(ids, (ids + 1) % VOCABULARY))
    session, dataset = ws.Session(model, pairs[0], ws.logit_difference(1, 2)), ws.Dataset(pairs)
    scores = ws.trace(session, "exact-scan", dataset=dataset, options=Options(budget=20))
    every = ws.trace(session, "exact-scan", dataset=dataset).values
    assert scores.measured is not None
    assert scores.measured.sum() == 20
    assert np.allclose(scores.values[scores.measured], every[scores.measured], rtol=0, atol=1e-9)
    assert np.isfinite(scores.values).all()


def test_a_file_says_which_are_measured(tmp_path) -> None:
    session = case("gpt2").session()
    scores = ws.trace(session, "exact-scan", options=Options(budget=7))
    path = tmp_path / "scores.json"
    path.write_text(scores_to_json(scores), encoding="utf-8")
    again = read_scores(path, session.graph).scores
    assert np.array_equal(again.measured, scores.measured)
    assert np.array_equal(again.values, scores.values)


def test_what_a_budget_cannot_do_is_refused() -> None:
    session = case("gpt2").session()
    with pytest.raises(ArgumentError, match="not for positions"):
        ws.trace(session, "exact-scan", level="positions", options=Options(budget=3))
    jumps = ws.Session(session.model, session.pair, ws.accuracy(1))
    with pytest.raises(ArgumentError, match="jumps"):
        ws.trace(jumps, "exact-scan", options=Options(budget=3))
