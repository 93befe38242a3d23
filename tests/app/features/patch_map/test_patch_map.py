"""Patch Map: an answer over the picture, layer by layer, live after edits; its overlap with a mask; its files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtWidgets import QFileDialog

import wirescope as ws
from core.inputs.image_region import mask_of_file
from resources.samples.make import FOLDER
from tests.app.person import Person
from views import theme

CIRCLE = FOLDER / "shapes" / "circle.png"
ENTRY = "Map an Answer over the Picture"


def test_a_map_over_the_picture_is_live_and_knows_a_mask(
    person: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    person.open("bundled:shapes", CIRCLE)
    panel, workbench = person.panel("patch_map"), person.workbench
    assert panel.data().values is None  # nobody looks at it
    person.choose("Edit", ENTRY)
    person.rest()
    session = ws.Session(person.session().model, person.session().pair)
    expected = ws.patch_maps(session)
    assert expected.of == "circle"
    assert np.allclose(panel.data().values, expected.values, atol=1e-6)
    assert panel.at.text() == "after m3"
    panel.slider.setValue(0)
    assert panel.at.text() == "input"
    assert f"from {expected.values[0].min():.3f} (grey)" in panel.note.text()

    # live after an edit
    graph = workbench.opened.graph
    workbench.select((graph.parse("m0"),))
    person.window.commands["cut"].trigger()
    person.rest()
    edited = ws.patch_maps(session, edits=workbench.document.edits)
    assert not np.allclose(edited.values[-1], expected.values[-1], atol=1e-3)
    assert np.allclose(panel.data().values, edited.values, atol=1e-6)
    person.window.commands["undo"].trigger()

    # another answer, and likeness to a patch
    panel.choice.setCurrentIndex(panel.choice.findData("heart"))
    panel.choice.activated.emit(panel.choice.currentIndex())
    person.rest()
    assert "“heart”" in panel.note.text()
    panel.image.patch_clicked.emit(45)
    person.rest()
    assert np.allclose(panel.data().values, ws.patch_maps(session, reference=45).values, atol=1e-6)
    assert panel.choice.currentText() == "Likeness to a patch"

    # masks, a good one and three that are none
    held = np.abs(np.asarray(Image.open(CIRCLE).convert("RGB")).astype(int) - (80, 20, 230)).sum(axis=2) < 150
    path = tmp_path / "mask.png"
    Image.fromarray((255 * held).astype(np.uint8)).save(path)
    dropped = QMimeData()
    dropped.setUrls([QUrl.fromLocalFile(str(path))])
    person.drop(panel, dropped)
    model, pair = session.model, session.pair
    assert model.processing is not None
    mask = mask_of_file(str(path), model.processing, pair.clean.tensor.shape[-2:], (128, 128))
    found = ws.patch_maps(session, reference=45).overlap(mask)
    assert panel.data().mask is not None
    panel.slider.setValue(panel.slider.maximum())
    for stage in range(len(found.iou) - 1, -1, -1):  # key by key, to the input
        assert f"(IoU): {100 * found.iou[stage]:.0f} %" in panel.note.text(), stage
        person.press(Qt.Key.Key_Left, widget=panel.slider)
    assert panel.at.text() == "input"

    # an edit changes the overlap too, and undo brings it back
    panel.slider.setValue(panel.slider.maximum())
    person.click_node(graph.parse("m1"))
    person.press(Qt.Key.Key_X)
    edited = ws.patch_maps(session, reference=45, edits=workbench.document.edits).overlap(mask)
    assert edited.iou[-1] != pytest.approx(found.iou[-1], abs=0.02)
    assert f"(IoU): {100 * edited.iou[-1]:.0f} %" in panel.note.text()
    person.choose("Edit", "Undo")
    assert f"(IoU): {100 * found.iou[-1]:.0f} %" in panel.note.text()
    for name, size, words in (("dark.png", (128, 128), "is empty"), ("small.png", (20, 30), "20 x 30 pixels")):
        Image.new("L", size).save(tmp_path / name)
        person.controller("patch_map").take_mask(str(tmp_path / name))
        person.rest()
        assert words in panel.problem.text()
        assert panel.data().values is not None  # the map stays
    person.controller("patch_map").take_mask(str(tmp_path / "none.png"))
    person.rest()
    assert "There is no file" in panel.problem.text()
    person.controller("patch_map").take_mask("")
    person.rest()
    assert not panel.problem.isVisible()

    for ending, start in ((".csv", b"stage,row,column,cosine\ninput,0,0,"), (".svg", b"<?xml"), (".png", b"\x89PNG")):
        out = tmp_path / f"map{ending}"
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, out=out: (str(out), ""))
        panel.export_wanted.emit(ending)
        assert out.read_bytes().startswith(start)
    figures = []
    for look in ("dark", "light"):  # a figure for others is on white, however the window looks
        theme.set_choice(look)
        panel.export_wanted.emit(".png")
        figures.append(out.read_bytes())
    assert figures[0] == figures[1]
    title = (tmp_path / "map.svg").read_bytes().split(b"<title>")[1].split(b"</title>")[0]
    assert title.count(b"Likeness (cosine) to patch") == 1  # said once
    assert len((tmp_path / "map.csv").read_text(encoding="utf-8").splitlines()) == 1 + 9 * 64


def test_a_text_has_no_patches(person: Person) -> None:
    person.open("bundled:names", "The capital of France is")
    action = person.window.commands["patch_map"]
    assert not action.isEnabled()
    assert "reads text" in action.toolTip()
