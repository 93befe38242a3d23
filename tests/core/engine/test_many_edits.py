"""Many edges edited at once go by matrix products, and say what they say one by one."""

from __future__ import annotations

import random

import pytest
import torch

import wirescope as ws
from core.engine import edge_sums
from core.engine.attention import head_out
from core.engine.edge_sums import EdgeSums
from tests.core.engine.cases import TOLERANCE, case

FAMILIES = ["gpt2", "llama-grouped", "gptj", "olmo2", "gpt-oss", "timm-vit"]


def many_edits(
    session: ws.Session, seed: int, share: float = 0.6, kinds: tuple[str, ...] = ("patch",)
) -> list[ws.Edit]:
    draw = random.Random(seed)
    edges = draw.sample(range(session.graph.n_edges), round(share * session.graph.n_edges))
    return [
        ws.Edit(session.graph.edge(index), draw.choice(kinds), strength=draw.choice((1.0, 1.0, 0.5)))  # type: ignore[arg-type]
        for index in edges
    ]


@pytest.mark.parametrize("kinds", [("patch",), ("patch", "zero", "mean"), ("zero", "noise", "resample")])
@pytest.mark.parametrize("family", FAMILIES)
def test_products_say_what_edge_by_edge_does(family: str, kinds: tuple[str, ...], monkeypatch) -> None:
    setup = case(family, batch=2)
    asked: list[bool] = []
    usual = EdgeSums.takes

    def takes(self: EdgeSums, *arguments: object) -> bool:
        asked.append(usual(self, *arguments))  # type: ignore[arg-type]
        return asked[-1]

    monkeypatch.setattr(EdgeSums, "takes", takes)
    edits = [*many_edits(setup.session(), 1, kinds=kinds), ws.Edit("a0.h1", "scale", value=0.5), ws.Edit("m1", "zero")]
    for also in ([], [ws.Edit("m0->a1.h0<q>", "zero", positions=[2])]):  # one reader goes edge by edge then
        for frozen in (False, True):
            with_products = setup.session().run([*edits, *also], frozen_norms=frozen)
            assert any(asked)
            with monkeypatch.context() as patched:
                patched.setattr(edge_sums, "MANY", 10**9)
                one_by_one = setup.session().run([*edits, *also], frozen_norms=frozen)
            assert (with_products.logits - one_by_one.logits).abs().max() <= TOLERANCE
            everywhere = setup.session().run([*edits, *also], positions="all", frozen_norms=frozen)
            assert (everywhere.metric - one_by_one.metric).abs().max() <= TOLERANCE


@pytest.mark.parametrize("family", ["gpt2", "timm-vit"])
def test_the_same_many_edits_give_the_same_bits_wherever_the_run_starts(family: str) -> None:
    setup = case(family)
    session = setup.session()
    edits = many_edits(session, 2)
    late = ws.Edit("m0->logits", "zero")
    expected = setup.session().run([*edits, late]).logits
    session.run(edits)
    resumed = session.run([*edits, late])
    assert torch.equal(resumed.logits, expected)
    assert torch.equal(session.run(edits).logits, setup.session().run(edits).logits)


def test_what_a_writers_edges_change_is_made_once(monkeypatch) -> None:
    """However many readers there are: 5,000 edges cost no 5,000 products."""
    session = case("gpt2").session()
    edits = many_edits(session, 3, share=1.0)
    made: list[int] = []
    monkeypatch.setattr("core.engine.layer.head_out", lambda *x: (made.append(1), head_out(*x))[1])
    session.run(edits)
    assert len(made) <= session.graph.n_writers


def test_a_scan_among_many_edits_measures_what_runs_do() -> None:
    session = case("llama-grouped").session()
    standing = many_edits(session, 4, share=0.4)
    targets = [session.graph.edge(index) for index in range(0, session.graph.n_edges, 9)]
    effects = ws.Scan(session, targets, "zero", edits=standing).run()
    without = session.run(standing).metric.mean()
    for target, effect in zip(targets, effects, strict=True):
        each = session.run([*standing, ws.Edit(target, "zero")]).metric.mean()
        assert float(each - without) == pytest.approx(effect, abs=TOLERANCE)
