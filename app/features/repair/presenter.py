"""Examples and a repair, as the panel has them: rows, counts, the proof in words."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

import numpy as np

from app.features.repair.queries import Answered, Example, Figures, KeptRepair, Share
from core.edits import KINDS, Edit, Target
from core.formatting import counted, percent
from core.graph import Edge, Graph, Reader
from core.project import edit_operations as operations
from core.project.document import Document
from core.project.runs import RunRecord
from core.towers_graph import sizes_of
from views.panels.repair.data import LEVELS, CutRow, ExampleRow, Measured, ResultData

FEW = 30  # held-out examples of a kind: below it the interval is wide
WIDE = 0.1  # of an interval
LEVEL_WORDS = {key: words for key, words, _ in LEVELS}
KINDS_CUT = {"edges": "edge", "nodes": "node", "positions": "node"}
AT_POSITIONS = " at positions", ", each position counted"
MISBEHAVIOUR, ACCURACY = "misbehaviour", "clean accuracy"
UNPROVED = {
    "triggered": "Nothing is proved: there were too few examples to hold any out. Give at least four triggered ones "
    "and four clean ones.",
    "suspicious": "Nothing is proved: there were too few clean examples to hold any out. Give at least four.",
    "clean": "Nothing is proved: there were too few examples to hold any out. Give at least four.",
}
KNOWN = {
    "suspicious": "Misbehaviour is counted on clean inputs that pieces of suspicious ones were put into: a fault that "
    "no such piece wakes is not seen.",
    "clean": "No example of a fault was used: whether one is gone is not known.",
}
UNEVEN = (
    "The clean texts differ in length: the canvas takes means from the nearer end of a text, the repaired model from "
    "its start, so that their figures may differ."
)
TIPS = {
    MISBEHAVIOUR: "Triggered examples that are answered wrongly",
    ACCURACY: "Examples that are not triggered and are answered rightly",
}


def rows_of(
    examples: Sequence[Example], answers: Mapping[tuple[str, str | int], Answered], pictures: bool
) -> tuple[ExampleRow, ...]:
    rows = []
    for example in examples:
        answered = answers.get(example.asks, Answered())
        rows.append(
            ExampleRow(
                example.input,
                str(example.answer),
                example.triggered,
                pictures,
                answered.given,
                answered.right,
                answered.problem,
            )
        )
    return tuple(rows)


def counts_of(rows: Sequence[ExampleRow]) -> tuple[str, ...]:
    """ "16 triggered, 15 of them go wrong · 128 clean, 128 of them right", and shorter ways to say it."""
    if not rows:
        return ("",)
    bad, good = [row for row in rows if row.triggered], [row for row in rows if not row.triggered]
    waits = any(row.right is None and not row.problem for row in rows)
    wrong, right = sum(row.misbehaves for row in bad), sum(row.right is True for row in good)
    parts = [f"{len(bad):,} triggered", f"{len(good):,} clean"]
    full = parts if waits else [f"{parts[0]}, {wrong:,} go wrong", f"{parts[1]}, {right:,} right"]
    unfit = sum(bool(row.problem) for row in rows)
    tail = [f"{unfit:,} cannot be used"] if unfit else []
    return " · ".join([*full, *tail]), " · ".join([*parts, *tail]), " · ".join(tail or parts)


def result_of(made: KeptRepair, stale: str = "") -> ResultData:
    proved = _is_proved(made)
    before, after = made.held_out if proved else made.used
    of = (
        f"On {counted(before.misbehaviour.of + before.accuracy.of, 'example')} that the search has not seen"
        if proved
        else "On the examples that the search has used: no proof"
    )
    cut = counted(len(made.edits), KINDS_CUT.get(made.level, "part"))
    share = made.edges_cut / made.edges if made.edges else 0.0
    at, counts = AT_POSITIONS if made.level == "positions" else ("", "")
    headline = f"{cut} cut{at}, {percent(share, 2)} of all edges{counts}"
    shares = (MISBEHAVIOUR, before.misbehaviour, after.misbehaviour), (ACCURACY, before.accuracy, after.accuracy)
    told = [f"{name} {_rate(one)} → {_rate(other)}" for name, one, other in shares if one.of]
    figures = ", ".join(told)
    return ResultData(
        headline,
        figures,
        f"{of}; found in {made.seconds:.1f} s",
        (
            _measured(MISBEHAVIOUR, before.misbehaviour, after.misbehaviour, less_is_better=True),
            _measured(ACCURACY, before.accuracy, after.accuracy, less_is_better=False),
        ),
        unproved(made),
        tuple(CutRow(target_of(edit), _name(edit), edit.strength) for edit in made.edits),
        _carries(made),
        stale,
    )


def why_not_applied(made: KeptRepair, document: Document) -> str:
    """Why the cuts cannot become edits of the canvas."""
    if any(not isinstance(place, int) or place < 0 for edit in made.edits for place in edit.positions or ()):
        return "Its cuts are at places that differ from input to input: the exported model has them"
    same = operations.repair(document, made.edits, made.means).document == document
    return "The cuts are on the canvas already" if same else ""


def run_of(made: KeptRepair, examples: int, document: Document, graph: Graph) -> RunRecord:
    """The line of the table *Runs*. Its circuit are the edges that are cut, the strongest cuts first."""
    strengths: dict[int, float] = {}
    for edit in made.edits:
        target = target_of(edit)
        edges = [graph.edge_index(target)] if isinstance(target, Edge) else graph.edges_out_of(target)
        for edge in edges:
            strengths[int(edge)] = max(edit.strength, strengths.get(int(edge), 0.0))
    order = sorted(strengths, key=lambda edge: -strengths[edge])
    return RunRecord(
        "repair",
        time.time(),
        document,
        made.edits[0].kind,
        f"Repair, {LEVEL_WORDS.get(made.level, made.level)}",
        "misbehaviour",
        0,
        made.seconds,
        graph=sizes_of(graph),
        edges=np.array(order, dtype=np.int64),
        values=np.array([strengths[edge] for edge in order], dtype=np.float64),
        about={
            "examples": f"{examples:,} examples",
            "budget": percent(made.budget, 2),
            "figures": words_of(made),
        },
    )


def words_of(made: KeptRepair) -> str:
    """What came of it, in a line."""
    result = result_of(made)
    return f"{result.headline}: {result.figures}"


def _name(edit: Edit) -> str:
    return edit.name if edit.positions is None else f"{edit.name} at {', '.join(map(str, edit.positions))}"  # type: ignore[arg-type]


def target_of(edit: Edit) -> Target:
    """What a cut is of: cuts hold no names and no readers."""
    assert not isinstance(edit.target, str | Reader)
    return edit.target


def _is_proved(made: KeptRepair) -> bool:
    before = made.held_out[0]
    return bool(before.accuracy.of and (before.misbehaviour.of or made.knowledge == "clean"))


def _rate(share: Share) -> str:
    return percent(share.count / share.of, 1) if share.of else "not measured"


def _measured(title: str, before: Share, after: Share, less_is_better: bool) -> Measured:
    change = after.count - before.count
    better = None if not change else (change < 0) == less_is_better
    interval = f"{percent(after.low, 1)} to {percent(after.high, 1)}" if after.of else ""
    return Measured(title, TIPS[title], _counted(before), _counted(after), interval, better)


def _counted(share: Share) -> str:
    return f"{share.count:,} of {share.of:,}" if share.of else "not measured"


def unproved(made: KeptRepair) -> tuple[str, ...]:
    """What the figures do not show."""
    lines = []
    before, after = made.held_out
    if not _is_proved(made):
        lines.append(UNPROVED[made.knowledge])
    else:
        shares = (("triggered", after.misbehaviour), ("clean", after.accuracy))
        some = [(name, share) for name, share in shares if share.of]
        few = [f"{share.of:,} {name}" for name, share in some if share.of < FEW or share.high - share.low > WIDE]
        if few:
            lines.append(f"Few examples were held out ({' and '.join(few)}): the intervals are wide.")
    if made.knowledge in KNOWN:
        lines.append(KNOWN[made.knowledge])
    if after.misbehaviour.count:
        wrong = after.misbehaviour
        lines.append(f"The fault is not gone: {wrong.count:,} of {wrong.of:,} held-out examples still go wrong.")
    if _lost(before, after) > made.budget:
        lines.append(f"On held-out examples it costs more clean accuracy than the budget of {percent(made.budget, 1)}.")
    if after.divergence is not None:
        lines.append(
            f"Answers to clean inputs move by {after.divergence:.2g} nats (mean KL from the original), rightly or not."
        )
    if made.repeats:
        lines.append(f"{counted(made.repeats, 'repeat')} of the same input and answer counted once.")
    if made.uneven:
        lines.append(UNEVEN)
    lines.append("Other triggers, inputs of another kind, further training and 8-bit weights were not tried.")
    return tuple(lines)


def _lost(before: Figures, after: Figures) -> float:
    if not before.accuracy.of or not after.accuracy.of:
        return 0.0
    return before.accuracy.count / before.accuracy.of - after.accuracy.count / after.accuracy.of


def _carries(made: KeptRepair) -> str:
    kinds = {edit.kind for edit in made.edits}
    if all(KINDS[kind].takes == "direction" for kind in kinds):
        return "A cut edge carries all that it carried but one direction, which was learned from the examples."
    words = " or ".join(KINDS[kind].puts or KINDS[kind].words for kind in sorted(kinds))
    over = f" over {counted(len(made.means), 'clean example')}" if "mean" in kinds else ""
    return f"A cut part carries {words}{over}."
