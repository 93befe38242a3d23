"""Runs as lines of the table, and as circuits to compare."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from app.messages.compared import Compared
from core.edit_kinds import EDIT_WORDS
from core.formatting import counted, number, percent
from core.graph import Graph
from core.precision_words import USUAL_PRECISION, precision_words
from core.project.document import Document
from core.project.runs import CURVE, OVER, ResultKind, RunKind, RunRecord
from core.project.step_names import model_words
from views.panels.runs.data import RunRow

KINDS = {
    "trace": "Trace",
    "evaluation": "Evaluation",
    "scan": "Scan",
    "repair": "Repair",
    "heads": "Heads",
    "study": "Study",
}
NO_CIRCUIT = {
    "trace": "This trace came to no circuit: it scored nodes, or its edges are not kept any more",
    "evaluation": "The circuit of this evaluation is not kept any more",
    "scan": "A scan measures single edges, and comes to no circuit",
    "repair": "The cuts of this repair are not kept any more",
    "heads": "Cards of heads come to no circuit",
    "study": "A study comes to no circuit",
}
NOT_CHOSEN = {
    "trace": "This trace scored all edges, and no size of a circuit was chosen: show it, and choose one",
    "evaluation": "This evaluation ran circuits of several sizes, and none was chosen: show it, and choose a size",
}
OTHER_PAIRS = "It went over pairs of its own: queue it again, by Edit > "
QUEUE_AGAIN = {
    "trace": f"{OTHER_PAIRS}Trace Many Pairs",
    "evaluation": f"{OTHER_PAIRS}Evaluate Over Many Pairs",
}
NO_RERUN = {
    "repair": "A repair needs its examples: find the cuts in the panel Repair",
    "heads": f"{OTHER_PAIRS}Measure Heads Over Many Pairs",
    "study": "Queue it again: its dialog is in the menu Edit",
}
SHOWN_AS: Mapping[RunKind, ResultKind] = {"heads": "heads", "study": "page"}  # runs that have a file to be opened
LONGEST = 40  # letters of a prompt


def row_of(place: int, record: RunRecord, present: Document) -> RunRow:
    """One line. place: among all runs."""
    document = record.document
    usual = document.precision == USUAL_PRECISION
    model = model_words(document.model) + ("" if usual else f" ({precision_words(document.precision)})")
    words = (
        when_words(record.when),
        KINDS[record.kind],
        record.by,
        "" if record.size is None else f"{record.size:,}",
        _figure(record.cpr),
        _figure(record.cmd),
        "" if record.size_at_80 is None else f"{record.size_at_80:,}",
        "" if record.stability is None else percent(record.stability),
        _figure(record.seconds, 1),
        short(record.data),
        record.options,
        "" if record.replacement is None else EDIT_WORDS.get(record.replacement, record.replacement),
        record.metric,
        model,
    )
    figures = record.size, record.cpr, record.cmd, record.size_at_80, record.stability, record.seconds
    keys = (record.when, *words[1:3], *figures, *words[9:])
    circuit = record.circuit
    return RunRow(
        place,
        words,
        keys,
        "" if circuit is not None else _why_no_circuit(record),
        "" if circuit is None else shape_words(circuit.graph),
        record.kind not in SHOWN_AS and (document.circuits, document.size) == (present.circuits, present.size),
        tip_of(record),
        (QUEUE_AGAIN if record.of_other_pairs else NO_RERUN).get(record.kind, ""),
    )


def _why_no_circuit(record: RunRecord) -> str:
    """Of a run that came to none; one over pairs of its own came to scores, and a size may not have been chosen."""
    all_sizes = record.of_other_pairs and record.document.size is None
    return (NOT_CHOSEN if all_sizes and record.kind in NOT_CHOSEN else NO_CIRCUIT)[record.kind]


def when_words(when: float) -> str:
    """On the clock of this machine: the time of today, else the day with it."""
    moment, today = datetime.fromtimestamp(when), datetime.now().date()
    return f"{moment:%H:%M:%S}" if moment.date() == today else f"{moment:%Y-%m-%d %H:%M}"


def _figure(value: float | None, digits: int = 2) -> str:
    return "" if value is None else number(value, digits)


def short(words: str) -> str:
    return words if len(words) <= LONGEST else f"{words[: LONGEST - 1]}…"


def tip_of(record: RunRecord) -> str:
    """All of a run's inputs, and what it left open."""
    document = record.document
    sides = [
        f"{letter}: {side.words}"
        for letter, side in zip("AB", (document.clean, document.counterfactual), strict=True)
        if side
    ]
    if record.kind in OVER:
        return "\n".join(f"{name}: {words}" for name, words in record.about.items())
    over = [f"Over {record.data}{'' if record.of_other_pairs else ' of the dataset'}"] if record.pairs else []
    none = ["No small circuit was found: its edges are the best that were tried"]
    none = none if record.kind == "trace" and record.size is not None and document.size is None else []
    unknown = ["No curve was run of its scores, so CPR, CMD and the size at 80 % are not known"]
    curve = [f"Recovered: {record.about[CURVE]}"] if CURVE in record.about else []
    return "\n".join(
        [*sides, *over, *curve, *none, *(unknown if record.cpr is None and record.size is not None else [])]
    )


def shape_words(graph: Graph) -> str:
    """ "12 layers of 12 heads"."""
    keys = "" if graph.kv_heads == graph.heads else f" ({graph.kv_heads} with keys)"
    return f"{graph.layers} layers of {graph.heads} heads{keys}"


def compared(record: RunRecord) -> Compared:
    """A run's circuit, to be compared. It has one."""
    circuit = record.circuit
    assert circuit is not None
    words = [f"{record.by}, {counted(len(circuit), 'edge')}", model_words(record.document.model), short(record.data)]
    name = " · ".join(part for part in words if part)
    return Compared(name, circuit, record.document)
