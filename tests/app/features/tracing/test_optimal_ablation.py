"""Optimal ablation as a person meets it: `--ablation optimal`, and in the window among what a cut puts in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt

from app.__main__ import main
from core.edits import Edit
from core.formatting import pretty_name
from core.interchange.scores_reading import read_scores
from core.replacements import optimal
from tests.app.person import Person

TRACE = ("trace", "--model", "bundled:names", "--task", "capitals", "--pairs", "3", "--method", "eap")


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(optimal, "UPDATES", 6)
    monkeypatch.setattr(optimal, "TRIED", 1)
    return


def test_a_trace_for_it_keeps_its_constants_and_is_evaluated_with_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = str(tmp_path / "optimal.json")
    assert main([*TRACE, "--ablation", "optimal", "--out", file]) == 0
    assert "removed edges carry their optimal constant" in capsys.readouterr().out
    scores = read_scores(file).scores
    assert scores.replacement == "optimal"
    assert scores.constants is not None
    assert np.abs(scores.constants).max() > 0
    monkeypatch.setattr(optimal.Learning, "run", None)  # evaluate learns nothing: it takes those of the file
    assert main(["evaluate", file, "--size", "60", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["replacement"] == "optimal"


def test_an_ablation_that_there_is_not_is_refused_with_those_that_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*TRACE, "--ablation", "best"]) == 2
    assert "optimal" in capsys.readouterr().err


def test_a_cut_puts_it_in(reader: Person) -> None:
    bar = reader.window.top_bar
    next(action for action in bar.replacement_menu.actions() if action.text() == "optimal").trigger()
    reader.rest()
    assert bar.replacement.words() == "replace with: optimal"
    assert reader.workbench.scored.kind == "optimal"
    (index,) = reader.strong_edges()
    reader.click_edge(index)
    reader.press(Qt.Key.Key_X)
    assert reader.edits() == [f"{pretty_name(reader.edge(index).name)} optimal"]
    assert reader.workbench.history.undo_words.endswith("(optimal)")
    metric, _ = reader.expected([Edit(reader.edge(index), "optimal")])
    assert reader.workbench.ran.after == pytest.approx(metric, abs=1e-5)
