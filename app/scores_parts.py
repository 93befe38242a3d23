"""Scores and circuits from files, as the window opens them. Runs in the engine's thread; imports torch."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from app.bench import Bench, ScoresKey
from app.engine_thread import Cancel, Send
from app.messages import Request
from app.method_titles import method_title
from app.scores_wants import ReadScores, ScoresRead
from app.trace_choice import QUICK, TraceChoice, pairs_words
from core.edits import EDIT_WORDS, EditKind
from core.errors import InputError
from core.formatting import percent
from core.graph import Graph
from core.interchange.made_of import changed_pictures, made_of
from core.interchange.scores_reading import read_scores
from core.text_files import parse_json, read_text
from core.tracing.direction import directed
from core.tracing.meaning import ranking_words
from core.tracing.methods import ABLATIONS, METHODS
from core.tracing.scores import Scores


def serve_read_scores(want: ReadScores, request: Request, bench: Bench, send: Send, cancelled: Cancel) -> None:
    """Read the file and say what it is. Raises InputError for one that does not fit."""
    scores, size = scores_in(want.path, bench.session.graph)
    made = made_of(parse_json(read_text(Path(want.path)), Path(want.path).name))
    kind: EditKind = scores.replacement
    if kind not in ABLATIONS:
        raise InputError(
            f"{Path(want.path).name} was made for {EDIT_WORDS.get(kind, kind)}, which circuits are not run with here.",
            f"There are: {', '.join(ABLATIONS)}.",
        )
    if kind == "patch" and not bench.ready.has_counterfactual and made.counterfactual is None:
        raise InputError(f"In {Path(want.path).name} removed edges carry their value in B.", "Give B first.")
    what = f"a circuit of {size:,} edges" if size is not None else f"scores of {len(scores.values):,} edges"
    words = f"{Path(want.path).name}: {what}" + (f" by {method_title(scores.method)}" if scores.method else "")
    words += f", over {pairs_words(int(scores.about['pairs']))}" if scores.about.get("pairs", "").isdigit() else ""
    share = share_done(scores)
    words += f", partial: {percent(share)} of the work" if share < 1 else ""
    directed_here = directed(scores, bench.session)
    if scores.direction is None and directed_here.signed:
        words += "; it names no direction" + (", measured here" if directed_here.direction is not None else "")
        words += f": {ranking_words(directed_here.direction).removesuffix('.')}"
    method = scores.method if scores.method in METHODS else QUICK
    lost = tuple(changed_pictures((made.clean, made.counterfactual)))
    send(ScoresRead(request.number, want, TraceChoice(method, file=want.path), kind, size, words, made, lost))


def scores_of_file(bench: Bench, key: ScoresKey) -> Scores:
    """The scores that a document's file holds. Raises InputError where they are not of what a cut carries now."""
    scores, _ = scores_in(key.choice.file, bench.session.graph)
    if scores.replacement != key.kind:
        name = Path(key.choice.file).name
        raise InputError(
            f"{name} holds scores for {scores.replacement}, not for {key.kind}.", "Trace, or change what is replaced."
        )
    return directed(scores, bench.session)


def share_done(scores: Scores) -> float:
    """The share of the work that a file's scores are of: those of a trace that was interrupted say it in words."""
    if not scores.about.get("partial"):
        return 1.0
    told = re.match(r"(\d+)\s?%", str(scores.about["partial"]))
    share = int(told[1]) / 100 if told else float(np.isfinite(scores.values).mean())
    return min(share, 0.99)  # "100 %" is only rounded


def scores_in(path: str, graph: Graph) -> tuple[Scores, int | None]:
    """What a file holds, and the number of edges where it is one circuit: of the others nothing is known then. Raises
    InputError for a file that is none, or of another model, with the difference."""
    found = read_scores(path, graph)
    if found.scores.level != "edges":
        words = f"{Path(path).name} holds scores of {found.scores.level}."
        raise InputError(words, "Open scores of edges, or trace here.")
    return found.scores, found.size
