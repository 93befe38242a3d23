"""Edits of a mixture's router against the oracle, which gives the model's own experts other weights."""

from __future__ import annotations

import random

import pytest
import torch

import wirescope as ws
from core.errors import EditError
from tests.core.engine.cases import TOLERANCE, Case, case, random_edit
from tests.router_oracle import ROUTED, RouterOracle
from tests.small_models import ALL

MIXTURES = [family for family in ALL if any(word in family for word in ("mixtral", "moe", "oss", "llama4"))]


def oracle_of(setup: Case) -> RouterOracle:
    assert setup.pair.counterfactual is not None
    oracle = RouterOracle.beside(setup.oracle, setup.pair.counterfactual.tensor)
    assert isinstance(oracle, RouterOracle)
    return oracle


def mixture_of(session: ws.Session) -> int:
    return next(layer for layer, (kind, _) in enumerate(session.graph.units) if kind == "expert")


def random_routing(rng: random.Random, layer: int, length: int) -> list[ws.Edit]:
    """At most one expert of four is knocked out whole and two are forced, so that the router has a choice left."""
    experts = rng.sample(range(4), 3)
    kinds = [*rng.choice((("force", "knockout"), ("force", "force"), ("knockout", "force"))), "zero"]
    edits = []
    for expert, kind in zip(experts[: rng.randint(1, 3)], kinds, strict=False):
        places = rng.choice([None, rng.sample(range(-length, length), 3)])
        strength = rng.choice([1.0, round(rng.random(), 2)])
        edits.append(ws.Edit(f"m{layer}.e{expert}", kind, places, strength=strength))
    if rng.random() < 0.5:  # the same expert once more: the later one has its positions
        edits.append(ws.Edit(edits[0].name, rng.choice(["patch", "knockout", "scale"]), [1, -1], 0.5))
    return edits


@pytest.mark.parametrize("family", MIXTURES)
def test_edits_of_a_router_give_what_the_oracle_gives(family: str) -> None:
    setup, rng = case(family), random.Random(family)
    session, oracle = setup.session(), oracle_of(setup)
    layer, length = mixture_of(session), session.engine.length
    changes = []
    for count in range(3):
        edits = random_routing(rng, layer, length)
        edits += [random_edit(rng, "a0.h1", length)] if count % 2 else []
        expected, what = oracle.run(edits), ", ".join(map(str, edits))
        found = session.run(edits, positions="all").logits
        assert (found - expected).abs().max() <= TOLERANCE, what
        assert (session.run(edits).answer - setup.answer(expected)).abs().max() <= TOLERANCE, what
        changes.append(float((expected - oracle.clean.output).abs().max()))
    assert max(changes) > 1e-6


def test_weights_are_as_their_edits_leave_them() -> None:
    session = case("qwen2-moe").session()
    node = f"m{mixture_of(session)}"
    logits, before = ws.routing(session, node)
    least = logits.argmin(dim=-1)
    expert = int(least[0, 2])
    _, forced = ws.routing(session, node, [ws.Edit(f"{node}.e{expert}", "force", [2])])
    assert (forced[0, 2] > 0).sum() == 2 and forced[0, 2, expert] > 0  # noqa: PT018
    best = int(logits[0, 2].argmax())
    assert forced[0, 2, best] == pytest.approx(float(before[0, 2, best])), "this router divides by no sum"
    assert torch.equal(forced[0, 3:], before[0, 3:])
    _, left = ws.routing(session, node, [ws.Edit(f"{node}.e{best}", "knockout")])
    assert float(left[..., best].abs().max()) == 0
    assert torch.allclose(left.sum(dim=-1), before.sum(dim=-1))


def test_a_scan_of_experts_is_as_one_by_one() -> None:
    session = case("mixtral", batch=2).session()
    before = float(session.clean.metric.mean())
    names = [f"m1.e{number}" for number in range(4)]
    for kind in ROUTED:
        each = [float(session.run([ws.Edit(name, kind)]).metric.mean()) - before for name in names]
        assert ws.Scan(session, names, kind).run().tolist() == pytest.approx(each, abs=TOLERANCE)
        assert max(map(abs, each)) > 1e-6


def test_what_cannot_be_routed_is_said() -> None:
    session = case("mixtral").session()
    for name in ("m0", "m0.n3", "a0.h1", "->m1", "m0->m1", ws.Node("head", 0, 1)):
        for kind in ROUTED:
            with pytest.raises(EditError, match="an expert of a mixture"):
                ws.Edit(name, kind)
    with pytest.raises(EditError, match="3 experts of m0 are forced at one position, and its router chooses 2"):
        session.run([ws.Edit(f"m0.e{number}", "force") for number in range(3)])
    with pytest.raises(EditError, match="All experts of m0 that its router chooses"):
        session.run([ws.Edit(f"m0.e{number}", "knockout") for number in range(4)])
    with pytest.raises(EditError, match="cannot be one of weights of attention"):
        ws.Edit("a0.h1[0]", "force")
