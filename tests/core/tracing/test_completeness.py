"""The scores of integrated methods add up to the whole change, on models that were trained."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

import wirescope as ws
from core.circuit import Circuit
from core.inputs.tasks import make_task
from core.models import packs
from core.tracing.completeness import sum_of_scores
from core.tracing.options import Level

STEPS = 20
WORDS = ("ioi", "greater-than", "induction", "capitals", "agreement")
CASES = [
    *(("bundled:names", task) for task in WORDS),
    ("bundled:shapes", "shapes"),
    pytest.param("pack:smollm2", "ioi", marks=pytest.mark.packs),
]


@cache
def opened(name: str) -> ws.Model:
    if name == "pack:smollm2" and not packs.is_installed("smollm2"):
        pytest.skip("the model pack is not installed: wirescope models get smollm2")
    return ws.load_model(name)


def of_task(name: str, task: str, pairs: int) -> ws.Session:
    model = opened(name)
    made = make_task(task, model, 12)
    chosen = [number for number, (a, b) in enumerate(made.pairs) if a != b][:pairs]
    a, b = zip(*(made.pairs[number] for number in chosen), strict=True)
    answers = [made.answers[number] for number in chosen]
    metric = ws.logit_difference([right for right, _ in answers], [wrong for _, wrong in answers])
    return ws.Session(model, model.pair(list(a), list(b)), metric)


def change(session: ws.Session) -> float:
    """The metric of A less that of B's own answer to it, from two runs without any gradient."""
    nothing = session.run_circuit(Circuit(session.graph, np.empty(0, dtype=np.int64)), "patch")
    return float((session.clean.metric - nothing.metric).mean())


@pytest.mark.parametrize(("name", "task"), CASES)
def test_scores_add_up_to_the_change_within_two_percent(name: str, task: str) -> None:
    session = of_task(name, task, pairs=1 if name == "pack:smollm2" else 2)
    whole = change(session)
    assert abs(whole) > 0.5
    for method in ("eap-ig", "integrated-edges"):
        found = sum_of_scores(ws.trace(session, method, steps=STEPS))
        assert found == pytest.approx(whole, rel=0.02), method


@pytest.mark.parametrize("level", ["nodes", "positions"])
@pytest.mark.parametrize("method", ["eap-ig", "integrated-edges"])
def test_so_do_those_of_nodes_and_positions(method: str, level: Level) -> None:
    session = of_task("bundled:names", "capitals", pairs=1)
    found = sum_of_scores(ws.trace(session, method, steps=STEPS, level=level))
    assert found == pytest.approx(change(session), rel=0.02)


def test_one_point_is_too_few_and_the_sum_says_so() -> None:
    session = of_task("bundled:names", "ioi", pairs=2)
    found = sum_of_scores(ws.trace(session, "eap-ig", steps=1))
    assert found is not None
    assert abs(found - change(session)) > 0.1 * abs(change(session))


def test_methods_that_do_not_add_up_have_no_sum() -> None:
    session = of_task("bundled:names", "ioi", pairs=1)
    assert sum_of_scores(ws.trace(session, "eap")) is None
    assert sum_of_scores(ws.trace(session, "eap-ig", steps=2, replacement="zero")) is None
    assert sum_of_scores(ws.trace(session, "integrated-edges", steps=2, replacement="mean")) is not None
