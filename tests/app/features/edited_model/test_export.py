"""File > Export the Edited Model: what is edited in the window leaves it, in the weights or beside them."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog

from app.features.edited_model.controller import WEIGHTS
from core.edits import Edit
from core.models.loading import load_model
from core.session import Session
from tests.app.models import CLEAN, COUNTERFACTUAL
from tests.app.person import Person

ENTRY = "Export the Edited Model"


def test_what_is_edited_leaves_as_a_folder(
    reader: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, models
) -> None:
    out = tmp_path / "cut"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(out), ""))
    action = reader.window.commands["export_model"]
    assert not action.isEnabled()
    assert "Nothing is edited" in action.toolTip()

    graph = reader.workbench.opened.graph
    reader.click_node(graph.parse("a1.h2"))
    reader.workbench.editing.edit_selection("zero", 1.0)
    reader.rest()
    before = reader.workbench.document
    reader.choose("File", ENTRY)
    (box,) = reader.dialogs()
    assert str(out) in box.text()
    assert box.informativeText() == WEIGHTS
    box.close()
    opened = load_model(str(out))
    original = Session(load_model(str(models.gpt2)), load_model(str(models.gpt2)).pair(CLEAN, COUNTERFACTUAL))
    expected = original.run([Edit("a1.h2", "zero")]).answer
    assert (Session(opened, opened.pair(CLEAN)).clean.answer - expected).abs().max() < 1e-4

    reader.choose("File", ENTRY)  # the folder is there now: nothing is written over
    (problem,) = reader.dialogs()
    assert "cut is there already" in problem.text()
    problem.close()
    assert not (out / "edited_model.py").exists()

    out = tmp_path / "beside"
    edge = reader.workbench.opened.graph.index("a0.h1->a1.h3<q>")
    reader.workbench.select((graph.edge(edge),))
    reader.workbench.editing.edit_selection("patch", 1.0)
    reader.rest()
    reader.choose("File", ENTRY)
    (box,) = reader.dialogs()
    assert "a0.h1->a1.h3<q> is an edge" in box.informativeText()
    assert (out / "edited_model.py").is_file()
    box.close()
    assert len(reader.workbench.document.edits) == len(before.edits) + 1  # the work goes on as it was
