"""Projects of every kind, for hypothesis."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from typing import get_args

import numpy as np
from hypothesis import strategies as st

from core.edit_kinds import ABLATIONS, KINDS
from core.edits import WEIGHT_KINDS, Edit, EditTarget
from core.evaluation.statement import Statement
from core.graph import Entries, Graph, Node
from core.groups import Group
from core.inputs.corruption_kinds import IMAGE_KINDS, PLACES, ImageCorruption
from core.notes import About, Note
from core.project.curves import CurveRecord
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
from core.project.runs import RunKind, RunRecord
from core.project.trace_choice import TraceChoice
from core.tracing.selection import RULES

GRAPHS = Graph(2, 2, 1), Graph(1, 3, 3, parallel=True), Graph(2, 2, 2, coupled=True)
TEXTS = st.text(max_size=12)
FIGURES = st.floats()
FINITE = st.floats(allow_nan=False, allow_infinity=False)
SHARES = st.floats(0, 1)

corruptions = st.builds(
    ImageCorruption,
    st.sampled_from(IMAGE_KINDS),
    st.lists(st.integers(0, 300), max_size=3).map(tuple),
    st.integers(-5, 5),
    st.binary(max_size=5) | st.sampled_from(["/no/such/picture.png"]),
    text=TEXTS,
    size=st.floats(0.01, 1),
    place=st.sampled_from(PLACES),
    sticker=st.booleans(),
) | st.builds(ImageCorruption, st.just("inpaint"), mask=st.binary(max_size=5) | st.just("/no/such/mask.png"))
sources = st.builds(Source, st.just("text"), TEXTS) | st.builds(
    Source,
    st.just("image"),
    path=st.just(""),
    data=st.binary(min_size=1, max_size=20),
    name=TEXTS,
    corruption=st.none() | corruptions,
)
metrics = st.none() | st.builds(MetricChoice, TEXTS, TEXTS, TEXTS)
choices = st.builds(
    TraceChoice,
    TEXTS,
    st.dictionaries(st.sampled_from(["steps", "seed", "of_a_plugin"]), FINITE, max_size=2).map(
        lambda options: tuple(options.items())
    ),
    st.booleans(),
    TEXTS,
    st.sampled_from(["edges", "nodes", "positions", "edge-spans"]),
)
rows = st.lists(st.builds(PairSource, sources, st.none() | sources, TEXTS, TEXTS), max_size=3).map(tuple)
LAYOUT = {
    "front": st.just(("table",)),
    "sizes": st.dictionaries(TEXTS, st.tuples(st.floats(0, 1), st.floats(0, 1)), max_size=2),
    "level": st.sampled_from(["components", "positions"]),
    "eye": st.none() | st.tuples(st.floats(0.1, 100), st.floats(-10, 10), st.floats(-10, 10)),
}


@st.composite
def edits(draw: st.DrawFn) -> Edit:
    graph = draw(st.sampled_from(GRAPHS))
    target: EditTarget = draw(st.sampled_from([*graph.writers, *graph.edges]))
    kind = draw(st.sampled_from([kind for kind, row in KINDS.items() if not row.of_parts]))
    if draw(st.integers(0, 5)) == 0:
        kind = draw(st.sampled_from(WEIGHT_KINDS))
        keys = st.lists(st.integers(-9, 9) | st.sampled_from(["subject"]), min_size=1, max_size=3).map(tuple)
        target = Entries(Node("head", draw(st.integers(0, 1)), draw(st.integers(0, 1))), draw(keys))
    takes = KINDS[kind].takes
    value = {
        "number": FINITE,
        **dict.fromkeys(("vector", "direction"), st.lists(FINITE, min_size=1, max_size=4).map(tuple)),
        "nothing": st.none(),
    }[takes]
    places = st.none() | st.lists(st.integers(-9, 9) | st.sampled_from(["subject"]), min_size=1, max_size=3).map(tuple)
    strength = FINITE if KINDS[kind].repeats else SHARES
    return Edit(target, kind, draw(places), draw(value), draw(strength), draw(st.integers(0, 9)))


SIDES = st.builds(lambda share: Share(3, 4, share, share), SHARES) | st.just(Share(0, 0, math.nan, math.nan))
PROVED = st.builds(Figures, SIDES, SIDES, st.none() | st.floats(0, 99))
EXAMPLES = st.lists(st.builds(Example, TEXTS, TEXTS | st.integers(0, 99), st.booleans()), max_size=3).map(tuple)
kept_repairs = st.builds(
    KeptRepair,
    st.lists(edits(), min_size=1, max_size=3).map(tuple),
    st.sampled_from(["edges", "nodes", "positions"]),
    st.sampled_from(ABLATIONS),
    st.sampled_from(["triggered", "suspicious", "clean"]),
    st.floats(0.001, 0.99),
    st.tuples(PROVED, PROVED),
    st.tuples(PROVED, PROVED),
    st.integers(0, 99),
    st.integers(0, 10**12),
    *[st.integers(0, 99)] * 4,
    st.floats(0, 1e6),
    rows,
    st.booleans(),
)
repairs = st.builds(RepairRecord, EXAMPLES) | st.builds(
    RepairRecord, EXAMPLES, kept_repairs, EXAMPLES, st.tuples(TEXTS, st.just("fp32"))
)
groups = st.builds(
    Group,
    TEXTS,
    st.sampled_from(["violet", "teal"]),
    st.lists(st.sampled_from(GRAPHS[0].writers), min_size=2, max_size=3).map(tuple),
)
documents = st.builds(
    Document,
    TEXTS,
    st.none() | sources,
    st.none() | sources,
    metrics,
    st.lists(edits(), max_size=3).map(tuple),
    st.none() | st.sampled_from(ABLATIONS),
    choices,
    st.none() | choices,
    st.none() | choices,
    st.lists(groups, max_size=2).map(tuple),
    st.none() | st.integers(0, 10**6),
    st.sampled_from(list(RULES)),
    rows,
    st.lists(TEXTS, max_size=2).map(tuple),
    st.sampled_from(["fp32", "bf16"]),
)
predictions = st.builds(
    PredictionRow, TEXTS, FIGURES, FIGURES, st.none() | FIGURES, st.booleans(), TEXTS, st.booleans()
)
outcomes = st.builds(
    Outcome,
    TEXTS,
    FIGURES,
    FIGURES,
    st.sampled_from(["probability", "cosine"]),
    st.lists(predictions, max_size=2).map(tuple),
    st.booleans(),
    FIGURES,
    st.sampled_from([-1, 0, 1, None]),
)


@st.composite
def trees(draw: st.DrawFn) -> tuple[StepRecord, ...]:
    """Steps in the order in which a history lists them: each before those that follow it."""
    known = draw(st.lists(documents, min_size=1, max_size=3))
    parents = [-1]
    for number in range(1, draw(st.integers(1, 7))):
        path, place = [number - 1], parents[number - 1]
        while place >= 0:
            path.append(place)
            place = parents[place]
        parents.append(draw(st.sampled_from(path)))
    steps = []
    for number, parent in enumerate(parents):
        children = [child for child, of in enumerate(parents) if of == number]
        steps.append(
            StepRecord(
                draw(TEXTS),
                draw(st.sampled_from(known)),
                parent,
                draw(TEXTS),
                draw(st.booleans()),
                draw(st.none() | outcomes),
                draw(st.none() | st.builds(Recovery, FIGURES, TEXTS)),
                draw(st.sampled_from([-1, *children])),
            )
        )
    return tuple(steps)


def _sizes(graph: Graph) -> tuple[int, int, int, bool, bool]:
    return graph.layers, graph.heads, graph.kv_heads, graph.parallel, graph.coupled


@st.composite
def traces(draw: st.DrawFn) -> TraceRecord:
    graph = draw(st.sampled_from(GRAPHS))
    spans = draw(st.sampled_from([(), ("subject", "end")]))
    shape = (graph.n_edges, len(spans)) if spans else (graph.n_edges,)
    random = np.random.default_rng(draw(st.integers(0, 9)))
    values = random.normal(size=shape)
    values.flat[: draw(st.integers(0, 3))] = np.nan
    origin = TraceOrigin(
        draw(TEXTS),
        "fp32",
        draw(st.none() | sources),
        draw(st.none() | sources),
        draw(metrics),
        draw(rows),
        draw(st.sampled_from(ABLATIONS)),
        draw(choices),
        draw(rows),
    )
    maybe = partial(lambda make: make() if draw(st.booleans()) else None)
    return TraceRecord(
        origin,
        _sizes(graph),
        values,
        draw(TEXTS),
        draw(st.dictionaries(TEXTS, TEXTS, max_size=2)),
        "edge-spans" if spans else "edges",
        draw(st.sampled_from([-1, 0, 1, None])),
        maybe(lambda: random.random(shape) < 0.5),
        maybe(lambda: random.random(shape)),
        maybe(lambda: random.normal(size=(graph.n_writers, 3)).astype(np.float32)),
        maybe(lambda: random.random(shape) < 0.5),
        maybe(lambda: ((1, 0.5), (4, 1.0))),
        spans,
        draw(SHARES),
    )


@st.composite
def projects(draw: st.DrawFn) -> Project:
    steps = draw(trees())
    graph = GRAPHS[0]
    size = draw(st.integers(0, graph.n_edges))
    circuit = CircuitRecord(
        draw(TEXTS),
        draw(st.integers(0, len(steps) - 1)),
        _sizes(graph),
        np.arange(size)[::-1].copy(),
        draw(st.none() | st.just(np.linspace(0, 1, size))),
        draw(st.dictionaries(TEXTS, TEXTS, max_size=2)),
    )
    statements = st.builds(
        Statement, TEXTS, TEXTS, TEXTS, st.sampled_from(["plain", "against", "unknown"]), TEXTS, TEXTS, TEXTS, FINITE
    )
    evaluation = st.builds(
        EvaluationRecord,
        st.sampled_from([step.document for step in steps]),
        st.sampled_from(ABLATIONS),
        st.integers(0, 99),
        st.lists(statements, max_size=2).map(tuple),
        TEXTS,
    )
    notes = st.builds(Note, st.sampled_from(get_args(About)), TEXTS, TEXTS, TEXTS, TEXTS)
    models = st.builds(ModelRecord, TEXTS, st.just("fp32"), st.sampled_from(["", "0" * 64]))
    run = RunRecord(
        draw(st.sampled_from(get_args(RunKind))),
        draw(st.floats(0, 1e10)),
        draw(st.sampled_from([step.document for step in steps])),
        draw(st.none() | st.sampled_from(ABLATIONS)),
        draw(TEXTS),
        draw(TEXTS),
        draw(st.integers(0, 99)),
        draw(st.none() | st.floats(0, 1e6)),
        draw(st.integers(-1, len(steps) - 1)),
        draw(st.none() | FINITE),
        draw(st.none() | FINITE),
        draw(st.none() | st.integers(0, 10**6)),
        draw(st.none() | FINITE),
    )
    if draw(st.booleans()):
        run = replace(run, graph=circuit.graph, edges=circuit.edges, values=circuit.values, about=circuit.about)
    row = st.lists(FINITE, min_size=3, max_size=3)
    curve = st.builds(
        CurveRecord,
        st.sampled_from([step.document for step in steps]),
        st.sampled_from(ABLATIONS),
        TEXTS,
        st.just((1, 1, 300)),
        row.map(tuple),
        st.tuples(row, row).map(np.array),
        FINITE,
        FINITE,
        st.none() | st.tuples(row, row).map(np.array),
        st.integers(0, 99),
        st.sampled_from(list(RULES)),
    )
    return Project(
        steps,
        draw(st.integers(0, len(steps) - 1)),
        draw(st.lists(models, max_size=2).map(tuple)),
        draw(st.lists(traces(), max_size=2).map(tuple)),
        draw(st.sampled_from([(), (circuit,)])),
        draw(st.lists(evaluation, max_size=2).map(tuple)),
        draw(st.lists(notes, max_size=2).map(tuple)),
        draw(st.builds(View, st.lists(TEXTS, max_size=2).map(tuple), st.just((1, 2)), st.just(("table",)), **LAYOUT)),
        draw(st.sampled_from([(), (run,), (run, run)])),
        draw(st.lists(curve, max_size=2).map(tuple)),
        draw(st.none() | repairs),
    )
