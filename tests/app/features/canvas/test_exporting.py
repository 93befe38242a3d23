"""Figures and circuits saved from the menu, read back from the disk."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage

from app.features.canvas.controller import export
from app.presenters.exported_circuit import circuit_text
from core.circuit import EXPORTERS, Exporter
from core.edits import Edit, parse_edit
from core.formatting import change_words
from core.graph import Node
from core.interchange.circuit_json import from_json
from tests.app.cases import each
from tests.app.figure_dialog import open_figure, save_figure
from tests.app.models import CLEAN, COUNTERFACTUAL
from tests.app.person import Person
from tests.views.figures.test_figure import edge_fills


@pytest.fixture
def save_as(monkeypatch):
    """Answer the file dialog."""
    asked = []

    def answer_with(path: Path | str, chosen: str = "") -> list[tuple[str, str]]:
        def ask(_parent, _title, start, filters):
            asked.append((start, filters))
            return str(path), chosen

        monkeypatch.setattr(export.QFileDialog, "getSaveFileName", ask)
        return asked

    return answer_with


@pytest.fixture
def cut(reader: Person) -> int:
    """The index of the edge that was cut."""
    (index,) = reader.strong_edges()
    reader.click_edge(index)
    reader.press(Qt.Key.Key_X)
    return index


def words_of(svg: str) -> str:
    """All text of the picture."""
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", svg)
    return " ".join(" ".join(texts).split()).replace("&quot;", '"').replace("&gt;", ">").replace("&lt;", "<")


def test_an_svg_says_what_it_shows(reader: Person, cut: int, save_as, tmp_path: Path) -> None:
    path = tmp_path / "circuit.svg"
    asked = save_as(path)
    save_figure(reader, "svg")
    assert asked[0][1] == "SVG (*.svg)"
    assert reader.message() == "Saved circuit.svg"
    words = words_of(path.read_text(encoding="utf-8"))
    for part in (
        "gpt2 (3 layers · 4 heads · fp32 · cpu)",
        CLEAN,
        COUNTERFACTUAL,
        'logit(" Mary") − logit(" John")',
        f"{reader.workbench.ran.before:.3f} before, {reader.workbench.ran.after:.3f} after",
        reader.edge(cut).name + " from B",
        "estimated by EAP, replaced from B",
        "towards A",
        "away from A",
        "measured",
        "estimated",
        "patched from B",
        f"{len(reader.window.canvas.scene.data.edges)} of 262 edges",
    ):
        assert part in words, part
    assert change_words(reader.workbench.ran.after - reader.workbench.ran.before) in words  # beside the break, too


def test_no_edge_of_an_svg_is_filled(reader: Person, cut: int, save_as, tmp_path: Path) -> None:
    save_as(tmp_path / "circuit.svg")
    save_figure(reader, "svg")
    fills = edge_fills(tmp_path / "circuit.svg")
    assert len(fills) >= len(reader.window.canvas.scene.data.edges) - 1  # the broken one is of straight pieces
    assert set(fills) == {"none"}


def test_a_pdf(reader: Person, cut: int, save_as, tmp_path: Path) -> None:
    save_as(tmp_path / "circuit.pdf")
    save_figure(reader, "pdf")
    content = (tmp_path / "circuit.pdf").read_bytes()
    assert content.startswith(b"%PDF-")
    assert b"%%EOF" in content[-32:]
    assert len(content) > 5000


def test_a_png_is_as_fine_as_asked_for(reader: Person, cut: int, save_as, tmp_path: Path) -> None:
    widths = {}
    for dpi in (96, 192):
        path = tmp_path / f"{dpi}.png"
        save_as(path)
        dialog = open_figure(reader, "png")
        dialog.dpi.setValue(dpi)
        reader.click(dialog.save)
        image = QImage(str(path))
        widths[dpi] = np.array([image.width(), image.height()])
        assert image.dotsPerMeterX() == round(dpi / 0.0254)
        colours = {image.pixel(x, y) for x in range(0, image.width(), 7) for y in range(0, image.height(), 7)}
        assert len(colours) > 8
    assert (widths[192] == 2 * widths[96]).all()


def test_the_circuit_as_json_reads_back(reader: Person, cut: int, save_as, tmp_path: Path) -> None:
    path = tmp_path / "circuit.json"
    save_as(path)
    reader.choose("File/Export", "Circuit as JSON")
    text = path.read_text(encoding="utf-8")
    circuit = from_json(text)
    assert circuit.graph == reader.workbench.opened.graph
    assert set(circuit.edges.tolist()) == {mark.index for mark in reader.window.canvas.scene.data.edges}
    assert cut in circuit.edges
    scores = np.abs(circuit.values)
    assert (scores[:-1] >= scores[1:]).all()
    assert circuit.about["model"] == reader.workbench.document.model
    assert (circuit.about["clean"], circuit.about["counterfactual"]) == (CLEAN, COUNTERFACTUAL)
    assert circuit.about["metric"] == 'logit(" Mary") − logit(" John")'
    assert circuit.about["replacement"] == "patch"
    content = json.loads(text)
    assert [parse_edit(words) for words in content["edits"]] == [Edit(reader.edge(cut).name, "patch")]
    assert content["measured"] == {"before": reader.workbench.ran.before, "after": reader.workbench.ran.after}


def test_the_circuit_is_written_in_each_form_of_the_table(reader: Person, save_as, tmp_path: Path, monkeypatch) -> None:
    """Also in one that came with a plugin, while the window was open."""
    monkeypatch.setitem(EXPORTERS, "made-up", Exporter("made-up", "Made up", "", ".up", lambda c: " ".join(c.names)))
    asked = save_as(tmp_path / "circuit", "Made up (*.up)")
    reader.choose("File/Export", "Circuit for Other Programs")
    names = [reader.edge(mark.index).name for mark in reader.window.canvas.scene.data.edges]
    assert sorted((tmp_path / "circuit.up").read_text().split()) == sorted(names)
    forms = [f"{row.title} (*{row.ending})" for row in EXPORTERS.values() if row.name != "json"]
    assert forms[-1] == "Made up (*.up)"
    assert asked[0][1] == ";;".join(forms)
    save_as(tmp_path / "circuit.dot", "DOT (*.dot)")
    reader.choose("File/Export", "Circuit for Other Programs")
    drawn = (tmp_path / "circuit.dot").read_text(encoding="utf-8")
    assert drawn.count("penwidth") >= len(names)
    assert "blue: towards A" in drawn


def test_beside_a_b_that_does_not_fit_the_files_say_what_was_really_done(
    reader: Person, cut: int, save_as, tmp_path: Path
) -> None:
    reader.type_prompt("B", "When John gave the store a drink to")  # does not fit: the estimates are of zero
    save_as(tmp_path / "circuit.json")
    reader.choose("File/Export", "Circuit as JSON")
    circuit = from_json((tmp_path / "circuit.json").read_text(encoding="utf-8"))
    assert circuit.about["replacement"] == reader.workbench.scored.kind == "zero"
    assert json.loads((tmp_path / "circuit.json").read_text(encoding="utf-8"))["edits"] == []
    save_as(tmp_path / "circuit.svg")
    save_figure(reader, "svg")
    words = words_of((tmp_path / "circuit.svg").read_text(encoding="utf-8"))
    assert "Edits none" in words
    assert "replaced by zero" in words


def test_a_picture_is_named_in_the_caption(viewer: Person, save_as, tmp_path: Path) -> None:
    save_as(tmp_path / "v.svg")
    save_figure(viewer, "svg")
    words = words_of((tmp_path / "v.svg").read_text(encoding="utf-8"))
    for part in ("vit (2 layers", "A: a.png", "B: b.png", "input · patch + position", "class scores"):
        assert part in words, part


def test_the_ending_is_added_and_the_folder_remembered(reader: Person, save_as, tmp_path: Path) -> None:
    asked = save_as(tmp_path / "mine.v1")
    save_figure(reader, "svg")
    assert (tmp_path / "mine.v1.svg").is_file()
    save_figure(reader, "svg")
    assert asked[1][0] == str(tmp_path / "circuit.svg")


def test_a_dialog_given_up_writes_nothing(reader: Person, save_as, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    save_as("")
    save_figure(reader, "svg")
    reader.choose("File/Export", "Circuit as JSON")
    assert list(tmp_path.iterdir()) == []
    assert not reader.message().startswith("Saved")


@each("form", ["svg", "png", "tikz", "json"])
def test_a_place_that_cannot_be_written_is_said(reader: Person, save_as, tmp_path: Path, form: str) -> None:
    save_as(tmp_path / "no such folder" / f"circuit.{'tex' if form == 'tikz' else form}")
    if form == "json":
        reader.choose("File/Export", "Circuit as JSON")
    else:
        save_figure(reader, form, "circuit")
        reader.wait(reader.dialogs)
    words = reader.dismiss()
    assert "no such folder" in words
    assert "Choose a folder" in words
    assert not reader.message().startswith("Saved")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_stays_whole_when_it_cannot_be_replaced(reader: Person, save_as, tmp_path: Path) -> None:
    path = tmp_path / "circuit.json"
    path.mkdir()  # as a stand-in for what cannot be replaced, which holds for root as well
    (path / "kept").write_text("kept", encoding="utf-8")
    save_as(path)
    reader.choose("File/Export", "Circuit as JSON")
    assert "cannot be written" in reader.dismiss()
    assert os.listdir(tmp_path) == ["circuit.json"]
    assert (path / "kept").read_text(encoding="utf-8") == "kept"


def test_the_top_bars_export_button_opens_the_same_menu(reader: Person) -> None:
    reader.click(reader.window.top_bar.export)
    menu = reader.window.menus["export"]
    reader.wait(menu.isVisible)
    assert [action.text() for action in menu.actions() if not action.isSeparator()] == [
        action.text() for action in reader.menu("File/Export").actions() if not action.isSeparator()
    ]
    menu.close()


def test_before_a_model_is_open_there_is_nothing_to_export(person: Person, save_as, tmp_path: Path) -> None:
    asked = save_as(tmp_path / "x.svg")
    person.window.commands["export_figure"].trigger()
    assert asked == []
    assert person.message() == "There is nothing to export yet: open a model first."


def test_what_is_scaled_has_a_sign_and_a_legend_of_its_own(reader: Person, save_as, tmp_path: Path) -> None:
    reader.click_node(Node("head", 1, 2))
    reader.click(reader.panel("inspector").edits.buttons["scale"])
    reader.rest()
    save_as(tmp_path / "scaled.svg")
    save_figure(reader, "svg")
    words = words_of((tmp_path / "scaled.svg").read_text(encoding="utf-8"))
    assert "scaled, with the metric's change" in words
    assert "cut, with" not in words
    assert "×" in words


def test_no_estimate_stands_beside_what_was_measured_of_another_edit(reader: Person) -> None:
    """What is measured of an edge that is halved, or steered, is no patch, which the scores estimate."""
    (index,) = reader.strong_edges()

    def row() -> dict[str, float]:
        rows = json.loads(circuit_text(reader.workbench.presenter.snapshot()))["edges"]
        return next(row for row in rows if row["edge"] == reader.edge(index).name)

    reader.click_edge(index)
    reader.press(Qt.Key.Key_P)
    assert row()["estimated"] == -row()["score"]
    reader.workbench.editing.edit_selection("scale", 0.5)
    reader.rest()
    assert "measured" in row()
    assert "estimated" not in row()
