"""Tracing circuits, and what is known of them."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from app.messages.recovered import RecoveredQuery, RecoveredReply
from app.messages.replies import RecoveryReply, ScoresReply
from app.messages.trust import TrustQuery, TrustReply
from app.presenters.programs.answers import run_sentence
from app.presenters.programs.host import DocumentReplies, Host, find_of_step
from core.door.tool import Answer, Call, Parameters
from core.edits import REPLACED
from core.errors import ArgumentError
from core.evaluation.verdict import verdict
from core.formatting import best_edges, counted, pairs_words, share_words
from core.project.change import Change
from core.project.document import Document
from core.project.trace_choice import TraceChoice
from core.tracing.method import method_named
from core.tracing.options import CIRCUITS
from core.tracing.told_options import Options

MOST_EDGES = 20_000  # of one answer or one call
Size = Annotated[int, Meta(ge=1, le=100_000_000)]
Name = Annotated[str, Meta(max_length=100)]
Option = Annotated[float, Meta(ge=-1e9, le=1e9)]
_serials = count(1)


class Trace(Parameters, frozen=True, kw_only=True):
    """How edges are scored, and how many of the best are listed."""

    method: Annotated[
        str, Meta(max_length=64, description="a name of `wirescope methods`, such as eap-ig or exact")
    ] = "eap-ig"
    top: Annotated[int, Meta(ge=1, le=MOST_EDGES)] = 20
    options: Annotated[dict[Name, Option], Meta(max_length=32, description='what the method is told: {"steps": 5}')] = (
        msgspec.field(default_factory=dict)
    )
    over_dataset: Annotated[bool, Meta(description="score the pairs of the dataset, not A and B alone")] = False
    anyway: Annotated[bool, Meta(description="also where it takes more memory than is free")] = False


class Keep(Parameters, frozen=True, kw_only=True):
    """The circuit that is shown."""

    size: Annotated[Size | None, Meta(description="edges of the circuit, the best ones; null: none is chosen")]


class Evaluate(Parameters, frozen=True, kw_only=True):
    """Of which circuit: the best so many edges, or these; of none of both, the one that is kept."""

    size: Size | None = None
    edges: Annotated[list[Name], Meta(max_length=MOST_EDGES, description="a9.h6->a10.h7<q> and so on")] = msgspec.field(
        default_factory=list
    )
    draws: Annotated[int, Meta(ge=1, le=100, description="random circuits of as many edges beside it")] = 10
    seed: Annotated[int, Meta(ge=0, lt=2**31)] = 0


class Trust(Parameters, frozen=True, kw_only=True):
    """Of which circuit: the best so many edges; else the one that is kept."""

    size: Size | None = None


def trace(host: Host, told: Trace, call: Call) -> Answer:
    """Score all edges, as a step of the history, and measure what the best of them recover."""
    method = method_named(told.method)
    if not set(CIRCUITS) & set(method.levels):
        raise ArgumentError(f"{method.title} scores no edges.", "Take another method, for example eap-ig.")
    if told.over_dataset and not host.document().dataset:
        raise ArgumentError("There is no dataset.", "Give one with the tool open.")
    options = Options(**told.options).values
    choice = TraceChoice(method.name, options, told.over_dataset)
    host.find(call)  # what is wrong with the inputs is said before anything is made of them
    words = f"Trace by {method.title}{' over the dataset' if told.over_dataset else ''}"
    words = host.trace(words, choice, told.anyway)
    return {"step": words, **_traced(find_of_step(host, words, call, trace=True), told.top)}


def keep(host: Host, told: Keep, call: Call) -> Answer:
    """Keep the best so many edges as the circuit that is shown, as a step of the history."""
    words = "Show the strongest edges" if told.size is None else f"Keep {best_edges(told.size)}"

    def operation(document: Document) -> Change | None:
        changed = replace(document, size=told.size)
        return Change(words, changed) if changed != document else None

    return {"step": host.change(operation), "size": told.size, "words": f"{words}. {run_sentence(host.find(call))}"}


def evaluate(host: Host, told: Evaluate, call: Call) -> Answer:
    """Run a circuit, and random ones of its size."""
    if told.size is not None and told.edges:
        raise ArgumentError("A circuit is given by its size or by its edges.", "Give one of both.")
    size = 0 if told.edges else _size(host, told.size)
    query = RecoveredQuery(serial=next(_serials), size=size, edges=tuple(told.edges), draws=told.draws, seed=told.seed)
    return _recovered(host.find(call, (query,)).of(RecoveredReply))


def explain_trust(host: Host, told: Trust, call: Call) -> Answer:
    """Ask all that is asked of a circuit in the panel Trust."""
    query = TrustQuery(next(_serials), _size(host, told.size))
    reply = host.find(call, (query,)).of(TrustReply)
    lines = verdict(reply.statements) if reply.statements else ()
    statements = [
        {
            "question": each.title,
            "figure": each.figure,
            "words": each.words,
            "detail": each.detail,
            "against": each.tone == "against",
            "unknown": each.tone == "unknown",
        }
        for each in reply.statements
    ]
    return {
        "words": " ".join(line.words for line in lines) or "Nothing can be said of this circuit.",
        "size": query.size,
        "pairs": reply.pairs,
        "verdict": [{"words": line.words, "against": line.against} for line in lines],
        "statements": statements,
        "unanswered": [each.title for each in reply.statements if each.tone == "unknown"] + list(reply.waiting),
    }


def _size(host: Host, given: int | None) -> int:
    """Raises ArgumentError where no circuit is chosen."""
    size = host.document().size if given is None else given
    if not size:
        raise ArgumentError("No circuit is chosen.", "Give its size, or choose it with the tool keep.")
    return size


def _traced(replies: DocumentReplies, top: int) -> dict[str, Any]:
    scored, recovered = replies.of(ScoresReply), replies.get(RecoveryReply)
    ranking, graph = scored.ranking, replies.opened.graph
    best = ranking.kept(top)
    scores = zip(best.tolist(), ranking.known(best), ranking.measured[best].tolist(), strict=True)
    edges = [
        {"edge": graph.edge(index).name, "score": score, "measured": measured} for index, score, measured in scores
    ]
    over = pairs_words(scored.pairs) if scored.pairs else "this pair"
    head = f"{scored.title} over {over}, {REPLACED[scored.kind]}: {graph.n_edges:,} edges, scores {scored.meaning.how}"
    head += f" ({scored.meaning.words})." if scored.meaning.words else "."
    answer: dict[str, Any] = {
        "method": scored.method,
        "title": scored.title,
        "replacement": scored.kind,
        "pairs": scored.pairs or 1,
        "share_done": scored.share,
        "scores_are": scored.meaning.how,
        "direction": ranking.direction,
        "edges": edges,
    }
    if recovered is None:
        return {"words": head, **answer}
    words = (
        f" The best {counted(recovered.size, 'edge')} recover {share_words(recovered.share)} of the metric, as many "
        f"random ones {share_words(recovered.random)}; {share_words(1 - recovered.share)} stay unexplained."
    )
    if recovered.missed:
        words += f" No circuit of up to {recovered.tried:,} edges recovers {share_words(recovered.missed)}."
    figures = {
        "size": recovered.size,
        "share": recovered.share,
        "random": recovered.random,
        "unexplained": 1 - recovered.share,
    }
    return {"words": head + words, **answer, "recovered": figures}


def _recovered(reply: RecoveredReply) -> dict[str, Any]:
    lowest, highest = min(reply.random), max(reply.random)
    mean = sum(reply.random) / len(reply.random)
    words = (
        f"{counted(reply.size, 'edge')} of {reply.edges:,} recover {share_words(reply.share)} of the metric, the rest "
        f"{REPLACED[reply.kind]}; {counted(len(reply.random), 'random circuit')} of that size "
        f"{share_words(lowest)} to {share_words(highest)}. {share_words(1 - reply.share)} stay unexplained."
    )
    if reply.band is None:
        words += " Over one pair there is no interval over inputs: trace over a dataset for one."
    else:
        low, high = reply.band
        words += f" Over {pairs_words(reply.pairs)} the interval is {share_words(low)} to {share_words(high)} (95 %)."
    return {
        "words": words,
        "size": reply.size,
        "connected": reply.connected,
        "edges": reply.edges,
        "recovered": reply.share,
        "unexplained": 1 - reply.share,
        "random": {"mean": mean, "lowest": lowest, "highest": highest, "draws": len(reply.random)},
        "interval": None if reply.band is None else list(reply.band),
        "pairs": reply.pairs,
        "replacement": reply.kind,
        "measured": {"circuit": reply.metric, "whole": reply.whole, "nothing": reply.nothing},
    }
