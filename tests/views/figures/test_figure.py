"""Exported figures: complete, readable, whole or not there."""

import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QSizeF
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

from core.errors import WirescopeError
from core.graph import Graph
from tests.views.canvas.samples import GROUPED, canvas_data, head
from views.canvas.labels import pixel_font
from views.figures.data import FigureCaption
from views.figures.figure import CAPTION_PIXELS, Figure, wrap, write_figure
from views.theme_colors import DARK, LIGHT

CAPTION = FigureCaption(
    "SmolLM2-135M",
    "A: When Mary and John | B: When Tom and John",
    'logit(" Mary") − logit(" John")',
    "from B",
    ["63 edges"],
)


def data():
    shown = canvas_data(GROUPED, "a9.h6->a12.h7<q>", "m2->m21", "a12.h7->logits", selection=(head(9, 6),))
    cut = replace(shown.edges[0], edited="zero", label="−1.47")
    return replace(shown, edges=(cut, *shown.edges[1:]))


def svg_texts(path: Path) -> str:
    root = ElementTree.parse(path).getroot()
    return "\n".join("".join(element.itertext()) for element in root.iter("{http://www.w3.org/2000/svg}text"))


def edge_fills(path: Path) -> list[str | None]:
    """How every path of one single curve is filled."""
    groups = ElementTree.parse(path).getroot().iter("{http://www.w3.org/2000/svg}g")
    return [
        group.get("fill")
        for group in groups
        for curve in group.findall("{http://www.w3.org/2000/svg}path")
        if re.fullmatch(r"M[^A-Z]*C[^A-Z]*", curve.get("d", ""))
    ]


def test_svg_holds_graph_legend_and_caption_as_text(qapp, tmp_path):
    write_figure(tmp_path / "circuit.svg", data(), CAPTION)
    text = svg_texts(tmp_path / "circuit.svg")
    for words in ("a9.h6", "m21", "logits", "−1.47", "measured", "estimated", "towards A", "away from A"):
        assert words in text
    for words in ("SmolLM2-135M", "When Mary and John", 'logit(" Mary")', "from B", "63 edges", "3 of 70,651 edges"):
        assert words in text


def test_svg_holds_one_curve_per_edge_and_can_be_drawn(qapp, tmp_path):
    path = tmp_path / "circuit.svg"
    write_figure(path, data(), CAPTION)
    content = path.read_text()
    assert len(re.findall(r'stroke="#[0-9a-f]{6}"[^>]*>\s*<path [^>]*d="M[^"]*C', content)) >= 2
    assert "sans-serif" in content
    renderer = QSvgRenderer(str(path))
    assert renderer.isValid()
    image = QImage(renderer.defaultSize(), QImage.Format.Format_RGB32)
    image.fill(QColor("red"))
    painter = QPainter(image)
    renderer.render(painter)
    painter.end()
    assert {image.pixelColor(x, y).name() for x in (1, image.width() - 2) for y in (1, image.height() - 2)} == {
        LIGHT.panel
    }


def test_no_edge_is_filled(qapp, tmp_path):
    """Nodes that take part in nothing are painted before the edges, with a brush."""
    write_figure(tmp_path / "circuit.svg", data(), CAPTION)
    fills = edge_fills(tmp_path / "circuit.svg")
    assert len(fills) >= 2  # the broken one is of straight pieces
    assert set(fills) == {"none"}


def test_between_an_edge_and_its_chord_is_the_panel(qapp, tmp_path):
    lone = canvas_data(Graph(3, 4, 4), "input->a2.h3<v>")
    write_figure(tmp_path / "circuit.png", lone, CAPTION)
    write_figure(tmp_path / "bare.png", replace(lone, edges=()), CAPTION)
    image, bare = (QImage(str(tmp_path / f"{name}.png")) for name in ("circuit", "bare"))
    pixels = [(x, y) for x in range(bare.width()) for y in range(30, 500)]
    changed = [image.pixelColor(*at).name() for at in pixels if image.pixel(*at) != bare.pixel(*at)]
    assert 50 < len(changed) < 3000  # a thin line, no area


def test_pdf_is_one_page_of_the_figure_s_size_with_its_fonts(qapp, tmp_path):
    path = tmp_path / "circuit.pdf"
    write_figure(path, data(), CAPTION)
    content = path.read_bytes()
    assert content.startswith(b"%PDF-")
    size = Figure(data(), CAPTION, LIGHT, QSizeF(760, 540)).size
    box = [float(part) for part in re.search(rb"/MediaBox \[([^\]]+)\]", content)[1].split()]
    assert box[2:] == pytest.approx([size.width() * 0.75, size.height() * 0.75], abs=1.0)
    assert b"/FontFile" in content
    assert len(re.findall(rb"/Type /Page\b", content)) == 1


@pytest.mark.parametrize("scale", [1, 2, 4])
def test_png_has_scale_times_the_pixels(qapp, tmp_path, scale):
    path = tmp_path / "circuit.png"
    write_figure(path, data(), CAPTION, scale=scale)
    size = Figure(data(), CAPTION, LIGHT, QSizeF(760, 540)).size
    image = QImage(str(path))
    assert image.size().toTuple() == (round(size.width() * scale), round(size.height() * scale))
    assert image.dotsPerMeterX() == pytest.approx(96 * scale / 0.0254, abs=1)
    assert image.pixelColor(3, 3) == QColor(LIGHT.panel)


def test_dark_theme(qapp, tmp_path):
    write_figure(tmp_path / "dark.png", data(), CAPTION, theme=DARK)
    assert QImage(str(tmp_path / "dark.png")).pixelColor(3, 3) == QColor(DARK.panel)


@pytest.mark.parametrize("text", ["word " * 300, "x" * 900, "short", "", "two\nlines", "名前" * 200])
def test_long_captions_wrap_within_the_figure(qapp, text):
    font = pixel_font(CAPTION_PIXELS)
    lines = wrap(text, font, 300.0)
    assert all(QFontMetricsF(font).horizontalAdvance(line) <= 301.0 for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "").replace("\n", "")


def test_a_long_caption_makes_the_figure_longer_and_nothing_runs_out(qapp, tmp_path):
    long = replace(CAPTION, inputs="When Mary and John went to the store, " * 12, lines=["y" * 400])
    short, tall = (Figure(data(), caption, LIGHT, QSizeF(500, 400)) for caption in (CAPTION, long))
    assert tall.size.height() > short.size.height() + 60
    write_figure(tmp_path / "long.png", data(), long, size=QSizeF(500, 400))
    image = QImage(str(tmp_path / "long.png"))
    edge = {image.pixelColor(image.width() - 3, y).name() for y in range(image.height())}
    edge |= {image.pixelColor(x, image.height() - 3).name() for x in range(image.width())}
    assert edge == {LIGHT.panel}


def test_the_selection_of_the_window_is_not_in_the_figure(qapp, tmp_path):
    for name, shown in (("with", data()), ("without", replace(data(), selection=()))):
        write_figure(tmp_path / f"{name}.png", shown, CAPTION)
    assert QImage(str(tmp_path / "with.png")) == QImage(str(tmp_path / "without.png"))


def test_an_unknown_format_is_refused(qapp, tmp_path):
    with pytest.raises(WirescopeError, match=r"\.svg, \.pdf or \.png"):
        write_figure(tmp_path / "circuit.bmp", data(), CAPTION)
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_named(qapp, tmp_path):
    with pytest.raises(WirescopeError, match="could not be written") as failure:
        write_figure(tmp_path / "missing" / "circuit.svg", data(), CAPTION)
    assert failure.value.hint


def test_a_failed_write_leaves_the_old_file(qapp, tmp_path, monkeypatch):
    path = tmp_path / "circuit.svg"
    path.write_text("old")
    monkeypatch.setattr("views.figures.formats.QSaveFile.commit", lambda self: False)
    with pytest.raises(WirescopeError):
        write_figure(path, data(), CAPTION)
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["circuit.svg"]


def test_svg_is_well_formed_whatever_the_prompt_holds(qapp, tmp_path):
    strange = replace(CAPTION, inputs="The \x1b[31mcap\x00ital\x0b & <b> \ufffe \ud83d is\x7f")
    shown = replace(data(), input_label="in\x08put")
    write_figure(tmp_path / "circuit.svg", shown, strange)
    text = svg_texts(tmp_path / "circuit.svg")
    assert "The \u241b[31mcap\u2400ital\u240b & <b>" in text


def test_lines_with_emoji_are_broken_between_characters(qapp):
    text = "When \U0001f600 Mary \U0001f469 and \U0001f680\U0001f680 John went " * 4
    lines = wrap(text, pixel_font(CAPTION_PIXELS), 200.0)
    assert len(lines) > 1
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
