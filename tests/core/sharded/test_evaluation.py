"""The faithfulness curve over shards is that over all pairs at once, with an interval from sums alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as parquet
import pytest

import wirescope as ws
from core.datasets.row_pairs import row_pairs
from core.errors import ArgumentError
from core.sharded.evaluate_pairs import evaluate_pairs
from core.sharded.evaluation import circuits_of, curve_work
from core.sharded.executors import Workers
from core.sharded.many_pairs import ManyPairs
from core.tracing.selection import RULES
from tests.core.sharded.small_run import ROWS, small_model

FRACTIONS = (0.05, 0.2, 0.5, 1.0)


@pytest.fixture(scope="module")
def traced() -> tuple[ws.Model, ws.Dataset, ws.Session, ws.Scores]:
    model = small_model()
    dataset = row_pairs(model, ROWS, "").dataset
    session = ws.Session(model, dataset.pairs[0], ws.logit_difference(*dataset.answers[0]))
    return model, dataset, session, ws.trace(session, "eap", dataset=dataset)


def test_the_curve_is_that_over_all_pairs(traced, tmp_path: Path) -> None:
    model, dataset, session, scores = traced
    expected = ws.faithfulness(session, scores, fractions=FRACTIONS, dataset=dataset)
    work = curve_work(scores, fractions=FRACTIONS)
    report = evaluate_pairs(model, tmp_path, ManyPairs(rows=ROWS, shard=5), work, Workers())
    points = report["curve"]
    assert report["precision"] == "fp64"
    assert [point["edges"] for point in points] == list(expected.sizes)
    assert [point["connected"] for point in points] == list(expected.connected)
    assert [point["recovered"] for point in points] == pytest.approx(expected.recovered, abs=1e-10)
    for side, name in ((0, "random low"), (1, "random high")):
        assert [point[name] for point in points] == pytest.approx(expected.random_band[side], abs=1e-10)
    assert [point["accuracy"] for point in points] == pytest.approx(expected.accuracy)
    assert (report["cpr"], report["cmd"]) == pytest.approx((expected.cpr, expected.cmd), abs=1e-10)

    # each pair's figures add up to the same
    table = parquet.read_table(tmp_path / "pairs")
    columns = {name: np.array(table[name].to_pylist()) for name in table.column_names if name.startswith("metric_")}
    whole, nothing = columns["metric_whole"].mean(), columns["metric_nothing"].mean()
    recovered = [(columns[f"metric_{size}"].mean() - nothing) / (whole - nothing) for size in expected.sizes]
    assert recovered == pytest.approx(expected.recovered, abs=1e-10)

    # a jackknife over the pairs, which shares nothing with the delta method, finds intervals of about that width
    for size, point in zip(expected.sizes[:-1], points, strict=False):
        rows = np.stack([columns["metric_whole"], columns["metric_nothing"], columns[f"metric_{size}"]])
        means = (rows.sum(axis=1, keepdims=True) - rows) / (rows.shape[1] - 1)
        left = (means[2] - means[1]) / (means[0] - means[1])
        error = np.sqrt((len(left) - 1) / len(left) * ((left - left.mean()) ** 2).sum())
        assert (point["high"] - point["low"]) / (2 * 1.96) == pytest.approx(error, rel=0.5)
    assert points[-1]["high"] - points[-1]["low"] == pytest.approx(
        0, abs=1e-6
    )  # all edges recover all, whichever pairs


def test_circuits_are_those_of_the_scores_and_of_their_direction(traced) -> None:
    model, _, _, scores = traced
    for direction in (1, -1):
        directed = replace(scores, direction=direction)
        work = curve_work(directed, fractions=FRACTIONS)
        chosen = circuits_of(work, model.graph)
        expected = [directed.select(size).pruned() for size in chosen.sizes]
        assert [each.edges.tolist() for each in chosen.best] == [each.edges.tolist() for each in expected]


def test_what_is_not_chosen_alike_in_every_shard_is_refused(traced) -> None:
    _, _, session, scores = traced
    rule = next(name for name in RULES if name != "top")
    with pytest.raises(ArgumentError, match=f"chosen by {rule} are not evaluated in shards"):
        curve_work(scores.with_rule(rule))
    with pytest.raises(ArgumentError, match="Scores of spans"):
        curve_work(ws.trace(session, "eap", level="edge-spans"))
    with pytest.raises(ArgumentError, match="name no direction"):
        curve_work(replace(scores, direction=None))
