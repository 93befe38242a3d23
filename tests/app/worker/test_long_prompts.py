"""A prompt that needs more memory than the preferences give is opened with what it needs, and stays usable."""

from __future__ import annotations

import pytest

import wirescope as ws
from app.worker import towers
from core import session_parts
from tests.core.engine.cases import case


def test_the_memory_of_the_preferences_does_not_close_a_long_prompt(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (towers, session_parts):
        monkeypatch.setattr(module, "MEMORY_MEGABYTES", 1e-3)
    for whole in (2**31, 0):
        monkeypatch.setattr(session_parts, "WHOLE", whole)
        session = case("llama-grouped").session()
        assert session.engine.unedited.slim == (whole == 0)
        towers.set_memory(session, 1e-3)
        assert session.run([ws.Edit("a1.h0", "patch")]).metric is not None
