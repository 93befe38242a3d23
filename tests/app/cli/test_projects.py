"""A project in the terminal: its present step, with the scores that are in it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np

from core.circuit import Circuit
from core.edits import Edit
from core.evaluation.statement import Statement
from core.graph import Node
from core.models.fingerprint import weights_hash
from core.models.loading import load_model
from core.notes import Note
from core.project.examples import example
from core.project.project import EvaluationRecord, ModelRecord, Project, StepRecord, TraceOrigin, TraceRecord
from core.project.trace_choice import TraceChoice
from core.project.wire_file import load_project, save_project
from core.tracing.scores import Scores
from tests.app.command_line import code_of

ALWAYS = TraceChoice("eap-ig", (("steps", 50.0),))


def project_file(folder: Path, weights: str) -> Path:
    """An edit, and a trace that would take long, whose scores count down."""
    document = replace(example("names/0").document, edits=(Edit(Node("mlp", 1), "zero"),), traced=ALWAYS, size=3)
    model = load_model(document.model)
    graph = model.graph
    asked = document.metric, (), "patch", ALWAYS
    of = TraceOrigin(*document.opens, document.clean, document.counterfactual, *asked)
    sizes = graph.layers, graph.heads, graph.kv_heads, graph.parallel, graph.coupled
    trace = TraceRecord(of, sizes, -np.arange(graph.n_edges, dtype=np.float64), "eap-ig", direction=1)
    models = (ModelRecord(*document.opens, weights or weights_hash(model.adapter.module)),)
    path = folder / "work.wire"
    save_project(path, Project((StepRecord("Start", document, opens=True),), models=models, traces=(trace,)))
    return path


def exported(path: Path, folder: Path) -> list[str]:
    """The names of the edges of its circuit."""
    out = folder / "circuit.json"
    assert code_of("export", str(path), "--format", "json", "--out", str(out)) == 0
    return sorted(edge["edge"] for edge in json.loads(out.read_text())["edges"])


def test_the_present_step_is_run_and_exported_with_the_scores_that_are_in_it(tmp_path: Path, capsys) -> None:
    path = project_file(tmp_path, "")
    assert code_of("run", str(path), "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert report["edits"] == ["m1=zero"]
    given = ["--model", "bundled:names", "--clean", report["clean"], "--counterfactual", report["counterfactual"]]
    assert code_of("run", *given, "--metric", "logit_difference: Mary: John", "--edit", "m1=zero", "--json") == 0
    assert json.loads(capsys.readouterr().out)["after"] == report["after"] != report["before"]
    graph = load_model("bundled:names").graph
    first = sorted(graph.edge(index).name for index in range(3))
    assert exported(path, tmp_path) == first
    assert "other weights" not in capsys.readouterr().err
    assert exported(project_file(tmp_path, "0" * 64), tmp_path) != first
    assert "bundled:names has other weights than when work.wire was saved" in capsys.readouterr().err


def test_what_is_no_project_is_said(tmp_path: Path, capsys) -> None:
    path = project_file(tmp_path, "")
    assert code_of("run", str(path), "--edit", "m0=zero") == 2
    assert "Leave out --edit" in capsys.readouterr().err
    assert code_of("run", "work.txt") == 2
    assert code_of("run", "--model", "bundled:names") == 2
    assert "--clean is missing" in capsys.readouterr().err
    path.write_bytes(b"no project")
    assert code_of("run", str(path)) == 3
    assert "cannot be opened as a project" in capsys.readouterr().err


def test_scores_are_what_a_project_says_of_them() -> None:
    known = {*TraceRecord.__dataclass_fields__, "graph", "replacement"}
    assert {*Scores.__dataclass_fields__} <= known, "what is added to scores has to be added to projects"


def test_as_html_it_tells_its_history_its_notes_and_its_trust(tmp_path: Path) -> None:
    path = project_file(tmp_path, "")
    project = load_project(path)
    last = replace(project.document, edits=())
    steps = (*project.steps, StepRecord("Take back <it>", last, 0))
    statements = (Statement("Recovered", "87 %", "three edges recover 87 % of the behaviour"),)
    evaluations = (EvaluationRecord(last, "patch", 1, statements),)
    notes = (Note("node", "m1", "copies & names"), Note("step", "1", "why not"), Note("project", "", "for the paper"))
    told = replace(project, steps=steps, current=1, evaluations=evaluations, notes=notes)
    save_project(path, told)
    out = tmp_path / "work.html"
    assert code_of("export", str(path), "--format", "html", "--out", str(out)) == 0
    page = out.read_text(encoding="utf-8")
    for part in (
        "Take back &lt;it&gt;",
        "three edges recover 87 %",
        "<dt>m1</dt>",
        "copies &amp; names",
        "for the paper",
    ):
        assert part in page, part
    assert page.count("<dt>Take back &lt;it&gt;</dt>") == 1, "a note to a step names the step"
    assert len(re.findall(r"<tr data-e=", page)) == 3
    told = replace(
        told, notes=(*notes, Note("circuit", "1", "three"), Note("node", "logits", name="out", model="other"))
    )
    save_project(path, told)
    assert code_of("export", str(path), "--format", "json", "--out", str(tmp_path / "circuit.json")) == 0
    circuit = Circuit.load(tmp_path / "circuit.json")
    on_it = [note for note in circuit.notes if note.about == "circuit"]
    assert [note.text for note in on_it] == ["three"]
    assert {note.target for note in circuit.notes if note.about == "node"} <= {"m1"}, "of this model alone"
    save_project(path, replace(told, current=0))
    assert code_of("export", str(path), "--format", "html", "--out", str(out)) == 0
    assert "three edges recover 87 %" not in out.read_text(encoding="utf-8"), "it is of another step"
