"""A measured effect that rounding alone may have made is called so, and never drawn solid."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PySide6.QtCore import QSizeF

from app.cli.run_report import report_words
from app.features.canvas.presenter.positions import positions_data
from app.features.canvas.queries import PositionScores, PositionsQuery, PositionsReply
from app.messages.replies import InputsReply, ModelReply
from app.presenters.canvas import Extent, canvas_data
from app.presenters.edits import edit_label
from core.edits import Edit
from core.evaluation.statements import say_needs
from core.graph import Graph
from core.project.document import Document
from core.project.metric_choice import MetricChoice
from core.project.outcome import PredictionRow
from views.canvas.positions.data import Wire
from views.canvas.positions.layout import make_positions_layout
from views.canvas.positions.scene import make_positions_scene
from views.canvas.positions.words import place_tip
from views.panels.inputs.data import CardData
from views.panels.inspector.data import Effect
from views.panels.inspector.effects import Effects
from views.panels.predictions.data import PredictionsData
from views.panels.predictions.panel import PredictionsPanel
from views.panels.predictions.rows import as_csv, as_text
from views.panels.table.data import TableData
from views.panels.table.rows import edge_rows

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
    effects.show_effect(Effect(0.4, 0.01, noise_floor=FLOOR))
    assert effects.bars.row_texts()[1] == ("measured", "below noise (0.05)")
    assert effects.gap.isHidden(), "the estimate cannot be judged by it"
    effects.show_effect(Effect(0.4, 0.2, noise_floor=FLOOR))
    assert effects.bars.row_texts()[1] == ("measured", "+0.200")


def test_the_table() -> None:
    data = TableData(GRAPH, kept=np.zeros(0, dtype=np.int64), measured={LARGE: -0.4, SMALL: 0.01}, noise_floor=FLOOR)
    assert text(data, SMALL) == "below noise"
    assert text(data, LARGE).endswith("0.400")


def text(data: TableData, edge: object) -> str:
    """What the column of measured changes says."""
    column = next(column for column in edge_rows(data).columns if column.title.startswith("Measured"))
    return column.text(GRAPH.edge_index(edge))  # type: ignore[arg-type]


def test_links_over_positions() -> None:
    """An edit at a position whose effect is below the floor: dashed, and said; one above it: solid."""
    edits = tuple(Edit(edge, "zero", positions=(1,)) for edge in (LARGE, SMALL))
    indices = tuple(GRAPH.edge_index(edge) for edge in (LARGE, SMALL))
    scores = PositionScores(((0,), (1,)), tuple((index, 1, 0.3) for index in indices), (), 2, (1,))
    changes = {(edit.target, edit.positions): change for edit, change in zip(edits, (-0.4, 0.01), strict=True)}
    found = PositionsReply(1, PositionsQuery(GRAPH, indices, 2), "zero", "EAP", scores, changes)
    document = Document(model="m", edits=edits, replacement="zero")

    opened = ModelReply(1, "m", "m", "", GRAPH, True, True, (), (), "input", "logits", 0)
    cards = CardData("A", "text"), CardData("B", "text")
    ready = InputsReply(1, *cards, ("a", "b"), "", True, "logit", MetricChoice(""), "", "", ())

    def shown(noise_floor: float):
        of_pair = replace(ready, noise_floor=noise_floor)
        return positions_data(found, document, opened, of_pair, (), (), None, None, None, stale=False)

    def mark(edge, noise_floor: float):
        return next(each.mark for each in shown(noise_floor).links if each.link == Wire(edge, (1,)))

    assert mark(LARGE, FLOOR).measured
    assert not mark(SMALL, FLOOR).measured
    assert mark(SMALL, FLOOR).below_noise
    assert mark(SMALL, FLOOR).label == "below noise"
    assert mark(SMALL, 0.0).measured
    assert "below noise" in place_tip(
        make_positions_scene(shown(FLOOR), make_positions_layout(shown(FLOOR), QSizeF(600, 500))), Wire(SMALL, (1,))
    )


def test_the_predictions(qtbot) -> None:
    rows = (PredictionRow(" Mary", 0.9, 0.5), PredictionRow(" his", 0.010, 0.011, below_noise=True))
    data = PredictionsData("probability", rows, "logit", 3.02, 3.03, edited=True, noise_floor=FLOOR)
    panel = PredictionsPanel()
    qtbot.addWidget(panel)
    panel.show_predictions(data)
    assert [texts[2] for texts in panel.table.row_texts()] == ["−0.400", "below noise"]
    assert panel.metric_change.text() == "below noise from 3.020"
    assert as_text(data, rows, compare=False).endswith("logit: 3.020 → 3.030 (below noise)")
    assert as_csv(data, rows, compare=False).splitlines()[0].endswith("change,below noise")
    assert [line.rpartition(",")[2] for line in as_csv(data, rows, compare=False).splitlines()[1:]] == [
        "no",
        "yes",
        "yes",
    ]
    panel.show_predictions(replace(data, edited=False))
    assert panel.metric_change.text() == "no edits"
    panel.show_predictions(replace(data, noise_floor=0.0))
    assert panel.metric_change.text() == "+0.010 from 3.020"


def test_trust() -> None:
    right = {"circuit": 1.0, "whole": 1.0, "pairs": 1}
    report = {"recovered": 0.02, "size": 9, "edges": 90, "right": right, "needed": 0.25, "needed of": 8}
    plain, _, helping = say_needs(report)
    assert plain.detail == ""
    assert helping.words.endswith("2 of 8 edges lower what the circuit recovers, if only a little; 6 do not.")
    found, _, helping = say_needs({**report, "noise": 0.03, "needs below noise": 5})
    assert found.detail == "In half precision rounding alone moves it by up to 3.0 %, and so this is below noise."
    assert helping.words.endswith("; 1 do not; of 5 nothing is known: what they change is below noise.")


def test_run() -> None:
    rows = [{"answer": "x", "before": 0.5, "after": 0.501, "below_noise": True}]
    rest = {"model": "m", "clean": "a", "counterfactual": None, "edits": [], "norms": "frozen", "unit": "probability"}
    words = report_words(
        {**rest, "before": 0.0, "after": 1.0, "metric": "p", "predictions": rows, "parity": {"difference": 0.0}}
    )
    assert "+0.0010  below noise" in words
