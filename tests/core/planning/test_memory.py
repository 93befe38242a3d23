"""Bytes that are planned against what the engine makes of them."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch

import wirescope as ws
from core.engine.batched_edits import Scanner
from core.engine.packing import packed_at_most
from core.engine.sizes import gradient_bytes
from core.models import products
from core.planning.memory import (
    GRAPHS,
    LIBRARIES,
    edit_bytes,
    packed,
    scan_bytes,
    scanned_together,
    session_bytes,
    trace_bytes,
    unedited_bytes,
)
from core.planning.sketch import sketch
from core.tracing.method import method_named
from core.tracing.told_options import Options
from tests.live_memory import LiveMemory
from tests.small_models import small_input, small_model

MEMORY = 384 * 2**20


@pytest.mark.skipif(not products._available(), reason="this PyTorch has no oneDNN for x86")
def test_as_many_layers_are_packed_as_have_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(products, "FEWEST", 0)
    model = ws.load_model((small_model("gpt2").float(), None))
    pair = model.pair(small_input("gpt2", 1), small_input("gpt2", 2))
    adapter, one = model.adapter, packed_at_most(model.adapter, MEMORY, False)[1]
    for room in (MEMORY, one - 1, 0):
        adapter.products.forget()
        session = ws.Session(model, pair)
        monkeypatch.setattr(type(session.engine), "free", 2 * room)
        for _ in range(adapter.shape.layers):
            session.engine.pack()
        assert (adapter.products.layers, adapter.products.bytes) == packed_at_most(adapter, room, False)
        assert (adapter.products.layers == adapter.shape.layers) == (room == MEMORY)


def test_of_gpt2_half_the_layers_are_packed() -> None:
    """A layer's four maps are 27 MB, the last one's keys and values 4.5: six have room in 192 MB with these."""
    layers, size = packed(sketch("sizes:gpt2-small").adapter, 16, 1, MEMORY)
    assert (layers, size) == (7, 4 * (6 * 12 * 768 * 768 + 2 * 768 * 768))


def test_a_scan_is_planned_in_the_batches_that_it_makes() -> None:
    """As the engine has them once its weights are packed, but for layers that have fewer edges."""
    model = ws.load_model("bundled:names")
    pair = model.pair("When Mary and John ate, John gave it to", "When Mary and John ate, Tom gave it to")
    session = ws.Session(model, pair, memory_megabytes=8)
    scanner, engine, graph = Scanner(session.engine), session.engine, session.graph
    for _ in range(graph.layers):
        engine.pack()
    there = [0] * graph.layers
    for edge in graph.edges:
        if edge.reader.kind in "qkv":
            there[edge.reader.layer] += 1
    made = [min(scanner.most(2 * layer), there[layer]) for layer in range(graph.layers)]
    rows = engine.length - engine.first_patched_row
    planned = scanned_together(sketch("bundled:names").adapter, engine.length, rows, 1, 8 * 2**20)
    assert planned.tolist() == made
    assert len(set(made)) > 2


def test_runs_are_kept_beside_packed_weights_within_the_budget() -> None:
    adapter = sketch("sizes:gpt2-small").adapter
    assert edit_bytes(adapter, 128, 1, MEMORY) <= MEMORY + unedited_bytes(adapter, 128, 1) + 2**20


def test_gradients_that_are_held_are_reckoned_once() -> None:
    adapter = sketch("sizes:gpt2-small").adapter
    _, kept = gradient_bytes(adapter, 128)
    held = [trace_bytes(adapter, 1, 128, 128, 1, count) for count in (3, 4, 5)]
    assert [later - before for before, later in pairwise(held)] == [kept, kept]


def test_a_scan_of_a_wide_vocabulary_holds_two_parts_of_its_outputs() -> None:
    """Where many edges go together, 32 MB of outputs are made while those before are there."""
    llama = sketch("sizes:llama-3-8b").adapter
    assert scan_bytes(llama, 14, 5, 1, 2**40) > 2 * 32 * 2**20


def test_a_trace_that_makes_a_run_again_is_planned_with_both() -> None:
    """A's run of the session beside the one with gradients, which holds a part of these; nothing where the first
    difference is late, and its rows are not made again."""
    adapter = sketch("sizes:gpt2-small").adapter
    shape, (graph, kept) = adapter.shape, gradient_bytes(adapter, 128)
    shared = shape.layers * 128 * (shape.heads * shape.head_width + 2 * shape.width) * 4
    once, both = (trace_bytes(adapter, 1, 128, 128, 1, 1, again) for again in (False, True))
    beside = max(0, unedited_bytes(adapter, 128, 1) // 2 - shared)
    products = once - trace_bytes(adapter, 1, 128, 128, 1, 0) - kept
    assert products > graph - kept
    assert both - once == beside > 0
    assert trace_bytes(adapter, 1, 128, 64, 1, 1, True) == trace_bytes(adapter, 1, 128, 64, 1, 1, False)


def test_tensors_of_a_session_and_of_traces_come_to_what_is_planned() -> None:
    """All that are alive at once, to a quarter. What Python and the libraries hold beside them is not counted here."""
    sketched = sketch("sizes:gpt2-small")
    model = ws.load_model((sketched.some_layers(3).module, None))
    a = torch.randint(0, 1000, (1, 96), generator=torch.Generator().manual_seed(0))
    b = a.clone()
    b[:, 2] += 1
    pair, adapter = model.pair(a, b), model.adapter
    ws.trace(ws.Session(model, pair), "eap")  # what is made once
    with LiveMemory() as memory:
        opened = ws.Session(model, pair)
    planned = session_bytes(adapter, 96, 1) - LIBRARIES
    assert memory.most * 2**20 == pytest.approx(planned, rel=0.25)
    for name in ("eap", "eap-ig"):
        method = method_named(name)
        held = method.held(Options().of(method.takes))
        with LiveMemory() as memory:
            ws.trace(ws.Session(model, pair, parity=opened.parity), name)
        planned = trace_bytes(adapter, 1, 96, 94, 1, held, method.makes_clean) - LIBRARIES - GRAPHS
        assert memory.most * 2**20 == pytest.approx(planned, rel=0.25)
