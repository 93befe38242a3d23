"""Scores and circuits from files, as the window opens them. Runs in the engine's thread; imports torch."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np

from app.bench import Bench, ScoresKey, rule_problem
from app.engine_thread import Cancel, Send
from app.messages import Request
from app.method_titles import method_title
from app.rule_needs import can_be_found_out
from app.scores_wants import ReadScores, ScoresRead
from app.spans_of_file import keep_spans, union_of
from app.trace_choice import QUICK, TraceChoice, pairs_words
from core.edit_kinds import ABLATIONS
from core.edits import EDIT_WORDS, KINDS, EditKind
from core.errors import InputError
from core.formatting import percent
from core.graph import Graph
from core.interchange.made_of import changed_pictures, made_of
from core.interchange.scores_files import ScoresFile
from core.interchange.scores_reading import read_scores
from core.text_files import parse_json, read_text
from core.tracing.direction import directed
from core.tracing.meaning import ranking_words
from core.tracing.method import METHODS
from core.tracing.options import CIRCUITS
from core.tracing.scores import Scores
from core.tracing.selection import RULES, USUAL


def serve_read_scores(want: ReadScores, request: Request, bench: Bench, send: Send, cancelled: Cancel) -> None:
    """Read the file and say what it is. Raises InputError for one that does not fit."""
    found, as_it_is = scores_in(want.path, bench.session.graph)
    scores, size = found.scores, found.size
    made = made_of(parse_json(read_text(Path(want.path)), Path(want.path).name))
    kind: EditKind = scores.replacement
    if kind not in ABLATIONS:
        raise InputError(
            f"{Path(want.path).name} was made for {EDIT_WORDS.get(kind, kind)}, which circuits are not run with here.",
            f"There are: {', '.join(ABLATIONS)}.",
        )
    if KINDS[kind].from_b and not bench.ready.has_counterfactual and made.counterfactual is None:
        raise InputError(f"In {Path(want.path).name} removed edges carry {KINDS[kind].carries}.", "Give B first.")
    what = f"a circuit of {size:,} edges" if size is not None else f"scores of {len(scores.values):,} edges"
    what += ", each kept at some spans of positions" if as_it_is.scores.spans else ""
    words = f"{Path(want.path).name}: {what}" + (f" by {method_title(scores.method)}" if scores.method else "")
    words += f", over {pairs_words(int(scores.about['pairs']))}" if scores.about.get("pairs", "").isdigit() else ""
    share = share_done(scores)
    words += f", partial: {percent(share)} of the work" if share < 1 else ""
    directed_here = directed(scores, bench.session)
    if scores.direction is None and directed_here.signed:
        words += "; it names no direction" + (", measured here" if directed_here.direction is not None else "")
        words += f": {ranking_words(directed_here.direction).removesuffix('.')}"
    rule = scores.rule
    why_not = rule_problem(rule, scores, can_be_found_out(rule, scores.method, 0))
    if rule != USUAL:
        words += f", {RULES[rule].phrase}" if not why_not else f"; not {RULES[rule].phrase} here ({why_not})"
    method = scores.method if scores.method in METHODS else QUICK
    lost = tuple(changed_pictures((made.clean, made.counterfactual)))
    choice = TraceChoice(method, file=want.path)
    rule = USUAL if why_not else rule
    send(ScoresRead(request.number, want, choice, kind, size, words, made, lost, rule))


def scores_of_file(bench: Bench, key: ScoresKey) -> Scores:
    """The scores that a document's file holds. Raises InputError where they are not of what a cut carries now."""
    found, as_it_is = scores_in(key.choice.file, bench.session.graph)
    scores = found.scores
    if scores.replacement != key.kind:
        name = Path(key.choice.file).name
        raise InputError(
            f"{name} holds scores for {scores.replacement}, not for {key.kind}.", "Trace, or change what is replaced."
        )
    scores = directed(scores, bench.session)
    keep_spans(bench, key.choice.file, replace(as_it_is, scores=replace(as_it_is.scores, direction=scores.direction)))
    return scores


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
    found = read_scores(path, graph)
    if found.scores.level not in CIRCUITS:
        words = f"{Path(path).name} holds scores of {found.scores.level}."
        raise InputError(words, "Open scores of edges, or trace here.")
    union = union_of(found.scores)
    size = found.size if found.size is None or union.kept is None else int(union.kept.sum())
    return replace(found, scores=union, size=size), found
