"""A planted model and its examples, for tests of repairs."""

from __future__ import annotations

from functools import cache, partial

import pytest

import wirescope as ws
from core.repair import directions, learn, repair, sets, transplants
from resources.models.planted.make import FOLDER
from tests.benchmarks.repair_cases import examples_of

MODEL = "trojan-tuned"


@cache
def planted() -> ws.Model:
    return ws.load_model(str(FOLDER / MODEL))


def examples(triggered: int = 8, clean: int = 24, seed: int = 1) -> tuple[list[ws.Example], list[ws.Example]]:
    return examples_of("trojan", triggered, clean, seed)


def make_quick(monkeypatch: pytest.MonkeyPatch, updates: int = 16) -> None:
    """A learned repair with fewer updates, made examples, sizes of pieces and cuts that are tried to be taken back."""
    monkeypatch.setattr(repair, "learn", partial(learn.learn, updates=updates))
    monkeypatch.setattr(learn, "TAKEN_BACK", 6)
    monkeypatch.setattr(directions, "ROUNDS", ((12, updates // 2), (4, updates)))
    monkeypatch.setattr(sets, "MADE", 32)
    monkeypatch.setattr(transplants, "TOKENS", (1,))
    monkeypatch.setattr(transplants, "WINDOWS", (8,))
