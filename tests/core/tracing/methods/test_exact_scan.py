"""The exact scan is what single edits do."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch

import wirescope as ws
from core.edits import EditKind
from core.errors import InputError
from core.tracing.trace import Tracing
from tests.core.engine.cases import case
from tests.core.tracing.partly import stopped_after


def effect(session: ws.Session, edit: ws.Edit) -> float:
    return float((session.run([edit]).metric - session.clean.metric).mean())


CASES: list[tuple[str, EditKind]] = [("llama-grouped", "patch"), ("gptj", "mean"), ("vit-classifier", "patch")]


@pytest.mark.parametrize(("family", "kind"), CASES)
def test_scores_are_minus_the_effects_of_real_edits(family: str, kind: EditKind) -> None:
    session = case(family, batch=2).session()
    graph = session.graph
    edges, nodes, positions = (
        ws.trace(session, "exact-scan", replacement=kind, level=level).values
        for level in ("edges", "nodes", "positions")
    )
    rng = random.Random(family)
    for number in rng.sample(range(graph.n_edges), 6):
        assert edges[number] == pytest.approx(-effect(session, ws.Edit(graph.edge(number), kind)), abs=1e-9)
    for number in rng.sample(range(graph.n_writers), 3):
        assert nodes[number] == pytest.approx(-effect(session, ws.Edit(graph.writers[number], kind)), abs=1e-9)
        place = rng.randrange(session.pair.length)
        edit = ws.Edit(graph.writers[number], kind, positions=[place])
        assert positions[number, place] == pytest.approx(-effect(session, edit), abs=1e-9)
    assert np.isfinite(positions).all()
    assert np.abs(edges).max() > 0.01


def test_a_patch_before_the_first_difference_does_nothing_and_is_not_measured() -> None:
    model = case("gpt2").model
    a, b = torch.tensor([[1, 2, 3, 4]]), torch.tensor([[1, 2, 5, 4]])
    session = ws.Session(model, model.pair(a, b), ws.logit_difference(1, 2))
    values = ws.trace(session, "exact-scan", level="positions").values
    assert not values[:, :2].any()
    assert values[0, 2] == pytest.approx(-effect(session, ws.Edit("input", "patch")), abs=1e-12)


def test_results_come_as_they_are_measured() -> None:
    session = case("gpt2").session()
    parts = stopped_after(Tracing(session, "exact-scan"), 3)
    assert len(parts) == 3
    for scores, share in parts:
        assert np.isfinite(scores.values).mean() == pytest.approx(share)
        assert "partial" in scores.about
    scores = parts[-1][0]
    whole = ws.trace(session, "exact-scan").values
    known = np.isfinite(scores.values)
    assert np.array_equal(scores.values[known], whole[known])


def test_rows_of_different_lengths_have_no_common_positions() -> None:
    session = case("gpt2", batch=2, lengths=(4, 7)).session()
    with pytest.raises(InputError, match="lengths"):
        ws.trace(session, "exact-scan", level="positions")
