"""EAP-IG's graph files for torch and MIB's folders: read back, laid out as theirs, and refused where they are none."""

from __future__ import annotations

import json
import pickle
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from core.circuit import Circuit
from core.errors import ArgumentError, InputError
from core.graph import Graph
from core.inputs.dataset_columns import FileRow
from core.interchange.eap_ig_files import MarkedScores, eap_ig_scores, scores_to_eap_ig
from core.interchange.eap_ig_pt import eap_ig_pt
from core.interchange.mib_files import PERCENTAGES, write_circuits, write_importances
from core.interchange.scores_reading import read_scores
from core.tracing.scores import Scores

GRAPHS = (Graph(2, 2, 2), Graph(2, 4, 2), Graph(1, 3, 1, parallel=True))


def some_scores(graph: Graph, direction: Any = 1, seed: int = 0) -> Scores:
    values = np.random.default_rng(seed).normal(size=graph.n_edges)
    return Scores(graph, values, "eap", "patch", {"model": "m"}, direction=direction)


def written(path: Path, content: bytes | dict[str, Any]) -> Path:
    if isinstance(content, dict):
        buffer = BytesIO()
        torch.save(content, buffer)
        content = buffer.getvalue()
    path.write_bytes(content)
    return path


@given(
    graph=st.sampled_from(GRAPHS),
    direction=st.sampled_from([1, -1, 0, None]),
    seed=st.integers(0, 9),
    size=st.integers(0, 9),
)
def test_scores_and_the_circuit_are_read_back(
    tmp_path_factory: pytest.TempPathFactory, graph: Graph, direction: Any, seed: int, size: int
) -> None:
    scores = some_scores(graph, direction, seed)
    rows = (FileRow("a", "b", " x", " y"),)
    path = written(
        tmp_path_factory.mktemp("pt") / "graph.pt", eap_ig_pt(MarkedScores(scores, scores.top(size), 16, rows))
    )
    for found in (read_scores(path), read_scores(path, graph)):
        assert np.array_equal(found.scores.values, scores.values)
        assert (found.scores.graph, found.scores.direction, found.scores.about) == (graph, direction, scores.about)
        assert found.rows == rows
        assert found.size is None
        marked = set() if found.marked is None else {*found.marked.edges.tolist()}
        assert marked == {*scores.top(size).edges.tolist()}


@pytest.mark.parametrize("graph", GRAPHS)
def test_the_table_is_eap_igs(graph: Graph) -> None:
    """Each number stands in the row of its writer and the column of its port, and both forms of the file agree."""
    scores = some_scores(graph, -1)
    content = torch.load(BytesIO(eap_ig_pt(MarkedScores(scores, scores.top(7), 16))), weights_only=True)
    named = json.loads(scores_to_eap_ig(MarkedScores(scores, scores.top(7), 16)))
    table, inside = content["edges_scores"], content["edges_in_graph"]
    assert table.shape == inside.shape == (len(content["src_nodes"]), len(content["dst_nodes"]))
    assert content["cfg"] == named["cfg"]
    filled = 0
    for row, writer in enumerate(content["src_nodes"]):
        assert bool(content["nodes_in_graph"][row]) == named["nodes"][writer]["in_graph"]
        for column, port in enumerate(content["dst_nodes"]):
            edge = named["edges"].get(f"{writer}->{port}")
            if edge is not None:
                filled += 1
                assert float(table[row, column]) == pytest.approx(edge["score"], rel=1e-6)
                assert bool(inside[row, column]) == edge["in_graph"]
            else:
                assert not table[row, column]
    assert filled == len(named["edges"])


def test_a_file_of_eap_igs_own_is_read(tmp_path: Path) -> None:
    """Without what Wirescope adds, as its scores in fp32; and one without scores as one circuit."""
    graph = GRAPHS[1]
    content = torch.load(
        BytesIO(eap_ig_pt(MarkedScores(some_scores(graph), some_scores(graph).top(5), 16))), weights_only=True
    )
    for key in ("wirescope", "wirescope_scores"):
        del content[key]
    path = written(tmp_path / "graph.pt", content)
    found = read_scores(path, graph).scores
    assert found.values == pytest.approx(some_scores(graph).values, rel=1e-5)
    assert found.direction == 1
    written(path, content | {"edges_scores": torch.zeros_like(content["edges_scores"])})
    circuit = read_scores(path, graph)
    assert circuit.size == 5
    assert {*circuit.scores.top(5).edges.tolist()} == {*some_scores(graph).top(5).edges.tolist()}


class Evil:
    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (Path("touched"),)


def test_what_is_none_is_refused_and_runs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    graph = GRAPHS[0]
    good = eap_ig_pt(MarkedScores(some_scores(graph), some_scores(graph).top(5), 16))
    content = torch.load(BytesIO(good), weights_only=True)
    bad: dict[str, bytes | dict[str, Any]] = {
        "code": pickle.dumps(Evil()),
        "code in torch's form": {"cfg": Evil()},
        "nothing": b"",
        "text": b"{}",
        "cut short": good[: len(good) // 2],
        "another dict": {"x": 1},
        "no sizes": content | {"cfg": {}},
        "huge": content | {"cfg": content["cfg"] | {"n_layers": 10**9}},
        "other shape": content | {"edges_scores": torch.zeros(3, 3)},
        "expanded": content | {"edges_scores": torch.zeros(1).expand(10**6, 10**6)},
        "no tensor": content | {"edges_in_graph": "yes"},
        "no numbers": {k: v for k, v in content.items() if "wire" not in k}
        | {"edges_scores": torch.full_like(content["edges_scores"], float("nan"))},
        "ours is no JSON": content | {"wirescope": "{"},
    }
    for what, each in bad.items():
        path = written(tmp_path / "bad.pt", each)
        with pytest.raises(InputError) as refusal:
            read_scores(path)
        assert refusal.value.hint, what
        assert not (tmp_path / "touched").exists(), what
    with pytest.raises(InputError, match="another model"):
        read_scores(written(tmp_path / "good.pt", good), Graph(3, 2, 2))


@pytest.mark.parametrize("graph", [Graph(4, 4, 4), Graph(4, 8, 2)])
def test_mibs_circuits_stay_within_their_percentages(graph: Graph, tmp_path: Path) -> None:
    scores = some_scores(graph)
    files = write_circuits(tmp_path / "ioi_m", scores, 16)
    assert len(files) == len(PERCENTAGES) == 9
    sizes = []
    for percentage, path in zip(PERCENTAGES, files, strict=True):
        document = json.loads(path.read_text())
        entries = document["edges"].values()
        inside = sum(entry["in_graph"] for entry in entries)
        assert inside <= percentage / 100 * len(entries)
        assert not any("score" in entry for entry in entries)
        if inside:
            circuit = eap_ig_scores(document, graph)
            assert circuit.size is not None
            best = {*scores.top(circuit.size).edges.tolist()}
            assert {*circuit.scores.top(circuit.size).edges.tolist()} == best
            sizes.append(circuit.size)
    assert sizes == sorted(sizes)
    assert sizes[-1] > graph.n_edges / 3
    for torch_form in (False, True):
        path = write_importances(tmp_path / "ioi_m", scores, 16, torch_form)
        assert read_scores(path, graph).scores.values == pytest.approx(scores.values)


def test_scores_that_are_not_all_there_make_no_such_file() -> None:
    graph = GRAPHS[0]
    nodes = Scores(graph, np.zeros(graph.n_writers), "eap", "patch", {}, "nodes")
    with pytest.raises(ArgumentError, match="not of nodes"):
        eap_ig_pt(MarkedScores(nodes, Circuit(graph, np.zeros(0, dtype=np.int64)), 16))
