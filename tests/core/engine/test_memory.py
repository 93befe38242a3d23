"""What runs may hold: a budget, the oldest go first, and what would not fit is said before it starts."""

from __future__ import annotations

import pytest
import torch

import wirescope as ws
from core.engine.batched_edits import Scanner
from core.engine.engine import Engine
from core.engine.first_mlp import bytes_of
from core.engine.kept import KeptRuns
from core.engine.state import megabytes
from core.errors import MemoryBudgetError
from tests.core.engine.cases import case
from tests.core.engine.test_arithmetic import make as scanned_session
from tests.small_models import ALL, small_input


def heads(session: ws.Session) -> list[ws.Edit]:
    graph = session.graph
    return [ws.Edit(node, "zero") for node in graph.writers if node.kind == "head"]


@pytest.mark.parametrize("family", ["gpt2", "llama-grouped", "gemma2", "dinov2"])
def test_the_states_that_are_kept_stay_within_the_budget(family: str) -> None:
    setup = case(family)
    one = ws.Session(setup.model, setup.pair).engine.megabytes
    session = ws.Session(setup.model, setup.pair, memory_megabytes=1.8 * one)
    for edit in heads(session) * 2:
        session.run([edit])
        kept = session.engine._kept
        assert 0 < kept.bytes <= kept.budget
        assert kept.bytes / 2**20 == pytest.approx(megabytes([state for _, state in kept])), "it counts what is there"
    assert len(kept) < len(heads(session))


def test_with_less_memory_runs_go_at_once_and_with_more_they_stay() -> None:
    setup = case("gpt2")
    one = ws.Session(setup.model, setup.pair).engine.megabytes
    session = ws.Session(setup.model, setup.pair)
    edits = heads(session)
    before = [float(session.run([edit]).metric[0]) for edit in edits]
    kept = session.engine._kept
    many = len(kept)
    session.engine.set_memory(2.5 * one)
    assert 0 < len(kept) < many
    assert kept.bytes <= 2.5 * one * 2**20
    assert [float(session.run([edit]).metric[0]) for edit in edits] == before
    session.engine.set_memory(100 * one)
    for edit in edits:
        session.run([edit])
    assert len(kept) == many


def test_the_run_used_longest_ago_goes_first() -> None:
    setup = case("gpt2")
    one = ws.Session(setup.model, setup.pair).engine.megabytes
    session = ws.Session(setup.model, setup.pair, memory_megabytes=3 * one)
    first, *others = heads(session)
    session.run([first])
    for other in others:
        session.run([other])
        assert not len(session.run([first]).layers_run), "used again and again, it stays"
    assert len(session.run([others[0]]).layers_run), "while others went"


@pytest.mark.parametrize("family", ALL)
def test_what_a_run_needs_is_known_before(family: str) -> None:
    """The estimate is what a run from the first layer on really holds, to a fifth."""
    engine = case(family, batch=2).session().engine
    for full in (False, True):
        full = full or engine.reads is None
        state = engine.run([ws.Edit("input", "zero")], full=full).state
        state.node_deltas.clear()
        assert engine._run_bytes(0, full) / 2**20 == pytest.approx(megabytes([state]), rel=0.2)


def test_a_run_of_the_output_alone_needs_little_but_not_less_than_nothing() -> None:
    engine = case("gpt2").session().engine
    layers = engine.graph.layers
    needs = [engine._run_bytes(layer) for layer in range(layers + 1)]
    assert needs == sorted(needs, reverse=True)
    assert needs[-1] > 0


def test_what_does_not_fit_is_said_before_it_starts() -> None:
    setup = case("gpt2")
    one = ws.Session(setup.model, setup.pair).engine.megabytes
    with pytest.raises(MemoryBudgetError, match=r"needs about .* MB .* budget is .* MB"):
        ws.Session(setup.model, setup.pair, memory_megabytes=one / 4)
    both = 2 * setup.session().engine._run_bytes(0) / 2**20  # the runs over A and B
    tight = ws.Session(setup.model, setup.pair, memory_megabytes=both)
    with pytest.raises(MemoryBudgetError, match="needs about"):
        tight.run([ws.Edit("input", "zero")], cancelled=lambda: pytest.fail("it started"))
    assert tight.run([ws.Edit("m2", "zero")]).metric.shape == (1,), "what fits still runs"

    many = setup.model.pair(small_input("gpt2", 1, 40), small_input("gpt2", 2, 40))
    session = ws.Session(setup.model, many)
    session.engine.memory = 1000
    with pytest.raises(MemoryBudgetError, match="circuit needs about"):
        session.run_circuit(ws.circuit_of(session.graph, ["input->m0", "m0->logits"]))


@pytest.mark.parametrize("family", ["gpt2", "llama-grouped", "gemma2", "timm-vit-average", "dinov2"])
def test_a_run_with_bs_input_starts_from_b(family: str) -> None:
    setup = case(family)
    session = setup.session()
    assert session.counterfactual is not None
    whole = session.run([ws.Edit("input", "patch")])
    assert torch.equal(whole.logits, session.counterfactual.logits)
    assert not len(whole.layers_run), "it is known already"
    edits = [ws.Edit("input", "patch"), ws.Edit("input->a1.h2<q>", "zero")]
    assert list(session.run(edits).layers_run) == list(range(1, session.graph.layers))
    expected = setup.oracle.run(edits)
    assert (session.run(edits).answer - setup.answer(expected)).abs().max() <= 1e-9
    fresh = setup.session()
    fresh.run([ws.Edit("m0", "zero")])
    assert torch.equal(fresh.run(edits).logits, session.run(edits).logits)


def test_storage_that_states_share_is_counted_once() -> None:
    session = case("gpt2").session()
    state = session.run([ws.Edit("m2", "zero")]).state
    kept = KeptRuns(2**30)
    kept.add((state.plan, False, False), state)
    once = kept.bytes
    kept.add((state.plan, True, False), state)
    assert kept.bytes == once > 0
    kept.make_room(2**30)
    assert (kept.bytes, len(kept)) == (0, 0)


@pytest.mark.parametrize("family", ["gpt2", "llama-grouped", "dinov2"])
def test_the_least_memory_is_enough_for_any_run(family: str) -> None:
    setup = case(family)
    session = ws.Session(setup.model, setup.pair)
    session.engine.set_memory(session.engine.least_megabytes)
    for edit in heads(session)[:3]:
        session.run([edit])
    session.run([ws.Edit("input", "patch")])
    session.engine.set_memory(session.engine.least_megabytes / 4)
    with pytest.raises(MemoryBudgetError):
        session.run([ws.Edit("input", "zero")])


def test_what_edits_of_a_scan_have_in_common_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """And left out where there is no room for it: the effects are the same."""
    asked: list[int] = []
    monkeypatch.setattr(Engine, "room", lambda self, wanted, alone=False: asked.append(wanted))
    session = scanned_session(0)
    engine = session.engine
    edits = [ws.Edit(f"{writer}->a2.h{head}<v>", "patch") for head in (1, 2) for writer in ("input", "a0.h0", "m1")]
    scanner = Scanner(engine)
    stage = scanner.stage(edits[0])
    streams = scanner.streams(edits)
    (first_mlp,) = scanner._first_mlps.values()
    of_clean = [each for pair in first_mlp._of_clean.values() for each in pair]
    tensors = [first_mlp._normed, *of_clean, *first_mlp._of_heads.values()]
    held = sum(tensor.nbytes for tensor in tensors)
    assert 0 < held <= bytes_of(engine.adapter, 2, engine.length, 2) <= asked[-1] - len(edits) * scanner._bytes(stage)
    engine.memory = engine._fixed + 2 * scanner._bytes(stage)
    scanner = Scanner(engine)
    torch.testing.assert_close(scanner.streams(edits), streams, rtol=1e-4, atol=1e-5)
    assert not any(scanner._first_mlps.values())
