"""A session of a document's inputs, with what is kept of it. Runs in the worker's thread; imports torch."""

from __future__ import annotations

from dataclasses import replace

from app.messages.replies import InputsReply
from app.presenters.precision import rounding_words
from app.worker.dataset_rows import DatasetRows
from app.worker.describe import empty_card, parity_words
from app.worker.read_inputs import misfit, read_source
from app.worker.session_cache import SessionCache, answers_of, foils_of, time_forward
from app.worker.towers import set_memory
from app.worker.trace_times import Costs
from core.errors import InputError
from core.inputs.pair import Pair, Side
from core.models.model import Model
from core.planning.workers import worker_bytes
from core.project.document import Document
from core.project.metric_choice import MetricChoice
from core.rounding import rounding
from core.session import Session
from views.panels.inputs.data import CardData


def new_cache(
    number: int,
    model: Model,
    document: Document,
    sides: tuple[Side, Side | None],
    cards: tuple[CardData, CardData],
    rows: DatasetRows,
    costs: Costs,
    memory: int | None = None,
) -> SessionCache:
    """A session over A and B as they were read, by its default metric. memory: megabytes for kept runs."""
    a, b = sides
    grid = model.adapter.image_grid(a.tensor)
    pair = Pair(a, b, grid, model.adapter.prefix if grid is not None else 0)
    session = Session(
        model,
        pair,
        dataset=rows.dataset(document.population),
        mean_over_positions=True if document.means[1] else None,
    )
    if memory is not None:
        set_memory(session, memory)
    measured = rounding(session)
    if measured is not None:
        words = f"{rounding_words(measured.difference, measured.divergence)}."
        cards = replace(cards[0], notes=(*cards[0].notes, words)), cards[1]
    ready = InputsReply(
        number=number,
        card_a=cards[0],
        card_b=cards[1],
        labels=a.labels,
        parity=parity_words(session.parity, measured),
        has_counterfactual=b is not None,
        metric_name=session.metric.name,
        metric=MetricChoice(""),
        metric_problem="",
        metric_note="",
        answers=answers_of(session),
        foils=foils_of(session),
        rounding=None if measured is None else measured.difference,
        worker_bytes=worker_bytes(session),
    )
    return SessionCache(session, ready, time_forward(session), rows, costs)


def cache_of(model: Model, document: Document, rows: DatasetRows) -> SessionCache:
    """The session of a document that is not the present one, by its metric. Raises InputError where its inputs cannot
    be read, or its metric does not fit."""
    a, problem = read_source(model, document.clean)
    if a is None:
        raise InputError(problem or "There is no input A.")
    b, problem = read_source(model, document.counterfactual)
    problem = problem or ("" if b is None else misfit(model, a, b))
    if problem:
        raise InputError(problem)
    cards = empty_card("A", model.is_text), empty_card("B", model.is_text)
    cache = new_cache(0, model, document, (a, b), cards, rows, Costs())
    cache.take_metric(document.metric)
    if cache.ready.metric_problem:
        raise InputError(cache.ready.metric_problem)
    return cache
