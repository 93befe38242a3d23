"""A method that is one file and a row of the table is everywhere: in the API, on the command line, in the window."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import wirescope as ws
from app.__main__ import main
from core.errors import ArgumentError, Cancelled
from core.tracing.method import METHODS
from core.tracing.trace import Tracing
from tests import toy_method
from tests.app.person import Person
from tests.app.tracing_steps import choose, trace
from tests.core.engine.cases import case


@pytest.fixture(autouse=True)
def toy_in_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(METHODS, "toy", toy_method.METHOD)


def expected(graph: ws.Graph, top: float) -> np.ndarray:
    return np.array([top ** -(graph.edge(i).writer.layer or 0) for i in range(graph.n_edges)])


def test_the_api_takes_its_options_and_keeps_its_state_between_a_cancel_and_going_on() -> None:
    session = case("gpt2").session()
    scores = ws.trace(session, "toy", options=ws.Options(top=3, steps=7))  # `steps` is of other methods
    assert np.allclose(scores.values, expected(session.graph, 3))
    assert scores.about["top"] == "3.0"
    assert "steps" not in scores.about
    tracing, asked = Tracing(session, "toy"), []
    parts = tracing.parts(lambda: len(asked) > 0)
    asked.append(next(parts))
    with pytest.raises(Cancelled):
        next(parts)
    assert list(tracing.parts())[-1][1] == 1
    assert np.allclose(tracing.scores.values, expected(session.graph, 2))


@pytest.mark.parametrize(
    ("told", "words"),
    [({"top": 1.0}, "above 1, not 1"), ({"bottom": 1}, "no method has"), ({"rounds": 2.5}, "a whole number"),
     ({"rounds": float("nan")}, "a whole number")],
)  # fmt: skip
def test_what_it_refuses_is_refused_with_its_words(told: dict, words: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        ws.Options(**told)
    assert words in str(caught.value).lower()


def test_the_command_line_has_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["methods", "toy"]) == 0
    explained = capsys.readouterr().out
    assert "as a newcomer would write it" in explained
    assert "--top" in explained
    with pytest.raises(SystemExit, match="0"):
        main(["trace", "--help"])
    assert "what an earlier layer counts more (2)" in " ".join(capsys.readouterr().out.split())
    pair = ("--clean", "The capital of France is", "--counterfactual", "The capital of Italy is")
    command = ["trace", "--model", "bundled:names", *pair, "--metric", "logit_difference: Paris: Rome"]
    command += ["--method", "toy", "--out", str(tmp_path / "toy.json"), "--json"]
    assert main([*command, "--top", "4"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["options"], report["strongest"][0]["score"]) == ("top 4, rounds 3", 1.0)
    assert main([*command, "--top", "1"]) == 2
    assert "above 1, not 1" in capsys.readouterr().err


def test_the_menu_has_its_form_and_tells_it(request: pytest.FixtureRequest) -> None:
    reader: Person = request.getfixturevalue("reader")
    choose(reader, "toy")
    fields = reader.window.top_bar.method_menu.fields
    assert list(fields) == ["top", "rounds"]
    assert (fields["top"].value(), fields["top"].maximum(), fields["rounds"].value()) == (2.0, 9.0, 3)
    fields["top"].setValue(5)
    reader.rest()
    trace(reader)
    assert reader.workbench.scored.method == "toy"
    assert reader.workbench.scored.values == pytest.approx(expected(reader.workbench.opened.graph, 5))


def test_the_table_is_read_without_a_model_library() -> None:
    code = "import sys, core.tracing.methods, app.cli.method_options, core.project.trace_choice; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "core.tracing.methods.eap_ig" in loaded
    assert not {"torch", "transformers", "timm"} & set(loaded)
