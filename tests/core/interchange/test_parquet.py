"""Scores as Parquet, read back and read by others; without pyarrow it is said what to install."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from core.errors import ArgumentError, InputError, WirescopeError
from core.graph import Graph
from core.inputs.dataset_columns import FileRow
from core.interchange.parquet import scores_to_parquet
from core.interchange.scores_reading import read_scores
from core.tracing.scores import Scores

GRAPH = Graph(2, 4, 2)


def some_scores(spans: tuple[str, ...] = ()) -> Scores:
    values = np.random.default_rng(0).normal(size=(GRAPH.n_edges, len(spans)) if spans else GRAPH.n_edges)
    values.flat[3] = np.nan
    kept = values > 0
    level = "edge-spans" if spans else "edges"
    return Scores(GRAPH, values, "eap", "mean", {"model": "m"}, level, -1, kept, spans=spans)


def test_without_pyarrow_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(WirescopeError, match="need pyarrow") as refusal:
        scores_to_parquet(some_scores())
    assert "wirescope[parquet]" in refusal.value.hint
    with pytest.raises(WirescopeError, match="need pyarrow"):
        read_scores(tmp_path / "a.parquet")
    with pytest.raises(WirescopeError, match="need pyarrow"):
        some_scores().save(tmp_path / "a.parquet")
    with pytest.raises(ArgumentError, match="with a circuit"):
        some_scores().save(tmp_path / "a.pt")
    assert not list(tmp_path.iterdir())  # nothing that its name does not say


@pytest.mark.parametrize("spans", [(), ("subject", "rest")])
def test_scores_are_read_back(tmp_path: Path, spans: tuple[str, ...]) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="needs pyarrow: the extra `parquet`")
    scores, rows = some_scores(spans), (FileRow("a", "b", " x", " y"),)
    path = tmp_path / "scores.parquet"
    path.write_bytes(scores_to_parquet(scores, rows))
    found = read_scores(path, GRAPH)
    assert np.array_equal(found.scores.values, scores.values, equal_nan=True)
    assert np.array_equal(found.scores.kept, scores.kept)
    assert (found.scores.about, found.scores.direction, found.scores.spans) == (scores.about, -1, spans)
    assert found.rows == rows
    table = parquet.read_table(path)
    every = [name for name in GRAPH.names for _ in spans or (0,)]
    writers, readers = table.column("writer").to_pylist(), table.column("reader").to_pylist()
    assert [f"{writer}->{reader}" for writer, reader in zip(writers, readers, strict=True)] == every
    assert table.column("score").null_count == 1
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(InputError, match=r"scores\.parquet"):
        read_scores(path)
    parquet.write_table(table.replace_schema_metadata({}), path)
    with pytest.raises(InputError, match="does not say"):
        read_scores(path)
    parquet.write_table(table.slice(1), path)
    with pytest.raises(InputError, match="scores, and its graph"):
        read_scores(path)
    nodes = Scores(GRAPH, np.zeros(GRAPH.n_writers), "eap", "patch", {}, "nodes")
    with pytest.raises(ArgumentError, match="not of nodes"):
        scores_to_parquet(nodes)
