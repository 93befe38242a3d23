"""The circuit shown as JSON: its edges by rank, what they were ranked by, and what the work was made of. What the
canvas shows beside the circuit is not in it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.presenters.made_of import made_of_document, metric_kind
from app.presenters.notes import noted
from app.presenters.snapshot import Snapshot
from core.circuit import Circuit
from core.edits import Edit
from core.formatting import is_below_noise
from core.graph import Edge
from core.interchange.circuit_json import to_json
from core.interchange.made_of import KEY, MadeOf
from core.precision_words import ROUNDING, precision_entry
from core.tracing.meaning import DIRECTION_IN_FILES, ESTIMATED
from core.tracing.span_unions import at_spans


def circuit_text(shown: Snapshot) -> str:
    """The edges of the circuit with their scores, the best first; while none is chosen, the strongest that are shown,
    which the file says. What was measured of an edge, the change of the metric by its edit, stands beside its score and
    never in its place, with the change that was estimated, minus the score, where that is of the same edit."""
    graph, ranking = shown.opened.graph, None if shown.scored is None else shown.scored.ranking
    if shown.scored is not None and shown.scored.scores is not None and shown.scored.scores.spans:
        content = json.loads(to_json(circuit_shown(shown)))
        return _with_the_work(content, shown, "recovered by the union")
    edges, known = edges_shown(shown)
    floor = 0.0 if shown.ready is None else shown.ready.noise_floor
    circuit = Circuit(graph, edges, None, about_work(shown), groups=shown.document.groups)
    content = json.loads(to_json(noted(circuit, shown.notes, shown.circuit_note)))
    scanned = [False] * len(edges) if ranking is None else ranking.measured[edges].tolist()
    for row, index, score, scan in zip(content["edges"], edges.tolist(), known, scanned, strict=True):
        edge = graph.edge(index)
        change = shown.measured.get(edge)
        row |= {} if score is None else {"score": score}
        if change is not None:  # both as changes of the metric
            row |= {"estimated": -score} if score is not None and not scan and _is_of_the_same(shown, edge) else {}
            row["measured"] = change
            row |= {"below_noise": True} if is_below_noise(change, floor) else {}
    return _with_the_work(content, shown, "recovered")


def _with_the_work(content: dict[str, Any], shown: Snapshot, recovered: str) -> str:
    """A circuit's file, with the edits, what they and the circuit do, and what it is all of. recovered: the name of
    what it recovers."""
    subject = shown.subject
    content["edits"] = [str(edit) for edit in edits_made(shown)]
    if subject.ran is not None:
        content["measured"] = {"before": subject.ran.before, "after": subject.ran.after}
    kept = subject.recovered
    if kept is not None:
        content[recovered] = {
            "share": kept.share,
            "random": kept.random,
            "edges": kept.size,
            "pairs": kept.pairs or 1,
        }
    content[KEY] = made(shown).entries()
    return json.dumps(content, indent=1, ensure_ascii=False)


def circuit_shown(shown: Snapshot) -> Circuit:
    """The same edges with their scores alone; of edges at spans, at those where the circuit keeps them."""
    edges, known = edges_shown(shown)
    scores_at_spans = None if shown.scored is None else shown.scored.scores
    if scores_at_spans is not None and scores_at_spans.spans:
        circuit = replace(at_spans(scores_at_spans, edges), about=about_work(shown))
        return noted(circuit, shown.notes, shown.circuit_note)
    scores = np.array([np.nan if score is None else score for score in known], dtype=np.float64)
    circuit = Circuit(shown.opened.graph, edges, scores, about_work(shown), groups=shown.document.groups)
    return noted(circuit, shown.notes, shown.circuit_note)


def edges_shown(shown: Snapshot) -> tuple[NDArray[np.int64], list[float | None]]:
    """Their numbers, the best first, and their scores where they have some."""
    ranking = None if shown.scored is None else shown.scored.ranking
    if ranking is None:
        return np.zeros(0, dtype=np.int64), []
    edges = ranking.kept(shown.document.size, shown.extent.strongest)
    return edges, ranking.known(edges)


def _is_of_the_same(shown: Snapshot, edge: Edge) -> bool:
    """Whether what was measured of an edge is of the edit that its score estimates: the same one, whole, on the same
    inputs, without others."""
    scored = shown.scored
    if scored is None or scored.from_file or scored.meaning != ESTIMATED:
        return False
    edits = [(edit.target, edit.kind, edit.positions, edit.strength) for edit in edits_made(shown)]
    return edits in ([], [(edge, scored.kind, None, 1.0)])


def about_work(shown: Snapshot) -> dict[str, str]:
    """What a file of the work shown says of it, under "about"."""
    document, scored = shown.document, shown.scored
    rounding = None if shown.ready is None else shown.ready.rounding
    about = {
        "model": document.model,
        **precision_entry(document.precision),
        "clean": "" if document.clean is None else document.clean.words,
        "counterfactual": "" if document.counterfactual is None else document.counterfactual.words,
        "method": "" if scored is None else scored.method,
        "replacement": document.cut_kind if scored is None else scored.kind,
    }
    if scored is not None and scored.meaning.signed and scored.ranking.direction is not None:
        about["direction"] = DIRECTION_IN_FILES[scored.ranking.direction]
    if shown.ready is not None and shown.ready.noise_floor:
        about["noise_floor"] = f"{shown.ready.noise_floor:.3g}"
    if rounding is not None:
        about[ROUNDING] = f"{rounding:.3g}"
    told = {} if scored is None or scored.from_file else scored.about  # what a file says is of the file
    return {**told} | about | shown.subject.about() | metric_kind(made(shown))


def made(shown: Snapshot) -> MadeOf:
    """What the work shown is made of."""
    fits = shown.ready is None or not shown.ready.metric_problem
    return made_of_document(shown.usable, shown.opened, edits_made(shown), fits)


def edits_made(shown: Snapshot) -> tuple[Edit, ...]:
    """Those of the figures shown: a patch waits while B does not fit."""
    return shown.document.edits if shown.ran is None else shown.ran.edits
