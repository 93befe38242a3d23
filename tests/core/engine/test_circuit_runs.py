"""Circuit runs against the oracle with every edge outside the circuit edited."""

from __future__ import annotations

import random
import weakref

import numpy as np
import pytest
import torch

import wirescope as ws
from core.circuit import Circuit
from core.edits import EditKind
from core.engine import circuit_run
from core.engine.layer import LayerMath
from core.errors import ArgumentError, EditError
from core.evaluation.faithfulness import FRACTIONS
from tests.core.engine.cases import TOLERANCE, case, variant
from tests.small_models import ALL, CAUSAL, POSITIONS

KINDS: tuple[EditKind, ...] = ("patch", "zero", "mean")
OF_EVERY_KIND = ("one edge that leads on", "cut off from the input", "sparse", "half")  # the others with `patch` alone
# What does not hang on the family's options is seen in the family without them.
OF_VARIANTS = {"patch": "half", "zero": "sparse", "mean": "half"}


def circuits(graph: ws.Graph, seed: str) -> dict[str, list[int]]:
    """Edges of circuits of all kinds: empty, full, one edge, disconnected, random ones of several sizes."""
    rng = random.Random(seed)
    everything = range(graph.n_edges)
    into_logits = list(graph.edges_into(ws.Reader("logits")))
    others = [edge for edge in everything if edge not in into_logits]
    return {
        "empty": [],
        "full": list(everything),
        "input straight to the output": [graph.index("input->logits")],
        "one edge that leads on": [graph.index("m0->logits")],
        "one edge that leads nowhere": [graph.index("input->m0")],
        "cut off from the output": rng.sample(others, 30),
        "cut off from the input": [e for e in rng.sample(everything, 40) if graph.edge(e).writer != ws.Node("input")],
        "sparse": rng.sample(everything, graph.n_edges // 8),
        "half": rng.sample(everything, graph.n_edges // 2),
        "all but a few": rng.sample(everything, graph.n_edges - 3),
    }


@pytest.mark.parametrize("family", ALL)
@pytest.mark.parametrize("kind", KINDS)
def test_circuits_give_what_the_oracle_gives(family: str, kind: EditKind) -> None:
    lengths = (POSITIONS, 4) if family in CAUSAL else None
    setup = case(family, batch=2, lengths=lengths)
    session = setup.session()
    graph = session.graph
    of_each = circuits(graph, family)
    names = [OF_VARIANTS[kind]] if variant(family) else of_each if kind == "patch" else OF_EVERY_KIND
    for name in names:
        kept = of_each[name]
        result = session.run_circuit(Circuit(graph, np.asarray(kept, dtype=np.int64)), kind)
        outside = [ws.Edit(graph.edge(edge), kind) for edge in sorted(set(range(graph.n_edges)) - set(kept))]
        expected = setup.answer(setup.oracle.run(outside))
        assert result.answer.shape == expected.shape
        worst = (result.answer - expected).abs().max()
        assert worst <= TOLERANCE, f"{name}: {worst:.2e}"
        if name == "half" and kind == "patch":
            edited = session.run(outside).answer
            # Where nothing at all arrives, every norm divides what rounding leaves by the root of its epsilon.
            limit = TOLERANCE if result.answer.any() else 1e3 * TOLERANCE
            assert (result.answer - edited).abs().max() <= limit, f"{name}, as edits"


@pytest.mark.parametrize("family", ["gpt2", "llama-grouped", "gemma2", "gpt-neox", "timm-vit-average", "dinov2"])
@pytest.mark.parametrize("kind", KINDS)
def test_circuits_of_every_share_that_run_together(family: str, kind: EditKind) -> None:
    """Random circuits of 0.1 % to 100 % of the edges, in one go, each against the oracle."""
    setup = case(family, batch=2)
    session = setup.session()
    graph = session.graph
    order = np.random.default_rng(3).permutation(graph.n_edges).astype(np.int64)
    sizes = [max(1, round(fraction * graph.n_edges)) for fraction in FRACTIONS]
    results = session.run_circuits([Circuit(graph, order[:size]) for size in sizes], kind)
    for size, result in zip(sizes, results, strict=True):
        expected = setup.answer(setup.oracle.run([ws.Edit(graph.edge(edge), kind) for edge in order[size:]]))
        assert (result.answer - expected).abs().max() <= TOLERANCE, f"{size} edges"


@pytest.mark.parametrize("family", ALL)
def test_the_full_circuit_is_the_clean_run_and_the_empty_one_b(family: str) -> None:
    setup = case(family)
    session = setup.session()
    graph = session.graph
    full, empty = Circuit(graph, np.arange(graph.n_edges)), Circuit(graph, np.empty(0, dtype=np.int64))
    for kind in KINDS:
        assert (session.run_circuit(full, kind).answer - session.clean.answer).abs().max() <= TOLERANCE
    assert session.counterfactual is not None
    result = session.run_circuit(empty, "patch")
    assert (result.answer - session.counterfactual.answer).abs().max() <= TOLERANCE
    assert list(result.layers_run) == [], "nothing had to be computed"


@pytest.mark.parametrize("family", ["gpt2", "llama-grouped", "dinov2-classifier"])
def test_a_circuit_is_a_set_of_edges(family: str) -> None:
    session = case(family).session()
    graph = session.graph
    edges = np.asarray(circuits(graph, family)["half"], dtype=np.int64)
    one = session.run_circuit(Circuit(graph, edges)).answer
    assert torch.equal(one, session.run_circuit(Circuit(graph, edges[::-1].copy())).answer)
    pruned = Circuit(graph, edges).pruned()
    assert len(pruned) <= len(edges)
    assert (one - session.run_circuit(pruned).answer).abs().max() <= TOLERANCE, "what is not connected does nothing"


def test_nodes_that_only_the_output_reads_are_computed_there_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """m0 is read by m1, which alone the output reads; in the second circuit a value reads it too."""
    session = case("gpt2").session()
    adapter, rows = session.model.adapter, []
    usual = adapter.mlp
    monkeypatch.setattr(adapter, "mlp", lambda layer, x: rows.append((layer, x.shape[1])) or usual(layer, x))
    edges = ["input->m0", "m0->m1", "m1->logits"]
    session.run_circuit(ws.circuit_of(session.graph, edges))
    assert rows == [(0, 1), (1, 1)]
    rows.clear()
    session.run_circuit(ws.circuit_of(session.graph, [*edges, "m0->a1.h0<v>", "a1.h0->logits"]))
    assert rows == [(0, POSITIONS - 1), (1, 1)]


def test_ports_that_keep_no_edge_are_the_references(monkeypatch: pytest.MonkeyPatch) -> None:
    session = case("llama-grouped").session()
    projected = []
    usual = LayerMath.project_each

    def project_each(math: LayerMath, normed: torch.Tensor, ports: list[int]) -> torch.Tensor:
        projected.append((math.layer, list(ports)))
        return usual(math, normed, ports)

    monkeypatch.setattr(LayerMath, "project_each", project_each)
    session.run_circuit(ws.circuit_of(session.graph, ["input->a0.kv1<v>", "a0.h3->a1.h1<q>", "a1.h1->logits"]))
    math = LayerMath(session.model.adapter, 0)
    assert projected == [(0, [math.port(ws.Reader("v", 0, 1))]), (1, [math.port(ws.Reader("q", 1, 1))])]


def test_what_writers_wrote_goes_with_their_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a long prompt that of one circuit is gigabytes, and dozens of circuits are run after one another."""
    session = case("llama").session()
    monkeypatch.setattr(circuit_run, "CHUNK_BYTES", 0)  # each circuit alone
    held: list[weakref.ref[torch.Tensor]] = []
    at_once = []
    empty = circuit_run.CircuitRun._empty

    def counted(run: circuit_run.CircuitRun, writers: int, rows: int) -> torch.Tensor:
        tensor = empty(run, writers, rows)
        held.append(weakref.ref(tensor))
        at_once.append(sum(each() is not None for each in held))
        return tensor

    monkeypatch.setattr(circuit_run.CircuitRun, "_empty", counted)
    graph = session.graph
    session.run_circuits([Circuit(graph, np.arange(0, graph.n_edges, step)) for step in (2, 3, 4)])
    assert len(at_once) > 3
    assert max(at_once) <= 2  # at all rows, and at those that the output reads


def test_circuit_runs_refuse_what_cannot_be() -> None:
    setup = case("gpt2")
    session = setup.session()
    circuit = ws.circuit_of(session.graph, ["input->logits"])
    with pytest.raises(ArgumentError, match="another model"):
        case("timm-vit").session().run_circuit(circuit)
    with pytest.raises(ArgumentError, match="scale"):
        session.run_circuit(circuit, "scale")
    alone = ws.Session(setup.model, setup.model.pair(setup.pair.clean.tensor))
    with pytest.raises(EditError, match="no counterfactual"):
        alone.run_circuit(circuit)
    assert alone.run_circuit(circuit, "zero").answer.shape == (1, 23)
