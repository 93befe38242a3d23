"""The scores of all edges and the predictions as files: JSON, and CSV with a row for each. What they are of stands in
every row of a CSV file, since rows get cut out and pasted."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from app.presenters.exported_circuit import about_work, circuit_shown, edits_made, made
from core.circuit import Circuit
from core.graph import Edge
from core.interchange.made_of import KEY

if TYPE_CHECKING:
    from app.presenters.snapshot import Snapshot
    from core.tracing.scores import Scores

NO_SCORES = "The edges have no scores yet."
NO_RUN = "The predictions of what is shown are not there yet."
OF_SCORES = ("model", "method", "over", "metric", "replacement", "partial")  # of `about`, in every row
OF_RUN = ("model", "clean", "counterfactual", "metric")


def scores_json(shown: Snapshot) -> str:
    """As `wirescope trace` writes them, so that `evaluate` and `compare` read them; with the pairs."""
    from core.interchange.scores_files import scores_to_json  # here: it takes torch with it

    assert shown.scored is not None
    assert shown.scored.scores is not None
    scores = replace(shown.scored.scores, about=about_work(shown))
    work = made(shown)
    content = json.loads(scores_to_json(scores, work.rows))
    content[KEY] = work.entries()
    return json.dumps(content, ensure_ascii=False)


def scores_csv(shown: Snapshot) -> str:
    """All edges in the graph's order: score, measured change, whether the circuit keeps it."""
    scored, graph, about = shown.scored, shown.opened.graph, about_work(shown)
    assert scored is not None
    if scored.scores is not None and scored.scores.spans:
        return _csv_at_spans(shown, scored.scores)
    kept = np.zeros(graph.n_edges, dtype=bool)
    if shown.document.size is not None:
        kept[scored.ranking.kept(shown.document.size)] = True
    changes = {graph.edge_index(edge): change for edge, change in shown.measured.items() if isinstance(edge, Edge)}
    every = np.arange(graph.n_edges)
    names = [graph.edge(index).name for index in every.tolist()]
    rows = zip(names, scored.ranking.known(every), [changes.get(i) for i in every.tolist()], kept.tolist(), strict=True)
    head = ("edge", "score", "measured", "kept")
    return _csv(head, [(*row[:3], int(row[3])) for row in rows], about, OF_SCORES)


def _csv_at_spans(shown: Snapshot, scores: Scores) -> str:
    """The same of every edge at every span. What was measured is of edges at all positions, so none stands here."""
    every, spans = np.arange(scores.values.size), len(scores.spans)
    kept = np.zeros(len(every), dtype=bool)
    if shown.document.size is not None:
        kept[circuit_shown(shown).parts] = True
    names = Circuit(scores.graph, every // spans, spans=scores.spans, at=every % spans).names
    values = scores.values.ravel().tolist()
    rows = zip(names, (None if score != score else score for score in values), kept.tolist(), strict=True)
    head = ("edge", "score", "measured", "kept")
    return _csv(head, [(name, score, None, int(keep)) for name, score, keep in rows], about_work(shown), OF_SCORES)


def predictions_json(shown: Snapshot) -> str:
    """With the keys that `wirescope run --json` prints, and what they are of."""
    ran, about = shown.ran, about_work(shown)
    assert ran is not None
    content = {
        "model": about["model"],
        "clean": about["clean"],
        "counterfactual": about["counterfactual"] or None,
        "metric": ran.metric_name,
        "edits": [str(edit) for edit in edits_made(shown)],
        "before": ran.before,
        "after": ran.after,
        "unit": ran.unit,
        "predictions": [
            {"answer": row.label, "before": row.before, "after": row.after, "in B": row.in_b} for row in ran.rows
        ],
        KEY: made(shown).entries(),
    }
    return json.dumps(content, indent=1, ensure_ascii=False)


def predictions_csv(shown: Snapshot) -> str:
    """A row an answer."""
    ran = shown.ran
    assert ran is not None
    about = about_work(shown) | {"edits": "; ".join(str(edit) for edit in edits_made(shown)), "unit": ran.unit}
    rows = [(row.label, row.before, row.after, row.after - row.before, row.in_b) for row in ran.rows]
    return _csv(("answer", "before", "after", "change", "in B"), rows, about, (*OF_RUN, "edits", "unit"))


def _csv(head: Sequence[str], rows: Sequence[Sequence[object]], about: dict[str, str], keys: Sequence[str]) -> str:
    told = [key for key in keys if about.get(key)]
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow((*head, *told))
    of = tuple(about[key] for key in told)
    writer.writerows(("" if cell is None else cell for cell in (*row, *of)) for row in rows)
    return out.getvalue()
