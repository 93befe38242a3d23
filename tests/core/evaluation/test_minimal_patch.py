"""The minimal patch on the model that is worked out by hand (`tests.core.engine.test_micro_model`), and that its
certificate is what single runs say.

A = tokens 0 1, answer 0 at (9, 11) + (2, -2). B = tokens 1 1: a0.h0 and a0.h1 write nothing, m0 (0, 1), a1.h0 (0, 1),
a1.h1 (1, 0), m1 (20/3, -20/3): the stream at 1 ends at (26/3, -8/3), and answer 2, u - w, beats u where w < 0.

a0.h1 from B: the stream at 1 before m1 is (2.1, 5.5), as in "zero a head" there: h = 68/7.6, w = 5.5 - 68/7.6 < 0. No
other node alone turns it. Without a0.h1, w ends at

    11 - 2 from m0 (3 is 1)  - 4 from a1.h0 (5 is 1)  - 20/3 from m1, else m1 writes -2, or 0 where u > w

so that all three are needed: 9 - 4 - 20/3 = -5/3, at u = 4 + 5.8 + 20/3 (m0 turns a1.h1's keys: "zero an edge into an
MLP" there). a0.h0 is made up for by m0, and a1.h1 adds to u alone.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

import wirescope as ws
from core.errors import ArgumentError, Cancelled, EditError, InputError
from core.evaluation.patched_set import Grown, part_words
from resources.samples.make import FOLDER
from tests.core.engine.test_micro_model import micro_model
from tests.core.towers.test_both_towers import pixels, towers
from tests.oracle import Oracle

A, B = torch.tensor([[0, 1]]), torch.tensor([[1, 1]])


@pytest.fixture(scope="module")
def session() -> ws.Session:
    model = ws.load_model((micro_model(), None))
    return ws.Session(model, model.pair(A, B))


def margin(u: float, w: float) -> float:
    """Of answer 2 over the best other one."""
    return 100 * (u - w - max(u, w)) / (abs(u) + abs(w))


def test_one_node_turns_the_answer(session: ws.Session) -> None:
    name = session.metric.name
    found = ws.minimal_patch(session)
    u, w = 2.1 + 68 / 7.6, 5.5 - 68 / 7.6
    assert [str(edit) for edit in found.edits] == ["a0.h1=patch"]
    assert found.steps[0].margin == pytest.approx(margin(u, w), abs=1e-9)
    assert (found.margin, found.b_margin) == pytest.approx((margin(11, 9), margin(26 / 3, -8 / 3)), abs=1e-9)
    assert (found.a, found.b, found.steps[0].answer) == ("#0", "#2", "#2")
    assert (found.candidates, found.measured, found.alone, found.smallest) == (6, 6, True, True)
    assert session.metric.name == name  # the search has one of its own
    (place,) = ws.minimal_patch(session, "positions").edits  # the other one is the same in A and B
    assert str(place) == "input=patch@0"


def test_a_set_of_three_needs_each_of_them(session: ws.Session) -> None:
    told: list[Grown] = []
    found = ws.minimal_patch(session, without=["a0.h1"], grown=told.append)
    third = 20 / 3
    without = {
        "m0": margin(9 + third, 11 - 4 - third),
        "a1.h0": margin(9.8 + third, 9 - third),
        "m1": margin(9.8, 5),
    }
    assert found.flips
    assert not found.alone
    assert not found.smallest
    assert {tried.edit.name: tried.margin for tried in found.certificate} == pytest.approx(without, abs=1e-9)
    assert all(tried.answer == "#0" for tried in found.certificate)
    assert found.steps[-1].margin == pytest.approx(margin(9.8 + third, 5 - third), abs=1e-9)
    assert [step.answer for step in found.steps] == ["#0", "#0", "#2"]
    assert "not the smallest" in found.words
    assert set(told[-1].edits) == set(found.edits)
    assert told[0].edits == ()
    oracle = Oracle(micro_model(), A, B)
    for number, step in enumerate(found.steps):
        logits = oracle.run(found.edits[: number + 1])[0, -1]
        assert step.margin == pytest.approx(float(logits[2] - logits[:2].max()), abs=1e-9)


def test_edges_that_are_standing_are_kept_and_what_turns_nothing_says_what_came_nearest(session: ws.Session) -> None:
    standing = [ws.Edit("a1.h0", "patch")]
    found = ws.minimal_patch(session, without=["a0.h1", "a1.h0"], edits=standing)
    assert {edit.name for edit in found.edits} == {"m0", "m1"}
    assert found.smallest
    none = ws.minimal_patch(session, without=["a0.h1", "m1"])
    assert not none.flips
    assert none.certificate == ()
    best = max((step.margin for step in none.steps), default=none.margin)
    assert f"to {best:.2f} logits" in none.words
    assert best < 0
    assert "none brings it nearer: the margin is" in replace(none, steps=()).words
    untried = ws.minimal_patch(session, without=["a0.h0", "a0.h1", "m0", "a1.h0", "a1.h1", "m1"])
    assert untried.words.startswith("There was nothing to try that could turn “#0” into “#2”: every node is edited")


def test_edges_of_a_set_are_needed_one_by_one(session: ws.Session) -> None:
    through = [edge for edge in session.graph.edges if "a0.h1" in edge.name]
    found = ws.minimal_patch(session, "edges", without=through)
    assert found.flips
    assert len(found.edits) > 1
    oracle = Oracle(micro_model(), A, B)
    assert int(oracle.run(found.edits)[0, -1].argmax()) == 2
    for tried in found.certificate:
        rest = [edit for edit in found.edits if edit != tried.edit]
        assert int(oracle.run(rest)[0, -1].argmax()) != 2


def test_a_search_goes_on_after_a_cancel(session: ws.Session) -> None:
    memory: dict[object, object] = {}

    def stop(grown: Grown) -> None:
        if len(grown.edits) == 1:
            raise Cancelled

    with pytest.raises(Cancelled):
        ws.minimal_patch(session, without=["a0.h1"], grown=stop, memory=memory)
    again = ws.minimal_patch(session, without=["a0.h1"], memory=memory)
    whole = ws.minimal_patch(session, without=["a0.h1"])
    assert again.edits == whole.edits
    assert again.runs == whole.runs  # nothing was run twice


def test_what_cannot_be_turned_is_said(session: ws.Session) -> None:
    model = session.model
    with pytest.raises(EditError, match="no counterfactual"):
        ws.minimal_patch(ws.Session(model, model.pair(A)))
    with pytest.raises(InputError, match="same answer, “#0”"):
        ws.minimal_patch(ws.Session(model, model.pair(A, A)))
    with pytest.raises(ArgumentError, match="one pair"):
        ws.minimal_patch(ws.Session(model, model.pair(A.repeat(2, 1), B.repeat(2, 1))))
    with pytest.raises(ArgumentError, match="no level"):
        ws.minimal_patch(session, "heads")  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="Groups are of positions"):
        ws.minimal_patch(session, groups=[[0]])
    with pytest.raises(EditError, match="outside"):
        ws.minimal_patch(session, "positions", groups=[[5]])


def test_both_towers_keep_what_they_were_told_to_hold() -> None:
    case = towers("CLIP")
    pair = case.model.pair(pixels(4, 1), pixels(5, 1))
    session = ws.Session(case.model, pair, ws.probability(0))
    told = [tower.metric for tower in session.towers]
    found = ws.minimal_patch(session)
    assert found.flips
    assert session.run(found.edits).top(1)[0].label == found.b != found.a
    assert all(tower.metric is metric for tower, metric in zip(session.towers, told, strict=True))


def test_regions_of_a_picture_are_needed_one_by_one() -> None:
    model = ws.load_model("bundled:shapes")
    plain = model.pair(*(str(FOLDER / "shapes" / name) for name in ("circle.png", "circle-as-heart.png")))
    regions = {"sky": range(8), "left": (36, 44), "right": (37, 45), "also": (37, 45)}
    session = ws.Session(model, plain.with_regions(regions))  # type: ignore[arg-type]
    found = ws.minimal_patch(session, "regions")
    pair = session.pair

    def answer(*names: str) -> str:
        return str(session.run([ws.Edit("input", "patch", names)] if names else []).top(1)[0].label)

    names = {part_words(edit, pair.clean.labels, pair.prefix, {n: r[0] for n, r in pair.regions.items()}): edit
             for edit in found.edits}  # fmt: skip
    assert set(names) == {"left", "right"}
    assert (found.a, found.b, found.flips, found.smallest, found.candidates) == ("circle", "heart", True, True, 3)
    assert found.words.startswith("2 regions from B turn “circle” into “heart”")
    assert answer("left", "right") == "heart"
    assert {answer(), answer("left"), answer("right"), *(tried.answer for tried in found.certificate)} == {"circle"}

    nothing = ws.minimal_patch(session, "regions", without=["left"])
    assert not nothing.flips
    assert nothing.words.startswith("All 2 regions at once do not turn “circle” into “heart”")
    assert "Name more of the picture" in nothing.words
    assert ws.minimal_patch(session, "regions", groups=[(37, 38, 45, 46)]).flips  # those of the caller
    with pytest.raises(EditError, match="No region is called 'eye'"):
        ws.minimal_patch(session, "regions", without=["eye"])
    with pytest.raises(ArgumentError, match="No region of the picture has a name"):
        ws.minimal_patch(ws.Session(model, plain), "regions")


def test_regions_are_not_of_text(session: ws.Session) -> None:
    with pytest.raises(ArgumentError, match="Named regions are of pictures"):
        ws.minimal_patch(session, "regions")
