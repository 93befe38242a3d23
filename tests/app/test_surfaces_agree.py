"""Whatever the user does, every part of the window says the same of what is shown: size, method, inputs, ablation,
edits, and what the circuit recovers."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from app.presenters.exported_circuit import circuit_text
from app.presenters.exported_tables import scores_json
from app.presenters.snapshot import Snapshot
from core.circuit import Circuit
from core.edits import REPLACED
from core.evaluation.measured import measure
from core.formatting import share_words
from core.project.document import Document, PairSource, Source
from core.project.metric_choice import MetricChoice
from core.project.trace_choice import TraceChoice
from core.tracing.method import METHODS
from tests.app.models import CLEAN, COUNTERFACTUAL
from tests.app.person import Person
from tests.app.tracing_steps import trace
from views.panels.inspector.data import EdgeInspection

NAMES = ("Mary", "John", "Tom")
QUICK_METHODS = ("eap", "eap-ig", "integrated-edges", "flow-routes", "random")
METRICS = (
    MetricChoice("logit_difference", " Mary", " John"),
    MetricChoice("logit_difference", " John", " Mary"),  # A lowers it
    MetricChoice("probability", " Mary"),
    MetricChoice("kl"),
)
STEPS = 12


# ---- what a person may do ------------------------------------------------------------------------------------------


def change(person: Person, words: str, **fields: object) -> None:
    person.workbench.commit(words, replace(person.workbench.document, **fields))  # type: ignore[arg-type]


def trace_by(person: Person, chance: random.Random, level: str = "edges") -> None:
    document = person.workbench.document
    choice = TraceChoice(
        chance.choice(QUICK_METHODS[:3]) if level == "nodes" else chance.choice(QUICK_METHODS),
        over_dataset=bool(document.dataset) and chance.random() < 0.5,
        level=level,  # type: ignore[arg-type]
    )
    change(person, "Choose a method", choice=choice)
    person.rest()
    trace(person)


def give_up(person: Person, chance: random.Random) -> None:
    """A trace is begun and cancelled, with an edit in between or without; no event is handled meanwhile."""
    person.workbench.traces.begin("Trace", TraceChoice(chance.choice(QUICK_METHODS)))
    if chance.random() < 0.5:
        edit(person, chance)
    person.workbench.cancel()


def choose_size(person: Person, chance: random.Random) -> None:
    edges = person.workbench.opened.graph.n_edges
    sizes = [size for size in (1, 7, 40, 104, edges // 2, edges) if size <= edges]
    person.panel("circuit").size_wanted.emit(chance.choice(sizes))
    person.rest()
    person.panel("circuit").let_go.emit()


def select(person: Person, chance: random.Random) -> None:
    graph = person.workbench.opened.graph
    target = chance.choice((*graph.nodes, graph.edge(chance.randrange(graph.n_edges))))
    person.window.canvas.set_selection((target,))
    person.workbench.select((target,))


def edit(person: Person, chance: random.Random) -> None:
    select(person, chance)
    person.workbench.editing.toggle_selection(chance.choice(("cut", "patch")))


def add_rows(person: Person, chance: random.Random) -> None:
    one, other = chance.sample(NAMES, 2)
    row = PairSource(
        Source("text", f"When {one} gave a drink to"),
        Source("text", f"When {other} gave a drink to"),
        f" {one}",
        f" {other}",
    )
    change(person, "Add a row", dataset=tuple(dict.fromkeys((*person.workbench.document.dataset, row))))


def open_one(person: Person, chance: random.Random, models) -> None:
    inputs = Source("text", CLEAN), Source("text", COUNTERFACTUAL)
    model = chance.choice((models.gpt2, models.llama))
    person.workbench.models.open(Document(str(model), *inputs, METRICS[0]))


ACTS: dict[str, Callable[[Person, random.Random], None]] = {
    "trace": trace_by,
    "trace again": trace_by,
    "trace nodes": lambda person, chance: trace_by(person, chance, "nodes"),
    "give a trace up": give_up,
    "size": choose_size,
    "another size": choose_size,
    "overview": lambda person, _: person.panel("circuit").overview_wanted.emit(),
    "select": select,
    "edit": edit,
    "undo": lambda person, _: person.workbench.history.undo(),
    "redo": lambda person, _: person.workbench.history.redo(),
    "metric": lambda person, chance: person.workbench.question.set_metric(chance.choice(METRICS)),
    "ablation": lambda person, chance: person.workbench.question.set_replacement(
        chance.choice(("patch", "zero", "mean"))
    ),
    "rows": add_rows,
    "swap": lambda person, _: person.workbench.question.swap(),
}


# ---- what the window says ------------------------------------------------------------------------------------------


def check(person: Person) -> bool:
    """Every surface against the document and what the engine has said of it. Whether a circuit's share was among
    that."""
    workbench, window = person.workbench, person.window
    document, scored, opened = workbench.document, workbench.scored, workbench.opened
    size, edges = document.size, opened.graph.n_edges
    over = f"{scored.pairs} pair{'s' * (scored.pairs != 1)}" if scored.pairs else "this pair"
    assert scored.title in {METHODS[document.method].title, METHODS["eap"].title}
    assert scored.kind == workbench.cut_kind
    kept = workbench.known.kept
    known = size is not None and kept is not None and (kept.of, kept.size) == (scored.of, size)
    share = share_words(kept.share) if known else ""
    removed = REPLACED[scored.kind]

    # The strip.
    strip = window.panels["circuit"]
    titles, notes = strip.words()
    assert strip.field.text() == ("" if size is None else f"{size:,}")
    if share and not window.controllers["circuit"].strip.data().problem:
        said = titles[0].replace("recovers", "recover").replace(", ", " ").replace("±", " ")
        assert f"recover {share} " in f"{said} "
        assert removed in notes[0]
    assert f"by {scored.title} over {over}" in notes[0]
    assert "recover" in titles[0] if share else True

    # A figure's caption, and the circuit's file.
    snapshot = workbench.presenter.snapshot()
    caption = snapshot.caption()
    how = caption.lines[0]
    assert f"over {over}" in how
    assert removed in how
    assert scored.title in how or scored.measured
    told = re.match(r"([\d,]+) of ([\d,]+) edges recovers? ([−\d.,]+ %)", caption.lines[1])
    assert bool(told) == bool(share), caption.lines[1]
    if told:
        assert (told[1], told[2], told[3]) == (f"{size:,}", f"{edges:,}", share)
        assert f"({removed}" in caption.lines[1]
        assert f"over {over}" in caption.lines[1]
        assert ("without the edits" in caption.lines[1]) == bool(workbench.ran.edits)
    assert f"{workbench.ran.before:.3f} before" in caption.metric
    assert workbench.ran.metric_name in caption.metric
    for made in workbench.ran.edits:
        assert made.name in caption.edit_words
    content = json.loads(circuit_text(snapshot))
    about = content["about"]
    assert [opened.graph.index(row["edge"]) for row in content["edges"]] == scored.ranking.kept(size).tolist()
    assert (about["method"], about["replacement"]) == (scored.method, scored.kind)
    assert about["ranked by"] == f"{scored.title} over {over}"
    assert about["metric"] == workbench.ran.metric_name
    assert ("recovered" in content) == bool(share)
    if share:
        assert share_words(content["recovered"]["share"]) == share
        assert about["recovered"] == caption.lines[1].removesuffix(".")
    assert json.loads(scores_json(snapshot))["about"] == about

    # The status line: what it says of a circuit is of the one shown, or names both.
    said = re.search(r"([\d,]+) of [\d,]+ edges recovers? ([−\d.,]+ %)", person.message())
    if said and said[1] != f"{size or 0:,}":
        shown = "shown are the strongest edges" if size is None else f"Kept are {size:,}, as chosen."
        assert shown in person.message()
    elif said and share:
        assert said[2] == share

    # The canvas and the table.
    data = window.canvas.scene.data
    circuit = set(scored.ranking.kept(size).tolist())
    assert len(data.edges) - data.beside == len(circuit)
    assert circuit <= {mark.index for mark in data.edges}
    window.controllers["table"].refresh()
    table = window.panels["table"].view.lines.rows.data
    assert set(table.kept.tolist()) == circuit
    if size is not None:
        best = f"best {size:,} of {edges:,} edges by {scored.title} over {over}, {removed}"
        assert f"kept: {best}" in window.panels["table"].count.text()

    # The inspector.
    inspected = window.controllers["inspector"].inspection()
    effect = inspected.effect if isinstance(inspected, EdgeInspection) and inspected.edit.strength == 1 else None
    if effect is not None and effect.estimated is not None:
        index = opened.graph.edge_index(inspected.edge)
        assert effect.estimated == pytest.approx(-float(scored.values[index]))
        assert removed in effect.kind_words
    return bool(share)


def check_trust(person: Person) -> None:
    """The heading of an evaluation is of the circuit shown; and says so once it is of an earlier one."""
    workbench, window = person.workbench, person.window
    size, scored = workbench.document.size, workbench.scored
    if not size:
        return
    window.controllers["trust"].evaluate()
    heading = window.panels["trust"].data().subject
    workbench.cancel()
    over = f"{scored.pairs} pair{'s' * (scored.pairs != 1)}" if scored.pairs else "this pair"
    best = f"he best {size:,} of {workbench.opened.graph.n_edges:,} edges by {scored.title} over {over}, "
    assert f"T{best}{REPLACED[scored.kind]}" in heading


def check_all(person: Person) -> None:
    check(person)
    check_trust(person)


def check_share(person: Person) -> None:
    """What is said to be recovered, measured beside the window."""
    workbench = person.workbench
    kept, scored, size = workbench.known.kept, workbench.scored, workbench.document.size
    if (
        size is None
        or kept is None
        or scored.pairs
        or workbench.document.dataset
        or (kept.of, kept.size) != (scored.of, size)
    ):
        return

    session = person.session()
    circuit = Circuit(session.graph, scored.ranking.kept(size))
    found = measure(session, [circuit.pruned()], scored.kind).recovered()
    assert kept.share == pytest.approx(float(found[0]), abs=1e-3)


@pytest.mark.parametrize("seed", range(4))
def test_all_surfaces_agree_after_any_steps(reader: Person, models, seed: int) -> None:
    reader.window.docks["table"].show()
    reader.window.docks["table"].raise_()
    chance = random.Random(seed)
    trace(reader)  # so that there is something to compare
    choose_size(reader, chance)
    reader.rest()
    done: list[str] = []
    shares = int(check(reader))
    for _ in range(STEPS):
        act = chance.choice((*ACTS, "open") if chance.random() < 0.3 else tuple(ACTS))
        done.append(act)
        if act == "open":
            open_one(reader, chance, models)
        else:
            ACTS[act](reader, chance)
        reader.rest()
        try:
            shares += check(reader)
        except AssertionError as error:
            raise AssertionError(f"after {done}: {error}") from error
    assert shares >= 1, f"after {done} nothing was recovered that could be compared"
    check_share(reader)
    choose_size(reader, chance)
    reader.rest()
    check_trust(reader)


@pytest.mark.parametrize("surface", ["caption", "file", "strip", "table", "trust"])
def test_a_surface_that_is_made_from_something_else_is_found(reader: Person, monkeypatch, surface: str) -> None:
    reader.window.docks["table"].show()
    reader.window.docks["table"].raise_()
    trace(reader)
    reader.panel("circuit").size_wanted.emit(104)
    reader.rest()
    check_all(reader)
    reader.rest()
    if surface == "caption":  # of the trace's own size, as it once was
        other = replace(
            reader.workbench.known.kept, size=reader.workbench.recovered.size, share=reader.workbench.recovered.share
        )
        old = Snapshot.caption
        found = replace(reader.workbench.presenter.snapshot().subject, recovered=other).recovered_words
        monkeypatch.setattr(Snapshot, "caption", lambda self: replace(old(self), lines=[old(self).lines[0], found]))
    elif surface == "file":  # the edges on the canvas, as it once was
        monkeypatch.setattr("core.circuit.Circuit.names", property(lambda self: ["m0->logits"] * len(self)))
    elif surface == "strip":
        panel = reader.panel("circuit")
        panel.set_data(replace(reader.circuit(), ranked="EAP over this pair"))
        monkeypatch.setattr(reader.controller("circuit").strip, "show", lambda: None)
    elif surface == "table":
        monkeypatch.setattr("app.features.table.controller.table_data", table_of_another_size)
        reader.window.controllers["table"]._shown = ()
    elif surface == "trust":
        monkeypatch.setattr(reader.controller("trust"), "_heading", lambda stale: "The best 3 edges.")
    with pytest.raises(AssertionError):
        check_all(reader)


def table_of_another_size(opened, scored, document, *rest):
    from app.features.table.controller import TableData

    return TableData(opened.graph, scored.values, None, scored.ranking.kept(3))
