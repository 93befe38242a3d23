"""The forms of scores as files, for `Scores.save` and `Scores.load`."""

from __future__ import annotations

from pathlib import Path

from core.graph import Graph
from core.interchange.scores_files import scores_to_json
from core.interchange.scores_reading import read_scores
from core.tracing.scores import Scores, ScoresForm


def _read(path: str | Path, graph: Graph | None) -> Scores:
    return read_scores(path, graph).scores


ROWS = (ScoresForm("json", scores_to_json, _read),)
