"""Edited runs of the engine against the oracle, family by family, in fp64."""

from __future__ import annotations

import random

import pytest
import torch
from torch import Tensor

import wirescope as ws
from tests.core.engine.cases import TOLERANCE, Case, case, draws, random_edit, random_edits
from tests.small_models import ALL, CAUSAL, POSITIONS, TEXT


def check(setup: Case, session: ws.Session, edits: list[ws.Edit]) -> Tensor:
    """Both views of an edited run, the metric's position and all positions, agree with the oracle, whose output this
    returns."""
    expected = setup.oracle.run(edits)
    what = ", ".join(f"{edit}({edit.strength:.2f})" for edit in edits)
    answer = session.run(edits)
    worst = (answer.answer - setup.answer(expected)).abs().max()
    assert worst <= TOLERANCE, f"{what}: {worst:.2e}"
    everywhere = session.run(edits, positions="all")
    found = everywhere.answer if expected.ndim == 2 else everywhere.logits
    worst = (setup.real(found) - setup.real(expected)).abs().max()
    assert worst <= TOLERANCE, f"{what}, all positions: {worst:.2e}"
    return expected


@pytest.mark.parametrize("family", ALL)
def test_random_edits_give_what_the_oracle_gives(family: str) -> None:
    setup = case(family)
    session = setup.session()
    rng = random.Random(family)
    clean = setup.oracle.clean.output
    changed, sets = 0, draws(family, 12)
    for _ in range(sets):
        output = check(setup, session, random_edits(rng, session.graph, session.engine.length))
        changed += not torch.allclose(output, clean, rtol=0, atol=1e-6)
    assert changed >= 0.5 * sets, "random edits change the output, or they would test nothing"


@pytest.mark.parametrize("family", ALL)
def test_random_edits_of_a_batch(family: str) -> None:
    setup = case(family, batch=2)
    session = setup.session()
    rng = random.Random(family)
    for _ in range(draws(family, 4)):
        check(setup, session, random_edits(rng, session.graph, session.engine.length))


@pytest.mark.parametrize("family", CAUSAL)
@pytest.mark.parametrize("lengths", [(POSITIONS, 4), (3, POSITIONS)], ids=str)
def test_random_edits_of_rows_padded_on_the_right(family: str, lengths: tuple[int, int]) -> None:
    setup = case(family, batch=2, lengths=lengths)
    session = setup.session()
    rng = random.Random(family)
    for _ in range(draws(family, 4)):
        check(setup, session, random_edits(rng, session.graph, min(lengths)))


@pytest.mark.parametrize("family", ["gpt2", "llama-grouped", "timm-vit-average", "dinov2"])
@pytest.mark.parametrize("over_positions", [False, True])
@pytest.mark.parametrize("batch", [1, 3])
def test_means_over_the_batch_or_over_all_positions(family: str, over_positions: bool, batch: int) -> None:
    lengths = (POSITIONS, 2, 5) if family in TEXT and batch == 3 else None
    setup = case(family, batch=batch, lengths=lengths, over=over_positions)
    session = setup.session(mean_over_positions=over_positions)
    rng = random.Random(family)
    shortest = min(session.pair.clean.lengths)
    for _ in range(4):
        targets = [edit.name for edit in random_edits(rng, session.graph, shortest)]
        check(setup, session, [random_edit(rng, name, shortest, ["mean"]) for name in targets])


@pytest.mark.parametrize("family", ["gpt2", "llama-grouped", "vit-classifier"])
def test_every_edge_reader_and_node_one_at_a_time(family: str) -> None:
    setup = case(family)
    session = setup.session()
    graph = session.graph
    names = [*graph.names, *(f"->{reader.name}" for reader in graph.readers), *(node.name for node in graph.nodes)]
    for number, name in enumerate(names):
        kind = ("patch", "zero", "mean", "scale")[number % 4]
        edit = ws.Edit(name, kind, value=-0.5 if kind == "scale" else None)
        expected = setup.answer(setup.oracle.run([edit]))
        assert (session.run([edit]).answer - expected).abs().max() <= TOLERANCE, str(edit)


@pytest.mark.parametrize("target", ["m0", "->m0", "input->m0"])
def test_an_edit_of_strength_0_undoes_an_earlier_one_of_its_target_where_it_stands(target: str) -> None:
    setup = case("gpt2")
    session = setup.session()
    zero, nothing = ws.Edit(target, "zero"), ws.Edit(target, "zero", strength=0.0)
    assert torch.equal(session.run([zero, nothing]).logits, session.clean.logits)
    check(setup, session, [zero, ws.Edit(target, "mean", positions=[2, -1], strength=0.0)])


@pytest.mark.parametrize("family", ALL)
def test_patching_every_node_gives_the_run_over_b(family: str) -> None:
    setup = case(family, batch=2)
    session = setup.session()
    edits = [ws.Edit(node, "patch") for node in session.graph.writers]
    assert setup.oracle.counterfactual is not None
    expected = setup.oracle.counterfactual.output
    everywhere = session.run(edits, positions="all")
    found = everywhere.answer if expected.ndim == 2 else everywhere.logits
    assert (found - expected).abs().max() <= TOLERANCE
    assert (setup.oracle.run(edits) - expected).abs().max() <= TOLERANCE
