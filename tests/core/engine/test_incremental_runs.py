"""What a run gives depends on its edits alone: never on the runs before it, to the last bit."""

from __future__ import annotations

import random

import pytest
import torch

import wirescope as ws
from core.engine.kept import MOST
from core.errors import Cancelled
from tests.core.engine.cases import TOLERANCE, case, draws, random_edit, random_edits, random_targets
from tests.small_models import ALL, CAUSAL, POSITIONS


def step(rng: random.Random, edits: list[ws.Edit], graph: ws.Graph, length: int) -> list[ws.Edit]:
    """The edits after a click: one more, one less, or one that another takes the place of."""
    choice = rng.random()
    if edits and choice < 0.35:
        gone = rng.randrange(len(edits))
        return edits[:gone] + edits[gone + 1 :]
    new = random_edit(rng, random_targets(rng, graph, 1)[0], length)
    if edits and choice < 0.55:
        place = rng.randrange(len(edits))
        return [*edits[:place], new, *edits[place + 1 :]]
    return [*edits, new]


@pytest.mark.parametrize("family", ALL)
def test_incremental_runs_equal_fresh_runs_to_the_last_bit(family: str) -> None:
    setup = case(family)
    session = setup.session()
    rng = random.Random(family)
    for _ in range(draws(family, 6)):
        edits: list[ws.Edit] = []
        for _ in range(rng.randint(2, 5)):
            edits = step(rng, edits, session.graph, session.engine.length)
            positions = rng.choice([None, "all"])
            result = session.run(edits, positions=positions)
        fresh = setup.session().run(edits, positions=positions)
        assert torch.equal(result.logits, fresh.logits), edits
        assert torch.equal(result.metric, fresh.metric), edits


@pytest.mark.parametrize("family", ALL)
def test_toggling_twice_is_equal_to_the_last_bit(family: str) -> None:
    setup = case(family)
    session = setup.session()
    clean = session.run().logits.clone()
    standing = [ws.Edit("m0", "scale", value=0.7)]
    before = session.run(standing).logits.clone()
    toggled = ws.Edit("input->a1.h2<q>", "zero")
    once = session.run([*standing, toggled]).logits.clone()
    assert not torch.equal(once, before)
    assert torch.equal(session.run(standing).logits, before)
    assert torch.equal(session.run([*standing, toggled]).logits, once)
    assert torch.equal(session.run().logits, clean)


@pytest.mark.parametrize("family", ["gpt2", "timm-vit"])
def test_runs_are_the_same_after_the_cache_let_them_go(family: str) -> None:
    setup = case(family)
    session = setup.session()
    rng = random.Random(family)
    seen = []
    for _ in range(MOST + 5):
        edits = random_edits(rng, session.graph, session.engine.length)
        seen.append((edits, session.run(edits).logits.clone()))
    held = session.engine.megabytes
    for edits, logits in seen:
        assert torch.equal(session.run(edits).logits, logits)
    assert session.engine.megabytes == pytest.approx(held, rel=0.5), "the cache does not grow with the runs"


def test_a_run_computes_only_the_layers_from_its_first_change_on() -> None:
    session = case("gpt2").session()
    assert list(session.run().layers_run) == []
    edit = ws.Edit("a0.h0->m2", "zero")
    assert list(session.run([edit]).layers_run) == [2]
    assert list(session.run([edit]).layers_run) == []
    assert session.run([edit]).known
    output = [ws.Edit("m0->logits", "zero")]
    assert list(session.run(output).layers_run) == []
    assert [session.run([*output, ws.Edit("m1->logits", "zero")]).known for _ in range(2)] == [False, True]
    assert list(session.run([edit, ws.Edit("->m1", "zero")]).layers_run) == [1, 2]
    assert list(session.run([ws.Edit("m0", "zero")]).layers_run) == [0, 1, 2]


@pytest.mark.parametrize("family", ["gpt2", "llama-grouped", "dinov2"])
def test_a_cancelled_run_raises_and_leaves_later_runs_right(family: str) -> None:
    setup = case(family)
    session = setup.session()
    edits = [ws.Edit("input", "patch", positions=[1, 3]), ws.Edit("a0.h1->m1", "zero")]
    for after in range(session.graph.layers):
        asked = 0

        def cancelled(after: int = after) -> bool:
            nonlocal asked
            asked += 1
            return asked > after

        with pytest.raises(Cancelled):
            session.run(edits, cancelled=cancelled)
        assert asked == after + 1, "asked before each layer"
        with pytest.raises(Cancelled):
            session.run_circuit(ws.circuit_of(session.graph, ["input->m0", "m0->logits"]), cancelled=lambda: True)
        with pytest.raises(Cancelled):
            ws.trace(session, "eap-ig", cancelled=lambda: True)
    expected = setup.answer(setup.oracle.run(edits))
    result = session.run(edits, cancelled=lambda: False)
    assert (result.answer - expected).abs().max() <= TOLERANCE
    assert torch.equal(result.logits, setup.session().run(edits).logits)


@pytest.mark.parametrize("family", CAUSAL)
def test_in_a_causal_model_no_edit_reaches_back(family: str) -> None:
    session = case(family).session()
    clean = session.run(positions="all").logits
    rng = random.Random(family)
    reached = 0
    for _ in range(draws(family, 24)):
        first = rng.randrange(1, POSITIONS)
        edits = [
            random_edit(rng, name, POSITIONS) for name in random_targets(rng, session.graph, rng.choice([1, 2, 3]))
        ]
        edits = [ws.Edit(e.target, e.kind, [first, POSITIONS - 1], e.value, e.strength) for e in edits]
        logits = session.run(edits, positions="all").logits
        assert torch.equal(logits[:, :first], clean[:, :first]), edits
        reached += not torch.equal(logits[:, first], clean[:, first])
    assert reached > 0.4 * draws(family, 24), "while the position itself changes"
