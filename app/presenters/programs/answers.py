"""What the tools answer: the worker's replies as JSON, figures with the words that belong to them."""

from __future__ import annotations

from typing import Any

from app.messages.replies import DeltasReply
from app.presenters.programs.host import DocumentReplies
from core.formatting import counted, effect_words, number
from core.project.document import Source


def opened_answer(replies: DocumentReplies) -> dict[str, Any]:
    """The model, what it sees of the inputs, the metric, and what the model says."""
    opened, ready = replies.opened, replies.ready
    problems = [problem for problem in (ready.card_b.problem, ready.metric_problem, ready.metric_note) if problem]
    notes = [note for card in (ready.card_a, ready.card_b) for note in card.notes]
    return {
        "words": f"{opened.title} ({opened.details}) is open, with {counted(opened.graph.n_edges, 'edge')}. "
        + run_sentence(replies),
        "model": opened.name,
        "title": opened.title,
        "details": opened.details,
        "nodes": len(opened.graph.nodes),
        "edges": opened.graph.n_edges,
        "layers": opened.graph.layers,
        "reads": "text" if opened.is_text else "pictures",
        "a": _source(replies.document.clean),
        "b": _source(replies.document.counterfactual),
        "positions": list(ready.labels),
        "parity": ready.parity,
        "metric": {"kind": ready.metric.kind, "target": ready.metric.target, "foil": ready.metric.foil},
        "problems": problems,
        "notes": notes,
        **run_figures(replies),
    }


def run_answer(replies: DocumentReplies) -> dict[str, Any]:
    """The run with the edits that there are."""
    return {"words": run_sentence(replies), **run_figures(replies)}


def run_figures(replies: DocumentReplies) -> dict[str, Any]:
    """Metric and predictions, before the edits and with them, and what each edit does on top of the others."""
    ran, deltas = replies.ran, replies.get(DeltasReply)
    effects = {} if deltas is None else {target.name: value for target, value in deltas.values.items()}
    rows = [
        {
            "answer": row.label,
            "before": row.before,
            "after": row.after,
            "in_b": row.in_b,
            "below_noise": row.below_noise,
        }
        for row in ran.rows
    ]
    return {
        "measured": {
            "metric": ran.metric_name,
            "before": ran.before,
            "after": ran.after,
            "change": ran.after - ran.before,
            "noise_floor": ran.noise_floor,
        },
        "unit": ran.unit,
        "predictions": rows,
        "edits": [str(edit) for edit in ran.edits],
        "waiting_edits": [str(edit) for edit in replies.document.edits if edit not in ran.edits],
        "effects": effects,
    }


def run_sentence(replies: DocumentReplies) -> str:
    """ "logit(" Mary") − logit(" John") is 3.10 → 0.42 (−2.6800) with 1 edit; likeliest: " Mary"." """
    ran = replies.ran
    best = max(ran.rows, key=lambda row: row.after, default=None)
    likely = f"; likeliest: {best.label!r}" if best is not None and ran.unit == "probability" else ""
    if not ran.edits:
        return f"{ran.metric_name} is {number(ran.before, 4)} without edits{likely}."
    change = effect_words(ran.after - ran.before, ran.noise_floor)
    after = f"{number(ran.before, 4)} → {number(ran.after, 4)} ({change})"
    return f"{ran.metric_name} is {after} with {counted(len(ran.edits), 'edit')}{likely}."


def _source(source: Source | None) -> str | None:
    return None if source is None else source.words
