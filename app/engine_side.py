"""The engine's side of the window: serves requests from what it has made before.

A request is worked through in this order, each part sent as soon as it is there: model, inputs and metric, the run
with the edits, what each edit does, what is inspected, the scores of all edges. Runs in the engine's thread;
imports torch.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import torch

from app.document import Document, Source, unfit
from app.engine_thread import Send
from app.messages import (
    Deltas,
    Failed,
    Inspected,
    Opened,
    Ran,
    Ready,
    Recovered,
    Request,
    Scored,
    Working,
)
from app.present import card_of, empty_card, metric_choice, opened_words, parity_words, prediction_rows, run_words
from core.circuit import Circuit
from core.edits import Edit, EditKind
from core.errors import Cancelled, InputError, WirescopeError
from core.evaluation.faithfulness import FLAT, FRACTIONS
from core.graph import Node
from core.inputs.pair import Pair, Side
from core.inputs.text import check_aligned
from core.lens.attention import attention_pattern
from core.metrics import METRICS, Metric
from core.models.loading import load_model
from core.models.model import Model
from core.session import Session
from core.tracing.methods import trace
from core.tracing.scores import Scores
from views.data import MetricChoice, Target

Cancel = Callable[[], bool]
MEASURED_EDITS = 12  # at most so many edits get a figure of their own
LISTED_ANSWERS = 40
MOST = 0.8  # of the metric: the circuit that a trace reports recovers so much


@dataclass
class Bench:
    """One session and what was made of it."""

    session: Session
    ready: Ready
    forward_milliseconds: float
    scores: dict[tuple[str, str, str], Scores] = field(default_factory=dict)  # metric, replacement, method


class EngineSide:
    """Serves requests; keeps the model, the session and its scores between them."""

    def __init__(self) -> None:
        self._model: Model | None = None
        self._opened: Opened | None = None
        self._bench: Bench | None = None
        self._bench_key: tuple[object, ...] = ()

    @property
    def session(self) -> Session:
        """The session of the last request."""
        assert self._bench is not None
        return self._bench.session

    def serve(self, request: Request, send: Send, cancelled: Cancel) -> None:
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
            send(Failed(request.number, "A", "", "", cards=empty))
            return
        bench = self._prepare(request, model, document.clean, send)
        if bench is None:
            return
        check()
        self._run(request, bench, send, cancelled)
        check()
        self._measure_edits(request, bench, send, cancelled)
        if request.inspect is not None:
            self._inspect(request, bench, request.inspect, send, cancelled)
        scores = self._score(request, bench, send, cancelled)
        if request.recover:
            self._recover(request, bench, scores, send, cancelled)

    # ---- model and inputs ----

    def _open(self, request: Request, send: Send) -> Model | None:
        name = request.document.model
        if self._model is None or self._opened is None or self._opened.name != name:
            send(Working(request.number, f"Opening {name.rpartition('/')[2]}"))
            try:
                model = load_model(name)
            except WirescopeError as error:
                send(Failed(request.number, "model", error.message, error.hint))
                return None
            self._model = model
            self._bench, self._bench_key = None, ()
            self._opened = opened_words(model, name)
        send(replace(self._opened, number=request.number))
        return self._model

    def _prepare(self, request: Request, model: Model, clean: Source, send: Send) -> Bench | None:
        document = request.document
        key = (document.clean, document.counterfactual)
        if self._bench is not None and self._bench_key == key:
            self._take_metric(self._bench, document.metric)
            send(replace(self._bench.ready, number=request.number))
            return self._bench
        send(Working(request.number, "Reading the inputs"))
        sides: list[Side | None] = []
        cards = []
        for letter, source in (("A", clean), ("B", document.counterfactual)):
            side, problem = _side(model, source)
            sides.append(side)
            cards.append(card_of(letter, model, source, side, problem))
        a, b = sides
        if a is None:
            send(Failed(request.number, "A", cards[0].problem, cards=tuple(cards)))
            return None
        if b is not None:
            problem = _misfit(model, a, b)
            if problem:
                b = None
                cards[1] = card_of("B", model, document.counterfactual, sides[1], problem)
        grid = model.adapter.image_grid(a.tensor)
        pair = Pair(a, b, grid, model.adapter.prefix if grid is not None else 0)
        send(Working(request.number, "Running the model"))
        session = Session(model, pair)
        marked = [card_of(c.letter, model, s, side, c.problem, other) for c, s, side, other in (
            (cards[0], clean, a, sides[1]), (cards[1], document.counterfactual, sides[1], a))]  # fmt: skip
        ready = Ready(
            number=request.number,
            card_a=marked[0],
            card_b=marked[1],
            labels=a.labels,
            parity=parity_words(session.parity),
            has_counterfactual=b is not None,
            metric_name=session.metric.name,
            metric=MetricChoice(""),
            metric_problem="",
            answers=_answers(session),
        )
        bench = Bench(session, ready, _time_forward(session))
        self._bench, self._bench_key = bench, key
        self._take_metric(bench, document.metric)
        send(replace(bench.ready, number=request.number))
        return bench

    def _take_metric(self, bench: Bench, choice: MetricChoice | None) -> None:
        """Bind the metric; where it does not fit, say why and take the session's default."""
        problem = ""
        metric = None
        if choice is not None and choice.kind == "cosine" and not bench.ready.has_counterfactual:
            choice = MetricChoice("cosine_clean")  # what is left of it; flat at A, which tracing must know
        if choice is not None and choice.kind:
            needs = METRICS.get(choice.kind)
            metric = Metric(
                choice.kind,
                choice.target if needs is not None and needs.needs_target else None,
                choice.foil if needs is not None and needs.needs_foil else None,
            )
        try:
            bench.session.with_metric(metric)
        except WirescopeError as error:
            problem = f"{error.message} {error.hint}".strip()
            bench.session.with_metric(None)
        shown = metric_choice(bench.session) if choice is None or not choice.kind else choice
        bench.ready = replace(bench.ready, metric_name=bench.session.metric.name, metric=shown, metric_problem=problem)

    # ---- runs ----

    def _run(self, request: Request, bench: Bench, send: Send, cancelled: Cancel) -> None:
        session, document = bench.session, request.document
        edits = _possible(document, bench)
        clean = session.clean
        result = session.run(edits, cancelled=cancelled)
        unit, rows = prediction_rows(session, clean, result)
        send(
            Ran(
                number=request.number,
                edits=edits,
                unit=unit,
                rows=rows,
                metric_name=session.metric.name,
                before=float(clean.metric.mean()),
                after=float(result.metric.mean()),
                words=run_words(result, bench.forward_milliseconds, bool(edits)),
                megabytes=session.engine.megabytes,
            )
        )

    def _measure_edits(self, request: Request, bench: Bench, send: Send, cancelled: Cancel) -> None:
        edits = _possible(request.document, bench)
        after = float(bench.session.run(edits, cancelled=cancelled).metric.mean())
        values: dict[Target, float] = {}
        for edit in edits[:MEASURED_EDITS]:
            others = [other for other in edits if other is not edit]
            without = float(bench.session.run(others, cancelled=cancelled).metric.mean())
            assert not isinstance(edit.target, str)
            values[edit.target] = after - without  # type: ignore[index]
        send(Deltas(request.number, values))

    def _inspect(self, request: Request, bench: Bench, target: Target, send: Send, cancelled: Cancel) -> None:
        session = bench.session
        edits = _possible(request.document, bench)
        present = next((edit for edit in edits if edit.target == target), None)
        kind: EditKind = present.kind if present is not None else request.document.cut_kind
        if kind == "patch" and not bench.ready.has_counterfactual:
            kind = "zero"
        attention = None
        if isinstance(target, Node) and target.kind == "head":
            result = session.run(edits, positions="all", cancelled=cancelled)
            attention = attention_pattern(result, target.layer, target.head)
        measured = None
        if not (isinstance(target, Node) and target.kind == "logits"):
            others = [edit for edit in edits if edit is not present]
            own = present if present is not None else Edit(target, kind)
            with_it = float(session.run([*others, own], cancelled=cancelled).metric.mean())
            measured = with_it - float(session.run(others, cancelled=cancelled).metric.mean())
        send(Inspected(request.number, target, kind, measured, attention))

    def _score(self, request: Request, bench: Bench, send: Send, cancelled: Cancel) -> Scores:
        session, document = bench.session, request.document
        kind = document.cut_kind
        if kind == "patch" and not bench.ready.has_counterfactual:
            kind = "zero"
        method = document.method if bench.ready.has_counterfactual else "eap"
        key = (repr(session.metric.metric), kind, method)
        if key not in bench.scores:
            send(Working(request.number, f"Estimating {session.graph.n_edges:,} edges"))
            bench.scores[key] = trace(session, method, replacement=kind, cancelled=cancelled)
        send(Scored(request.number, bench.scores[key].values, kind, method))
        return bench.scores[key]

    def _recover(self, request: Request, bench: Bench, scores: Scores, send: Send, cancelled: Cancel) -> None:
        """The smallest circuit, at MIB's fractions, that recovers most of the metric, and as many random edges."""
        session = bench.session
        graph = session.graph
        send(Working(request.number, "Running circuits", 0.0))

        def metric(circuit: Circuit) -> float:
            return float(session.run_circuit(circuit, scores.replacement, cancelled).metric.mean())

        nothing = metric(Circuit(graph, np.empty(0, dtype=np.int64)))
        whole = float(session.clean.metric.mean())
        if abs(whole - nothing) < FLAT:
            raise InputError(
                "A and B score alike, so there is no effect to trace.",
                "Choose a B with another answer, or another metric.",
            )
        for step, fraction in enumerate(FRACTIONS):
            size = min(graph.n_edges, max(1, round(fraction * graph.n_edges)))
            share = (metric(scores.top(size)) - nothing) / (whole - nothing)
            send(Working(request.number, "Running circuits", (step + 1) / len(FRACTIONS)))
            if share >= MOST:
                break
        order = np.random.default_rng(0).permutation(graph.n_edges)[:size].astype(np.int64)
        random = (metric(Circuit(graph, order)) - nothing) / (whole - nothing)
        send(Recovered(request.number, size, graph.n_edges, share, random, scores.method, scores.replacement))


def _side(model: Model, source: Source | None) -> tuple[Side | None, str]:
    """An input as the model takes it, or why it cannot be taken."""
    if source is None:
        return None, ""
    problem = unfit(source, model.title, model.is_text)
    if problem:
        return None, problem
    try:
        return model.side(source.text if source.kind == "text" else (source.data or source.path)), ""
    except WirescopeError as error:
        return None, f"{error.message} {error.hint}".strip()


def _misfit(model: Model, a: Side, b: Side) -> str:
    """Why B cannot stand beside A; empty where it can."""
    try:
        if model.is_text:
            check_aligned(a, b)
        elif a.tensor.shape != b.tensor.shape:
            return "A and B have different sizes for the model. Crop one of them."
    except WirescopeError as error:
        return f"{error.message} {error.hint}".strip()
    return ""


def _possible(document: Document, bench: Bench) -> tuple[Edit, ...]:
    """The edits that can be made now: patches wait for a B."""
    if bench.ready.has_counterfactual:
        return document.edits
    return tuple(edit for edit in document.edits if edit.kind != "patch")


def _answers(session: Session) -> tuple[str, ...]:
    """Answers to offer for the metric: class names, or the likeliest tokens."""
    if session.model.class_names:
        return session.model.class_names
    if session.model.adapter.shape.output_kind == "embedding":
        return ()
    found = [prediction.label for prediction in session.clean.top(LISTED_ANSWERS)]
    counterfactual = session.counterfactual
    if counterfactual is not None:
        found += [prediction.label for prediction in counterfactual.top(LISTED_ANSWERS)]
    return tuple(dict.fromkeys(found))


def _time_forward(session: Session) -> float:
    """Milliseconds of the model's own forward on A, once warm (the parity check ran it before)."""
    inputs = session.pair.clean.tensor
    started = time.perf_counter()
    with torch.no_grad():
        session.model.adapter.own_answer(inputs)
    return (time.perf_counter() - started) * 1000
