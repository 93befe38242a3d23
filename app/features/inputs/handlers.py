"""B made from A. Runs in the worker's thread; imports torch."""

from __future__ import annotations

from dataclasses import replace

from app.features.inputs.queries import FRESH, TASK, CounterfactualQuery, CounterfactualReply
from app.messages.request import Cancel, Request, Send
from app.worker.handler_table import Handler, Handlers
from app.worker.pair_sources import rows_of, source_of
from app.worker.session_cache import SessionCache
from core.errors import InputError
from core.inputs.corruption import corrupt_text
from core.inputs.corruption_kinds import TEXT_WORDS, ImageCorruption
from core.inputs.tasks import make_task, match_task
from core.project.document import PairSource, Source


def make_b(query: CounterfactualQuery, request: Request, cache: SessionCache, send: Send, cancelled: Cancel) -> None:
    """Raises WirescopeError where there is no such B."""
    clean = request.document.clean
    assert clean is not None
    pair, words = cache.answer(query, request, lambda: _make_b(query, clean, cache))
    send(CounterfactualReply(request.number, query, pair, words))


def _make_b(query: CounterfactualQuery, clean: Source, cache: SessionCache) -> tuple[PairSource, str]:
    model = cache.session.model
    if query.kind == FRESH:
        made = make_task(query.task, model, pairs=1, seed=query.seed)
        return rows_of(made.pairs, made.answers, made.names)[0], "a new pair"
    if query.kind == TASK:
        found = match_task(model, clean.text, query.seed) if model.is_text else None
        if found is None:
            raise InputError(
                "A is no sentence of a built-in task, so that no task says what B is.",
                "Choose Make > New A and B from a Task, or another way of making B.",
            )
        task, row = found
        return PairSource(clean, source_of(row.counterfactual, ""), row.target, row.foil), task.title.lower()
    if model.is_text:
        kind = query.kind
        text = corrupt_text(model, clean.text, kind, query.positions, query.seed)  # type: ignore[arg-type]
        return PairSource(clean, Source("text", text=text)), TEXT_WORDS[kind]  # type: ignore[index]
    prefix = cache.session.pair.prefix
    patches = tuple(place - prefix for place in query.positions if place >= prefix)
    corruption = ImageCorruption(query.kind, patches, query.seed, query.other)  # type: ignore[arg-type]
    name = clean.name or "A"
    if clean.corruption is not None:
        raise InputError("The picture on card A was itself made by Make.", "Open a picture for A first.")
    return PairSource(clean, replace(clean, corruption=corruption, name=f"{name}, {corruption.words()}")), (
        corruption.words()
    )


HANDLERS: Handlers = {
    CounterfactualQuery: Handler(make_b),
}
