"""The set-up scripts are no package: they are loaded from their files, as `python packaging/prepare.py` would."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "packaging"


@pytest.fixture
def system_libraries(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(FOLDER))
    return importlib.import_module("system_libraries")


@pytest.fixture
def prepare(monkeypatch: pytest.MonkeyPatch, system_libraries: ModuleType) -> ModuleType:
    return importlib.import_module("prepare")
