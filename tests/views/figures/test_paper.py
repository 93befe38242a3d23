"""A figure for a paper: as wide as asked for, no text below 6 pt, none over another, fonts inside."""

from __future__ import annotations

import re
from dataclasses import replace
from io import BytesIO
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter

from app.presenters.paper import paper_data
from core.circuit import Circuit, circuit_of
from core.graph import Graph
from core.groups import Group
from core.interchange.report import Report, ReportInput
from tests.app.command_line import code_of
from views.canvas.labels import text_width
from views.figures.formats import write_painted
from views.figures.paper import THEMES, laid_out

COLUMN = 85 / 25.4 * 96  # pixels of 1/96 inch
SLIDE = 254 / 25.4 * 96
POINTS = 72 / 96  # of such a pixel
TOKENS = ("When", "Mary", "and", "John", "went", "to", "the", "store", ",", "John", "gave", "a", "drink", "to")


def some_report(edges: int = 60) -> Report:
    graph = Graph(6, 12, 4)
    numbers = np.random.default_rng(1).permutation(graph.n_edges)[:edges].astype(np.int64)
    about = {"model": "some model", "metric": "logit", "method": "eap", "direction": "+1"}
    circuit = Circuit(graph, numbers, np.linspace(1, -0.5, edges), about)
    heads = [edge.writer for edge in circuit if edge.writer.kind == "head"]
    groups = (Group("Movers <&>", "violet", tuple(dict.fromkeys(heads))[:3]),)
    return Report(replace(circuit, groups=groups), inputs=(ReportInput("A", " ".join(TOKENS), TOKENS),))


def texts(svg: str) -> list[tuple[str, float, QRectF]]:
    """Each text with the size of its letters and where it stands."""
    found = []

    def walk(element: ElementTree.Element, at: tuple[float, float], size: float) -> None:
        matrix = re.match(r"matrix\((.*)\)", element.get("transform", ""))
        if matrix:
            a, b, c, d, e, f = map(float, matrix[1].split(","))
            assert (a, b, c, d) == (1, 0, 0, 1), "nothing is scaled"
            at = e, f
        size = float(element.get("font-size", size))
        if element.tag.endswith("text") and element.text:
            x, y = at[0] + float(element.get("x", 0)), at[1] + float(element.get("y", 0))
            box = QRectF(x, y - 0.7 * size, text_width(element.text, round(size)), 0.7 * size)
            found.append((element.text, size, box))
        for child in element:
            walk(child, at, size)

    walk(ElementTree.fromstring(svg), (0.0, 0.0), 0.0)
    return found


@pytest.mark.parametrize("edges", [12, 60, 250])
def test_text_is_large_enough_and_never_overlaps(qapp, tmp_path: Path, edges: int) -> None:
    report = some_report(edges)
    figure = laid_out(paper_data(report), COLUMN)
    assert figure.drawing.width <= COLUMN - 8 + 0.01
    write_painted(tmp_path / "one.svg", figure)
    svg = (tmp_path / "one.svg").read_text(encoding="utf-8")
    root = ElementTree.fromstring(svg)
    assert float(root.get("width", "")) == pytest.approx(COLUMN, abs=0.1)
    assert float(root.get("viewBox", "").split()[2]) == pytest.approx(COLUMN, abs=0.5)
    written = texts(svg)
    readers = {node for edge in report.circuit for node in report.circuit.graph.readers_of(edge.reader)}
    names = {node.name for node in readers | {edge.writer for edge in report.circuit}}
    said = [text for text, _, _ in written]
    assert names <= set(said)
    assert set(TOKENS) <= set(said)
    assert "Movers <&>" in said
    assert min(size for _, size, _ in written) * POINTS >= 6
    for (one, _, box), (other, _, beside) in combinations(written, 2):
        assert not box.adjusted(0.2, 0.2, -0.2, -0.2).intersects(beside), (one, other)
    assert all(box.left() >= 0 and box.right() <= COLUMN + 1 for _, _, box in written)


def test_a_pdf_is_of_that_width_with_its_fonts_and_a_png_of_that_fineness(qapp, tmp_path: Path) -> None:
    file = tmp_path / "kept.json"
    file.write_text(some_report().circuit.to_json(), encoding="utf-8")
    options = ("export", str(file), "--width", "85mm", "--palette", "print")
    for form, *dpi in (("pdf",), ("png", "--dpi", "300")):
        assert code_of(*options, "--format", form, *dpi, "--out", str(tmp_path / f"one.{form}")) == 0
    pdf = (tmp_path / "one.pdf").read_bytes()
    box = re.search(rb"/MediaBox \[\s*0 0 ([\d.]+) ([\d.]+)", pdf)
    assert box is not None
    assert float(box[1]) == pytest.approx(85 / 25.4 * 72, abs=1)
    assert pdf.count(b"/FontFile") >= 1
    image = QImage(str(tmp_path / "one.png"))
    assert image.width() == pytest.approx(85 / 25.4 * 300, abs=1)
    assert image.dotsPerMeterX() == pytest.approx(300 / 0.0254, rel=1e-3)


def test_the_terminal_folds_leaves_the_caption_out_and_writes_tikz(tmp_path: Path, capsys) -> None:
    file = tmp_path / "kept.json"
    edges = ["input->m0", "m0->m1", "m1->m2", "m2->logits"]
    file.write_text(circuit_of(Graph(3, 2, 2), edges).to_json(), encoding="utf-8")

    def exported(form: str, ending: str, *options: str) -> str:
        path = tmp_path / f"one{ending}"
        assert code_of("export", str(file), "--format", form, "--out", str(path), *options) == 0
        return path.read_text(encoding="utf-8")

    whole, folded = exported("svg", ".svg"), exported("svg", ".svg", "--fold", "--no-caption")
    assert "m0–m2" in folded
    assert "m0–m2" not in whole
    assert "Edges go up" in whole
    assert "Edges go up" not in folded
    tikz = exported("tikz", ".tex", "--fold", "--palette", "print", "--width", "two-columns")
    assert "{m0--m2}" in tikz
    assert "{0A2F6B}" in tikz
    assert "text width=176mm" in tikz


def test_a_slide_has_larger_letters_and_pictures_are_thumbnails(qapp) -> None:
    picture = Image.new("RGB", (40, 20), "#ff0000")
    content = BytesIO()
    picture.save(content, "PNG")
    inputs = (ReportInput("A", "dog.png", picture=content.getvalue()), ReportInput("B", "cat.png"))
    data = paper_data(replace(some_report(12), inputs=inputs), caption=False)
    assert data.pictures == (("A", content.getvalue()),)
    slide = laid_out(data, SLIDE, THEMES["dark"], letters=2.0)
    assert slide.smallest_text == 2 * laid_out(data, COLUMN).smallest_text == 12
    assert slide.size.width() == pytest.approx(SLIDE)
    assert slide.drawing.width <= SLIDE / 2
    painted = QImage(slide.size.toSize(), QImage.Format.Format_RGB32)
    painter = QPainter(painted)
    slide.paint(painter)
    painter.end()
    colors = [
        painted.pixelColor(x, y).name() for x in range(0, painted.width(), 3) for y in range(0, painted.height(), 3)
    ]
    red = colors.count("#ff0000") * 9
    assert red == pytest.approx(128 * 64, rel=0.1)  # twice a thumbnail's 64 by 32
    assert colors.count(THEMES["dark"].panel) > len(colors) / 2


def test_the_print_palette_is_told_apart_in_grey() -> None:
    towards, away = (QColor(color).lightnessF() for color in (THEMES["print"].positive, THEMES["print"].negative))
    assert away - towards > 0.2
