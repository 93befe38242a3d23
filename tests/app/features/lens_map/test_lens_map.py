"""Logit Lens: the likeliest answer after every layer at every token, live after edits; a tuned lens; its files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog

import wirescope as ws
from core.graph import Node
from resources.samples.make import FOLDER
from tests.app.person import Person

PROMPT = "When Mary and John met, John gave a book to"
ENTRY = "Map the Logit Lens"


def lens_of(model: ws.Model, folder: Path, width: int | None = None) -> Path:
    """A folder of a tuned lens that maps nothing, of the model's width or another."""
    shape = model.adapter.shape
    width = width or shape.width
    held = {f"{layer}.weight": torch.zeros(width, width) for layer in range(shape.layers)}
    folder.mkdir()
    torch.save(held, folder / "params.pt")
    described = {"base_model_name_or_path": "names", "d_model": width, "num_hidden_layers": shape.layers}
    (folder / "config.json").write_text(json.dumps(described), encoding="utf-8")
    return folder


def test_the_map_is_live_takes_a_tuned_lens_and_is_exported(
    person: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    person.open("bundled:names", PROMPT)
    panel, workbench = person.panel("lens_map"), person.workbench
    assert panel.data().values is None  # nobody looks at it
    person.choose("Edit", ENTRY)
    person.rest()
    session = ws.Session(person.session().model, person.session().pair)
    expected = ws.logit_lens(session.run(positions="all"))
    assert panel.data().labels == expected.labels
    assert np.allclose(panel.data().values, expected.best_probabilities, atol=1e-6)
    cells, grid = panel.grid.cells, panel.grid
    last = cells.index(0, cells.columnCount() - 1)
    assert cells.headerData(0, Qt.Orientation.Vertical, Qt.ItemDataRole.DisplayRole) == expected.stages[-1]
    said = session.clean.top(1)[0]
    assert f"{said.probability:.3f}" in cells.data(last, Qt.ItemDataRole.AccessibleTextRole)
    assert grid.currentIndex() == last, "where the answer is read"
    assert grid.hasFocus()
    cell = grid.visualRect(last)
    drawn = grid.viewport().grab().toImage()
    shade = cells.data(last, Qt.ItemDataRole.BackgroundRole)
    assert drawn.pixelColor(cell.left() + 5, cell.center().y()) == QColor(shade), "looked at, it keeps its colour"
    workbench.set_positions((3,))
    assert grid.currentIndex() == cells.index(0, 3)
    workbench.set_positions(())
    assert grid.currentIndex() == last

    # a small window: what is asked for is in sight, and the legend takes one line
    size = person.window.size()
    person.window.resize(1024, 700)
    person.rest()
    assert grid.viewport().rect().contains(grid.visualRect(last))
    assert panel.note.height() < 2 * panel.note.fontMetrics().height()
    person.window.resize(size)

    # a cell opens what has written last
    grid.setCurrentIndex(cells.index(0, 2))
    assert panel.line.text().startswith(f"After {expected.stages[-1]}, at ")
    QTest.keyClick(grid, Qt.Key.Key_Return)
    assert workbench.selection == (Node("mlp", session.graph.layers - 1),)
    grid.activated.emit(cells.index(1, 2))
    assert workbench.selection == tuple(
        Node("head", session.graph.layers - 1, head) for head in range(session.graph.heads)
    )

    # live after an edit, and the colour of an answer that the metric asks for
    workbench.select((Node("mlp", 0),))
    person.window.commands["cut"].trigger()
    person.rest()
    target = panel.data().answers[0]
    edited = ws.logit_lens(session.run(workbench.document.edits, positions="all"), (target,))
    assert not np.allclose(edited.best_probabilities, expected.best_probabilities, atol=1e-3)
    assert np.allclose(panel.data().values, edited.best_probabilities, atol=1e-6)
    panel.choice.setCurrentIndex(1)
    panel.choice.activated.emit(1)
    assert np.allclose(panel.data().values, edited.probabilities[:, :, 0], atol=1e-6)
    assert "more probable “" in panel.note.text()
    person.window.commands["undo"].trigger()
    person.rest()

    # tuned lenses, one that maps nothing and one of another model
    person.controller("lens_map").take_lens(str(lens_of(session.model, tmp_path / "none")))
    person.rest()
    assert panel.data().stages == ("input", *(f"m{layer}" for layer in range(session.graph.layers)))
    assert np.allclose(panel.data().best, expected.best_probabilities[::2], atol=1e-6)
    assert "tuned lens none, trained for names" in panel.note.text()
    person.controller("lens_map").take_lens(str(lens_of(session.model, tmp_path / "wide", 8)))
    person.rest()
    assert "streams of width 8" in panel.problem.text()
    assert panel.data().stages == expected.stages  # the map stays, without it
    panel.no_file.click()
    person.rest()
    assert not panel.problem.isVisible()

    for ending, start in ((".csv", b"stage,position,token,likeliest"), (".svg", b"<?xml"), (".png", b"\x89PNG")):
        out = tmp_path / f"lens{ending}"
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, out=out: (str(out), ""))
        panel.export_wanted.emit(ending)
        assert out.read_bytes().startswith(start)
    assert b"Logit lens: the likeliest answer" in (tmp_path / "lens.svg").read_bytes()


def test_a_picture_has_a_map_over_its_patches_instead(person: Person) -> None:
    person.open("bundled:shapes", FOLDER / "shapes" / "circle.png")
    action = person.window.commands["lens_map"]
    assert not action.isEnabled()
    assert "Map an Answer over the Picture" in action.toolTip()
