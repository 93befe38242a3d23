"""Two circuits as the view has them: words of what they are, of what they recover, of why they may differ."""

from __future__ import annotations

import csv
import io

from app.features.compare.queries import OnInputs
from app.messages.compared import Compared
from core.edits import REPLACED
from core.evaluation.circuit_overlap import CircuitOverlap
from core.formatting import counted, pairs_words, share_words
from core.precision_words import precision_words
from core.project.document import Document
from core.project.step_names import metric_words, model_words
from views.canvas.data import MOST_COMPARED
from views.panels.compare.data import ComparisonData, Recovered

WHOSE = "on the first's inputs", "on the second's inputs"


def comparison_data(
    circuits: tuple[Compared, Compared],
    overlap: CircuitOverlap,
    recoveries: tuple[OnInputs, ...],
    waiting: str = "",
    labels: tuple[str, str] = ("input", "logits"),
) -> ComparisonData:
    """recoveries: what is known of what they recover."""
    first, second = circuits
    return ComparisonData(
        first.circuit.graph,
        (first.name, second.name),
        (about_of(first), about_of(second)),
        overlap.both,
        overlap.only_first,
        overlap.only_second,
        overlap.jaccard,
        overlap.chance,
        overlap.nodes,
        (places_of(first), places_of(second)),
        tuple(_recovered(column, circuits, len(recoveries)) for column in recoveries),
        waiting,
        differences_of(circuits, overlap),
        *labels,
    )


def about_of(circuit: Compared) -> str:
    """All that is known of what a circuit is of."""
    lines = [circuit.name, counted(len(circuit.circuit.union()), "edge")]
    document = circuit.document
    if document is None:
        return "\n".join([*lines, "What it was made of is not known"])
    lines += [f"Model: {model_words(document.model)} ({precision_words(document.precision)})"]
    pair = ("A", document.clean), ("B", document.counterfactual)
    lines += [f"{letter}: {side.words}" for letter, side in pair if side is not None]
    lines += [f"Dataset: {pairs_words(len(document.traced_rows))}"] if document.traced_rows else []
    lines += [metric_words(document.metric)] if document.metric is not None else []
    return "\n".join([*lines, f"Removed edges: {REPLACED[document.cut_kind]}"])


def _recovered(column: OnInputs, circuits: tuple[Compared, Compared], columns: int) -> Recovered:
    alone = columns == 1 and all(each.document is not None for each in circuits)
    title = "on the inputs of both" if alone else WHOSE[column.of]
    document = circuits[column.of].document
    assert document is not None
    over = pairs_words(column.pairs) if column.pairs else "one pair"
    tip = f"In {model_words(document.model)}, over {over}, removed edges {REPLACED[document.cut_kind]}."
    if column.problem:
        return Recovered(title, tip=tip, problem=column.problem)
    first, second = (share_words(share) for share in column.shares)
    drawn = [share_words(share) for share in column.random]
    random = drawn[0] if drawn[0] == drawn[1] else " / ".join(drawn)
    return Recovered(title, first, second, random, tip)


def _recovered_words(column: Recovered) -> str:
    if column.problem:
        return f"Not known {column.title}: {column.problem}"
    return (
        f"Recovered {column.title}: {column.first} by the first, {column.second} by the second, {column.random} by "
        "random ones."
    )


def differences_of(circuits: tuple[Compared, Compared], overlap: CircuitOverlap, drawn: bool = True) -> tuple[str, ...]:
    """What may be the reason for a difference, and, of a drawing, what is not drawn."""
    first, second = (each.document for each in circuits)
    notes = []
    if first is not None and second is not None:
        notes += [words for words in _differences(first, second) if words]
    edited = [words for words, side in (("first", first), ("second", second)) if side is not None and side.edits]
    if edited:
        whose = "their steps" if len(edited) == 2 else f"the {edited[0]}'s step"
        notes.append(f"What they recover is without the edits of {whose}.")
    missing = [words for words, side in (("first", first), ("second", second)) if side is None]
    if missing:
        notes.append(f"The file of the {missing[0]} does not say what its inputs were, so nothing is run on them.")
    if any(each.circuit.spans for each in circuits):
        notes.append("Edges that are kept at some positions count as kept everywhere here.")
    total = len(overlap.both) + len(overlap.only_first) + len(overlap.only_second)
    if drawn and total > MOST_COMPARED:
        notes.append(f"Drawn are some {MOST_COMPARED:,} of {total:,} edges, the most important of each kind.")
    return tuple(notes)


def _differences(first: Document, second: Document) -> list[str]:
    models = model_words(first.model), model_words(second.model)
    kinds = first.cut_kind, second.cut_kind
    return [
        f"They are of different models: {models[0]} and {models[1]}." if first.model != second.model else "",
        "They were found for different metrics." if first.metric != second.metric else "",
        f"Removed edges are {REPLACED[kinds[0]]} in the first, {REPLACED[kinds[1]]} in the second."
        if kinds[0] != kinds[1]
        else "",
        "They were found in different precisions." if first.precision != second.precision else "",
    ]


def places_of(circuit: Compared) -> dict[int, int]:
    """The place of each edge among the most important ones, from 1."""
    return {edge: place for place, edge in enumerate(circuit.circuit.union().edges.tolist(), start=1)}


def edges_csv(
    circuits: tuple[Compared, Compared], overlap: CircuitOverlap, recoveries: tuple[OnInputs, ...] = ()
) -> str:
    """Every edge of either circuit: which has it, and its place among the most important of each. The first line is a
    comment (`pandas.read_csv(..., comment="#")` leaves it out): which circuits these are, what they recover, and what
    else differs."""
    out = io.StringIO(newline="")
    columns = [_recovered(column, circuits, len(recoveries)) for column in recoveries]
    words = [
        f"The first: {circuits[0].name}; the second: {circuits[1].name}.",
        *map(_recovered_words, columns),
        *differences_of(circuits, overlap, drawn=False),
    ]
    out.write(f"# {' '.join(' '.join(words).split())}\n")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("edge", "in", "place_in_first", "place_in_second"))
    places = [places_of(each) for each in circuits]
    kinds = ("both", overlap.both), ("first", overlap.only_first), ("second", overlap.only_second)
    for kind, edges in kinds:
        for edge in edges.tolist():
            name = circuits[0].circuit.graph.edge(edge).name
            writer.writerow((name, kind, places[0].get(edge, ""), places[1].get(edge, "")))
    return out.getvalue()
