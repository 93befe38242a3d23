"""`wirescope compare`: how far two traces of one model agree."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

import numpy as np

from app.cli.output import say, say_json, tell
from app.cli.rule_options import add_rule_option
from app.cli.tables import aligned
from core.errors import ArgumentError, InputError
from core.formatting import percent
from core.precision_words import precision_told, precision_words
from core.tracing.selection import RULES, USUAL

if TYPE_CHECKING:
    from core.tracing.scores import Scores

SAID = (
    "model",
    "precision",
    "weights",
    "method",
    "replacement",
    "task",
    "dataset",
    "pairs",
    "metric",
    "partial",
    "chosen by",
)


WORDS = "say how far two traces agree"
EXAMPLES = "wirescope compare circuit.json mean.json --size 40"


def add_options(compare: argparse.ArgumentParser) -> None:
    compare.add_argument("files", nargs=2, metavar="FILE", help="what `wirescope trace`, the window or EAP-IG wrote")
    compare.add_argument("--size", type=int, action="append", help="edges of the circuits; several times for several")
    add_rule_option(compare, "each file's own, else top")
    compare.add_argument("--json", action="store_true", help="print JSON")
    compare.set_defaults(do=compare_command)


def compare_command(options: argparse.Namespace) -> int:
    from core.evaluation.agreement import agreement
    from core.evaluation.faithfulness import FRACTIONS, sizes_of

    (one, other), circuit = _read(*options.files)
    sizes = options.size or [size for size in sizes_of(one.graph.n_edges, FRACTIONS[:-1]) if size < circuit]
    if not options.size and circuit < one.graph.n_edges:
        sizes.append(circuit)
    for size in sizes:
        if not 1 <= size <= one.graph.n_edges:
            raise ArgumentError(f"A circuit of this graph has 1 to {one.graph.n_edges:,} edges, not {size:,}.")
    if options.select is not None:
        one, other = (scores.with_rule(options.select) for scores in (one, other))
        for scores, path in zip((one, other), options.files, strict=True):
            RULES[options.select].check(scores.ranked(), f"in {path}")
    agreements = [agreement(one, other, size) for size in sizes]
    report: dict[str, Any] = {
        "traces": [_about(path, scores) for path, scores in zip(options.files, (one, other), strict=True)],
        "edges": one.graph.n_edges,
        "rank correlation": agreements[0].rank_correlation if circuit == one.graph.n_edges else None,
        "circuits": [
            {"edges": each.size, "overlap": each.overlap, "by chance": each.chance, "same sign": each.same_sign}
            for each in agreements
        ],
        "notes": _notes(one, other),
    }
    for note in report["notes"]:
        tell(note)
    if options.json:
        say_json(report)
    else:
        say(_words(report))
    return 0


def _read(first: str, second: str) -> tuple[tuple[Scores, Scores], int]:
    """Both, and the number of edges that can be compared: of the smaller circuit, where a file is one. An EAP-IG file
    does not say which heads share keys and values: the other one's graph tells. Raises InputError."""
    from core.interchange.scores_files import difference
    from core.interchange.scores_reading import read_scores

    files = read_scores(first), read_scores(second)
    one, other = (file.scores for file in files)
    for scores, path in ((one, first), (other, second)):
        if scores.level != "edges":
            raise InputError(f"{path} holds scores of {scores.level}; scores of edges are compared.", "Trace edges.")
    shared = (one.graph.layers, one.graph.heads) == (other.graph.layers, other.graph.heads)
    if shared and "EAP-IG" in (one.about.get("source"), other.about.get("source")):
        graph = min((one.graph, other.graph), key=lambda graph: graph.kv_heads)
        one, other = read_scores(first, graph).scores, read_scores(second, graph).scores
    if one.graph != other.graph:
        names = [scores.about.get("model", "a model without a name") for scores in (one, other)]
        raise InputError(
            f"These files are of different models, {names[0]} and {names[1]}: {difference(one.graph, other.graph)}.",
            "Compare traces of one model.",
        )
    return (one, other), min(file.size or one.graph.n_edges for file in files)


def _about(path: str, scores: Scores) -> dict[str, Any]:
    whole = {**scores.about, "method": scores.method, "replacement": scores.replacement, "chosen by": scores.rule}
    return {"file": path} | {key: whole[key] for key in SAID if key in whole}


def _notes(one: Scores, other: Scores) -> list[str]:
    """What may be the reason for a difference that is none of the circuits."""
    notes = []
    for key, words in (("model", "of different models of one shape"), ("metric", "for different metrics")):
        if one.about.get(key, "") != other.about.get(key, "") and one.about.get(key) and other.about.get(key):
            notes.append(f"The traces are {words}: {one.about[key]} and {other.about[key]}.")
    precisions = [precision_words(precision_told(scores.about)) for scores in (one, other)]
    if len(set(precisions)) > 1:
        notes.append(f"The edges were scored in different precisions: {' and '.join(precisions)}.")
    if one.rule != other.rule:
        notes.append(f"The circuits are chosen by different rules: {one.rule} and {other.rule}.")
    if one.replacement != other.replacement:
        notes.append(f"The scores are for different ablations: {one.replacement} and {other.replacement}.")
    for which, scores in (("first", one), ("second", other)):
        if scores.signed and scores.direction is None:
            notes.append(f"The {which} file names no direction: its highest scores are taken for the best.")
        if missing := int(np.isnan(scores.values).sum()):
            notes.append(f"{missing:,} edges of the {which} trace have no score: they count as its lowest.")
    return notes


def _words(report: dict[str, Any]) -> str:
    lines = []
    for trace in report["traces"]:
        source = trace.get("task") or trace.get("dataset")
        parts = [trace["method"], f"for {trace['replacement']} ablation"]
        parts += [f"{trace['pairs']} pairs" + (f" of {source}" if source else "")] if "pairs" in trace else []
        parts += [f"edges chosen by {trace['chosen by']}"] if trace.get("chosen by", USUAL) != USUAL else []
        parts += [trace["metric"]] if "metric" in trace else []
        parts += [f"PARTIAL: {trace['partial']}"] if "partial" in trace else []
        lines.append(f"{trace['file']}: {', '.join(parts)}")
    lines += [
        "the order of all edges cannot be compared: one file is a circuit alone"
        if report["rank correlation"] is None
        else f"rank correlation of all {report['edges']:,} edges: {report['rank correlation']:+z.3f} (Spearman)",
        "",
    ]
    rows = [("edges", "overlap", "by chance", "same sign")]
    for each in report["circuits"]:
        figures = f"{each['edges']:,}", f"{each['overlap']:.2f}", f"{each['by chance']:.3f}"
        rows.append((*figures, percent(each["same sign"])))
    lines += [
        *aligned(rows, ">>>>"),
        "",
        "overlap: edges in both of the best circuits of that size / edges in either; by chance: of random circuits;",
        "same sign: of the edges in both",
    ]
    return "\n".join(lines)
