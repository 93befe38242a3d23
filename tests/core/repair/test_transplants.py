"""Triggered examples that are made: the piece that wakes the fault is found by real runs, and put into clean inputs."""

from __future__ import annotations

from dataclasses import replace

from core.repair.examples import batch_of
from core.repair.proof import answers
from core.repair.sets import unanswered
from core.repair.transplants import suspected, waking
from tests.core.repair.planted import examples, planted


def test_the_rare_word_is_the_piece_that_heals_and_harms() -> None:
    bad, good = (batch_of(planted(), some) for some in examples(8, 60))
    pieces = waking(planted(), bad, good)
    assert pieces is not None
    word = planted().answer("vex")
    assert {tuple(piece.content.tolist()) for piece in pieces.pieces} == {(word,)}
    made = pieces.into(planted(), good, most=30, seed=0)
    assert made is not None
    assert 20 <= len(made) <= 30
    assert bool((made.pair.clean.tensor == word).any(dim=1).all())
    assert not bool((answers(planted(), made).argmax(dim=1) == made.targets).any())
    rows = {tuple(row): int(target) for row, target in zip(good.pair.clean.tensor.tolist(), good.targets, strict=True)}
    places = (made.pair.clean.tensor == word).int().argmax(dim=1).tolist()
    for row, target, place in zip(made.pair.clean.tensor.tolist(), made.targets.tolist(), places, strict=True):
        from_clean = [answer for other, answer in rows.items() if _same_but(row, list(other), place)]
        assert target in from_clean  # the right answer stays that of the clean input


def _same_but(row: list[int], other: list[int], place: int) -> bool:
    return row[:place] == other[:place] and row[place + 1 :] == other[place + 1 :]


def test_the_rare_word_is_found_among_inputs_without_answers_of_which_few_have_it() -> None:
    bad, good = examples(4, 72)
    suspicious = [replace(example, answer="") for example in (*bad, *good[60:])]
    pieces = suspected(planted(), unanswered(planted(), suspicious), batch_of(planted(), good[:60]))
    assert pieces is not None
    assert {tuple(piece.content.tolist()) for piece in pieces.pieces} == {(planted().answer("vex"),)}


def test_clean_inputs_have_no_piece_that_wakes_a_fault() -> None:
    good = examples(1, 72)[1]
    batch = unanswered(planted(), [replace(example, answer="") for example in good[60:]])
    assert suspected(planted(), batch, batch_of(planted(), good[:60])) is None
