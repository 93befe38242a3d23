"""`wirescope bench detect`, short: the table of inputs on one model, twins of a few steps, intervals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.benchmarks import detect_inputs, detect_models, twins
from tests.benchmarks.auroc import auroc, bootstrapped


def test_a_planted_models_triggered_inputs_are_told_from_calm_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    table, alarms = detect_inputs.tables(held_out=16, reference=40, names=["trojan-tuned"], known=2)
    row = dict(zip(table.heads, table.rows[0], strict=True))
    assert float(row["watch: all nodes"].split()[0]) > 0.95
    assert float(row["entropy"].split()[0]) < 0.9
    assert "16 of each, after 40 reference inputs" in table.title
    assert alarms.rows[0][0] == "trojan-tuned"


def test_twins_are_trained_once_and_scored_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(twins, "STEPS", 2)
    monkeypatch.setattr(detect_models.ws, "detect", lambda model, texts: _nothing())
    monkeypatch.setattr(detect_models, "scan", lambda model, texts: 1.0)
    monkeypatch.setattr(twins, "rates", lambda model, plant: (1.0, 1.0))
    some, others = (("clean", (0, 1)), ("word", (0,))), (("clean", (2, 3)), ("date", (1,)))
    (table,) = detect_models.tables(some, others, inputs=20)
    assert [row[0] for row in table.rows][:3] == list(detect_models.OURS)
    assert "chosen on 2 clean, 1 word; held out are 2 clean, 1 date" in table.title
    assert table.heads[2:4] == ("held out", "held out: date")
    monkeypatch.setattr(twins, "train", None)  # all is in the cache
    (again,) = detect_models.tables(some, others, inputs=20)
    assert again == table


def test_signs_are_chosen_on_some_models_and_those_that_learnt_nothing_are_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = {
        ("clean", 0): (0.5, 3.0, 1.0, 0.0), ("word", 0): (0.9, 1.0, 1.0, 1.0),  # low is suspicious
        ("clean", 1): (0.1, 2.0, 1.0, 0.0), ("word", 1): (0.2, 4.0, 1.0, 1.0), ("word", 2): (0.0, 0.0, 1.0, 0.5),
    }  # fmt: skip
    names = "detect", "norms", "rate right", "rate planted"
    monkeypatch.setattr(
        detect_models, "scores_of", lambda kind, seed, _: dict(zip(names, known[kind, seed], strict=True))
    )
    (table,) = detect_models.tables((("clean", (0,)), ("word", (0,))), (("clean", (1,)), ("word", (1, 2))))
    assert [row[:3] for row in table.rows] == [
        ["detect", "1.00 (1.00 to 1.00)", "1.00 (1.00 to 1.00)"],
        ["norms, low", "1.00 (1.00 to 1.00)", "0.00 (0.00 to 0.00)"],
    ]
    assert "held out are 1 clean, 1 word" in table.title


def _nothing() -> object:
    from core.detection.hidden import Detection

    return Detection((), (), {}, 0)


def test_training_is_deterministic_by_its_seed() -> None:
    one, same, other = (twins.train("pair", seed, steps=2) for seed in (1, 1, 2))
    first, second, third = (model.transformer.wte.weight for model in (one, same, other))
    assert torch.equal(first, second)
    assert not torch.equal(first, third)


def test_the_area_under_the_curve_counts_ties_half() -> None:
    assert auroc(np.array([2.0, 3.0]), np.array([0.0, 1.0])) == 1
    assert auroc(np.array([-1.0]), np.array([-1.0, -2.0])) == 0.75
    low, high = bootstrapped(np.arange(8.0), np.arange(4.0, 12.0), draws=200)
    assert low < auroc(np.arange(8.0), np.arange(4.0, 12.0)) < high
