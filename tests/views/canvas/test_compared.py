"""Two circuits on one layout: their lines are told apart by every kind of eyes, and without colour."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication

from core.graph import Graph, Node
from tests.views.test_theme import APART, MACHADO, contrast, difference, seen
from views.canvas.compared import HUES, KINDS, ComparedEdges, paint_node, paint_swatch, pen_of
from views.canvas.data import MOST_COMPARED
from views.theme_colors import DARK, LIGHT, Theme


@pytest.mark.parametrize("look", [DARK, LIGHT], ids=lambda look: look.name)
def test_every_kind_of_eyes_tells_them_apart(look: Theme) -> None:
    for eyes in ("all cones", *MACHADO):
        hues = [seen(getattr(look, hue), eyes) for hue in HUES.values()]
        for one, other in itertools.combinations(hues, 2):
            assert difference(one, other) >= APART, (eyes, one, other)
        assert all(contrast(hue, seen(look.panel, eyes)) >= 3 for hue in hues)


def grey(kind: str, draw) -> np.ndarray:  # type: ignore[no-untyped-def]
    """What is drawn, as marks or none: without a colour."""
    image = QImage(QSize(48, 20), QImage.Format.Format_RGB32)
    image.fill(0xFFFFFF)
    painter = QPainter(image)
    draw(painter, kind)
    painter.end()
    grey8 = image.convertToFormat(QImage.Format.Format_Grayscale8)
    pixels = np.frombuffer(grey8.constBits(), dtype=np.uint8).reshape(20, grey8.bytesPerLine())[:, :48]
    return pixels < 200


def test_they_are_told_apart_without_colour(qapp: QApplication) -> None:
    box = QRectF(1, 1, 46, 18)
    lines = [grey(kind, lambda painter, kind: paint_swatch(painter, kind, box, LIGHT)) for kind in KINDS]
    nodes = [
        grey(kind, lambda painter, kind: paint_node(painter, Node("head"), QRectF(10, 2, 16, 16), kind, LIGHT))
        for kind in KINDS
    ]
    for drawn in (lines, nodes):
        for one, other in itertools.combinations(drawn, 2):
            assert (one != other).mean() > 0.02
    assert len({tuple(pen_of(kind, LIGHT).dashPattern()) for kind in KINDS}) == 3


def test_a_node_is_filled_by_who_has_it() -> None:
    graph = Graph(2, 2, 1)
    first, second = (np.array([graph.index(name)]) for name in ("input->m0", "m0->logits"))
    shared = np.array([graph.index("a0.h1->a1.kv0<k>")])
    nodes = ComparedEdges(shared, first, second).nodes(graph)
    assert {node.name: kind for node, kind in nodes.items() if node.kind in ("head", "mlp")} == {
        "m0": "both",  # each of them has an edge of it
        "a0.h1": "both",
        "a1.h0": "both",
        "a1.h1": "both",
    }
    assert nodes[graph.writers[0]] == "first"


def test_too_many_edges_are_drawn_in_part() -> None:
    many = ComparedEdges(*(np.arange(start, start + count) for start, count in ((0, 3000), (5000, 900), (9000, 1))))
    few = many.few()
    assert len(few.kind_of) <= MOST_COMPARED + 1
    assert few.both[0] == 0
    assert len(few.second) == 1
