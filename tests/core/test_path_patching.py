"""Path patching against its three steps as the paper has them, in plain PyTorch hooks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from torch import Tensor

import wirescope as ws
from tests.core.engine.cases import TOLERANCE, case
from tests.layouts import layout
from tests.oracle import output_of


class ByHand:
    """Steps 1 and 2 of Wang et al. on a model, with heads frozen by what goes into each output projection."""

    def __init__(self, module: torch.nn.Module) -> None:
        self.module, self.layout = module, layout(module)

    @contextmanager
    def hooked(self, hooks: list[Any]) -> Iterator[None]:
        try:
            with torch.no_grad():
                yield
        finally:
            for hook in hooks:
                hook.remove()

    def mixes(self, x: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """What every layer's heads mix, and what its MLP writes, without any change."""
        z: list[Tensor] = []
        mlps: list[Tensor] = []
        hooks = [b.output.register_forward_pre_hook(lambda _m, args: z.append(args[0])) for b in self.layout.blocks]
        hooks += [b.mlp.register_forward_hook(lambda _m, _a, out: mlps.append(out)) for b in self.layout.blocks]
        with self.hooked(hooks):
            self.module(x)
        return z, mlps

    def run(self, a: Tensor, b: Tensor, sender: tuple[str, int, int], receivers: list[tuple[str, int, int]]) -> Tensor:
        of_a, of_b = self.mixes(a)[0], self.mixes(b)[0]
        mlps_b = self.mixes(b)[1]
        kind, sent_layer, sent_head = sender
        size = of_a[0].shape[-1] // self.layout.heads
        hooks, read = [], {}
        for layer, block in enumerate(self.layout.blocks):
            z = of_a[layer].clone()
            if kind == "head" and layer == sent_layer:
                part = slice(sent_head * size, (sent_head + 1) * size)
                z[..., part] = of_b[layer][..., part]
            hooks.append(block.output.register_forward_pre_hook(lambda _m, _args, z=z: (z,)))
            if kind == "mlp" and layer == sent_layer:
                hooks.append(block.mlp.register_forward_hook(lambda _m, _a, _o, layer=layer: mlps_b[layer]))
        for port, layer, head in receivers:
            hooks.append(self._watch(port, layer, head, read))
        with self.hooked(hooks):
            output = output_of(self.module, a)
        if receivers == [("logits", 0, 0)]:
            return output
        hooks = [self._put(port, layer, head, read) for port, layer, head in receivers]
        with self.hooked(hooks):
            return output_of(self.module, a)

    def _where(self, port: str, layer: int, head: int) -> tuple[Any, Any]:
        for module, ports in self.layout.blocks[layer].projections:
            for found, number, rows in ports:
                if (found, number) == (port, head):
                    return module, rows
        raise AssertionError

    def _watch(self, port: str, layer: int, head: int, read: dict[Any, Tensor]) -> Any:
        if port == "logits":
            return self.layout.blocks[0].mlp.register_forward_hook(lambda *_: None)
        if port == "mlp":

            def keep(_m: Any, args: Any) -> None:
                read["mlp"] = args[0]

            return self.layout.blocks[layer].mlp.register_forward_pre_hook(keep)
        module, rows = self._where(port, layer, head)

        def keep_port(_m: Any, _a: Any, out: Tensor) -> None:
            read[port, head] = out[..., rows].clone()

        return module.register_forward_hook(keep_port)

    def _put(self, port: str, layer: int, head: int, read: dict[Any, Tensor]) -> Any:
        if port == "mlp":
            return self.layout.blocks[layer].mlp.register_forward_pre_hook(lambda _m, _a: (read["mlp"],))
        module, rows = self._where(port, layer, head)

        def put(_m: Any, _a: Any, out: Tensor) -> Tensor:
            out = out.clone()
            out[..., rows] = read[port, head]
            return out

        return module.register_forward_hook(put)


PATHS: list[tuple[str, tuple[str, int, int], list[str], list[tuple[str, int, int]]]] = [
    ("a0.h1", ("head", 0, 1), ["logits"], [("logits", 0, 0)]),
    ("a0.h1", ("head", 0, 1), ["a2.h0<q>"], [("q", 2, 0)]),
    ("a0.h2", ("head", 0, 2), ["a1.h3<q>", "a1.h0<q>"], [("q", 1, 3), ("q", 1, 0)]),
    ("a1.h0", ("head", 1, 0), ["->m2"], [("mlp", 2, 0)]),
    ("m0", ("mlp", 0, 0), ["a2.h1<q>"], [("q", 2, 1)]),
]


@pytest.mark.parametrize("family", ["gpt2", "llama-grouped", "gpt-neox", "cohere"])
def test_it_is_the_three_steps_of_the_paper(family: str) -> None:
    setup = case(family)
    session = setup.session()
    b = setup.pair.counterfactual
    assert b is not None
    by_hand = ByHand(setup.module)
    letter = "kv" if session.graph.kv_heads != session.graph.heads else "h"
    paths = [*PATHS, ("a0.h3", ("head", 0, 3), [f"a2.{letter}1<v>", f"a2.{letter}0<k>"], [("v", 2, 1), ("k", 2, 0)])]
    for sender, of_hand, receivers, ports in paths:
        expected = by_hand.run(setup.pair.clean.tensor, b.tensor, of_hand, ports)
        run = ws.path_patching(session, sender, receivers)
        assert (run.answer - setup.answer(expected)).abs().max() <= TOLERANCE, (sender, receivers)
        assert torch.allclose(run.metric, session.metric(run.answer))
        assert not torch.allclose(run.answer, session.clean.answer, rtol=0, atol=1e-6), (sender, receivers)


def test_without_mlps_between_it_is_the_edge() -> None:
    session = case("gpt2").session()
    run = ws.path_patching(session, "m1", "a2.h1<q>")
    assert (run.answer - session.run([ws.Edit("m1->a2.h1<q>", "patch")]).answer).abs().max() <= TOLERANCE


def test_where_a_norm_holds_heads_together_they_move_together() -> None:
    """Of the sender's layer only the sender moves: it writes what it writes in B. Of the receiver's layer all do."""
    session = case("gemma2").session()
    for sender in ("m1", "a1.h2"):
        edge = session.run([ws.Edit(f"{sender}->a2.h1<q>", "patch")])
        through = ws.path_patching(session, sender, "a2.h1<q>")
        same = (through.answer - edge.answer).abs().max() <= TOLERANCE
        assert same == (sender == "m1")  # a head's way leads through m1 as well


@pytest.mark.parametrize(
    ("senders", "receivers", "words"),
    [
        (["a0.h1", "a1.h1"], "logits", "different places"),
        (["a0.h1", "m0"], "logits", "different places"),
        ("a0.h1", ["a1.h0<q>", "a2.h0<q>"], "different layers"),
        ("a0.h1", ["a2.h0<q>", "->m2"], "different layers"),
        ("a2.h1", "a1.h0<q>", "reads before"),
        ("->m1", "logits", "does not write"),
        ("a0.h1", "a0.h1->m1", "is an edge"),
        ("a0.h1", "input", "reads nothing"),
        ([], "logits", "from a sender to a receiver"),
    ],
)
def test_what_is_no_path_is_refused(senders: Any, receivers: Any, words: str) -> None:
    with pytest.raises(ws.WirescopeError, match=words) as caught:
        ws.path_patching(case("gpt2").session(), senders, receivers)
    assert caught.value.hint


def test_without_a_counterfactual_there_is_no_path() -> None:
    setup = case("gpt2")
    session = ws.Session(setup.model, setup.model.pair(setup.pair.clean.tensor))
    with pytest.raises(ws.WirescopeError, match="no counterfactual"):
        ws.path_patching(session, "a0.h1")
