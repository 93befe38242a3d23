"""SmolLM2 with ten heads cut in the window: exported and opened in plain transformers in another process, it writes
what Continue wrote. By hand: `pytest -m "packs and slow" tests/app/features/continuation`."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog

from core.edits import Edit
from core.models import packs
from core.project.target_names import target_named
from tests.app.person import Person
from tests.core.edited.test_folder import elsewhere
from tests.core.edited.test_smollm2 import CODE, HEADS

TOKENS = 16


@pytest.mark.packs
@pytest.mark.slow
@pytest.mark.skipif(not packs.is_installed("smollm2"), reason="the pack smollm2 is not installed")
def test_the_exported_model_writes_what_continue_wrote(person: Person, tmp_path: Path, monkeypatch) -> None:
    person.open("pack:smollm2", "The capital of France is Paris, and the river that flows through it")
    cuts = tuple(Edit(target_named(head), "zero") for head in HEADS)
    person.workbench.commit("Cut ten heads", replace(person.workbench.document, edits=cuts))
    person.rest()
    panel = person.panel("predictions").continuation
    panel.tokens.setValue(TOKENS)
    person.window.commands["continue"].trigger()
    person.rest()
    before, after = ([token.index for token in text._tokens] for text in (panel.before.text, panel.after.text))
    assert len(after) == TOKENS
    assert before != after
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "cut"), ""))
    person.choose("File", "Export the Edited Model")
    person.dismiss()
    ids = person.session().pair.clean.tensor
    _, text = elsewhere(CODE, tmp_path / "out.json", str(tmp_path / "cut"), json.dumps(ids.tolist()))
    assert text[0][ids.shape[1] :][:TOKENS] == after
