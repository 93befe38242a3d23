"""What holds of any edits: the order in which they came leaves no trace, each position counts, and nothing reaches
back."""

from __future__ import annotations

import random
import resource

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import wirescope as ws
from core.edits import EDIT_KINDS
from tests.core.engine.cases import TOLERANCE, WIDTH, case

FAMILIES = ["gpt2", "llama-grouped", "gemma3", "gpt-neox", "timm-vit-average"]
CAUSAL = ["gpt2", "llama-grouped", "gemma3", "gpt-neox"]
ANY = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@st.composite
def edits_of(draw: st.DrawFn, family: str, distinct: bool = False) -> list[ws.Edit]:
    """Some edits of a family's small model, overlapping or not."""
    session = case(family).session()
    graph, length = session.graph, session.engine.length
    edges = draw(st.lists(st.integers(0, graph.n_edges - 1), min_size=1, max_size=6))
    made = []
    for number in edges:
        edge = graph.edge(number)
        name = draw(st.sampled_from([edge.name, edge.writer.name, f"->{edge.reader.name}"]))
        kind = draw(st.sampled_from(EDIT_KINDS))
        places = draw(st.none() | st.lists(st.integers(-length, length - 1), min_size=1, max_size=length))
        value = draw(st.floats(-2, 2)) if kind in ("scale", "noise") else None
        value = [0.5] * WIDTH if kind in ("steer", "project") else value
        strength = draw(st.sampled_from([1.0, 0.5, 0.0]))
        made.append(ws.Edit(name, kind, places, value, strength, seed=draw(st.integers(0, 2))))
    if distinct:
        made = list({edit.name: edit for edit in made}.values())
    return made


@pytest.mark.parametrize("family", FAMILIES)
@ANY
@given(data=st.data())
def test_whatever_was_run_before_a_run_is_the_same_to_the_last_bit(family: str, data: st.DataObject) -> None:
    edits = data.draw(edits_of(family))
    order = data.draw(st.permutations(range(len(edits))))
    session = case(family).session()
    standing: list[ws.Edit] = []
    for number in order:  # toggled on in any order
        standing.append(edits[number])
        session.run(standing)
    for number in data.draw(st.permutations(range(len(edits)))):  # and off in any other
        standing.remove(edits[number])
        session.run(standing)
    result = session.run(edits, positions=data.draw(st.sampled_from([None, "all"])))
    fresh = case(family).session().run(edits, positions="all" if result.state.reads is None else None)
    assert torch.equal(result.logits, fresh.logits)


@pytest.mark.parametrize("family", FAMILIES)
@ANY
@given(data=st.data())
def test_edits_of_different_targets_may_stand_in_any_order(family: str, data: st.DataObject) -> None:
    edits = data.draw(edits_of(family, distinct=True))
    shuffled = data.draw(st.permutations(edits))
    assert torch.equal(case(family).session().run(edits).logits, case(family).session().run(shuffled).logits)


@pytest.mark.parametrize("family", FAMILIES)
@ANY
@given(data=st.data())
def test_an_edit_of_some_positions_and_of_the_rest_is_the_edit_of_all(family: str, data: st.DataObject) -> None:
    session = case(family).session()
    length = session.engine.length
    edit = data.draw(edits_of(family))[0]
    some = data.draw(st.sets(st.integers(0, length - 1), min_size=1, max_size=length - 1))
    rest = [position for position in range(length) if position not in some]

    def at(places: list[int] | None) -> ws.Edit:
        return ws.Edit(edit.target, edit.kind, places, edit.value, edit.strength, edit.seed)

    parts = session.run([at(sorted(some)), at(rest)]).answer
    assert (parts - session.run([at(None)]).answer).abs().max() <= TOLERANCE


@pytest.mark.parametrize("family", CAUSAL)
@ANY
@given(data=st.data())
def test_no_edit_of_a_later_position_changes_an_earlier_one(family: str, data: st.DataObject) -> None:
    session = case(family).session()
    length = session.engine.length
    first = data.draw(st.integers(1, length - 1))
    places = [first, *data.draw(st.lists(st.integers(first, length - 1), max_size=3))]
    edits = [ws.Edit(e.target, e.kind, places, e.value, e.strength, e.seed) for e in data.draw(edits_of(family))]
    clean, edited = (session.run(given, positions="all").logits for given in ([], edits))
    assert torch.equal(edited[:, :first], clean[:, :first])


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_six_hundred_edits_leave_memory_flat_and_the_last_state_right() -> None:
    """A soak on `names`: toggles, slides and resets as a user makes them, only more of them."""
    model = ws.load_model("bundled:names")
    a, b = (f"When Mary and John went to the store, {name} gave a drink to" for name in ("John", "Tom"))
    session = ws.Session(model, model.pair(a, b), ws.logit_difference(" Mary", " John"), memory_megabytes=64)
    graph, rng = session.graph, random.Random(0)
    result = session.run()
    most, edits = 0, []
    for step in range(600):
        if edits and rng.random() < 0.45:
            edits.pop(rng.randrange(len(edits)))
        else:
            target = graph.edge(rng.randrange(graph.n_edges))
            kind = rng.choice(["patch", "patch", "zero", "mean", "scale"])
            edits.append(ws.Edit(target, kind, value=rng.uniform(0, 2) if kind == "scale" else None))
        if len(edits) > 8 or rng.random() < 0.01:
            edits.clear()
        result = session.run(edits)
        if step == 200:
            most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert session.engine.megabytes <= 64 + 2 * session.engine._run_bytes(0) / 2**20
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / most
    assert grown < 1.03, "memory is flat"
    fresh = ws.Session(model, session.pair, ws.logit_difference(" Mary", " John"))
    assert torch.equal(result.logits, fresh.run(edits).logits)
