"""What heads mix when a port reads less at one position, against real edits of it."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch

import wirescope as ws
from core.graph import Node, Reader
from core.tracing.atp_star_softmax import through_softmax
from core.tracing.job import Job
from core.tracing.losses import Losses
from tests.core.engine.cases import case
from tests.small_models import small_input, small_model


def check(session: ws.Session, layer: int, seed: str) -> None:
    """Some writers, ports and positions of a layer: the function's number is that of a run with the edit made."""
    graph, rng = session.graph, random.Random(seed)
    clean = session.run([], positions="all").state.z[layer]
    at_z = torch.randn((2, *clean.shape), generator=torch.Generator().manual_seed(0), dtype=clean.dtype)
    writers = [Node("input"), Node("head", layer - 1, 1), Node("mlp", layer - 1)]
    lost = torch.stack([Losses(session, "patch", 0).of_node(node) for node in writers])
    with torch.no_grad():
        found = through_softmax(Job(session), layer, lost, at_z, 0, by_position=True)
    shared = graph.kv_heads != graph.heads
    readers = [Reader("q", layer, rng.randrange(graph.heads)), Reader("k", layer, 0, shared)]
    readers.append(Reader("k", layer, graph.kv_heads - 1, shared))
    for reader in readers:
        port = reader.head + (graph.heads if reader.kind == "k" else 0)
        for place in rng.sample(range(session.pair.length), 3):
            number = rng.randrange(len(writers))
            edit = ws.Edit(ws.Edge(writers[number], reader), "patch", positions=[place])
            edited = session.run([edit], positions="all").state.z[layer]
            expected = ((clean - edited) * at_z).sum(dim=(1, 2, 3, 4))
            got = found[port, :, number, place]
            assert torch.allclose(got, expected, rtol=1e-6, atol=1e-10), (reader.name, place)
    assert np.abs(found.numpy()).max() > 1e-5


FAMILIES = ["gpt2", "llama-grouped", "gptj", "gemma2", "gpt-oss", "olmo2-grouped", "qwen2-window", "vit", "dinov2"]


@pytest.mark.parametrize("family", FAMILIES)
def test_one_position_alone_moves_as_with_a_real_edit(family: str) -> None:
    check(case(family, batch=2).session(), 1, family)


@pytest.mark.parametrize("times", [8.0, 40.0])
def test_also_where_a_head_looks_at_one_position_alone(times: float) -> None:
    """The shares of all others are then next to nothing, down to 0 in fp32."""
    module = small_model("gpt2", seed=3)
    attention = module.transformer.h[1].attn.c_attn  # type: ignore[union-attr,index]
    with torch.no_grad():
        attention.weight[:, :32] *= times  # type: ignore[index,operator]
        attention.bias[:32] *= times  # type: ignore[index,operator]
    model = ws.load_model((module, None))
    session = ws.Session(model, model.pair(small_input("gpt2", 1), small_input("gpt2", 2)))
    check(session, 1, "gpt2")
