"""Copy as Python: a script prints the figures that the window shows."""

from __future__ import annotations

import ast
import itertools
import json
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from app.features.circuit.queries import CircuitRunQuery, CurveQuery
from app.messages.replies import CircuitRunReply, CurveReply, RunReply, ScoresReply
from core.edits import Edit
from core.errors import InputError
from core.groups import Group
from core.nodes import Node
from core.project.document import Document, PairSource, Source
from core.project.edit_operations import edit
from core.project.history import History
from core.project.metric_choice import MetricChoice
from core.project.target_names import target_named as at
from core.project.trace_choice import TraceChoice
from core.scripts.literals import MOST_BYTES
from core.scripts.notebook import notebook
from core.scripts.python_script import python_script, told_of
from core.tracing.options import Level
from tests.app.features.code.scripts import figures, names, printed, replies_to, shapes, tower

EQUAL = 1e-6


@pytest.mark.parametrize("make", [names, shapes, tower])
def test_a_script_of_one_state_prints_its_figures(make, tmp_path: Path) -> None:
    document = make(tmp_path) if make is tower else make()
    ran = cast(RunReply, replies_to(document)[RunReply])
    assert abs(ran.after - ran.before) > 1e-4
    first, *rows = printed(python_script([("A step", document)])).splitlines()
    assert figures(first) == pytest.approx([ran.before, ran.after], abs=EQUAL)
    shown = {row.label: (row.before, row.after) for row in ran.rows}
    for line in rows:
        label = line.strip().rpartition(": ")[0]
        assert figures(line) == pytest.approx(shown[label.strip("'\"")], abs=EQUAL)
    assert bool(rows) == (make is not tower)
    assert [row.label for row in ran.rows if row.pinned] == [
        line.split("'")[1] for line in rows[: len(document.pinned)]
    ]


@pytest.mark.parametrize(("level", "rule"), [("edges", "greedy"), ("edge-spans", "consensus")])
def test_a_trace_over_a_dataset_and_its_circuit_by_a_rule(level: Level, rule: str) -> None:
    rows = tuple(
        PairSource(Source("text", f"When {a} and {b} went to the store, {b} gave a drink to"),
                   Source("text", f"When {a} and {b} went to the store, {a} gave a drink to"), f" {a}", f" {b}")
        for a, b in itertools.pairwise(("Mary", "John", "Tom", "Anna"))
    )  # fmt: skip
    choice = TraceChoice("eap-ig", (("steps", 3),), over_dataset=True, level=level)
    document = replace(names(), edits=(), dataset=rows, traced=choice, size=60, rule=rule, replacement="mean")
    asked = {"recover": True, "queries": (CurveQuery(), CircuitRunQuery())}
    replies = replies_to(document, **asked)
    curve, kept = cast(CurveReply, replies[CurveReply]), cast(CircuitRunReply, replies[CircuitRunReply])
    out = printed(python_script([("Trace", document)])).splitlines()
    (at_curve,) = (line for line in out if "CPR" in line)
    assert figures(at_curve) == pytest.approx([curve.cpr, curve.cmd], abs=EQUAL)
    (at_circuit,) = (line for line in out if line.startswith("60 edges"))
    assert figures(at_circuit) == pytest.approx([kept.share, kept.random], abs=EQUAL)
    scored = cast(ScoresReply, replies[ScoresReply])
    best = scored.ranking.best[:10]
    lines = out[out.index(at_circuit) + 1 :]
    assert figures("\n".join(lines)) == pytest.approx(scored.values[best].tolist(), abs=EQUAL)
    assert kept.pairs == 3
    assert scored.rule == rule


def test_scores_of_a_file_and_their_circuit(tmp_path: Path) -> None:
    plain = replace(names(), edits=(), metric=MetricChoice("logit_difference", " John", " Mary"))  # which A lowers
    scores = cast(ScoresReply, replies_to(plain)[ScoresReply]).scores
    assert scores is not None
    assert scores.direction == -1
    for name, direction in (("told", scores.direction), ("untold", None)):
        path = tmp_path / f"{name}.json"
        replace(scores, direction=direction).save(path)
        document = replace(plain, traced=TraceChoice(scores.method, file=str(path)), size=30)
        replies = replies_to(document, queries=(CircuitRunQuery(),))
        kept, ranking = cast(CircuitRunReply, replies[CircuitRunReply]), cast(ScoresReply, replies[ScoresReply]).ranking
        out = printed(python_script([("", document)])).splitlines()
        (line,) = (line for line in out if line.startswith("30 edges"))
        assert figures(line) == pytest.approx([kept.share, kept.random], abs=EQUAL)
        best = figures("\n".join(out[out.index(line) + 1 :]))
        assert best == pytest.approx(scores.values[ranking.best[:10]].tolist(), abs=EQUAL)


def history() -> History:
    """Edits, one of them turned and taken back, another metric, a shorter A, and a branch."""
    document = replace(names(), edits=(), groups=(), pinned=())
    tree = History(document, lambda _: None)

    def do(words: str, later: Document) -> None:
        tree.push(words, later)

    for change in (("a1.h0", "zero", 1.0), ("m0", "scale", 0.5), ("a0.h2->m1", "patch", 1.0), ("m0", "scale", 0.2)):
        made = edit(tree.current.document, [at(change[0])], change[1], change[2], (8,) if change[0] == "m0" else ())
        assert made is not None
        do(made.words, made.document)
    branch = tree.current
    do("Metric", replace(tree.current.document, metric=MetricChoice("probability", " Mary")))
    short = replace(
        tree.current.document, clean=Source("text", "When Tom and Mary met, Tom"), counterfactual=None
    )  # which has no position 8: that edit waits
    do("A", short)
    tree.go(branch)
    do("Restore", branch.document.without_edit(at("a1.h0")))
    do("Swap", replace(branch.document, clean=branch.document.counterfactual, counterfactual=branch.document.clean))
    return tree


def test_a_script_of_a_history_makes_each_step_from_the_one_before() -> None:
    tree = history()
    told = told_of(tree.current, "all")
    assert len(told) == 9
    script = python_script(told)
    assert script.count("ws.load_model(") == 1
    assert "edits[1] = ws.Edit(" in script
    assert "del edits[0]" in python_script(told_of(tree.current, "branch"))
    assert "fitting(edits, pair)" in script
    expected = []
    for _, document in told:
        ran = cast(RunReply, replies_to(document)[RunReply])
        expected += [ran.before, ran.after]
    found = [figure for line in printed(script).splitlines() if not line.startswith(" ") for figure in figures(line)]
    assert found == pytest.approx(expected, abs=EQUAL)
    assert len(told_of(tree.current, "branch")) == 7
    assert [words for words, _ in told_of(tree.current, "step")] == ["Swap"]
    check_notebook(told, expected)


def check_notebook(told, expected: list[float]) -> None:
    """Format 4.5, as nbformat's schema has it; its cells, run one after another, print the same."""
    data = json.loads(notebook(told))
    assert set(data) == {"cells", "metadata", "nbformat", "nbformat_minor"}
    assert (data["nbformat"], data["nbformat_minor"]) == (4, 5)
    ids = [cell["id"] for cell in data["cells"]]
    assert len(set(ids)) == len(ids)
    assert all(1 <= len(name) <= 64 and name.replace("-", "").replace("_", "").isalnum() for name in ids)
    keys = {"cell_type", "id", "metadata", "source"}
    for cell in data["cells"]:
        assert set(cell) == (keys | {"outputs", "execution_count"} if cell["cell_type"] == "code" else keys)
        assert all(isinstance(line, str) and line.endswith("\n") for line in cell["source"][:-1])
    code = ["".join(cell["source"]) for cell in data["cells"] if cell["cell_type"] == "code"]
    out = printed("\n".join(code))
    found = [figure for line in out.splitlines() if not line.startswith(" ") for figure in figures(line)]
    assert found == pytest.approx(expected, abs=EQUAL)


def test_what_stands_in_a_document_never_becomes_code() -> None:
    hostile = '"); raise SystemExit(3)  # \n\u2028"""\\'
    document = replace(names(), clean=Source("text", hostile), counterfactual=None, edits=(), pinned=(hostile,))
    assert " -> " in printed(python_script([(hostile, document), (f"{hostile}2", replace(document, pinned=()))]))
    compile(python_script([("", replace(document, model=hostile))]), "script", "exec")


def test_names_of_groups_and_options_stay_what_they_are() -> None:
    edits = (Edit(at("a1.h0"), "zero", ("subject", -1)), Edit(at("a1.h1"), "zero", ("subject", -1)))
    nodes = (Node("head", 1, 0), Node("head", 1, 1))
    for name in ("Tom's heads", "a'+__import__('os').system('id')+'"):
        document = replace(names(), groups=(Group(name, "teal", nodes),), edits=edits, clean=Source("text", "Tom"))
        lines = python_script([("", document)])
        (line,) = (line for line in lines.splitlines() if line.startswith("groups = "))
        assert ast.literal_eval(line.removeprefix("groups = ")) == {name: ["a1.h0", "a1.h1"]}
        assert 'positions=["subject", -1]' in lines
    choice = TraceChoice("eap-ig", (("other", 0.1234567891), ("steps", 3.0)))
    told = python_script([("", replace(names(), traced=choice))])
    assert "ws.Options(other=0.1234567891, steps=3)" in told


def test_a_picture_too_large_for_a_script_is_refused_with_what_to_do() -> None:
    large = Source("image", data=b"x" * (MOST_BYTES + 1), name="photo.png")
    with pytest.raises(InputError, match="too many for a script"):
        python_script([("A", replace(shapes(), clean=large))])
