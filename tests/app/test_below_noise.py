"""A measured effect that rounding alone may have made is called so, and never drawn solid."""

from __future__ import annotations

import numpy as np

from app.document import Document
from app.shown import edit_label
from app.shown_edges import Extent, canvas_data
from core.edits import Edit
from core.graph import Graph
from views.panels.effects import Effects
from views.table.rows import TableData, edge_rows

GRAPH = Graph(2, 2, 2)
LARGE, SMALL = GRAPH.edge(GRAPH.n_edges - 1), GRAPH.edge(GRAPH.n_edges - 2)
FLOOR = 0.05


def marks(noise_floor: float) -> dict[int, object]:
    document = Document(model="m", edits=(Edit(LARGE, "zero"), Edit(SMALL, "zero")))
    measured = {LARGE: -0.4, SMALL: 0.01}
    data = canvas_data(GRAPH, None, document, (), measured, input_label="", output_label="", stale=False,
                       extent=Extent(), noise_floor=noise_floor)  # fmt: skip
    return {mark.index: mark for mark in data.edges}


def test_edges_on_the_canvas() -> None:
    large, small = (GRAPH.edge_index(edge) for edge in (LARGE, SMALL))
    in_half = marks(FLOOR)
    assert in_half[large].measured
    assert not in_half[large].below_noise
    assert not in_half[small].measured
    assert in_half[small].below_noise
    assert in_half[small].label == "below noise"
    assert all(mark.measured and not mark.below_noise for mark in marks(0.0).values())


def test_the_words_beside_an_edit() -> None:
    edit = Edit("m0", "zero")
    document = Document(model="m", edits=(edit,))
    assert edit_label(edit, document, 0.01, noise_floor=FLOOR) == "below noise"
    assert edit_label(edit, document, 0.01) == "+0.010"


def test_the_inspector(qtbot) -> None:
    effects = Effects()
    qtbot.addWidget(effects)
    effects.show_effects(0.4, 0.01, "", noise_floor=FLOOR)
    assert effects.bars.row_texts()[1] == ("measured", "below noise (0.05)")
    assert effects.gap.isHidden(), "the estimate cannot be judged by it"
    effects.show_effects(0.4, 0.2, "", noise_floor=FLOOR)
    assert effects.bars.row_texts()[1] == ("measured", "+0.200")


def test_the_table() -> None:
    data = TableData(GRAPH, kept=np.zeros(0, dtype=np.int64), measured={LARGE: -0.4, SMALL: 0.01}, noise_floor=FLOOR)
    assert text(data, SMALL) == "below noise"
    assert text(data, LARGE).endswith("0.400")


def text(data: TableData, edge: object) -> str:
    """What the column of measured changes says."""
    column = next(column for column in edge_rows(data).columns if column.title.startswith("Measured"))
    return column.text(GRAPH.edge_index(edge))  # type: ignore[arg-type]
