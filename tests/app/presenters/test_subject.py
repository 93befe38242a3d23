"""What is shown, and what is said of it: figures, files, the strip and the status line are of the same circuit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from app.features.canvas.controller import export as exporting
from core.formatting import share_words
from core.interchange.circuit_json import from_json
from tests.app.features.canvas.test_exporting import words_of
from tests.app.figure_dialog import save_figure
from tests.app.person import Person
from tests.app.tracing_steps import ROWS, choose, over_dataset, paste, score, trace, type_size


@pytest.fixture
def export(reader: Person, tmp_path: Path, monkeypatch):
    """Save something under a name; its text."""

    def save(entry: str, name: str) -> str:
        path = tmp_path / name
        monkeypatch.setattr(exporting.QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
        if entry == "Figure":
            save_figure(reader, "svg")
        else:
            reader.choose("File/Export", entry)
        return path.read_text(encoding="utf-8")

    return save


def test_a_caption_states_the_recovery_of_the_circuit_shown_and_not_of_the_traces_own_size(reader, export) -> None:
    trace(reader)
    found = reader.workbench.document.size
    size = 104 if found != 104 else 105
    type_size(reader, size)
    kept = reader.workbench.known.kept
    assert kept.size == size
    share = share_words(kept.share)
    assert share in reader.panel("circuit").title.text()
    words = words_of(export("Figure", "figure.svg"))
    assert f"{size} of 262 edges recover {share}," in words
    assert f"{found} of 262 edges" not in words
    about = json.loads(export("Circuit as JSON", "circuit.json"))["about"]
    assert about["recovered"].startswith(f"{size} of 262 edges recover {share},")


def test_while_no_circuit_is_chosen_nothing_is_said_to_recover_anything(reader: Person, export) -> None:
    trace(reader)
    reader.click(reader.panel("circuit").overview)
    reader.rest()
    words = words_of(export("Figure", "figure.svg"))
    assert "recover" not in words
    assert "Shown are the 48 strongest of 262 edges by EAP-IG over this pair, replaced from B: no circuit" in words


def test_after_undoing_a_trace_the_caption_is_not_of_it(reader: Person, export) -> None:
    trace(reader)
    reader.choose("Edit", "Undo")
    words = words_of(export("Figure", "figure.svg"))
    assert "EAP-IG" not in words
    assert "recover" not in words


def test_a_circuits_file_holds_the_circuit_and_not_what_the_canvas_shows_beside_it(reader: Person, export) -> None:
    trace(reader)
    type_size(reader, 40)
    alone = from_json(export("Circuit as JSON", "alone.json"))
    reader.click_node(reader.workbench.opened.graph.nodes[6])
    reader.press(Qt.Key.Key_X)
    shown = len(reader.window.canvas.scene.data.edges)
    assert shown > 40
    beside = from_json(export("Circuit as JSON", "beside.json"))
    assert beside.edges.tolist() == alone.edges.tolist()
    assert beside.edges.tolist() == reader.workbench.scored.ranking.kept(40).tolist()
    words = words_of(export("Figure", "figure.svg"))
    assert f"40 of 262 edges + {shown - 40} beside them" in words


def test_a_figure_of_an_earlier_run_is_in_no_file(reader: Person, export) -> None:
    before = reader.workbench.ran.before
    reader.controller("inputs").cards.take_text("A", "When Tom gave a drink to")
    caption = reader.workbench.presenter.snapshot().caption()  # nothing of the new input is known yet
    assert f"{before:.3f}" not in caption.metric
    reader.rest()
    assert f"{reader.workbench.ran.before:.3f} before" in reader.workbench.presenter.snapshot().caption().metric


def test_the_strip_always_says_by_which_method_and_over_what_the_edges_are_ranked(reader: Person) -> None:
    strip = reader.panel("circuit")
    assert "by EAP over this pair" in strip.note.text()
    choose(reader, "integrated-edges")
    assert "by EAP over this pair" in strip.note.text()  # chosen is not traced
    trace(reader)
    strip.set_data(reader.circuit())
    for note in strip.words()[1]:
        assert "Integrated edges over this pair" in note or "Integrated edges, this pair" in note


def test_a_trace_of_nodes_leaves_the_order_of_the_edges_as_it_was(reader: Person) -> None:
    choose(reader, "integrated-edges")
    trace(reader)
    before, size = reader.workbench.scored, reader.workbench.document.size
    for level in ("nodes", "positions"):
        score(reader, level)
        trace(reader)
        assert reader.window.canvas.scene.data.scores is not None
        assert reader.workbench.scored.method == "integrated-edges"
        assert (reader.workbench.scored.values == before.values).all()
        assert reader.workbench.document.size == size
        assert "by Integrated edges" in reader.panel("circuit").note.text()
    score(reader, "edges")
    choose(reader, "eap-ig")
    trace(reader)  # this is asked for
    assert reader.workbench.scored.method == "eap-ig"
    assert reader.window.canvas.scene.data.scores is None


def test_the_button_says_by_which_method_and_over_what_it_traces(reader: Person) -> None:
    button = reader.window.top_bar.trace
    assert button.text() == "Trace · EAP-IG, this pair"
    choose(reader, "integrated-edges")
    paste(reader, ROWS)
    over_dataset(reader)
    score(reader, "nodes")
    assert button.accessibleName() == "Trace nodes · Integrated edges, 5 pairs"
    assert button.toolTip().startswith("Score every node by Integrated edges, over the dataset, 5 pairs")
    assert button.text() in button.forms()
