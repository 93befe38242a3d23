"""The worker's side of the window: serves requests from what it has made before.

A request is worked through in this order, each part sent as soon as it is there: model, inputs and metric, the run
with the edits, what each edit does, what is inspected, what else is wanted (see `handler_table`), the scores
of all edges. Runs in the worker's thread; imports torch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from app.messages.replies import ModelReply
from app.messages.request import Cancel, FailureReply, PictureRefusal, ProgressReply, Request, Send
from app.worker import runs
from app.worker.background_work import BackgroundWork
from app.worker.checkpoints import OtherCheckpoints
from app.worker.dataset_rows import DatasetRows
from app.worker.describe import card_of, empty_card, opened_words
from app.worker.first_texts import first_texts
from app.worker.handler_table import HandlerTable
from app.worker.new_session import new_cache
from app.worker.past_scores import Origin, PastScores, origin
from app.worker.read_inputs import misfit, read_source
from app.worker.recent import Recent
from app.worker.room import short_of_room, short_of_room_to_open
from app.worker.session_cache import MOST_HEAVY, SessionCache
from app.worker.threads import threads_for, threads_to_open, use_threads
from app.worker.towers import set_memory
from app.worker.trace_times import Costs
from core.errors import Cancelled, WirescopeError
from core.inputs.pair import Side
from core.memory import give_back
from core.models.class_texts import base_name, texts_in
from core.models.loading import load_model
from core.models.mapped_files import on_disk
from core.models.model import Model
from core.models.probe import digest_in
from core.models.probe_store import kept
from core.models.probed import with_probe
from core.models.rounded import of_whole
from core.models.weights_place import fits
from core.models.zero_shot import with_class_texts
from core.precision_words import computed_in, weights_of_precision
from core.progress import watched
from core.project.document import Source
from core.project.step_names import model_words
from core.session import Session


class WorkerService:
    """Serves requests; keeps the model, the session and its scores between them. modules: gives the names of the
    modules that handle queries, see `HandlerTable`; none where none are asked. device: that models are opened on, as
    `load_model` takes it."""

    def __init__(self, modules: Callable[[], Iterable[str]] = tuple, device: str = "cpu") -> None:
        self._device = device
        self._handlers = HandlerTable(modules)
        self._model: Model | None = None
        self._opened: ModelReply | None = None
        self._threads = 1
        self._cache: SessionCache | None = None
        self._cache_key: tuple[object, ...] = ()
        self._rows: DatasetRows
        self._costs = Costs()
        self._past = PastScores()
        self._checkpoints = OtherCheckpoints()
        self._of_model = Recent(MOST_HEAVY)
        self._origin: Origin  # of what the cache has scored

    @property
    def session(self) -> Session:
        """The session of the last request."""
        assert self._cache is not None
        return self._cache.session

    def serve(self, request: Request, send: Send, cancelled: Cancel) -> None:
        with watched(None, cancelled):  # every run asks at every layer, whoever makes it
            self._serve(request, send, cancelled)

    def close(self) -> None:
        """End what runs beside the requests."""
        self._end_background()

    def _end_background(self) -> None:
        """What is of the model that is left goes; what runs there is stopped."""
        for work in list(self._of_model.values()):
            if isinstance(work, BackgroundWork):
                work.end()
        self._of_model = Recent(MOST_HEAVY)

    def _serve(self, request: Request, send: Send, cancelled: Cancel) -> None:
        def check() -> None:
            if cancelled():
                raise Cancelled

        document = request.document
        model = self._open(request, send)
        if model is None:
            return
        check()
        if document.clean is None:
            empty = empty_card("A", model.is_text), empty_card("B", model.is_text)
            send(FailureReply(request.number, "A", "", "", cards=empty))
            return
        cache = self._prepare(request, model, document.clean, send)
        if cache is None:
            return
        check()
        runs.run(request, cache, send, cancelled)
        check()
        runs.measure_edits(request, cache, send, cancelled)
        if request.inspect is not None:
            runs.inspect(request, cache, request.inspect, send, cancelled)
        short = short_of_room(request, cache)
        if short is not None:
            send(short)
            return
        self._handlers.handle(request, cache, send, cancelled, after_scores=False)
        scores = runs.score(request, cache, send, cancelled)
        if request.recover:
            runs.recover(request, cache, scores, send, cancelled)
        self._handlers.handle(request, cache, send, cancelled, after_scores=True)

    # ---- model and inputs ----

    def _open(self, request: Request, send: Send) -> Model | None:
        name, precision = request.document.model, request.document.precision
        opened = self._opened
        if self._model is None or opened is None or (opened.name, opened.precision) != request.document.opens:
            if not self._has_its_weights(name, precision):
                short = short_of_room_to_open(request, self._device)
                if short is not None and fits(short.needed, short.free + self._held):
                    self._leave_model()
                    short = short_of_room_to_open(request, self._device)
                if short is not None:
                    send(short)
                    return None
            send(ProgressReply(request.number, f"Opening {model_words(name)}"))
            try:
                use_threads(threads_to_open(name))
                model = self._with_other_classes(name, precision) or self._at_other_step(name, precision)
                weights = weights_of_precision(precision, request.weights)
                model = model or load_model(name, device=self._device, dtype=computed_in(precision), weights=weights)
            except WirescopeError as error:
                send(FailureReply(request.number, "model", error.message, error.hint))
                return None
            self._model, self._threads = model, threads_for(model)
            self._rows, self._costs = DatasetRows(model), Costs()
            self._end_background()
            self._leave_cache()
            opened = opened_words(model, name, precision)
            self._opened = opened = replace(opened, first_texts=first_texts(model, name, request.document.clean))
        use_threads(self._threads)
        send(replace(opened, number=request.number))
        return self._model

    @property
    def _held(self) -> int:
        """Bytes of weights in memory, of the model that is open."""
        weights = () if self._model is None else self._model.adapter.module.parameters()
        return sum(weight.nbytes for weight in weights if not on_disk(weight))

    def _leave_model(self) -> None:
        """The model that is open goes before the next one is there, which has no room beside it."""
        self._end_background()
        if self._model is not None:
            del self._rows
        self._model = self._opened = None
        self._leave_cache()

    def _at_other_step(self, name: str, precision: str) -> Model | None:
        """The model that is open at another checkpoint of its training; None for another model."""
        if self._model is None or self._opened is None or self._opened.precision != precision:
            return None
        if self._model.unrounded is not None:  # each is opened as every model is
            return None
        return self._checkpoints.at(name, precision, self._model)

    def _has_its_weights(self, name: str, precision: str) -> bool:
        """Whether the model that is open is one with other class texts or another probe. In half precision it is read
        anew: texts are read in fp32, and so is what a probe is of."""
        opened = self._opened
        if opened is None or self._model is None or computed_in(precision) == "bf16" or opened.precision != precision:
            return False
        if base_name(opened.name) != base_name(name):
            return False
        if opened.takes_class_texts:  # without texts towers do not meet: it is said where the model is opened
            return texts_in(name) is not None or not self._model.graph.towers
        return opened.takes_probe

    def _with_other_classes(self, name: str, precision: str) -> Model | None:
        """The model that is open, with the class texts or the probe of another name of it; None for another model."""
        if self._opened is None or self._model is None or not self._has_its_weights(name, precision):
            return None
        if self._opened.takes_class_texts:
            texts = texts_in(name)
            return of_whole(self._model, lambda model: with_class_texts(model, texts))
        digest = digest_in(name)
        return of_whole(self._model, lambda model: with_probe(model, kept(digest) if digest else None))

    def _leave_cache(self) -> None:
        if self._cache is not None:
            self._past.keep(self._origin, self._cache)
        self._cache, self._cache_key = None, ()
        give_back()  # of its runs, and of the model that is left

    def _prepare(self, request: Request, model: Model, clean: Source, send: Send) -> SessionCache | None:
        document = request.document
        key = (document.clean, document.counterfactual, document.means)
        if self._cache is not None and self._cache_key == key:
            self._cache.take_metric(document.metric)
            if request.memory is not None:
                set_memory(self._cache.session, request.memory)
            send(replace(self._cache.ready, number=request.number))
            return self._cache
        send(ProgressReply(request.number, "Reading the inputs"))
        sides: list[Side | None] = []
        cards = []
        for letter, source in (("A", clean), ("B", document.counterfactual)):
            side, problem = read_source(model, source)
            if side is None and source is not None and source.kind == "image" and letter in request.replaceable:
                send(PictureRefusal(request.number, letter, problem))
                return None
            sides.append(side)
            cards.append(card_of(letter, model, source, side, problem))
        a, b = sides
        if a is None:
            send(FailureReply(request.number, "A", cards[0].problem, cards=tuple(cards)))
            return None
        if b is not None:
            problem = misfit(model, a, b)
            if problem:
                b = None
                cards[1] = card_of("B", model, document.counterfactual, sides[1], problem)
        send(ProgressReply(request.number, "Running the model"))
        marked = (
            card_of("A", model, clean, a, cards[0].problem, sides[1]),
            card_of("B", model, document.counterfactual, sides[1], cards[1].problem, a),
        )
        told = request.number, model, document, (a, b), marked, self._rows, self._costs, request.memory
        cache = new_cache(*told)
        cache.of_model = self._of_model
        self._leave_cache()
        self._cache, self._cache_key = cache, key
        self._origin = origin(document)
        self._past.bring(self._origin, cache)
        cache.take_metric(document.metric)
        send(replace(cache.ready, number=request.number))
        return cache
