"""Two circuits on the inputs of both. Runs in the worker's thread; imports torch."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np

from app.features.compare.queries import CircuitFileQuery, CircuitFileReply, CompareQuery, CompareReply, OnInputs
from app.messages.compared import Compared
from app.messages.request import Cancel, ProgressReply, Request, Send
from app.presenters.made_of import with_made_of
from app.presenters.telling import Telling
from app.worker.dataset_rows import DatasetRows
from app.worker.handler_table import Handler, Handlers
from app.worker.new_session import cache_of
from app.worker.pairs import measure_over, sessions_of
from app.worker.score_files import scores_in
from app.worker.session_cache import SessionCache
from core.circuit import Circuit
from core.edit_kinds import ABLATIONS
from core.errors import ALIKE, ANOTHER, Cancelled, InputError, NothingToRecoverError, WirescopeError
from core.formatting import pairs_words
from core.graph import Graph
from core.interchange.made_of import changed_pictures, made_of
from core.memory import give_back
from core.models.class_texts import base_name
from core.models.fingerprint import weights_hash
from core.models.loading import load_model
from core.models.spread import name_of_devices
from core.precision_words import computed_in, precision_told, weights_of_precision
from core.progress import stage, watched
from core.project.document import Document
from core.project.step_names import model_words
from core.project.trace_choice import TraceChoice
from core.text_files import parse_json, read_text

ORDER = "first", "second"


def handle_compare(query: CompareQuery, request: Request, cache: SessionCache, send: Send, cancelled: Cancel) -> None:
    """Run both circuits on the inputs of each, and send what is known as it comes. Raises Cancelled."""
    known = ("compared", replace(query, serial=0))
    recoveries: tuple[OnInputs, ...] = cache.kept.get(known, ())
    places = [place for place in range(2) if _is_new(query, place)]
    for place in places[len(recoveries) :]:
        document = query.circuits[place].document
        assert document is not None
        words = f"Running both circuits on the inputs of the {ORDER[place]}"
        told = Telling(lambda share, words=words: send(ProgressReply(request.number, words, share)))
        try:
            with watched(told, cancelled):
                column = _on_inputs(query, place, document, request, cache, send, cancelled)
        except NothingToRecoverError:
            column = OnInputs(place, problem=f"{ALIKE} {ANOTHER}")
        except Cancelled:
            raise
        except WirescopeError as error:
            column = OnInputs(place, problem=f"{error.message} {error.hint}".strip())
        if document.opens != request.document.opens:
            give_back()  # another model was in memory
        recoveries = (*recoveries, column)
        cache.kept[known] = recoveries
        send(CompareReply(request.number, query, recoveries, done=False))
    send(CompareReply(request.number, query, recoveries, done=True))


def _is_new(query: CompareQuery, place: int) -> bool:
    """Whether a circuit brings inputs of its own."""
    document = query.circuits[place].document
    before = query.circuits[0].document if place else None
    return document is not None and (before is None or setting(document) != setting(before))


def setting(document: Document) -> tuple[object, ...]:
    """What a circuit of a document is run on."""
    return *document.basis, document.cut_kind


def _on_inputs(
    query: CompareQuery,
    place: int,
    document: Document,
    request: Request,
    cache: SessionCache,
    send: Send,
    cancelled: Cancel,
) -> OnInputs:
    there = _cache_of(document, query.circuits[place].weights, request, cache, send)
    graph, kind = there.session.graph, there.cut_kind(document)
    if graph != query.circuits[0].circuit.graph:
        raise InputError(f"{model_words(document.model)} has another shape now than when its circuit was found.")
    circuits = [_plain(each.circuit, graph) for each in query.circuits]
    order = np.random.default_rng(0).permutation(graph.n_edges).astype(np.int64)
    drawn = [Circuit(graph, order[: len(circuit)]) for circuit in circuits]
    with stage(0.0, 0.4):
        sessions = sessions_of(there, document, document.traced_rows)
    with stage(0.4, 1.0):
        runs = measure_over(sessions, [each.pruned() for each in (*circuits, *drawn)], kind, cancelled)
    first, second, *random = (float(share) for share in runs.recovered())
    pairs = runs.pairs if document.traced_rows else 0
    return OnInputs(place, (first, second), (random[0], random[1]), pairs)


def _cache_of(document: Document, weights: str, request: Request, cache: SessionCache, send: Send) -> SessionCache:
    """What is at work, where a document is of that, else a session of its own; of another model too. Raises InputError
    where that has other weights than those of a hash."""
    present = request.document
    if document.opens != present.opens:
        send(ProgressReply(request.number, f"Opening {model_words(document.model)} to compare"))
        model = load_model(
            document.model,
            device=name_of_devices(cache.session.model.adapter),
            dtype=computed_in(document.precision),
            weights=weights_of_precision(document.precision),
        )
        if weights and weights_hash(model.adapter.module) != weights:
            raise InputError(f"{model_words(document.model)} has other weights now than when its circuit was found.")
        return cache_of(model, document, DatasetRows(model))
    if (document.question, document.means) != (present.question, present.means):
        return cache_of(cache.session.model, document, cache.rows)
    return cache


def _plain(circuit: Circuit, graph: Graph) -> Circuit:
    """Its edges alone, at all positions."""
    return Circuit(graph, circuit.union().edges)


def handle_circuit_file(
    query: CircuitFileQuery, request: Request, cache: SessionCache, send: Send, cancelled: Cancel
) -> None:
    """Read a circuit and what it was made of. Raises InputError for a file that does not fit."""
    path = Path(query.path)
    graph = cache.session.graph
    file = scores_in(query.path, graph)[0]
    scores = file.scores
    size = min(file.size or query.size, graph.n_edges)
    circuit = replace(scores.select(size), graph=graph)
    about = scores.about
    pairs = about.get("pairs", "")
    words = [path.name, scores.method, pairs_words(int(pairs)) if _is_count(pairs) else "", _model(about)]
    made = made_of(parse_json(read_text(path), path.name))
    document = None
    known = about.get("model", "")
    here = known == request.document.model or is_local(known)  # nothing is fetched because a file names it
    if made.clean is not None and here and not changed_pictures((made.clean, made.counterfactual)):
        plain = Document(known, precision=precision_told(about))
        document = with_made_of(plain, replace(made, edits=()), None)
        kind = scores.replacement if scores.replacement in ABLATIONS else None
        over = bool(document.dataset)
        document = replace(document, replacement=kind, traced=TraceChoice(over_dataset=over), size=size)
    name = " · ".join(part for part in words if part)
    send(CircuitFileReply(request.number, query, Compared(name, circuit, document)))


def _is_count(words: str) -> bool:
    return words.isascii() and words.isdigit() and len(words) < 10


def is_local(model: str) -> bool:
    """Whether a model can be opened without asking a network."""
    folder = base_name(model).removeprefix("vision:").removeprefix("text:")
    return model.startswith(("bundled:", "pack:")) or (folder != "" and os.path.isdir(folder))


def _model(about: dict[str, str]) -> str:
    return model_words(about["model"]) if about.get("model") else ""


HANDLERS: Handlers = {
    CircuitFileQuery: Handler(handle_circuit_file),
    CompareQuery: Handler(handle_compare, after_scores=True, turn="last"),
}
