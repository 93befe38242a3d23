"""The canvas as pictures: far out, framed and close up, in both themes, against those kept in `images/`.

After a change of the look that is meant, make them anew and look at them before they are kept:

    WIRESCOPE_NEW_IMAGES=1 python -m pytest tests/views/canvas/test_images.py
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QPointF
from PySide6.QtGui import QImage

from core.graph import Graph, Node
from tests.views.canvas.samples import canvas_data
from views import theme
from views.canvas.canvas import Canvas
from views.canvas.data import CanvasData, NodeChanges, NodeMark

IMAGES = Path(__file__).parent / "images"
NEW = bool(os.environ.get("WIRESCOPE_NEW_IMAGES"))
MEAN = 0.6  # of 255: how far apart two pictures may be on average,
DIFFERS, SHARE = 60, 0.0004  # and how many pixels may differ by more than so much: edges of letters on another machine

GRAPH = Graph(24, 8, 4)
HERE = Node("head", 12, 3)
EDGES = (
    *("input->m0", "m0->a12.h3<q>", "a5.h1->a12.kv1<k>", "a12.h3->a20.h6<q>", "a12.h3->logits", "a20.h6->logits"),
    *("a3.h0->a5.h1<q>", "m0->m5", "m5->a12.kv1<v>", "a12.h3->m14", "m14->m20", "m20->logits", "a11.h2->a12.h3<q>"),
)
ZOOMS = {"far": 0.5, "framed": 1.0, "near": 12.0}


def sample() -> CanvasData:
    """Estimated and measured edges, a cut one, an edited node, a selected one, and what the edits change."""
    data = canvas_data(GRAPH, *EDGES, selection=(HERE,), weaker=182, weaker_of=HERE.name)
    cut = GRAPH.index("m5->a12.kv1<v>")
    edges = tuple(replace(mark, edited="zero", label="−1.47") if mark.index == cut else mark for mark in data.edges)
    nodes = {**data.nodes, Node("head", 5, 1): NodeMark("patch", "+0.31", named=True)}
    reached = np.arange(GRAPH.n_writers + 1) > GRAPH.writer_index(Node("mlp", 11))
    values = np.where(reached, np.linspace(1.0, 0.0, len(reached)) ** 2 * 2, 0.0)
    return replace(data, edges=edges, nodes=nodes, changes=NodeChanges(reached, values))


@pytest.fixture(params=["dark", "light"])
def look(request, qapp) -> Iterator[str]:
    theme.set_choice(request.param)
    theme.apply(qapp)
    yield request.param
    theme.set_choice("dark")
    theme.apply(qapp)


def picture(qtbot, data: CanvasData, zoom: str) -> QImage:
    canvas = Canvas()
    qtbot.addWidget(canvas)
    canvas.resize(520, 400)
    canvas.show()
    qtbot.waitExposed(canvas)
    canvas.set_data(data)
    if zoom == "near":
        canvas.look(canvas.camera.centred(canvas.scene.layout.position(HERE), canvas.view_size()))
        canvas.zoom_at(ZOOMS[zoom], QPointF(canvas.rect().center()))
    elif zoom == "far":
        canvas.zoom_by(ZOOMS[zoom])
    canvas.settle()
    return canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)


def pixels(image: QImage) -> NDArray[np.int16]:
    """[height, width, 3]"""
    rows = np.frombuffer(image.constBits(), dtype=np.uint8).reshape(image.height(), image.bytesPerLine() // 4, 4)
    return rows[:, : image.width(), :3].astype(np.int16)


def apart(one: QImage, other: QImage) -> tuple[float, float]:
    """The mean difference, of 255, and the share of pixels that differ clearly."""
    assert one.size() == other.size()
    difference = np.abs(pixels(one) - pixels(other))
    return float(difference.mean()), float((difference.max(axis=2) > DIFFERS).mean())


@pytest.mark.parametrize("zoom", ZOOMS)
def test_the_canvas_looks_as_it_did(qtbot, look: str, zoom: str, tmp_path: Path) -> None:
    path = IMAGES / f"{zoom}-{look}.png"
    now = picture(qtbot, sample(), zoom)
    if NEW:
        assert now.save(str(path))
        pytest.skip(f"made {path.name} anew: look at it")
    mean, share = apart(now, QImage(str(path)).convertToFormat(QImage.Format.Format_RGB32))
    now.save(str(tmp_path / path.name))
    assert mean <= MEAN, f"{mean:.2f} apart on average: {tmp_path / path.name}"
    assert share <= SHARE, f"{share:.2%} of the pixels differ: {tmp_path / path.name}"


@pytest.mark.parametrize("zoom", ZOOMS)
def test_an_edge_that_is_missing_is_seen(qtbot, look: str, zoom: str) -> None:
    data = sample()
    gone = GRAPH.index("m0->a12.h3<q>")  # strong, and in view at each zoom
    less = replace(data, edges=tuple(mark for mark in data.edges if mark.index != gone))
    mean, share = apart(picture(qtbot, data, zoom), picture(qtbot, less, zoom))
    assert mean > MEAN or share > SHARE


def test_the_same_is_the_same(qtbot, look: str) -> None:
    assert apart(picture(qtbot, sample(), "framed"), picture(qtbot, sample(), "framed")) == (0.0, 0.0)
