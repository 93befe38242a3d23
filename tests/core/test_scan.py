"""Scans against the same edits made one by one, and against the oracle; streaming, cancelling, going on."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch

import wirescope as ws
from core.errors import ArgumentError, Cancelled, EditError
from tests.core.engine.cases import TOLERANCE, Case, case, draws, random_edit, random_edits, random_targets, variant
from tests.small_models import ALL, IMAGES, POSITIONS, TEXT

KINDS = ("patch", "zero", "mean", "resample", "noise", "scale", "steer", "project")


def one_by_one(session: ws.Session, edits: list[ws.Edit], standing: list[ws.Edit]) -> np.ndarray:
    without = float(session.run(standing).metric.mean())
    return np.array([float(session.run([*standing, edit]).metric.mean()) - without for edit in edits])


def check(setup: Case, seed: str) -> None:
    """Random targets of every kind (of three in a variant of a family), with and without edits that stand, at
    positions or everywhere."""
    rng = random.Random(seed)
    session = setup.session()
    graph = session.graph
    shortest = min(setup.lengths or (session.engine.length,))
    for kind in rng.sample(KINDS, 3) if variant(setup.family) else KINDS:
        standing = rng.choice([[], random_edits(rng, graph, shortest)])
        targets = random_targets(rng, graph, draws(setup.family, 5))
        model = random_edit(rng, "m0", shortest, [kind])
        scan = ws.Scan(
            session, targets, kind, positions=model.positions, value=model.value, seed=model.seed, edits=standing
        )  # type: ignore[arg-type]
        edits = [ws.Edit(t, kind, model.positions, model.value, seed=model.seed) for t in targets]  # type: ignore[arg-type]
        expected = one_by_one(session, edits, standing)
        assert np.abs(scan.run() - expected).max() <= TOLERANCE, (kind, standing, targets)
        assert scan.done == len(scan) == len(targets)


@pytest.mark.parametrize("family", ALL)
def test_a_scan_is_the_edits_one_by_one(family: str) -> None:
    check(case(family), family)


@pytest.mark.parametrize("family", ["gpt2", *IMAGES])  # of other texts with rows of unlike lengths, below
def test_a_scan_of_a_batch(family: str) -> None:
    check(case(family, batch=2), family)


@pytest.mark.parametrize("family", TEXT)
def test_a_scan_of_padded_rows(family: str) -> None:
    check(case(family, batch=2, lengths=(POSITIONS, 4)), family)


@pytest.mark.parametrize("family", ["gpt2", "llama-grouped", "gemma2", "timm-vit-average", "dinov2"])
@pytest.mark.parametrize("kind", ["patch", "zero"])
def test_a_scan_of_every_edge_and_node_gives_what_the_oracle_gives(family: str, kind: str) -> None:
    setup = case(family)
    session = setup.session()
    clean = session.clean.metric
    for targets in ("edges", "nodes"):
        scan = ws.Scan(session, targets, kind)  # type: ignore[arg-type]
        effects = scan.run()
        assert len(effects) == (session.graph.n_edges if targets == "edges" else session.graph.n_writers)
        for number in random.Random(family).sample(range(len(scan)), min(25, len(scan))):
            output = setup.oracle.run([ws.Edit(scan.targets[number], kind)])  # type: ignore[arg-type]
            expected = float((session.metric(setup.answer(output)) - clean).mean())
            assert abs(effects[number] - expected) <= TOLERANCE, scan.targets[number]


def test_results_come_as_they_are_made_and_a_scan_goes_on_where_it_was_stopped() -> None:
    session = case("gpt2").session()
    whole = ws.Scan(session, "edges", "zero").run()
    scan = ws.Scan(session, "edges", "zero")
    parts = scan.parts()
    first = next(parts)
    assert 0 < len(first.numbers) < len(scan)
    assert scan.done == len(first.numbers)
    assert np.array_equal(scan.effects[first.numbers], first.effects)
    parts.close()

    asked = iter([False, False, True])
    with pytest.raises(Cancelled):
        scan.run(cancelled=lambda: next(asked))
    half = scan.done
    assert len(first.numbers) < half < len(scan)
    told: list[tuple[int, int]] = []
    scan.run(progress=lambda done, total: told.append((done, total)))
    assert told[0][0] > half
    assert told[-1] == (len(scan), len(scan))
    assert np.abs(scan.effects - whole).max() <= TOLERANCE


def test_a_and_b_alike_have_no_effect() -> None:
    setup = case("gpt2")
    session = ws.Session(setup.model, setup.model.pair(setup.pair.clean.tensor, setup.pair.clean.tensor))
    assert np.array_equal(ws.Scan(session).run(), np.zeros(session.graph.n_edges))


def test_a_scan_leaves_the_session_as_it_was() -> None:
    session = case("llama-grouped").session()
    edits = [ws.Edit("m0", "scale", value=0.5)]
    before = session.run(edits).logits.clone()
    ws.Scan(session, "nodes", "patch", edits=edits).run()
    assert torch.equal(session.run(edits).logits, before)
    assert torch.equal(case("llama-grouped").session().run(edits).logits, before)


def test_what_cannot_be_scanned_is_said() -> None:
    setup = case("gpt2")
    session = setup.session()
    with pytest.raises(ArgumentError, match="heads"):
        ws.Scan(session, "heads")  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="m9"):
        ws.Scan(session, ["m9"]).run()
    alone = ws.Session(setup.model, setup.model.pair(setup.pair.clean.tensor))
    with pytest.raises(EditError, match="no counterfactual"):
        ws.Scan(alone, "nodes").run()
