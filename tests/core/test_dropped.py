"""What is dropped is freed at once: nothing waits for Python's collector, which may not run for a long time, and which
does not see cycles through an autograd graph at all."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch

import wirescope as ws
from core.errors import Cancelled
from core.tracing.method import METHODS
from tests.small_models import small_model

OPTIONS = ws.Options(updates=2, threshold=1.0, steps=2, budget=20)


@pytest.fixture(autouse=True)
def without_collector() -> Iterator[None]:
    gc.disable()
    yield
    gc.unfreeze()
    gc.enable()


@pytest.fixture(scope="module")
def model() -> ws.Model:
    return ws.load_model((small_model("gemma2"), None))


def pairs(model: ws.Model, count: int = 1) -> ws.Dataset:
    ids = torch.tensor([[1, 2, 3, 4], [5, 2, 3, 4], [8, 2, 4, 4]])
    others = torch.tensor([[1, 5, 3, 4], [5, 9, 3, 4], [8, 9, 4, 4]])
    return ws.Dataset([model.pair(ids[row : row + 1], others[row : row + 1]) for row in range(count)])


def opened(model: ws.Model, **options: Any) -> ws.Session:
    return ws.Session(model, pairs(model).pairs[0], ws.logit_difference(6, 7), **options)


def stopped(model: ws.Model) -> None:
    """A trace that is cancelled in the middle of a gradient run, and one of which only a part is taken."""
    asked = iter(range(6))
    with pytest.raises(Cancelled):
        ws.trace(opened(model), "atp-star", cancelled=lambda: next(asked, None) is None)
    next(ws.Tracing(opened(model), "acdc", options=OPTIONS).parts())


JOBS: dict[str, Callable[[ws.Model], object]] = {
    "a session": opened,
    "edits": lambda model: opened(model, dataset=pairs(model, 3)).run(
        [ws.Edit("m0", "mean"), ws.Edit("a0.h0", "noise"), ws.Edit("m1", "resample"), ws.Edit("input", "patch")],
        positions="all",
    ),
    "frozen norms": lambda model: opened(model).run([ws.Edit("m0", "patch")], frozen_norms=True),
    "scan": lambda model: ws.Scan(opened(model), "nodes").run(),
    "faithfulness": lambda model: ws.faithfulness(
        session := opened(model), ws.trace(session, "eap"), dataset=pairs(model, 3), random_circuits=1
    ),
    "steering": lambda model: ws.difference_of_means(
        model, [torch.tensor([[1, 2, 3]])], [torch.tensor([[4, 5, 6]])], "m0"
    ),
    "another metric": lambda model: opened(model).with_metric(ws.kl()),
    "stopped": stopped,
}
for name in METHODS:
    for level in METHODS[name].levels:
        JOBS[f"{name}, {level}"] = lambda model, name=name, level=level: ws.trace(  # type: ignore[misc]
            opened(model), name, level=level, options=OPTIONS.but(budget=0) if level == "positions" else OPTIONS
        )
    JOBS[f"{name}, a dataset"] = lambda model, name=name: ws.trace(  # type: ignore[misc]
        opened(model), name, dataset=pairs(model, 3), options=OPTIONS
    )


@pytest.mark.parametrize("job", JOBS)
def test_what_is_dropped_is_freed_at_once(job: str, model: ws.Model) -> None:
    JOBS[job](model)  # what the model itself keeps is made by then
    gc.freeze()  # what is there is none of the test's business
    JOBS[job](model)
    left = {
        type(thing).__qualname__
        for thing in gc.get_objects()
        if issubclass(type(thing), torch.Tensor)
        or str(type(thing).__module__).startswith(("core.engine", "core.session"))
    }
    assert not left, "they would stay until the collector runs, or for good"
