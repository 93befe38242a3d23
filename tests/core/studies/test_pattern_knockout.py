"""The induction pattern alone taken out, on heads known from their construction."""

from __future__ import annotations

import pytest
import torch

import wirescope as ws
from core.edits import EditKind
from core.engine.engine import Engine
from core.heads.places import induction
from core.studies.pattern_knockout import without_induction
from tests.ground_truth.programs import PROGRAMS


def test_a_pass_without_heads_is_the_engines_own() -> None:
    names = ws.load_model("bundled:names", dtype="fp64")
    side = names.side(["Mary had a book and Mary had a", "The key to the cabinet is"])
    engine = Engine(names.adapter, side.tensor, None, side.lengths)
    for full in (False, True):
        ours, own = without_induction(engine, (), full=full).stream, engine.clean(full=full).readout
        assert own is not None
        assert torch.allclose(ours, own.stream, atol=1e-12)


@pytest.mark.parametrize(("kind", "renormalised"), [("knockout", True), ("zero", False)])
def test_it_is_what_edits_of_these_weights_do(kind: EditKind, renormalised: bool) -> None:
    names = ws.load_model("bundled:names", dtype="fp64")
    side = names.side("Mary had a book and Mary had a book and Mary")
    engine, heads = Engine(names.adapter, side.tensor, None), ("a0.h1", "a2.h1", "a3.h6")
    edits = [
        ws.Edit(f"{head}[{key}]", kind, positions=[query])
        for head in heads
        for query, key in zip(*induction(side.tensor[0].tolist()).nonzero(), strict=True)
    ]
    assert len(edits) > 9
    edited = engine.run(edits, full=True).state.readout
    assert edited is not None
    ours = without_induction(engine, heads, renormalised=renormalised, full=True)
    assert torch.allclose(ours.output, edited.output, atol=1e-9)
    assert not torch.allclose(ours.output, engine.clean(full=True).output, atol=1e-3)


def test_it_takes_the_answer_and_a_head_without_the_pattern_keeps_it() -> None:
    program = PROGRAMS["induction"]
    model = program.build().build()
    texts = program.texts(6)[0]
    engine = Engine(model.adapter, torch.tensor(texts), None)
    answers = torch.tensor([program.answer(text[1:]) for text in texts])

    def right(*heads: str, renormalised: bool = True) -> list[bool]:
        output = without_induction(engine, heads, renormalised=renormalised).output[:, -1]
        return (output.argmax(dim=-1) == answers).tolist()

    assert all(right())
    assert all(right("a0.h2", "a1.h0"))
    assert not any(right("a1.h1"))
    assert not any(right("a1.h1", renormalised=False))
    # The first copy has no earlier one: there nothing changes.
    whole, without = (without_induction(engine, heads, full=True).stream for heads in ((), ("a1.h1",)))
    assert torch.equal(whole[:, :8], without[:, :8])
    assert not torch.allclose(whole[:, 8], without[:, 8], atol=0.1)
