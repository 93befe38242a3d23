"""A patient person, a stand-in for the commands, and a file of pairs."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from app.services.job_queue import process
from tests.app.models import CLEAN, COUNTERFACTUAL
from tests.app.person import LONG_PATIENCE, Person
from tests.app.stand_in import PROGRAM


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Person, "patience", LONG_PATIENCE)


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "program", lambda: PROGRAM)


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    """A file of pairs."""
    path = tmp_path / "pairs.csv"
    with path.open("w", newline="") as file:
        rows = [(CLEAN, COUNTERFACTUAL, " Mary", " John")] * 3
        csv.writer(file).writerows([("clean", "counterfactual", "target", "foil"), *rows])
    return path
