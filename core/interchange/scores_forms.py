"""The forms of scores as files, for `Scores.save` and `Scores.load`."""

from __future__ import annotations

from pathlib import Path

from core.graph import Graph
from core.interchange.scores_files import scores_to_json
from core.interchange.scores_reading import read_scores
from core.tracing.scores import Scores, ScoresForm


def _read(path: str | Path, graph: Graph | None) -> Scores:
    return read_scores(path, graph).scores


def _json(scores: Scores) -> bytes:
    return scores_to_json(scores).encode()


def _parquet(scores: Scores) -> bytes:
    from core.interchange.parquet import scores_to_parquet  # its reader of rows is not needed for JSON

    return scores_to_parquet(scores)


ROWS = (ScoresForm("json", ".json", _json, _read), ScoresForm("parquet", ".parquet", _parquet, _read))
