"""Flow rollout: all flow arrives in the output and ends in the input; the shares are those of the flow routes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

import wirescope as ws
from core.graph import Node, Reader
from tests.core.engine.cases import Case, case

Array = NDArray[np.float64]


@pytest.mark.parametrize("family", ["gpt2", "llama-grouped", "gptj", "gemma2", "gpt-oss", "vit", "timm-vit-average"])
def test_nothing_is_lost_on_the_way(family: str) -> None:
    setup = case(family, batch=2)
    session = setup.session()
    graph = session.graph
    edges, nodes, positions = (
        ws.trace(session, "flow-rollout", level=level).values for level in ("edges", "nodes", "positions")
    )
    assert (edges >= 0).all()
    assert edges[graph.edges_into(Reader("logits"))].sum() == pytest.approx(1)
    assert nodes[0] == pytest.approx(1), "every route begins at the input"
    for number, node in enumerate(graph.writers[1:], 1):
        assert edges[graph.edges_out_of(node)].sum() == pytest.approx(nodes[number])
    shared = graph.kv_heads != graph.heads
    for layer in range(graph.layers):
        into = edges[graph.edges_into(Reader("mlp", layer))].sum()
        assert into == pytest.approx(nodes[graph.writer_index(Node("mlp", layer))])
        into = sum(edges[graph.edges_into(Reader("v", layer, kv, shared))].sum() for kv in range(graph.kv_heads))
        heads = graph.writer_index(Node("head", layer, 0))
        assert into == pytest.approx(nodes[heads : heads + graph.heads].sum())
        assert not edges[graph.edges_into(Reader("q", layer, 0))].any(), "where a head looks is taken as given"
    assert np.allclose(positions.sum(axis=1), nodes)


def restated(setup: Case) -> tuple[dict[str, float], dict[str, Array]]:
    """The flows in GPT-2, one number after the other, from the hooked model's own tensors."""
    run, module = setup.oracle.clean, setup.module
    outs = {name: out[0].numpy() for name, out in run.outs.items()}
    length, names = next(iter(outs.values())).shape[0], list(outs)
    flow = {name: np.zeros(length) for name in names}
    edges: dict[str, float] = {}

    def near(part: Array, whole: Array) -> float:
        return max(0.0, float(np.abs(whole).sum() - np.abs(part - whole).sum()))

    def down(reader: str, stream: Array, writers: list[str], arriving: Callable[[int], float]) -> None:
        for writer in writers:
            edges[f"{writer}->{reader}"] = 0.0
        for position in range(length):
            shares = [near(outs[writer][position], stream[position]) for writer in writers]
            for writer, share in zip(writers, shares, strict=True):
                carried = arriving(position) * share / sum(shares)
                edges[f"{writer}->{reader}"] += carried
                flow[writer][position] += carried

    down("logits", run.streams["logits"][0].numpy(), names, lambda position: float(position == length - 1))
    for layer in reversed(range(3)):
        down(f"m{layer}", run.streams[f"m{layer}"][0].numpy(), names[: 1 + 5 * layer + 4], flow[f"m{layer}"].item)
        block = module.transformer.h[layer]
        qkv = block.attn.c_attn(block.ln_1(run.streams[f"a{layer}"]))[0].detach().numpy()
        for head in range(4):
            q, k, v = (qkv[:, 16 * part + 4 * head : 16 * part + 4 * head + 4] for part in range(3))
            w = block.attn.c_proj.weight.detach().numpy()[4 * head : 4 * head + 4]
            into = np.zeros(length)
            for i in range(length):
                raw = np.exp(q[i] @ k[: i + 1].T / 2)
                moves = (raw / raw.sum())[:, None] * (v[: i + 1] @ w)
                shares = [near(move, outs[f"a{layer}.h{head}"][i]) for move in moves]
                into[: i + 1] += flow[f"a{layer}.h{head}"][i] * np.array(shares) / sum(shares)
            down(f"a{layer}.h{head}<v>", run.streams[f"a{layer}"][0].numpy(), names[: 1 + 5 * layer], into.item)
    return edges, flow


def test_the_flows_of_gpt2_restated() -> None:
    setup = case("gpt2")
    session = setup.session()
    graph = session.graph
    edges, flow = restated(setup)
    found = ws.trace(session, "flow-rollout")
    for number, edge in enumerate(graph.edges):
        assert found.values[number] == pytest.approx(edges.get(edge.name, 0.0), abs=1e-12), edge.name
    positions = ws.trace(session, "flow-rollout", level="positions").values
    for number, node in enumerate(graph.writers):
        assert np.allclose(positions[number], flow[node.name])


def test_it_needs_no_counterfactual_and_does_not_look_at_it() -> None:
    setup = case("gpt2")
    alone = ws.Session(setup.model, setup.model.pair(setup.pair.clean.tensor))
    values = ws.trace(alone, "flow-rollout").values
    for kind in ("patch", "zero"):
        assert np.array_equal(ws.trace(setup.session(), "flow-rollout", replacement=kind).values, values)
    assert torch.is_tensor(setup.pair.counterfactual.tensor)
