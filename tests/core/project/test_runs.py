"""What was run, as records: their words, their figures, and the table that they leave as."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np

from core.graph import Graph
from core.project.document import Document, Source
from core.project.limits import edge_count
from core.project.project import CircuitRecord, Project, StepRecord
from core.project.rebinding import rebind
from core.project.runs import RunRecord, runs_csv, size_at
from core.project.trace_choice import TraceChoice
from core.project.wire_file import load_project, save_project
from core.towers_graph import TowersGraph, sizes_of

DOCUMENT = Document(
    "bundled:names", Source("text", "When Mary, and John"), traced=TraceChoice("eap-ig", (("steps", 8.0),))
)


def test_the_size_is_the_first_that_recovers_enough() -> None:
    assert size_at((1, 5, 20, 90), (0.1, 0.85, 0.7, 1.0)) == 5
    assert size_at((1, 5), (0.1, 0.79)) is None


def test_a_run_says_what_it_was_told_and_what_it_went_over() -> None:
    run = RunRecord("trace", 0.0, DOCUMENT, "patch")
    assert (run.options, run.data, run.size, run.moment) == (
        "steps 8",
        "When Mary, and John",
        None,
        "1970-01-01T00:00:00Z",
    )
    other = replace(DOCUMENT, rule="paths").after_trace(TraceChoice("eap", level="nodes"))
    run = RunRecord("trace", 0.0, other, "patch", pairs=24, edges=np.arange(7))
    assert (run.options, run.data, run.size) == ("of nodes, chosen by paths", "24 pairs", 7)


def test_the_table_as_a_file_has_all_of_it() -> None:
    run = RunRecord("trace", 86_400.0, DOCUMENT, "patch", "EAP-IG", "logit", 0, 1.5, 2, 0.75, 0.25, 104, None)
    (row,) = csv.DictReader(runs_csv([run]).splitlines())
    assert row["data"] == "When Mary, and John"  # its comma is no end of a cell
    assert (row["when"], row["model"], row["method"]) == ("1970-01-02T00:00:00Z", "bundled:names", "EAP-IG")
    assert (float(row["cpr"]), int(row["size_at_80"]), row["stability"], row["edges"]) == (0.75, 104, "", "")


def test_runs_of_a_model_that_gives_way_go() -> None:
    runs = tuple(RunRecord("trace", 0.0, replace(DOCUMENT, model=name), "patch") for name in ("gone", "stays"))
    project = Project((StepRecord("Start", Document("gone"), opens=True),), runs=runs)
    assert rebind(project, "gone", "other").runs == runs[1:]


def test_nothing_is_written_that_is_not_read_again(tmp_path: Path) -> None:
    """Figures that came to no number are not known, and a graph that is too large goes with what is of it."""
    path, large, edges = tmp_path / "work.wire", (100, 100, 100, False, False), np.arange(3)
    nan, inf = float("nan"), float("inf")
    run = RunRecord(
        "trace", 0.0, DOCUMENT, "patch", seconds=nan, cpr=inf, cmd=0.5, stability=nan, graph=large, edges=edges
    )
    circuit = CircuitRecord("3 edges", 0, large, edges)
    small = replace(circuit, graph=(2, 2, 1, False, False))
    steps = (StepRecord("Start", DOCUMENT, opens=True),)
    save_project(path, Project(steps, circuits=(circuit, small), runs=(run,)))
    again = load_project(path)
    assert again.circuits == (small,)
    (known,) = again.runs
    assert (known.seconds, known.cpr, known.cmd, known.stability) == (None, None, 0.5, None)
    assert (known.graph, known.edges) == (None, None)


def test_edges_are_counted_without_a_graph() -> None:
    for sizes in ((2, 4, 2, False, False), (3, 3, 3, True, False), (1, 1, 1, False, True)):
        assert edge_count(sizes) == Graph(*sizes).n_edges


def test_what_is_of_two_towers_is_read_again(tmp_path: Path) -> None:
    graph = TowersGraph(2, 3, 3, text=Graph(1, 2, 1))
    sizes, edges = sizes_of(graph), np.array([graph.index("t.m0->logits"), 0])
    assert edge_count(sizes) == graph.n_edges
    assert int(edges[0]) >= Graph(2, 3, 3).n_edges  # no edge of the vision tower alone
    run = RunRecord("trace", 0.0, DOCUMENT, "patch", graph=sizes, edges=edges)
    circuit = CircuitRecord("2 edges", 0, sizes, edges)
    steps = (StepRecord("Start", DOCUMENT, opens=True),)
    save_project(tmp_path / "work.wire", Project(steps, circuits=(circuit,), runs=(run,)))
    again = load_project(tmp_path / "work.wire")
    assert again.circuits == (circuit,)
    assert again.runs[0].circuit is not None
    assert (again.runs[0].circuit.graph, again.runs[0].circuit.names[0]) == (graph, "t.m0->logits")
