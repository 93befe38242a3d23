"""Scores and circuits of files, as edges of the open model. Imports torch."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np

from app.worker.session_cache import SessionCache
from app.worker.session_scores import ScoresKey
from core.edit_kinds import EDIT_WORDS, KINDS
from core.errors import InputError
from core.graph import Graph
from core.interchange.scores_files import ScoresFile
from core.interchange.scores_reading import read_scores
from core.tracing.direction import directed
from core.tracing.options import CIRCUITS
from core.tracing.scores import Scores


def scores_of_file(cache: SessionCache, key: ScoresKey) -> Scores:
    """The scores that a document's file holds. Raises InputError where they are not of what a cut carries now."""
    scores_file = scores_in(key.choice.file, cache.session.graph)[1]
    scores = scores_file.scores
    if scores.replacement != key.kind:
        name = Path(key.choice.file).name
        raise InputError(
            f"The scores in {name} are of edges {KINDS[scores.replacement].done}, and here they are "
            f"{KINDS[key.kind].done}.",
            f"Choose {EDIT_WORDS[scores.replacement]} in the tool bar (replace with), or trace anew.",
        )
    cache.file_rows[key.choice.file] = tuple(scores_file.rows)
    direction = directed(scores.union(), cache.session).direction
    return replace(scores, direction=direction)


def share_done(scores: Scores) -> float:
    """The share of the work that a file's scores are of: those of a trace that was interrupted say it in words."""
    if not scores.about.get("partial"):
        return 1.0
    told = re.match(r"(\d+)\s?%", str(scores.about["partial"]))
    share = int(told[1]) / 100 if told else float(np.isfinite(scores.values).mean())
    return min(share, 0.99)  # "100 %" is only rounded


def scores_in(path: str, graph: Graph) -> tuple[ScoresFile, ScoresFile]:
    """What a file holds, of edges at spans as that of edges, and as it is. Raises InputError for a file that is none,
    or of another model, with the difference."""
    stored = read_scores(path, graph)
    if stored.scores.level not in CIRCUITS:
        words = f"{Path(path).name} holds scores of {stored.scores.level}."
        raise InputError(words, "Open scores of edges, or trace here.")
    union = stored.scores.union()
    size = stored.size if stored.size is None or union.kept is None else int(union.kept.sum())
    return replace(stored, scores=union, size=size), stored
