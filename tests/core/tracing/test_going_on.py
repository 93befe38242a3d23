"""Every method left half-way: what was found is marked as a part, and going on gives what was found without a break."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

import wirescope as ws
from core.errors import Cancelled
from core.tracing import over_pairs
from core.tracing.method import METHODS
from core.tracing.options import Level
from core.tracing.scores import Scores
from core.tracing.told_options import Options
from core.tracing.trace import Tracing
from tests.core.engine.cases import case

OPTIONS = Options(steps=3, updates=4, threshold=0.1, restarts=2, seed=3)
ROWS = [([1, 2, 3], [1, 4, 3]), ([5, 6, 8], [5, 7, 8]), ([3, 2, 1, 4], [3, 5, 1, 4])]  # two batches
OVER_PAIR: list[tuple[str, Level, str]] = [
    (n, level, "pair") for n, method in METHODS.items() for level in method.levels
]
OVER_DATASET: list[tuple[str, Level, str]] = [(name, "edges", "dataset") for name in METHODS]


class Asked:
    """Whether to stop: from a certain asking on."""

    def __init__(self, stop_at: float = float("inf")) -> None:
        self.times, self.stop_at = 0, stop_at

    def __call__(self) -> bool:
        self.times += 1
        return self.times >= self.stop_at


def new_tracing(name: str, level: Level, over: str) -> Tracing:
    model = case("gpt2").model
    pairs = [model.pair(torch.tensor([a]), torch.tensor([b])) for a, b in ROWS]
    session = ws.Session(model, pairs[-1], ws.logit_difference(1, 2))
    dataset = ws.Dataset(pairs) if over == "dataset" else None
    return Tracing(session, name, level=level, dataset=dataset, options=OPTIONS)


def parts_of(tracing: Tracing, asked: Callable[[], bool]) -> tuple[list[tuple[Scores, float]], bool]:
    """What comes until it ends or is stopped, and whether it was stopped."""
    seen = []
    try:
        for part in tracing.parts(asked):
            seen.append(part)
    except Cancelled:
        return seen, True
    return seen, False


@pytest.mark.parametrize(("name", "level", "over"), OVER_PAIR + OVER_DATASET)
def test_left_half_way_and_taken_up_again(name: str, level: Level, over: str) -> None:
    whole, asked = new_tracing(name, level, over), Asked()
    parts_of(whole, asked)
    assert "partial" not in whole.scores.about
    tracing = new_tracing(name, level, over)
    seen, stopped_early = parts_of(tracing, Asked(max(1, round(0.6 * asked.times))))
    assert stopped_early or name == "random", "it is asked now and then whether to go on"
    for scores, share in seen:
        assert ("partial" in scores.about) == (share < 1)
    more, stopped = parts_of(tracing, Asked())
    assert not stopped
    assert "partial" not in tracing.scores.about
    assert np.array_equal(tracing.scores.values, whole.scores.values), "bit for bit; and the same seed gives the same"
    if seen and stopped_early:
        assert more[0][1] > seen[-1][1], "it goes on where it was, not from the beginning"


def test_going_on_opens_the_batches_that_are_left_and_a_cancel_is_heard_before_the_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened: list[int] = []

    class Counted(ws.Session):
        def __init__(self, *args: object, **options: object) -> None:
            opened.append(1)
            super().__init__(*args, **options)  # type: ignore[arg-type]

    tracing = new_tracing("eap", "edges", "dataset")
    monkeypatch.setattr(over_pairs, "Session", Counted)
    _, stopped = parts_of(tracing, lambda: tracing.done > 0)
    assert stopped
    before = len(opened)
    assert parts_of(tracing, lambda: False)[1] is False
    assert (before, len(opened)) == (1, 2), "two batches, each opened once"
    opened.clear()
    joint = new_tracing("circuit-pruning", "edges", "dataset")
    assert parts_of(joint, lambda: True)[1]
    assert len(opened) <= 1
