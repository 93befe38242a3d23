"""Compares sets of heads, and reckons how long that takes. Runs in the worker's thread; imports torch."""

from __future__ import annotations

from typing import Any

from app.features.head_sets.queries import COMPARING, CostQuery, CostReply, HeadSetsQuery, HeadSetsReply
from app.messages.request import Cancel, ProgressReply, Request, Send
from app.presenters.telling import Telling
from app.worker.handler_table import Handler, Handlers
from app.worker.session_cache import SessionCache
from core.graph import Graph
from core.studies.corpus import text_of
from core.studies.head_sets import Ranking, ranking_in_file
from core.studies.icl import RANKINGS, study_icl
from core.studies.icl_cost import reckoned_seconds
from core.studies.icl_report import report_texts, shown_of
from core.towers_graph import check_one_tower
from views.panels.head_sets.data import NONE, SetsChoice


def handle_head_sets(
    query: HeadSetsQuery, request: Request, cache: SessionCache, send: Send, cancelled: Cancel
) -> None:
    """What was measured before is kept on disk, so that a study that was stopped goes on. Raises WirescopeError as
    `study_icl` does, Cancelled."""
    session, choice = cache.session, query.choice
    check_one_tower(session.graph, "Comparing head sets")
    step = ""

    def tell(share: float) -> None:
        send(ProgressReply(request.number, f"{COMPARING}: {step}", share))

    telling = Telling(tell)

    def take(words: str, share: float) -> None:
        nonlocal step
        step = words[0].lower() + words[1:]
        telling(share)

    send(ProgressReply(request.number, COMPARING, 0.0))
    given: dict[str, Any] = {}
    if choice.text:
        given = {"text": text_of(choice.text), "text_name": choice.text}
    study = study_icl(
        session.model,
        prompts=choice.prompts,
        pieces=choice.pieces,
        shares=query.shares,
        main=choice.main,
        main_kind=choice.kind,
        draws=choice.draws,
        rank=[_ranking(each, session.graph) for each in (choice.first, choice.second) if each != NONE],
        progress=take,
        cancelled=cancelled,
        **given,
    )
    send(HeadSetsReply(request.number, query, shown_of(study), report_texts(study)))


def _ranking(text: str, graph: Graph) -> str | Ranking:
    """A ranking by its name, or that of a file. Raises InputError."""
    return text if text in RANKINGS else ranking_in_file(text, graph)


def handle_cost(query: CostQuery, request: Request, cache: SessionCache, send: Send, cancelled: Cancel) -> None:
    """Raises WirescopeError as `reckoned_seconds` does."""
    seconds = reckoned_seconds(cache.session.model, **_numbers(query.choice), shares=query.shares)
    send(CostReply(request.number, query, seconds))


def _numbers(choice: SetsChoice) -> dict[str, Any]:
    return {
        "rankings": 1 if choice.second == NONE else 2,
        "prompts": choice.prompts,
        "pieces": choice.pieces,
        "main": choice.main,
        "main_kind": choice.kind,
        "draws": choice.draws,
    }


HANDLERS: Handlers = {
    CostQuery: Handler(handle_cost, after_scores=True),
    HeadSetsQuery: Handler(handle_head_sets, after_scores=True, turn="last"),
}
