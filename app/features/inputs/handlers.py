"""B made from A. Runs in the worker's thread; imports torch."""

from __future__ import annotations

from app.features.inputs.queries import (
    FRESH,
    TASK,
    ArtefactsQuery,
    ArtefactsReply,
    CounterfactualQuery,
    CounterfactualReply,
    MaskQuery,
    MaskReply,
)
from app.messages.request import Cancel, Request, Send
from app.worker.handler_table import Handler, Handlers
from app.worker.pair_sources import rows_of, source_of
from app.worker.session_cache import SessionCache
from core.errors import InputError
from core.inputs.corruption import corrupt_text
from core.inputs.corruption_kinds import TEXT_WORDS, ImageCorruption
from core.inputs.image_corruption import corrupted_side
from core.inputs.image_region import mask_of_file, patches_of, picture_size
from core.inputs.tasks import make_task, match_task
from core.lens.artefacts import artefact_patches
from core.project.document import PairSource, Source
from core.project.row_cells import corrupted_source, without_word
from core.result import Result


def make_b(query: CounterfactualQuery, request: Request, cache: SessionCache, send: Send, cancelled: Cancel) -> None:
    """Raises WirescopeError where there is no such B."""
    clean = request.document.clean
    assert clean is not None
    pair, words = cache.answer(query, request, lambda: _make_b(query, clean, request.document.counterfactual, cache))
    send(CounterfactualReply(request.number, query, pair, words))


def _make_b(query: CounterfactualQuery, clean: Source, b: Source | None, cache: SessionCache) -> tuple[PairSource, str]:
    model = cache.session.model
    if query.kind == FRESH:
        made = make_task(query.task, model, pairs=1, seed=query.seed)
        return rows_of(made.pairs, made.answers, made.names)[0], "a new pair"
    if query.kind == TASK:
        match = match_task(model, clean.text, query.seed) if model.is_text else None
        if match is None:
            raise InputError(
                "A is no sentence of a built-in task, so that no task says what B is.",
                "Choose Make > New A and B from a Task, or another way of making B.",
            )
        task, row = match
        return PairSource(clean, source_of(row.counterfactual, ""), row.target, row.foil), task.title.lower()
    if model.is_text:
        kind = query.kind
        text = corrupt_text(model, clean.text, kind, query.positions, query.seed)  # type: ignore[arg-type]
        return PairSource(clean, Source("text", text=text)), TEXT_WORDS[kind]  # type: ignore[index]
    prefix = cache.session.pair.prefix
    patches = tuple(place - prefix for place in query.positions if place >= prefix)
    how = query.text, query.size, query.place, query.sticker
    corruption = ImageCorruption(query.kind, patches, query.seed, query.other, query.mask, *how)  # type: ignore[arg-type]
    if query.on_a:
        return _attack(corruption, clean, b, cache)
    corrupted_side(model, cache.session.pair.clean, corruption, clean.data or clean.path)  # says what cannot be made
    target, foil = _contest(corruption, cache.session.clean)
    return PairSource(clean, corrupted_source(clean, corruption), target, foil), corruption.words()


def _attack(
    corruption: ImageCorruption, clean: Source, b: Source | None, cache: SessionCache
) -> tuple[PairSource, str]:
    """A changed so, and B as A was before a word was printed on it: one attack takes the place of another."""
    session, plain = cache.session, without_word(clean)
    attacked, file = corrupted_source(plain, corruption), plain.data or plain.path
    assert attacked.corruption is not None
    corrupted_side(session.model, session.model.side(file), attacked.corruption, file)
    # what it was before: A, or B where A is attacked already
    earlier = session.clean if clean == plain else session.counterfactual if b == plain else None
    foil, target = ("", "") if earlier is None else _contest(corruption, earlier)
    return PairSource(attacked, plain, target, foil), corruption.words()


def _contest(corruption: ImageCorruption, plain: Result) -> tuple[str, str]:
    """What the model sees without a word, and the word, where that is one of its other classes: the answers of the
    metric that tells which of them it believes. Empty where there are none."""
    labels = {label.casefold(): label for label in plain.model.class_names} if corruption.kind == "word" else {}
    read = labels.get(corruption.text.strip().casefold(), "")
    if not read:
        return "", ""
    seen = plain.top(1)[0].label
    return (seen, read) if read != seen else ("", "")


def read_mask(query: MaskQuery, request: Request, cache: SessionCache, send: Send, cancelled: Cancel) -> None:
    """Raises InputError for a mask that does not fit A."""
    positions = cache.answer(query, request, lambda: _positions_of(query.mask, request.document.clean, cache))
    send(MaskReply(request.number, query, positions))


def _positions_of(mask: str, clean: Source | None, cache: SessionCache) -> tuple[int, ...]:
    pair, processing = cache.session.pair, cache.session.model.processing
    if pair.grid is None or processing is None or clean is None:
        raise InputError("A is no picture, and a mask is of one.", "Open a vision model, with a picture in A.")
    size = picture_size(clean.data or clean.path)
    held = mask_of_file(mask, processing, pair.clean.tensor.shape[-2:], size)
    return tuple(patch + pair.prefix for patch in patches_of(held, pair.grid))


def find_artefacts(query: ArtefactsQuery, request: Request, cache: SessionCache, send: Send, cancelled: Cancel) -> None:
    positions = cache.answer(query, request, lambda: _artefacts(cache))
    send(ArtefactsReply(request.number, positions))


def _artefacts(cache: SessionCache) -> tuple[int, ...]:
    session = cache.session
    if session.pair.grid is None or session.parts or session.graph.towers:
        return ()
    return tuple(patch + session.pair.prefix for patch in artefact_patches(session))


HANDLERS: Handlers = {
    ArtefactsQuery: Handler(find_artefacts),
    CounterfactualQuery: Handler(make_b),
    MaskQuery: Handler(read_mask),
}
