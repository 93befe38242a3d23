"""Examples that have no room together go through the model in parts, and nothing changes by it."""

from __future__ import annotations

import pytest
import torch

from core.repair import learn, transplants
from core.repair.examples import Batch, batch_of
from core.repair.find import Search
from core.repair.strengths import Strengths
from tests.core.repair.planted import examples, planted


@pytest.mark.parametrize("level", ["edges", "positions"])
def test_little_memory_changes_neither_states_nor_gradients(level: str) -> None:
    bad, good = (batch_of(planted(), some) for some in examples(6, 6))
    of = Strengths(planted().graph, level, positions=15)  # type: ignore[arg-type]
    strengths = torch.rand(of.count, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) * 0.2
    searches = [Search(planted(), bad, good, "mean", memory_megabytes=megabytes) for megabytes in (384, 0.5)]
    assert [bool(search.sessions[0].parts) for search in searches] == [False, True]
    states = [search.state(of.edits(strengths, "mean")) for search in searches]
    assert states[0].right == states[1].right
    assert states[0].gain == pytest.approx(states[1].gain, abs=1e-4)
    slopes = []
    for search in searches:
        draws = learn._Draws(search.sessions[1], search, 1)
        parts = [(draws.slopes(of, strengths), len(draws.parts[number])) for number in [*draws.order]]
        slopes.append(sum(slope * rows for slope, rows in parts) / sum(rows for _, rows in parts))
    assert len(draws.parts) > 1
    torch.testing.assert_close(*slopes, atol=1e-5, rtol=1e-3)


def test_inputs_that_pieces_are_tried_with_are_not_made_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    bad, good = (batch_of(planted(), some) for some in examples(4, 24))
    sizes: list[int] = []
    joined = transplants.joined

    def counted(batches: list[Batch]) -> Batch:
        sizes.append(sum(map(len, batches)))
        return joined(batches)

    monkeypatch.setattr(transplants, "joined", counted)
    monkeypatch.setattr(transplants, "TOKENS", (1,))
    monkeypatch.setattr(transplants, "ROWS", rows := 32)
    pieces = transplants.waking(planted(), bad, good)
    assert pieces is not None
    assert {planted().label(int(piece.content)) for piece in pieces.pieces} == {"vex"}
    assert sum(sizes) > 2 * rows
    assert max(sizes) < rows + transplants.SURE
