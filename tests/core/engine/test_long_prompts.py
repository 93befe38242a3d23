"""Of a long prompt no attention [heads, position, position] is kept, nor a graph of all layers, nor all of a state: the
same numbers in memory that grows with the length alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from transformers import LlamaConfig, LlamaForCausalLM

import wirescope as ws
from core import free_memory, session_parts
from core.engine import attention, gradients
from core.engine.tensors import Tensors
from core.errors import MemoryBudgetError
from core.session import Session
from core.tracing.methods import eap_ig
from tests.core.engine.cases import case
from tests.live_memory import LiveMemory

FAMILIES = ["gpt2", "llama-grouped", "mistral-window", "gemma2", "gpt-oss", "olmo2-grouped", "phi"]
METHODS = ("eap", "eap-ig", "relp", "integrated-edges", "atp-star")


def numbers(session: Session, methods: tuple[str, ...]) -> list[NDArray[np.float64]]:
    """Runs with edits of ports, heads and all of the input, and traces."""
    found = [session.clean.logits, session.counterfactual.logits]
    runs = (["a1.h0"], ["m0->a2.h1<q>"], ["input"], ["input->a2.h3<q>", "m1"])
    found += [session.run([ws.Edit(target, "patch") for target in targets]).logits for targets in runs]
    found.append(session.run([ws.Edit("a1.h0", "noise", value=0.5)], positions="all").logits)
    found.append(torch.as_tensor(session.run_circuit(ws.trace(session, "eap").top(40)).metric))
    arrays = [each.numpy() for each in found]
    for method in methods:
        options = ws.Options(steps=3) if method in ("eap-ig", "integrated-edges") else None
        arrays.append(ws.trace(session, method, options=options).values)
    return arrays


@pytest.mark.parametrize("family", FAMILIES)
def test_a_long_prompt_gives_what_it_gives_with_all_that_is_kept(family: str, monkeypatch: pytest.MonkeyPatch) -> None:
    setup = case(family)
    methods = METHODS if family == "llama-grouped" else METHODS[:2]
    usual = numbers(setup.session(), methods)
    monkeypatch.setattr(attention, "LONG", 2)
    monkeypatch.setattr(attention, "SCORES_BYTES", 400)
    monkeypatch.setattr(gradients, "GRAPH_BYTES", 0)
    monkeypatch.setattr(eap_ig, "HELD_BYTES", 0)
    least = setup.session().engine.least_megabytes
    session = ws.Session(setup.model, setup.pair, memory_megabytes=0.9 * least)
    assert session.engine.unedited.slim
    assert isinstance(session.engine.clean().k, Tensors)
    long = numbers(session, methods)
    for one, other in zip(usual, long, strict=True):
        assert np.abs(one - other).max() <= 1e-9 * max(1.0, np.abs(one).max())
    assert eap_ig.steps_together(session) == 1


def long_session(length: int) -> Session:
    torch.manual_seed(0)
    config = LlamaConfig(
        num_hidden_layers=3,
        hidden_size=16,
        num_attention_heads=4,
        num_key_value_heads=2,
        intermediate_size=24,
        vocab_size=40,
        max_position_embeddings=8192,
    )
    model = ws.load_model((LlamaForCausalLM(config).eval().requires_grad_(False), None))
    a = torch.randint(0, 40, (1, length))
    b = a.clone()
    b[:, 3] = (b[:, 3] + 1) % 40
    return ws.Session(model, model.pair(a, b), ws.logit_difference(6, 7))


def test_memory_grows_with_the_length_and_not_with_its_square(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a session, an edit and a trace; attention of one head alone would be 4 megabytes at the smaller length."""
    monkeypatch.setattr(gradients, "GRAPH_BYTES", 0)
    monkeypatch.setattr(session_parts, "WHOLE", 0)
    monkeypatch.setattr(session_parts, "MEMORY_MEGABYTES", 0.1)
    most = {}
    for length in (1024, 2048):
        with LiveMemory() as memory:
            session = long_session(length)
            session.run([ws.Edit("a1.h0", "patch")])
            ws.trace(session, "eap")
        most[length] = memory.most
        assert session.engine.unedited.slim
        del session
    assert most[2048] < 2.2 * most[1024]
    assert most[2048] < 4 * 2048**2 * 4 / 2**20 / 4


def test_a_session_takes_no_more_than_its_control_group_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_parts, "MEMORY_MEGABYTES", 0.1)
    assert long_session(256).memory > 2**18  # what it needs
    monkeypatch.setattr(free_memory, "group_rooms", lambda _root: [2**18])
    with pytest.raises(MemoryBudgetError):
        long_session(256)
