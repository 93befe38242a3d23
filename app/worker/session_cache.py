"""What the worker keeps of one pair of inputs: the session, and what was made of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeVar

import numpy as np
import torch

from app.messages.replies import InputsReply
from app.messages.request import Cancel, Query, Request
from app.presenters.trace_cost import Estimates, Work
from app.worker.answer_spelling import fix_of
from app.worker.dataset_rows import DatasetRows
from app.worker.describe import metric_choice
from app.worker.method_titles import meaning_of
from app.worker.recent import Recent
from app.worker.session_scores import ScoresKey, SessionScores
from app.worker.trace_times import Costs
from core.edits import Edit, EditKind
from core.errors import WirescopeError
from core.inputs.dataset_columns import FileRow
from core.metrics import METRICS, Metric
from core.project.document import Document, PairSource
from core.project.metric_choice import MetricChoice
from core.project.trace_choice import ESTIMATES, TraceChoice
from core.session import Session
from core.tracing.direction import measured_direction
from core.tracing.ranking import Ranking
from core.tracing.scores import Scores
from core.tracing.selection import RULES
from core.tracing.selection import USUAL as USUAL_RULE

T = TypeVar("T")

LISTED_ANSWERS = 40
MOST_KEPT = 200  # findings: those of some dozens of states and nodes, to which one comes back
MOST_HEAVY = 8  # sessions over a dataset, gradients, traces and scans that go on
LIKELY = 0.01  # probability from which an answer is one that the model goes on with
MEASURED_ROWS = 64  # of the dataset, for how long its rows are


@dataclass
class SessionCache:
    """One session and what was made of it. Whatever is kept is bounded, and what was not used for longest goes first.

    kept: replies to queries, by `answer`, and parts of them; the key says of what. heavy: what holds runs of the model,
    or gradients at all of its nodes. of_model: what is of the model, whatever the inputs: its caches share it."""

    session: Session
    ready: InputsReply
    forward_milliseconds: float
    rows: DatasetRows
    costs: Costs = field(default_factory=Costs)  # of the model
    scores: SessionScores = field(default_factory=SessionScores)
    file_rows: dict[str, tuple[FileRow, ...]] = field(default_factory=dict)  # of files of scores, by their path
    kept: Recent = field(default_factory=lambda: Recent(MOST_KEPT))
    heavy: Recent = field(default_factory=lambda: Recent(MOST_HEAVY))
    of_model: Recent = field(default_factory=lambda: Recent(MOST_HEAVY))
    _bound: tuple[MetricChoice | None, ...] = ()  # the metric that was asked for last

    def answer(self, query: Query, request: Request, find: Callable[[], T]) -> T:
        """The reply to a query, as it was found for what it depends on, or found now."""
        key = self.reply_key(query, request)
        if key not in self.kept:
            self.kept[key] = find()
        reply: T = self.kept[key]
        return reply

    def reply_key(self, query: Query, request: Request) -> Hashable:
        """Names a query's reply: by what it depends on of the document, of the scores that there are, and of the
        selected positions."""
        scores = self.scores_key(request.document) if query.of_scores else None
        positions = request.positions if query.at_positions else ()
        return query, query.depends_on(request.document), scores, positions

    @property
    def rankings(self) -> dict[ScoresKey, Ranking]:
        return self.scores.rankings

    @property
    def partial(self) -> dict[ScoresKey, ScoresKey]:
        """By the key of whole scores, that of what there is of them."""
        return self.scores.partial

    def possible(self, document: Document) -> tuple[Edit, ...]:
        """The edits that can be made now: patches wait for a B, edits at positions for an input that has them."""
        usable = self._usable(document)
        return tuple(edit for edit in document.edits if not usable.waits(edit) and self._reaches(edit))

    def _reaches(self, edit: Edit) -> bool:
        length = self.session.pair.length
        return all(isinstance(place, str) or -length <= place < length for place in edit.places)

    def metric(self, edits: Sequence[Edit], cancelled: Cancel) -> float:
        """The metric with some edits, the mean over the rows. Raises Cancelled."""
        return float(self.session.run(edits, cancelled=cancelled).metric.mean())

    def work(self, choice: TraceChoice, kind: EditKind, rows: tuple[PairSource, ...] = ()) -> Work:
        """A trace of the pair on the cards, or of rows, as its time is told by."""
        return Work(choice, kind, self.session.pair.length, rows)

    def estimates(self, document: Document) -> Estimates:
        """What the time of the next trace is reckoned from."""
        length, graph = self.session.pair.length, self.session.graph
        read = [self.rows.read(row).a for row in document.dataset[:MEASURED_ROWS]]
        lengths = [side.tensor.shape[1] if self.session.model.is_text else length for side in read if side is not None]
        return Estimates(
            self.forward_milliseconds / 1000 / max(length * self.session.pair.batch, 1),
            graph.n_edges,
            graph.n_writers,
            length,
            sum(lengths) / len(lengths) if lengths else 0.0,
            self.cut_kind(document),
            dict(self.costs.seconds),
            dict(self.costs.rates),
        )

    @property
    def metric_key(self) -> str:
        """Names the metric in keys of `kept`."""
        return repr(self.session.metric.metric)

    def asked_key(self, document: Document) -> ScoresKey:
        """Names the scores that a document asks for."""
        choice = self._usable(document).scoring
        return ScoresKey(self.metric_key, self.cut_kind(document), choice, document.traced_rows)

    def scores_key(self, document: Document) -> ScoresKey:
        """Names the scores that stand for a document: those it asks for, what there is of them, or quick estimates; and
        the rule, where it can choose from them."""
        key = self.unruled_key(document)
        if document.rule == USUAL_RULE or key not in self.scores or rule_problem(document.rule, self.scores[key]):
            return key
        ruled = replace(key, rule=document.rule)
        if ruled not in self.scores:
            scores = self.scores[key].with_rule(document.rule)
            self.scores[ruled] = scores
            order = scores.select(len(scores.values)).edges
            self.rankings[ruled] = self.rankings[key].in_order(order).sort()
        return ruled

    def unruled_key(self, document: Document) -> ScoresKey:
        """The same, whatever the rule."""
        asked = self.asked_key(document)
        if asked in self.scores:
            return asked
        return self.partial.get(asked) or replace(asked, choice=ESTIMATES, rows=())

    def take_scores(self, asked: ScoresKey, scores: Scores, share: float) -> None:
        """Keep scores, whole or of a part of the work; the part before goes."""
        before = self.partial.pop(asked, None)
        if before is not None:
            for old in [old for old in self.scores if replace(old, rule=USUAL_RULE) == before]:
                del self.scores[old]
        key = replace(asked, share=share)
        of_metric = self.direction(asked.kind) if asked.choice.file or scores.direction is None else scores.direction
        if scores.direction is None and not asked.choice.file:
            scores = replace(scores, direction=of_metric)
        if scores.rule != USUAL_RULE:  # of a file: the document's rule is what counts
            scores = scores.with_rule(USUAL_RULE)
        if scores.spans:
            self.scores.at_spans[key], scores = scores, scores.union()
        self.scores[key] = scores
        meaning = meaning_of(asked.choice, scores)
        self.rankings[key] = Ranking(
            scores.values,
            meaning,
            scores.direction,
            scores.kept,
            of_metric,
            None if asked.choice.file else scores.measured,
        ).sort()
        if share < 1:
            self.partial[asked] = key

    def direction(self, kind: EditKind) -> Literal[-1, 0, 1] | None:
        """A's direction in the window's metric, of the pair on the cards. kind: what removed edges carry."""
        name = "direction", self.metric_key, kind
        if name not in self.kept:
            self.kept[name] = measured_direction(self.session, kind)
        direction: Literal[-1, 0, 1] | None = self.kept[name]
        return direction

    def cut_kind(self, document: Document) -> EditKind:
        """What a cut puts in, and what estimates are of: B's value only where B can stand beside A."""
        return self._usable(document).cut_kind

    def _usable(self, document: Document) -> Document:
        return document if self.ready.has_counterfactual else replace(document, counterfactual=None)

    def take_metric(self, choice: MetricChoice | None) -> None:
        """Bind the metric, where it is not the one that is bound; where it does not fit, say why and take the session's
        default."""
        if self._bound == (choice,):
            return
        self._bound = (choice,)
        problem, note = "", ""
        metric = None
        row = None if choice is None else METRICS.get(choice.kind)
        if row is not None and row.without_b and not self.ready.has_counterfactual:
            choice = MetricChoice(row.without_b)  # what is left of it; flat at A, which tracing must know
        if choice is not None and choice.kind:
            needs = METRICS.get(choice.kind)
            metric = Metric(
                choice.kind,
                choice.target if needs is not None and (needs.needs_target or needs.of_reference) else None,
                choice.foil if needs is not None and needs.needs_foil else None,
            )
        try:
            self.session.with_metric(metric)
            self.session.metric.check_slope("The window")
        except WirescopeError as error:
            problem = str(error)
            self.session.with_metric(None)
            note = f"Shown instead: {self.session.metric.name}."
        if choice is not None and choice.kind and not problem:
            note = self._unlikely()
        warning, fix = fix_of(choice, self.session.model, self.ready.answers)
        likely = self._likely(choice) if note and choice is not None else None
        note = warning or note
        shown = metric_choice(self.session) if choice is None or not choice.kind else choice
        self.ready = replace(
            self.ready,
            metric_name=self.session.metric.name,
            metric=shown,
            metric_problem=problem,
            metric_note=note,
            metric_fix=fix or likely,
            metric_likely=likely,
            noise_floor=self.session.noise_floor,
        )

    def _unlikely(self) -> str:
        """Words for a metric whose answers are among the likeliest of neither input: it was perhaps made for another
        prompt."""
        session = self.session
        chosen = [*session.metric.target[:1], *session.metric.foil[:1]]
        if not chosen or not self.ready.answers or any(self._is_likely(index) for index in chosen):
            return ""
        likely = ", ".join(f'"{prediction.label}"' for prediction in session.clean.top(3))
        return f"{'Neither answer is' if len(chosen) > 1 else 'This answer is not'} likely here. Likely: {likely}."

    def _is_likely(self, index: int) -> bool:
        """Whether A or B is gone on with by an answer: with a vocabulary of a few names, all are among the first."""
        label = self.session.model.label(index)
        for run in (self.session.clean, self.session.counterfactual):
            if run is None or label not in self.ready.answers:
                continue
            if float(run.answer[0].softmax(dim=-1)[index]) >= LIKELY or label in [best.label for best in run.top(3)]:
                return True
        return False

    def _likely(self, choice: MetricChoice) -> MetricChoice | None:
        """The same metric with what A and B are gone on with; None where both go on alike, and for a model
        without answers."""
        if self.session.model.adapter.shape.output_kind == "embedding":
            return None
        target, foil = self.session.clean.top(1)[0].label, foils_of(self.session)[:1]
        needs = METRICS[choice.kind]
        if needs.needs_foil:
            return replace(choice, target=target, foil=foil[0]) if foil and foil[0] != target else None
        return replace(choice, target=target)


def rule_problem(name: str, scores: Scores, computable: bool = False) -> str:
    """Why circuits cannot be chosen by a rule in the window; empty where they can. computable: where what the
    rule needs is not known yet, but can be found out."""
    rule = RULES[name]
    if name == USUAL_RULE:
        return ""
    ranked = replace(scores, direction=None).ranked()  # no rule looks at it, and what is ranked is then no copy
    if computable and rule.needs == "agreement" and ranked.agreement is None:
        ranked = replace(ranked, agreement=np.ones(len(ranked.weights)))
    if computable and rule.needs == "balance" and ranked.balance is None:
        ranked = replace(ranked, balance=((1, 1.0),))
    why_not = rule.why_not(ranked)
    if not why_not and not rule.nested:
        why_not = f"it takes seconds for each size; in the terminal, `wirescope evaluate --select {name}` does it"
    return why_not


def foils_of(session: Session) -> tuple[str, ...]:
    """Answers to offer for the foil: the likeliest of B first, but for what A is gone on with."""
    if not answers_of(session):
        return ()
    first = session.clean.top(1)[0].label
    counterfactual = session.counterfactual
    best = [each.label for each in (session.clean if counterfactual is None else counterfactual).top(LISTED_ANSWERS)]
    return tuple(dict.fromkeys([*(label for label in best if label != first), *answers_of(session)]))


def answers_of(session: Session) -> tuple[str, ...]:
    """Answers to offer for the metric: class names, or the likeliest tokens."""
    if session.model.class_names:
        return session.model.class_names
    if session.model.adapter.shape.output_kind == "embedding":
        return ()
    labels = [prediction.label for prediction in session.clean.top(LISTED_ANSWERS)]
    counterfactual = session.counterfactual
    if counterfactual is not None:
        labels += [prediction.label for prediction in counterfactual.top(LISTED_ANSWERS)]
    return tuple(dict.fromkeys(labels))


def time_forward(session: Session) -> float:
    """Milliseconds of the model's own forward on A, once warm (the parity check ran it before)."""
    inputs = session.pair.clean.tensor
    started = time.perf_counter()
    with torch.no_grad():
        session.model.adapter.own_answer(inputs).cpu()  # a GPU is still at work when the call returns
    return (time.perf_counter() - started) * 1000
