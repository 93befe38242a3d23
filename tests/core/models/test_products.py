"""Products by oneDNN: the model's numbers, to the last bit the same whatever is packed."""

from __future__ import annotations

import gc
import weakref

import pytest
import torch
import torch.nn.functional as F

import wirescope as ws
from core.models import products
from core.models.products import Products
from tests.small_models import small_input, small_model

FAMILIES = ("gpt2", "llama-grouped", "opt", "mixtral", "dinov2")
EDITS = [ws.Edit("m0", "zero"), ws.Edit("input->m1", "scale", value=0.5)]

needed = pytest.mark.skipif(not products._available(), reason="this PyTorch has no oneDNN for x86")


@pytest.fixture
def all_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small weights too."""
    monkeypatch.setattr(products, "FEWEST", 0)


def session(family: str, megabytes: float = 384) -> ws.Session:
    model = ws.load_model((small_model(family).float(), None))
    a, b = small_input(family, 1), small_input(family, 2)
    if not a.is_floating_point():
        return ws.Session(model, model.pair(a, b), memory_megabytes=megabytes)
    return ws.Session(model, model.pair(a.float(), b.float()), memory_megabytes=megabytes)


@needed
@pytest.mark.parametrize("family", FAMILIES)
def test_what_is_packed_changes_no_bit(family: str, all_sizes: None) -> None:
    other = session(family)
    fresh, held = other.run(EDITS).logits, other.model.adapter.products
    assert (held.layers, held.bytes > 0) == (1, True), "one layer at a run with edits"
    other.run([ws.Edit("m0", "scale", value=0.3)])
    other.run([ws.Edit("m0", "scale", value=0.4)])
    assert held.layers == other.graph.layers
    packed = ws.Session(other.model, other.pair, parity=other.parity).run(EDITS).logits
    assert torch.equal(packed, fresh)


@needed
@pytest.mark.parametrize("family", FAMILIES)
def test_it_is_the_usual_product(family: str, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = session(family).run(EDITS).logits
    monkeypatch.setattr(products, "FEWEST", 0)
    called = []
    multiply = products._multiply()
    monkeypatch.setattr(products, "_multiply", lambda: lambda *args: called.append(args) or multiply(*args))
    torch.testing.assert_close(session(family).run(EDITS).logits, usual, rtol=1e-4, atol=1e-5)
    assert called


@needed
def test_rows_do_not_depend_on_how_many_there_are(all_sizes: None) -> None:
    """MKL's do; so an edit that changes nothing can have no effect."""
    x, weight, held = torch.randn(40, 96), torch.randn(64, 96), Products()
    with torch.no_grad():
        whole = held.linear(x, weight)
        assert torch.equal(held.linear(x[7:16], weight), whole[7:16])
        held.pack([weight])
        assert torch.equal(held.linear(x[7:16], weight), whole[7:16])
        assert torch.equal(held.linear(x[3:4], weight), F.linear(x[3:4], weight))
        assert held.linear(x[:0], weight).shape == (0, 64)


@needed
def test_parts_of_a_weight_that_is_stored_the_other_way(all_sizes: None) -> None:
    weight, x, held = torch.randn(48, 32).T, torch.randn(2, 5, 48), Products()
    with torch.no_grad():
        for part in (weight[:16], weight[16:]):
            fresh = held.linear(x, part)
            torch.testing.assert_close(fresh, F.linear(x, part), rtol=1e-5, atol=1e-5)
            assert held.bytes == 0, "a product packs nothing by itself"
            held.pack([part])
            assert torch.equal(held.linear(x, part), fresh)
            held = Products()


@needed
def test_a_weight_that_was_changed_in_place_is_multiplied_as_it_is(all_sizes: None) -> None:
    x, weight, held = torch.randn(4, 8), torch.nn.Parameter(torch.randn(6, 8)), Products()
    with torch.no_grad():
        held.pack([weight])
        weight.mul_(2)
        torch.testing.assert_close(held.linear(x, weight), F.linear(x, weight))
    assert held.linear(x, weight).requires_grad, "gradients go the usual way"


def test_products_that_are_known_are_those_of_one_input_as_it_is() -> None:
    x, module, held = torch.randn(3, 8), torch.nn.Linear(8, 6), Products()
    with torch.no_grad():
        other, usual, twice = x.clone(), module(x), module(2 * x)
        with held, held.known(x, lambda weight, bias: torch.full((3, len(weight)), 7.0)):
            assert module(x[None]).eq(7).all()
            torch.testing.assert_close(module(other), usual)
            x.mul_(2)
            torch.testing.assert_close(module(x), twice)
        with held:
            torch.testing.assert_close(module(x), twice)


@needed
def test_packing_keeps_to_the_memory(all_sizes: None) -> None:
    """At most half of what is free; the runs that are kept have the rest."""
    sessions = [session("gpt2", megabytes) for megabytes in (session("gpt2").engine.least_megabytes, 384)]
    for each in sessions:
        for step in range(each.graph.layers):
            each.run([ws.Edit("m0", "scale", value=step / 10)])
    tight, free = (each.model.adapter.products for each in sessions)
    assert tight.bytes <= sessions[0].engine.free // 2
    assert tight.layers < free.layers == sessions[1].graph.layers
    assert sessions[1].engine._kept.beside == free.bytes


@needed
def test_packed_weights_go_with_their_model(all_sizes: None) -> None:
    one = session("gpt2")
    one.run(EDITS)
    held = weakref.ref(one.model.adapter.products)
    assert held().bytes  # type: ignore[union-attr]
    gc.disable()
    try:
        del one
        assert held() is None
    finally:
        gc.enable()
