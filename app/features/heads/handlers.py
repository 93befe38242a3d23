"""Measures what heads do, and reads what was measured elsewhere. Runs in the worker's thread; imports torch."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from torch import Tensor

from app.features.heads.queries import (
    MEASURING,
    Corpus,
    HeadScores,
    HeadsFileQuery,
    HeadsFileReply,
    HeadsQuery,
    HeadsReply,
    VectorTasks,
)
from app.messages.request import Cancel, ProgressReply, Request, Send
from app.presenters.telling import Telling
from app.worker.handler_table import Handler, Handlers
from app.worker.session_cache import SessionCache
from core.errors import InputError
from core.formatting import counted
from core.heads.heads_file import HeadsAbout, HeadsFile, read_heads
from core.heads.identity import HeadIdentities
from core.heads.scores import ScoresOfTest
from core.inputs.images import model_view
from core.inputs.text import token_texts
from core.models.fingerprint import weights_hash
from core.models.model import Model
from core.precision_words import document_precision, precision_words
from core.progress import watched
from core.studies.head_corpus import PIECES, corpus_of, identities_over, kept_identities, tasks_of_vectors
from core.studies.head_sets import head_names
from core.towers_graph import check_one_tower

LARGE = 224  # pixels of a picture that is shown


def handle_heads(query: HeadsQuery, request: Request, cache: SessionCache, send: Send, cancelled: Cancel) -> None:
    """Over the bundled corpus; what was measured before is read. Raises WirescopeError as `identities_over` does,
    Cancelled."""
    model = cache.session.model
    check_one_tower(cache.session.graph, "Measuring heads")
    telling = Telling(lambda share: send(ProgressReply(request.number, MEASURING, share)))
    if not query.kept:
        send(ProgressReply(request.number, MEASURING, 0.0))
    with watched(None if query.kept else telling, cancelled):
        corpus, words = corpus_of(model, None, PIECES)
        if query.kept:
            identities = kept_identities(model, corpus)
        else:
            identities = identities_over(model, corpus, function_vectors=query.vectors)
        scores = None
        if identities is not None:
            tasks = tasks_of_vectors(model, corpus)
            scores = plain_scores(identities, plain_corpus(model, corpus, words), tasks and VectorTasks(*tasks))
    send(HeadsReply(request.number, query, scores))


def plain_scores(identities: HeadIdentities, corpus: Corpus, vectors: VectorTasks | None = None) -> HeadScores:
    """The same for the window."""
    passes, read = identities.passes, identities.read
    tests = []
    for place, test in enumerate(identities.tests):
        scores = ScoresOfTest(
            test.name,
            test.words,
            test.threshold,
            identities.generated[place],
            identities.corpus[place],
            identities.covers[place],
            float(identities.rare[place]),
            float(identities.rare_corpus[place]),
            passes[place],
        )
        if read is not None and test.name in read.kinds:
            row = read.kinds.index(test.name)
            deciles = tuple(map(tuple, read.deciles[row].tolist())) if read.queries[row] else ()
            scores = replace(scores, queries=int(read.queries[row]), deciles=deciles)
        tests.append(scores)
    best = {} if read is None else dict(zip(read.kinds, read.best, strict=True))
    return HeadScores(identities.heads, tuple(tests), corpus, best, vectors)


def plain_corpus(model: Model, corpus: Tensor, words: str) -> Corpus:
    """What of the corpus is shown. corpus: ids [rows, position] or pixels."""
    if model.is_text:
        return Corpus(words, tuple(token_texts(model.tokenizer, row) for row in corpus.tolist()))
    grid, processing = model.adapter.image_grid(corpus), model.processing
    assert grid is not None
    assert processing is not None
    pictures = []
    for pixels in corpus:
        picture = model_view(pixels, processing.mean, processing.std)
        picture.thumbnail((LARGE, LARGE))
        pictures.append(np.asarray(picture))
    return Corpus(words, (), tuple(pictures), grid, model.adapter.prefix_labels, True)


def handle_heads_file(
    query: HeadsFileQuery, request: Request, cache: SessionCache, send: Send, cancelled: Cancel
) -> None:
    """Read the file and say whether it fits. Raises InputError for one that does not, Cancelled."""
    file, model = read_heads(query.path), cache.session.model
    name, about = Path(query.path).name, file.about
    same_weights = about.weights_hash == weights_hash(model.adapter.module, cancelled)
    if about.model != model.name and not same_weights:
        raise InputError(f"{name} is of heads of another model, {about.model}.", "Open that model.")
    if list(file.heads) != head_names(cache.session.graph):
        raise InputError(
            f"{name} has {counted(len(file.heads), 'head')}, and they are not those of {model.title}.",
            "Measure them anew.",
        )
    note = _precision_doubt(about, request.document.precision)
    if not note and not same_weights:
        note = f"The weights of {model.title} are not those any more that {name} was measured with."
    send(HeadsFileReply(request.number, query, scores_of_file(file, not model.is_text), note))


def _precision_doubt(about: HeadsAbout, present: str) -> str:
    """That the model computed in another precision where the heads were measured."""
    made_in = document_precision(about.precision, about.weights)
    if made_in == present:
        return ""
    here = f"the model computes in {precision_words(present)} here"
    return f"These heads were measured in {precision_words(made_in)}, and {here}."


def scores_of_file(file: HeadsFile, sees: bool) -> HeadScores:
    """What a file has, for the window. sees: whether the model sees pictures."""
    about, best = file.about, {test.name: ((),) * len(file.heads) for test in file.tests if test.deciles}
    vectors = None if about.tasks is None else VectorTasks(about.tasks, about.left_out)
    return HeadScores(file.heads, file.tests, Corpus(about.corpus, sees=sees), best, vectors)


HANDLERS: Handlers = {
    HeadsQuery: Handler(handle_heads, after_scores=True, turn="last"),
    HeadsFileQuery: Handler(handle_heads_file),
}
