"""Scores and circuits from files, as the window opens them. Runs in the worker's thread; imports torch."""

from __future__ import annotations

from pathlib import Path

from app.features.score_files.queries import HeadsFileFound, ScoresFileQuery, ScoresFileReply
from app.messages.request import Cancel, Request, Send
from app.worker.handler_table import Handler, Handlers
from app.worker.method_titles import method_title
from app.worker.rule_needs import can_be_found_out
from app.worker.score_files import scores_in, share_done
from app.worker.session_cache import SessionCache, rule_problem
from core.edit_kinds import ABLATIONS
from core.edits import EDIT_WORDS, KINDS, EditKind
from core.errors import InputError
from core.formatting import pairs_words, percent
from core.heads.heads_file import is_cards
from core.interchange.made_of import changed_pictures, made_of
from core.models.model import Model
from core.precision_words import precision_told, precision_words
from core.project.trace_choice import QUICK, TraceChoice
from core.text_files import parse_json, read_text
from core.tracing.direction import directed
from core.tracing.meaning import ranking_words
from core.tracing.method import METHODS
from core.tracing.scores import Scores
from core.tracing.selection import RULES, USUAL


def handle_read_scores(
    query: ScoresFileQuery, request: Request, cache: SessionCache, send: Send, cancelled: Cancel
) -> None:
    """Read the file and say what it is. Raises InputError for one that does not fit."""
    path = Path(query.path)
    content = parse_json(read_text(path), path.name)
    if is_cards(content):
        send(HeadsFileFound(request.number, query))
        return
    file, as_it_is = scores_in(query.path, cache.session.graph)
    scores, size = file.scores, file.size
    made = made_of(content)
    kind: EditKind = scores.replacement
    if kind not in ABLATIONS:
        raise InputError(
            f"{Path(query.path).name} was made for {EDIT_WORDS.get(kind, kind)}, which circuits are not run with here.",
            f"There are: {', '.join(ABLATIONS)}.",
        )
    if KINDS[kind].from_b and not cache.ready.has_counterfactual and made.counterfactual is None:
        raise InputError(f"In {Path(query.path).name} removed edges carry {KINDS[kind].carries}.", "Give B first.")
    what = f"a circuit of {size:,} edges" if size is not None else f"scores of {len(scores.values):,} edges"
    what += ", each kept at some spans of positions" if as_it_is.scores.spans else ""
    words = f"{Path(query.path).name}: {what}" + (f" by {method_title(scores.method)}" if scores.method else "")
    words += f", over {pairs_words(int(scores.about['pairs']))}" if scores.about.get("pairs", "").isdigit() else ""
    share = share_done(scores)
    words += f", partial: {percent(share)} of the work" if share < 1 else ""
    directed_here = directed(scores, cache.session)
    if scores.direction is None and directed_here.signed:
        words += "; it names no direction" + (", measured here" if directed_here.direction is not None else "")
        words += f": {ranking_words(directed_here.direction).removesuffix('.')}"
    words += _model_doubt(scores, cache.session.model)
    words += _precision_doubt(scores, request.document.precision)
    rule = scores.rule
    why_not = rule_problem(rule, scores, can_be_found_out(rule, scores.method, 0))
    if rule != USUAL:
        words += f", {RULES[rule].phrase}" if not why_not else f"; not {RULES[rule].phrase} here ({why_not})"
    method = scores.method if scores.method in METHODS else QUICK
    lost = tuple(changed_pictures((made.clean, made.counterfactual)))
    choice = TraceChoice(method, file=query.path)
    rule = USUAL if why_not else rule
    send(ScoresFileReply(request.number, query, choice, kind, size, words, made, lost, rule))


def _model_doubt(scores: Scores, present: Model) -> str:
    """That the file is of another model, which has the same shape; nothing of a file that names none."""
    made_with = scores.about.get("model", present.name)
    return "" if made_with == present.name else f"; made with {made_with}, another model of the same shape"


def _precision_doubt(scores: Scores, present: str) -> str:
    """That the model computed in another precision where the file was made; nothing of a file that names no model."""
    made_in = precision_told(scores.about) if scores.about.get("model") else present
    if made_in == present:
        return ""
    return f"; made in {precision_words(made_in)}, and the model computes in {precision_words(present)} here"


HANDLERS: Handlers = {
    ScoresFileQuery: Handler(handle_read_scores),
}
