"""One layer, whatever part of it a pass asks for: some ports, some heads, the later rows alone, a part of a batch."""

from __future__ import annotations

import ast
import random
from pathlib import Path

import pytest
import torch

import core
from core.engine.layer import Below, LayerMath, Mixed, neighbours
from core.engine.rows import Rows
from core.engine.state import RunState
from tests.core.engine.cases import case

FAMILIES = ["gpt2", "llama-grouped", "gemma2", "gpt-oss", "gptj", "dinov2"]
STATED = {"attend", "head_out", "heads_out", "of_heads", "pattern", "score_mask", "write_heads"}
MAY = {
    "core/engine/layer.py",
    "core/engine/attention.py",
    "core/engine/flow.py",  # differences of what heads mix, which are of no layer's pass
    "core/engine/circuit_run.py",
    "core/engine/circuit_gradients.py",
    "core/tracing/losses.py",
}


def run(family: str) -> tuple[RunState, LayerMath]:
    session = case(family, batch=2).session()
    return session.engine.clean(full=True), LayerMath(session.model.adapter, 1)


def projected(state: RunState, math: LayerMath, first: int = 0) -> Mixed:
    """All heads over the rows from a first one on."""
    q, k, v = math.split(math.project(math.norm(state.attention_in[1][:, first:])))
    return math.mix(q, k, v, state.places(Rows(state.length, first)), below=Below(state, first) if first else None)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_layer_makes_of_its_stream_what_a_run_made_of_it(family: str) -> None:
    state, math = run(family)
    mixed = projected(state, math)
    added, factor = math.write(mixed.z)
    after = state.attention_in[1] + added
    assert torch.equal(mixed.z, state.z[1])
    assert torch.equal(after, state.after_attention[1])
    x = state.attention_in[1] if math.shape.parallel else after
    assert torch.allclose(math.mlp(x), state.mlp_out[1], rtol=0, atol=1e-12)
    b_o = 0 if math.weights.b_o is None else math.weights.b_o
    outs = math.outs(mixed.z, range(math.shape.heads), factor)
    assert torch.allclose(outs.sum(dim=0) + b_o, added, rtol=0, atol=1e-12)
    assert torch.allclose(outs[2], math.out(mixed.z[:, :, 2], 2, factor), rtol=0, atol=1e-12)


@pytest.mark.parametrize("family", FAMILIES)
def test_each_port_projects_its_own_stream(family: str) -> None:
    state, math = run(family)
    ports = random.Random(family).sample(range(math.shape.heads + 2 * math.shape.kv_heads), 4)
    streams = torch.stack([state.attention_in[1] * (1 + number) for number in range(4)])
    found = math.project_each(math.norm(streams).flatten(1, 2), ports)
    for port, stream, made in zip(ports, streams, found, strict=True):
        alone = math.project(math.norm(stream), port, port + 1)[:, :, 0]
        assert torch.allclose(made, alone.flatten(0, 1), rtol=0, atol=1e-12)


@pytest.mark.parametrize("family", ["llama-grouped", "gemma2", "gpt-oss", "gptj"])
def test_later_rows_see_the_keys_of_the_run_below(family: str) -> None:
    state, math = run(family)
    assert torch.allclose(projected(state, math, 2).z, state.z[1][:, 2:], rtol=0, atol=1e-12)


@pytest.mark.parametrize("heads", [[0, 3], [1], [2, 3], [3, 2, 1, 0], [2, 0, 3]])
def test_some_heads_mix_what_they_mix_among_all(heads: list[int]) -> None:
    state, math = run("llama-grouped")
    shape = math.shape
    assert not shape.coupled
    kv_heads = list(dict.fromkeys(head * shape.kv_heads // shape.heads for head in heads))  # in any order
    q, k, v = math.split(math.project(math.norm(state.attention_in[1][:, 2:])))
    places, below = state.places(Rows(state.length, 2)), Below(state, 2)
    some = math.mix(q[:, :, heads], k[:, :, kv_heads], v[:, :, kv_heads], places, None, below, heads, kv_heads)
    assert torch.allclose(some.z, state.z[1][:, 2:][:, :, heads], rtol=0, atol=1e-12)


def test_a_batch_of_copies_sees_the_rows_of_one() -> None:
    state, math = run("llama-grouped")
    q, k, v = (part.repeat(3, 1, 1, 1) for part in math.split(math.project(math.norm(state.attention_in[1][:, 2:]))))
    copies = math.mix(q, k, v, state.places(Rows(state.length, 2)), below=Below(state, 2))
    assert torch.allclose(copies.z, state.z[1][:, 2:].repeat(3, 1, 1, 1), rtol=0, atol=1e-12)


def test_neighbours_are_a_slice() -> None:
    assert neighbours([3, 4, 5]) == slice(3, 6)
    assert neighbours(range(4)) == slice(0, 4)
    assert neighbours([3, 5]) == [3, 5]


def test_attention_is_stated_once() -> None:
    """No pass puts attention together by itself: scores, masks and projections are asked of a layer."""
    root = Path(core.__file__).parent
    for path in root.rglob("*.py"):
        name = f"core/{path.relative_to(root).as_posix()}"
        imports = [
            node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.ImportFrom)
        ]
        names = {each.name for node in imports if node.module == "core.engine.attention" for each in node.names}
        assert name in MAY or not names & STATED, name
