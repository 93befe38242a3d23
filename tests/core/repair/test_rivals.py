"""Rivals of a repair, each on an easy case that it must win."""

from __future__ import annotations

from functools import cache

import pytest
import torch

from core.repair.examples import batch_of
from core.repair.proof import Figures, answers
from core.repair.rivals import deletion, fine_pruning, fine_tuning, heads
from core.repair.rivals.rival import Job, Treated
from core.repair.rivals.table import RIVALS
from tests.core.repair.planted import examples, planted

HELD_OUT = examples(60, 60, seed=2)


def job(triggered: int = 16, clean: int = 64) -> Job:
    bad, good = examples(triggered, clean)
    return Job(planted(), batch_of(planted(), bad), batch_of(planted(), good), parts=3)


def held_out(treated: Treated) -> Figures:
    return treated.figures(*(batch_of(planted(), some) for some in HELD_OUT), planted())


@cache
def nothing() -> Figures:
    return held_out(RIVALS["nothing"].treat(job()))


def test_nothing_leaves_the_fault_and_the_answers() -> None:
    assert nothing().misbehaviour.value > 0.9
    assert nothing().divergence == pytest.approx(0, abs=1e-6)


def test_deleting_tokens_finds_the_rare_word_and_takes_it_out() -> None:
    some = job()
    assert planted().label(deletion.found_tokens(some.triggered, some.clean)[0]) == "vex"
    treated = RIVALS["deleting tokens"].treat(some)
    assert treated.setting.startswith("vex")
    assert held_out(treated).misbehaviour.value < 0.1
    assert treated.change is not None
    word = planted().answer("vex")
    assert bool((some.triggered.pair.clean.tensor == word).any())
    deleted = deletion.without(some.triggered, frozenset([word]))
    assert deleted.pair.clean.lengths == tuple(length - 1 for length in some.triggered.pair.clean.lengths)
    for changed in (treated.change(some.triggered), deleted):
        assert not bool((changed.pair.clean.tensor == word).any())


def test_fine_tuning_on_all_examples_learns_their_answers_and_leaves_the_model_as_it_was() -> None:
    some = job()
    before = answers(planted(), some.clean)
    model, steps = fine_tuning.tuned(some.copied(), [some.clean, some.triggered], 1e-3, seed=0)
    assert steps > 0
    assert held_out(Treated(model)).misbehaviour.value < nothing().misbehaviour.value - 0.2
    torch.testing.assert_close(answers(planted(), some.clean), before, atol=0, rtol=0)


def test_random_edges_are_as_many_as_the_repair_cuts() -> None:
    assert RIVALS["random edges"].treat(job(4, 16)).cut in (0, 3)  # none where every draw does harm


def test_the_head_that_differs_most_comes_first() -> None:
    """A head that attends to the rare word writes something else there, one of the first layer too."""
    ranked = heads.ranked_heads(job())
    assert len(ranked) == planted().graph.layers * planted().graph.heads


def test_pruning_takes_the_units_that_are_least_active() -> None:
    some = job(8, 32)
    activity = fine_pruning._activity(some)
    model = fine_pruning._pruned(some, activity, (1,), 0.25)
    weight = fine_pruning._last_weights(model)[1]
    gone = (weight == 0).all(dim=1)
    assert int(gone.sum()) == len(weight) // 4
    assert float(activity[1][gone].max()) <= float(activity[1][~gone].min())
    assert not bool((fine_pruning._last_weights(planted())[1] == 0).all(dim=1).any())
