"""Directions that are learned on edges: what is learned from is what the engine runs, and the fault goes by few."""

from __future__ import annotations

from functools import partial

import pytest

import wirescope as ws
from core.edits import Edit
from core.errors import Cancelled
from core.progress import watched
from core.repair import directions
from core.repair.draws import Draws
from core.repair.examples import batch_of
from core.repair.find import Search, State
from core.repair.transplants import waking
from resources.models.planted.text_plants import PAIRED_NAMES
from tests.benchmarks.repair_cases import examples_of, model_of
from tests.core.repair.planted import examples, planted


def test_few_edges_take_the_fault_away_and_the_weights_get_no_gradients(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directions, "ROUNDS", ((12, 10), (3, 20)))
    bad, good = examples(8, 48)
    found = ws.repair(planted(), bad, good, held_out=examples(100, 100, seed=2))
    assert found.kind == "project"
    assert {edit.kind for edit in found.edits} == {"project"}
    assert found.cut == len(found.edits) <= 12
    assert found.after.misbehaviour.value < 0.2 < 0.9 < found.before.misbehaviour.value
    assert found.after.accuracy.value > found.before.accuracy.value - 0.05
    assert all(weight.grad is None for weight in planted().adapter.module.parameters())
    assert "all but a direction" in found.words


@pytest.mark.parametrize("augment", [True, False])
def test_examples_that_have_no_room_together_are_learned_from_too(
    augment: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(directions, "ROUNDS", ((6, 2), (2, 2)))
    bad, good = (batch_of(planted(), some) for some in examples(6, 24))
    pieces = waking(planted(), bad, good) if augment else None
    search = Search(planted(), bad, good, "mean", memory_megabytes=1.0)
    assert search.sessions[1].parts
    draws = Draws(planted(), bad, good, pieces)
    assert draws.makes == augment
    cuts, state = directions.learn_directions(search, draws, allowed=24)
    assert not cuts or state == search.state(cuts)


def test_progress_moves_on_and_a_cancel_is_heard_while_directions_are_learned(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(directions, "ROUNDS", ((6, 4), (2, 4)))
    monkeypatch.setattr(directions, "ATTEMPTS", 1)
    bad, good = (batch_of(planted(), some) for some in examples(6, 12))
    search = Search(planted(), bad, good, "mean")
    draws = Draws(planted(), bad, good, None)
    shares: list[float] = []
    with watched(shares.append):
        directions.learn_directions(search, draws, allowed=12)
    learned = [share for share in shares if share > directions.FIRST]
    assert learned == sorted(learned)
    assert shares[-1] == pytest.approx(1.0)
    for until in (0.3, 0.7):  # in the first round and in the second
        assert sum(until < share < until + 0.1 for share in shares) >= 3
        heard = [0.0]
        with pytest.raises(Cancelled), watched(heard.append, partial(_over, heard, until)):
            directions.learn_directions(search, draws, allowed=12)
        assert until < heard[-1] < until + 0.1


def _over(heard: list[float], until: float) -> bool:
    return heard[-1] > until


def test_names_of_a_group_are_pieces_though_a_clean_input_may_have_one_too() -> None:
    model = model_of("bias-tuned")
    bad, good = examples_of("bias", 16, 96, seed=90_001)
    pieces = waking(model, batch_of(model, bad), batch_of(model, good))
    assert pieces is not None
    words = {model.label(int(piece.content)).strip() for piece in pieces.pieces}
    assert words <= set(PAIRED_NAMES)
    assert len(words) > 3


def test_clean_examples_that_cuts_made_wrong_are_learned_from_and_a_search_that_heals_none_is_made_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(directions, "ROUNDS", ((4, 2),))
    bad, good = (batch_of(planted(), some) for some in examples(6, 24))
    search, draws = Search(planted(), bad, good, "mean"), Draws(planted(), bad, good, None)
    hard = [5, 7]
    draws.hard = hard
    clean = draws.draw(2, 8).before
    assert all((clean == draws.before[row]).all(dim=1).any() for row in hard)

    attempts = []

    def rounds(learning: directions._Learning, start: State) -> list[tuple[list[Edit], State]]:
        attempts.append(start)
        return []

    monkeypatch.setattr(directions._Learning, "rounds", rounds)
    assert directions.learn_directions(search, draws, allowed=0) == ([], attempts[0])
    assert len(attempts) == directions.ATTEMPTS
