"""How far a circuit can be trusted, question by question; what is found out is kept when something else
comes in between. Runs in the worker's thread; imports torch."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from app.messages.request import Cancel, ProgressReply, Request, Send
from app.messages.trust import EVALUATING, TrustQuery, TrustReply
from app.presenters.telling import Telling
from app.worker.pairs import dataset_of
from app.worker.session_cache import SessionCache
from app.worker.session_scores import ScoresKey
from app.worker.traces import options_of
from core.errors import ALIKE, ANOTHER, InputError, NothingToRecoverError
from core.evaluation.limits import LEAST_PAIRS
from core.evaluation.report import QUESTIONS
from core.evaluation.subject import Subject
from core.inputs.pair import Dataset
from core.tracing.method import METHODS
from core.tracing.told_options import options_told

PER_PAIR = ("stability", "kinds of pairs")  # questions that take scores of every pair alone


def handle_trust(query: TrustQuery, request: Request, cache: SessionCache, send: Send, cancelled: Cancel) -> None:
    """Answer all questions about the circuit; send the statements as they come. Raises InputError where there is
    nothing to recover, Cancelled."""
    key = cache.scores_key(request.document)
    name = cache.reply_key(replace(query, serial=0), request)
    if name not in cache.heavy:
        cache.heavy[name] = _subject(query, request, cache, key)
    subject: Subject = cache.heavy[name]  # with what it remembers
    report: dict[str, Any] = cache.kept.setdefault(name, {"size": query.size, "edges": len(subject.scores.values)})
    answered: set[str] = report.setdefault("answered", set())

    def tell() -> None:
        said = tuple(s for name in QUESTIONS if name in answered for s in QUESTIONS[name].say(report))
        waiting = tuple(question.title for name, question in QUESTIONS.items() if name not in answered)
        stable = report.get("stability")
        shared = stable["shared"] if isinstance(stable, dict) else None
        send(TrustReply(request.number, query, said, waiting, len(subject.dataset), shared))

    tell()
    runs = {name: 1 if _is_quick(name, subject) else question.runs for name, question in QUESTIONS.items()}
    done = sum(runs[name] for name in answered)
    for name, question in QUESTIONS.items():
        if name in answered:
            continue

        def show(share: float, done: int = done, more: int = runs[name]) -> None:
            send(ProgressReply(request.number, EVALUATING, (done + share * more) / sum(runs.values())))

        show(0.0)
        told = Telling(show)
        if name in PER_PAIR and METHODS[key.choice.method].slow and len(subject.dataset) > 1:
            title = METHODS[key.choice.method].title
            report["stability"] = f"{title} would have to score every pair anew, which takes too long"
        else:
            try:
                report |= question.find(subject, told, cancelled)
            except NothingToRecoverError:
                raise InputError(ALIKE, ANOTHER) from None
        answered.add(name)
        done += runs[name]
        tell()


def _is_quick(name: str, subject: Subject) -> bool:
    """Whether a question takes no time, as it cannot be answered of so few pairs."""
    least = {"stability": 2, "kinds of pairs": LEAST_PAIRS, "hypothesis tests": LEAST_PAIRS}
    return len(subject.dataset) < least.get(name, 0)


def _subject(query: TrustQuery, request: Request, cache: SessionCache, key: ScoresKey) -> Subject:
    scores = cache.scores[key]
    dataset = dataset_of(cache, request.document, key.rows) if key.rows else Dataset([cache.session.pair])
    options = options_told(scores.about) if key.choice.file else options_of(key.choice)
    return Subject(cache.session, scores, dataset, key.kind, query.size, options)
