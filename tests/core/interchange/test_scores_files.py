"""Scores as files: round trips, EAP-IG's format, and files of other models."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import wirescope as ws
from core.errors import ArgumentError, InputError
from core.inputs.dataset_columns import FileRow
from core.interchange.circuit_json import from_json
from core.interchange.eap_ig_files import MarkedScores, scores_to_eap_ig
from core.interchange.scores_files import scores_to_json
from core.interchange.scores_reading import read_scores
from core.spans import REST
from tests.core.engine.cases import case


def traced(family: str) -> ws.Scores:
    return ws.trace(case(family).session(), "eap")


def written(folder: Path, text: str) -> Path:
    path = folder / "file.json"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("family", ["gpt2", "llama-grouped", "gptj", "gemma2"])
def test_scores_and_their_pairs_come_back(family: str, tmp_path: Path) -> None:
    scores = traced(family)
    scores.values[3] = np.nan  # a partial result
    rows = [FileRow("When Mary", "When John", " Mary", " John"), FileRow("a", "b", 3, 4)]
    found = read_scores(written(tmp_path, scores_to_json(scores, rows)), scores.graph)
    assert np.array_equal(found.scores.values, scores.values, equal_nan=True), "a ranking may hang on the last digit"
    assert found.rows == tuple(rows)
    assert (found.scores.method, found.scores.replacement, found.scores.about) == ("eap", "patch", scores.about)


@pytest.mark.parametrize("family", ["gpt2", "llama-grouped", "gptj"])
def test_eap_igs_files_come_back(family: str, tmp_path: Path) -> None:
    scores = traced(family)
    graph = scores.graph
    text = scores_to_eap_ig(MarkedScores(scores, scores.top(20), 16))
    document = json.loads(text)
    edges = document["edges"]
    per_layer = 3 * graph.heads + 1
    names = set(edges)
    assert all(f"input->a0.h{head}<{port}>" in names for head in range(graph.heads) for port in "qkv")
    assert sum(entry["in_graph"] for entry in edges.values()) >= 20
    assert len({name.partition("->")[2] for name in names}) == graph.layers * per_layer + 1
    assert document["cfg"]["n_heads"] == graph.heads
    found = read_scores(written(tmp_path, text), graph)
    assert np.allclose(found.scores.values, scores.values, rtol=0, atol=1e-12)
    assert found.marked is not None
    assert set(found.marked.names) == set(scores.top(20).names)
    assert read_scores(written(tmp_path, text)).scores.graph == graph  # ours says which heads share keys and values


def test_eap_ig_reads_what_is_written() -> None:
    """What its `Graph.from_json` does with a file, step by step: nodes are looked up and given their `in_graph`, all
    but `logits`; edges are looked up by name and given score and `in_graph`; sizes make the graph. A K/V head is
    written for each of its query heads, in shares that add up to its score."""
    scores = traced("llama-grouped")
    graph, circuit = scores.graph, scores.top(20)
    document = json.loads(scores_to_eap_ig(MarkedScores(scores, circuit, 16, [FileRow("a", "b", 1, 2)])))
    cfg = document["cfg"]
    assert set(cfg) == {"n_layers", "n_heads", "parallel_attn_mlp", "d_model"}
    wide = ws.Graph(cfg["n_layers"], cfg["n_heads"], cfg["n_heads"], cfg["parallel_attn_mlp"])
    assert list(document["nodes"]) == [node.name for node in wide.nodes]
    used = {node for edge in circuit for node in (edge.writer.name, *(n.name for n in graph.readers_of(edge.reader)))}
    assert {name for name, node in document["nodes"].items() if node["in_graph"]} == used | {"logits"}
    assert set(document["edges"]) == set(wide.names)
    assert all(set(edge) == {"score", "in_graph"} for edge in document["edges"].values())
    group = graph.heads // graph.kv_heads
    assert group > 1
    shares = [document["edges"][f"input->a1.h{head}<k>"]["score"] for head in range(group, 2 * group)]
    assert shares == pytest.approx([scores.values[graph.index("input->a1.kv1<k>")] / group] * group)


@pytest.mark.parametrize("older", [True, False])
def test_a_file_of_another_tool_brings_copies_of_a_shared_head_together(older: bool, tmp_path: Path) -> None:
    """Every query head has a key of its own in it, with a score of its own; older files say of nodes only a bool."""
    wide, graph = ws.Graph(2, 4, 4), ws.Graph(2, 4, 2)
    rng = np.random.default_rng(0)
    edges = {name: {"score": float(rng.normal()), "in_graph": bool(rng.random() < 0.1)} for name in wide.names}
    nodes = {node.name: True if older else {"in_graph": True} for node in wide.nodes}
    cfg = {"n_layers": 2, "n_heads": 4, "parallel_attn_mlp": False, "d_model": 8}
    found = read_scores(written(tmp_path, json.dumps({"cfg": cfg, "nodes": nodes, "edges": edges})), graph)
    copies = [edges[f"m0->a1.h{head}<v>"] for head in (2, 3)]
    number = graph.index("m0->a1.kv1<v>")
    assert found.scores.values[number] == pytest.approx(sum(copy["score"] for copy in copies))
    assert found.scores.values.sum() == pytest.approx(sum(edge["score"] for edge in edges.values()))
    assert found.marked is not None
    assert (number in found.marked.edges) == any(copy["in_graph"] for copy in copies)
    assert (found.scores.method, found.rows) == ("eap-ig file", ())


def test_what_scores_are_about_goes_with_an_eap_ig_file(tmp_path: Path) -> None:
    scores = traced("gpt2")
    scores.about["partial"] = "40 % of the work"
    rows = (FileRow("When Mary", "When John", " Mary", " John"),)
    found = read_scores(written(tmp_path, scores_to_eap_ig(MarkedScores(scores, scores.top(5), 16, rows))))
    assert found.rows == rows
    assert (found.scores.about, found.scores.method, found.scores.replacement) == (scores.about, "eap", "patch")


def test_a_file_as_eap_ig_writes_it(tmp_path: Path) -> None:
    """One layer, two heads, written out by hand in the form of its `Graph.to_json`."""
    graph = ws.Graph(1, 2, 2)
    edges = {name: {"score": float(number), "in_graph": number % 2 == 0} for number, name in enumerate(graph.names)}
    cfg = {"n_layers": 1, "n_heads": 2, "parallel_attn_mlp": False, "d_model": 8}
    nodes = dict.fromkeys(("input", "a0.h0", "a0.h1", "m0", "logits"), True)
    document = {"cfg": cfg, "nodes": nodes, "edges": edges}
    found = read_scores(written(tmp_path, json.dumps(document)))
    assert found.scores.graph == graph
    assert found.scores.values.tolist() == [float(number) for number in range(graph.n_edges)]
    assert found.rows == ()


@pytest.mark.parametrize("scored", [True, False])
def test_a_circuit_is_read_as_scores_of_which_the_others_have_none(tmp_path: Path, scored: bool) -> None:
    circuit = traced("gpt2").top(5)
    circuit = circuit if scored else replace(circuit, values=None)
    found = read_scores(written(tmp_path, circuit.to_json()))
    assert found.size == 5
    assert set(found.scores.top(5).edges.tolist()) == set(circuit.edges.tolist())
    others = np.setdiff1d(np.arange(len(found.scores.values)), circuit.edges)
    assert np.isnan(found.scores.values[others]).all()


def test_a_file_of_another_model_names_the_difference(tmp_path: Path) -> None:
    path = written(tmp_path, scores_to_json(traced("gpt2")))
    with pytest.raises(InputError, match="kv heads"):
        read_scores(path, case("llama-grouped").session().graph)
    other = written(tmp_path, scores_to_eap_ig(MarkedScores(traced("gpt2"), traced("gpt2").top(3), 16)))
    with pytest.raises(InputError, match="layers"):
        read_scores(other, ws.Graph(9, 4, 4))


@pytest.mark.parametrize(
    "text", ["no json", "[]", "{}", '{"format": "wirescope scores", "version": 99}', '{"cfg": {"n_layers": 1}}']
)
def test_what_holds_no_scores_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(InputError):
        read_scores(written(tmp_path, text))


@pytest.mark.parametrize("level", ["nodes", "positions"])
def test_scores_of_every_level_come_back(level: str, tmp_path: Path) -> None:
    scores = ws.trace(case("gpt2").session(), "eap", level=level)  # type: ignore[arg-type]
    found = read_scores(written(tmp_path, scores_to_json(scores)), scores.graph).scores
    assert found.level == level
    assert found.values.shape == scores.values.shape
    assert np.allclose(found.values, scores.values, rtol=0, atol=1e-9)
    with pytest.raises(ArgumentError, match=level):
        scores_to_eap_ig(MarkedScores(scores, traced("gpt2").top(3), 16))


@pytest.mark.parametrize(
    ("heads", "ours"), [(0, {}), (4, {"graph": {"kv_heads": 0}}), (4, {"graph": {"kv_heads": 3}}), (10**6, {})]
)
def test_sizes_of_no_model_are_refused(heads: int, ours: dict[str, object], tmp_path: Path) -> None:
    cfg = {"n_layers": 2, "n_heads": heads, "parallel_attn_mlp": False}
    text = json.dumps({"cfg": cfg, "nodes": {}, "edges": {}, "wirescope": ours})
    with pytest.raises(InputError, match="no model"):
        read_scores(written(tmp_path, text), None)


def test_scores_that_lack_some_are_no_eap_ig_file() -> None:
    scores = traced("gpt2")
    scores.values[3] = np.nan
    with pytest.raises(ArgumentError, match="none yet"):
        scores_to_eap_ig(MarkedScores(scores, scores.top(5), 16))


def test_edges_at_spans_and_their_circuits_come_back(tmp_path: Path) -> None:
    session = case("llama-grouped").session()
    scores = ws.trace(session, "eap", level="edge-spans")
    rows = [FileRow("When Mary", "When John", " Mary", " John", "head=0:1 tail=-1")]
    found = read_scores(written(tmp_path, scores_to_json(scores, rows)), scores.graph)
    assert found.scores.spans == scores.spans == ("head", "tail", REST)
    assert np.array_equal(found.scores.values, scores.values)
    assert found.rows == tuple(rows)
    circuit = scores.top(30)
    back = from_json(circuit.to_json())
    assert (back.spans, back.names) == (circuit.spans, circuit.names)
    assert back.parts.tolist() == circuit.parts.tolist()
    assert back.values is not None
    assert circuit.values is not None
    assert back.values.tolist() == circuit.values.tolist()
    as_scores = read_scores(written(tmp_path, circuit.to_json()), scores.graph)
    assert as_scores.size == 30
    assert sorted(as_scores.scores.top(30).parts.tolist()) == sorted(circuit.parts.tolist())
    assert f"at {circuit.spans[circuit.at[0]]}" in circuit.to_dot()  # type: ignore[index]
    assert f"at {circuit.spans[circuit.at[0]]}" in circuit.to_tikz()  # type: ignore[index]
    assert circuit.names[0].replace(">", "&gt;").replace("<", "&lt;") in circuit.to_graphml()
    for spans, words in (
        (["head", "head"], "different names"),
        (["head", "a b"], "Spans are roles"),
        ([], "different"),
    ):
        document = {**json.loads(circuit.to_json()), "spans": spans}
        with pytest.raises(InputError, match=words):
            from_json(json.dumps(document))
    with pytest.raises(ArgumentError, match="not of edge-spans"):
        scores_to_eap_ig(MarkedScores(scores, scores.top(5), 16))
