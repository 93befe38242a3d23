"""Edits of single weights of attention against the oracle, family by family, in fp64."""

from __future__ import annotations

import random
from functools import cache

import pytest
import torch
from torch import Tensor

import wirescope as ws
from core.edits import WEIGHT_KINDS
from core.errors import EditError, WirescopeError
from core.graph import Entries, Graph
from tests.core.engine.cases import ROLES, TOLERANCE, Case, case, random_edits, variant
from tests.pattern_oracle import PatternOracle
from tests.small_models import ALL, CAUSAL, POSITIONS

BATCHES = ("gpt2", "llama-grouped", "gpt-oss", "gemma2", "dinov2-registers")


@cache
def oracle_of(family: str, batch: int, lengths: tuple[int, ...] | None) -> PatternOracle:
    setup = case(family, batch, lengths)
    assert setup.pair.counterfactual is not None
    return PatternOracle(setup.oracle, setup.pair.counterfactual.tensor)


def random_entries(rng: random.Random, graph: Graph, length: int) -> ws.Edit:
    """An edit of some weights of a head, one of which it has. What is knocked out leaves each query itself."""
    head, kind = f"a{rng.randrange(graph.layers)}.h{rng.randrange(graph.heads)}", rng.choice(WEIGHT_KINDS)
    query = rng.randrange(1, length)
    queries = {query, *rng.sample(range(length), rng.randrange(3))} - {query - 1}
    keys: set[int | str] = {query - 1, *rng.sample(range(length), rng.randrange(3))}
    if kind == "knockout":
        keys -= queries
    else:
        keys.update(rng.choice(ROLES))
    positions = None if kind != "knockout" and rng.random() < 0.2 else sorted(queries)
    value = rng.uniform(-1, 2) if kind == "scale" else None
    name = f"{head}[{','.join(map(str, keys))}]"
    return ws.Edit(name, kind, positions, value, rng.choice([1.0, 1.0, rng.random(), 0.0]))


def check(setup: Case, oracle: PatternOracle, session: ws.Session, edits: list[ws.Edit]) -> Tensor:
    expected = oracle.run(edits)
    what = ", ".join(map(str, edits))
    answer = session.run(edits)
    worst = (answer.answer - setup.answer(expected)).abs().max()
    assert worst <= TOLERANCE, f"{what}: {worst:.2e}"
    everywhere = session.run(edits, positions="all")
    found = everywhere.answer if expected.ndim == 2 else everywhere.logits
    worst = (setup.real(found) - setup.real(expected)).abs().max()
    assert worst <= TOLERANCE, f"{what}, all positions: {worst:.2e}"
    return expected


@pytest.mark.parametrize("family", ALL)
def test_weights_of_attention_give_what_the_oracle_gives(family: str) -> None:
    setup = case(family)
    oracle, session, rng = oracle_of(family, 1, None), setup.session(), random.Random(family)
    graph, length = session.graph, session.engine.length
    several = [random_entries(rng, graph, length) for _ in range(4)]
    output = check(setup, oracle, session, several)
    assert not torch.equal(output, setup.oracle.clean.output), "or it would test nothing"
    if not variant(family):
        check(setup, oracle, session, [*random_edits(rng, graph, length), *several[:2]])
    with torch.no_grad():
        state = session.run(several, positions="all").state
        for each in several:
            assert isinstance(each.target, Entries)
            layer, head = each.target.head.layer, each.target.head.head
            expected = oracle.pattern(several, layer, head)
            assert (state.pattern(session.model.adapter, layer, head) - expected).abs().max() <= TOLERANCE


@pytest.mark.parametrize("family", BATCHES)
@pytest.mark.parametrize("lengths", [None, (POSITIONS, 4)], ids=str)
def test_rows_of_a_batch_have_entries_of_their_own(family: str, lengths: tuple[int, ...] | None) -> None:
    if lengths is not None and family not in CAUSAL:
        return
    setup, oracle = case(family, 2, lengths), oracle_of(family, 2, lengths)
    session, rng = setup.session(), random.Random(family)
    graph, length = session.graph, min(lengths or (session.engine.length,))
    edits = [random_entries(rng, graph, length) for _ in range(3)]
    ends = [
        ws.Edit("a1.h0[-2,head]", "zero", -1),
        ws.Edit("a1.h2[-2]", "knockout", "tail"),
        ws.Edit("a0.h1[0]", "patch"),
    ]
    check(setup, oracle, session, edits)
    check(setup, oracle, session, [*ends, *random_edits(rng, graph, length)])


@pytest.mark.parametrize("family", ["gpt2", "llama-grouped", "gemma2"])
def test_a_run_with_entries_depends_on_its_edits_alone(family: str) -> None:
    """Toggled twice, and started from whatever is kept, it gives the same bits."""
    setup, rng = case(family), random.Random(family)
    session = setup.session()
    graph, length = session.graph, session.engine.length
    edits = [random_entries(rng, graph, length) for _ in range(3)] + random_edits(rng, graph, length)
    whole = session.run(edits).logits
    for taken in range(len(edits)):
        session.run(edits[:taken])
        session.run([*edits[:taken], *edits[taken + 1 :]])
        assert torch.equal(session.run(edits).logits, whole)
    fresh = setup.session()
    fresh.run(edits[1:])
    assert torch.equal(fresh.run(edits).logits, whole)


@pytest.mark.parametrize("family", ["gpt2", "llama-grouped", "vit"])
def test_a_scan_measures_beside_entries_that_stand_and_measures_entries(family: str) -> None:
    setup, rng = case(family, 2), random.Random(family)
    session = setup.session()
    graph, length = session.graph, session.engine.length
    standing = [random_entries(rng, graph, length) for _ in range(3)]
    before = session.run(standing).metric.mean()
    targets = [graph.edge(rng.randrange(graph.n_edges)).name for _ in range(6)] + ["a1.h1", "m0"]
    targets += [random_entries(rng, graph, length) for _ in range(3)]
    effects = ws.Scan(session, targets, "zero", edits=standing).run()
    for target, effect in zip(targets, effects, strict=True):
        edit = target if isinstance(target, ws.Edit) else ws.Edit(target, "zero")
        after = session.run([*standing, edit]).metric.mean()
        assert abs(float(after - before) - effect) <= TOLERANCE, target


@pytest.mark.parametrize("kind", ["patch", "zero"])
def test_a_scan_of_ports_beside_weights_that_stand_in_their_layer(kind: str) -> None:
    """Some variants of the scan mix such a head anew, and each with the weights in B of its row."""
    session = case("llama-grouped", 2).session()
    for standing in ([ws.Edit("a1.h1[1]", "patch")], [ws.Edit("a2.h1[0]", "patch", -1)]):
        before = session.run(standing).metric.mean()
        layer = 1 if standing[0].positions is None else 2
        targets = [
            f"input->a{layer}.h1<q>",
            f"a{layer}.h1<q>",
            f"a{layer}.h3<q>",
            f"a{layer}.kv0<k>",
            f"a{layer}.kv0<v>",
        ]
        effects = ws.Scan(session, targets, kind, edits=standing).run()  # type: ignore[arg-type]
        for target, effect in zip(targets, effects, strict=True):
            after = session.run([*standing, ws.Edit(target, kind)]).metric.mean()  # type: ignore[arg-type]
            assert abs(float(after - before) - effect) <= TOLERANCE, target


def test_what_cannot_be_done_to_weights_is_refused_with_what_to_do() -> None:
    setup = case("gpt2")
    session = setup.session()
    for edit, words in (
        (("a1.h0[0]", "knockout", 0), "sees nothing else from position 0"),
        (("a1.h0[0]", "knockout", None), "sees nothing else from position 0"),
        (("a1.h0[0,1,2]", "knockout", 2), "sees nothing else from position 2"),
        (("a1.h0[3]", "zero", 2), "do not see"),
        (("a1.h0[99]", "zero", 2), "Position 99 is outside"),
        (("a1.h0[subject]", "zero", 2), "No role is called 'subject'"),
        (("a1.h0[3]", "mean", 4), "cannot be one of weights"),
        (("a1.h0", "knockout", 4), "cannot be knocked out"),
        (("m1[3]", "zero", 4), "names no weights"),
        (("a1.h0[]", "zero", 4), "names no weights"),
        (("a1.h9[3]", "zero", 4), "does not write in this model"),
    ):
        with pytest.raises(WirescopeError, match=words):
            session.run([ws.Edit(*edit)])  # type: ignore[arg-type]
    together = [ws.Edit("a1.h0[0,1]", "knockout", 2), ws.Edit("a1.h0[2]", "knockout", 2)]
    with pytest.raises(EditError, match="sees nothing else from position 2"):
        session.run(together)


def test_in_part_a_knockout_is_a_share_of_the_odds() -> None:
    """Half of it takes half of the odds; of a weight that is set in part, half of the change."""
    setup = case("gpt2")
    session = setup.session()
    with torch.no_grad():
        clean = session.run(positions="all").state.pattern(session.model.adapter, 1, 2)[0, 5]
        for kind in ("knockout", "zero"):
            state = session.run([ws.Edit("a1.h2[3]", kind, 5, strength=0.5)], positions="all").state
            weights = state.pattern(session.model.adapter, 1, 2)[0, 5]
            expected = clean.clone()
            expected[3] /= 2
            expected = expected / expected.sum() if kind == "knockout" else expected
            assert (weights - expected).abs().max() <= TOLERANCE
