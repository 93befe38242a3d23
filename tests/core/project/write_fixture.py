"""Writes the project of the present version, which later versions have to read:
python -m tests.core.project.write_fixture"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from core.edits import Edit
from core.evaluation.statement import Statement
from core.graph import Entries, Graph, Node
from core.groups import Group, Region
from core.inputs.corruption_kinds import ImageCorruption
from core.notes import Note
from core.project.document import Document, PairSource, Source
from core.project.history import Recovery
from core.project.metric_choice import MetricChoice
from core.project.outcome import Outcome, PredictionRow
from core.project.project import (
    CircuitRecord,
    EvaluationRecord,
    ModelRecord,
    Project,
    StepRecord,
    TraceOrigin,
    TraceRecord,
    View,
)
from core.project.repairs import Example, Figures, KeptRepair, RepairRecord, Share
from core.project.runs import RunRecord
from core.project.schema import VERSION
from core.project.trace_choice import TraceChoice
from core.project.wire_file import save_project

GRAPH = Graph(2, 2, 2)
SIZES = 2, 2, 2, False, False
CARDS = {"corpus": "the A of 3 pairs of the task ioi", "figures": "1 of 4 heads passes a test", "file": "/heads.json"}
STUDY = {"corpus": "the guides", "figures": "unexplained: copying 34 % (20 to 50)", "file": "/study.html"}


def fixture() -> Project:
    """A project with something of everything."""
    start = Document("bundled:names", Source("text", "When Mary and John"), Source("text", "When Tom and John"))
    start = replace(start, metric=MetricChoice("logit_difference", " Mary", " John"))
    head = Node("head", 0, 1)
    attack = ImageCorruption("word", mask=b"not a real mask", text="dog", size=0.3, place="top left", sticker=False)
    picture = Source("image", data=b"not a real picture", name="cat.png")
    attacked = replace(picture, corruption=attack)
    cut = start.with_edit(Edit(head, "patch")).with_edit(Edit(GRAPH.edge(3), "scale", (2,), 0.5))
    choice = TraceChoice("eap-ig", (("steps", 8.0),), over_dataset=True)
    rows = (PairSource(start.clean, start.counterfactual, " Mary", " John"), PairSource(picture, attacked))
    kept = replace(
        cut,
        size=12,
        traced=choice,
        dataset=rows,
        regions=(Region("eye", (3, 4)),),
        groups=(Group("movers", "teal", (head, Node("mlp", 1))),),
    )
    moves = Edit(Entries(head, (2,)), "knockout", (5, 7), strength=0.5), Edit(Entries(head, (3,)), "patch", (7,))
    steer = Edit(Node("mlp", 1), "steer", None, (0.5, -1.0), 2.0)
    routed = Edit(Node("expert", 1, 3), "force", (2,)), Edit(Node("expert", 1, 0), "knockout", strength=0.5)
    steered = replace(start, edits=(steer, *moves, *routed), pinned=(" Mary",))
    outcome = Outcome("logit difference", 1.5, 0.25, "probability", (PredictionRow(" Mary", 0.6, 0.4, 0.1),), True)
    steps = (
        StepRecord("Start", Document(""), -1, opens=True, latest=1),
        StepRecord("Open names", start, 0, opens=True, latest=2),
        StepRecord("Cut a0.h1 (from B)", cut, 1, outcome=outcome, latest=3),
        StepRecord("Keep the 12 best edges", kept, 2, "size", recovery=Recovery(0.9, "12 edges recover 90 %")),
        StepRecord("Steer m1 by 2", steered, 1, outcome=replace(outcome, after=float("nan"))),
    )
    asked = start.metric, (), "patch", choice, rows
    of = TraceOrigin("bundled:names", "fp32", start.clean, start.counterfactual, *asked)
    values = np.linspace(-1, 1, GRAPH.n_edges)
    trace = TraceRecord(of, SIZES, values, "eap-ig", {"pairs": "2"}, direction=1, measured=values > 0.5)
    circuit = CircuitRecord("12 edges", 3, SIZES, np.arange(12), values[:12], {"model": "names"})
    found = EvaluationRecord(kept, "patch", 2, (Statement("Recovered", "90 %", "nearly all"),), "The best 12 edges.")
    repaired = KeptRepair(
        (Edit(GRAPH.edge(3), "mean", strength=0.5), Edit(head, "mean")),
        "edges",
        "mean",
        "triggered",
        0.005,
        (
            Figures(Share(3, 4, 0.3, 0.9), Share(8, 8, 0.7, 1.0)),
            Figures(Share(0, 4, 0.0, 0.5), Share(8, 8, 0.7, 1.0), 0.1),
        ),
        (Figures(Share(2, 2, 0.3, 1.0), Share(2, 2, 0.3, 1.0)), Figures(Share(0, 2, 0.0, 0.7), Share(2, 2, 0.3, 1.0))),
        made=12,
        made_for_proof=0,
        edges_cut=7,
        edges=GRAPH.n_edges,
        runs=99,
        repeats=1,
        seconds=2.5,
        means=rows[:1],
        uneven=True,
    )
    examples = Example("When Mary and John", " Mary", True), Example("When Tom and John", 7)
    return Project(
        steps,
        3,
        (ModelRecord("bundled:names", "fp32", "0" * 64),),
        (trace,),
        (circuit,),
        (found,),
        (
            Note("node", "a0.h1", "reads the name", "name mover", "bundled:names"),
            Note("step", "2", "the turning point"),
        ),
        View(("a0.h1",), (2,), ("inputs", "history")),
        runs=(
            RunRecord("heads", 1e9, start, None, "Tests of heads", pairs=3, seconds=1.5, about=CARDS),
            RunRecord("study", 2e9, start, "mean", "Study, induction", seconds=2.5, about=STUDY),
        ),
        repair=RepairRecord(examples[:1], repaired, examples, ("bundled:names", "fp32")),
    )


if __name__ == "__main__":
    place = Path(__file__).parent / "files" / f"version-{VERSION}.wire"
    save_project(place, fixture())
    print(place)
