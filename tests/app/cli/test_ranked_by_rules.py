"""`--select` of `trace`, `evaluate` and `compare`, as typed, on the bundled model of names."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from app.__main__ import main
from core.graph import Graph
from core.interchange.scores_reading import read_scores
from core.tracing.scores import Scores
from tests.app.command_line import code_of
from tests.app.models import CLEAN, COUNTERFACTUAL

pytestmark = pytest.mark.usefixtures("short_evaluation")

TRACE = ("trace", "--model", "bundled:names", "--task", "capitals", "--pairs", "4", "--method", "eap")


@pytest.fixture(scope="module")
def traced(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("rules") / "consensus.json"
    assert main([*TRACE, "--select", "consensus", "--out", str(path)]) == 0
    return path


def evaluated(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main(["evaluate", *arguments, "--json"]) == 0
    return dict(json.loads(capsys.readouterr().out))


def test_a_file_says_by_which_rule_its_circuits_are_chosen(traced: Path) -> None:
    scores = read_scores(traced).scores
    assert scores.rule == scores.about["chosen by"] == "consensus"
    assert scores.agreement is not None
    assert scores.agreement.max() == 1.0


def test_evaluate_takes_the_files_rule_or_another(
    models: SimpleNamespace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """On a small model: three rules, each of which chooses circuits of every size again and again."""
    path = tmp_path / "greedy.json"
    pair = ("--clean", CLEAN, "--counterfactual", COUNTERFACTUAL, "--metric", "logit_difference: Mary: John")
    assert main(["trace", "--model", str(models.gpt2), *pair, "--select", "greedy", "--out", str(path)]) == 0
    capsys.readouterr()
    other = evaluated(capsys, str(path), "--size", "60", "--select", "program")
    assert other["chosen by"] == "program"
    assert other["curve"][3]["connected"] == other["curve"][3]["edges"], "the program's circuits are connected"
    assert other["circuit"]["connected"] == len(read_scores(path).scores.select(60, "program").pruned())
    assert "program" in other["stability"]
    assert main(["evaluate", str(path), "--size", "60"]) == 0
    words = capsys.readouterr().out
    assert "edges chosen by greedy: the best edges into what is in the circuit already" in words
    assert "Verdict on the chosen 60 of 262 edges" in words


def test_compare_names_the_rule(traced: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = tmp_path / "top.json"
    assert main([*TRACE, "--out", str(other)]) == 0
    capsys.readouterr()
    assert main(["compare", str(traced), str(other), "--size", "60"]) == 0
    printed = capsys.readouterr()
    assert "edges chosen by consensus" in printed.out
    assert "The circuits are chosen by different rules: consensus and top." in printed.err
    assert main(["compare", str(traced), str(other), "--size", "60", "--select", "greedy", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["circuits"][0]["overlap"] == 1.0, "the same scores, the same rule"
    assert code_of("compare", str(traced), str(other), "--select", "consensus") == 2
    assert f"cannot choose in {other}: it needs the scores of each pair" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ("--select", "best"),
            "There is no rule 'best' to choose edges by. There are: top, greedy, consensus,",
        ),
        (("--select", "greedy", "--level", "nodes"), "it chooses among edges, and these are nodes"),
        (("--select", "consensus", "--method", "ensemble"), "Ensemble scores all pairs together"),
        (("--select", "consensus", "--method", "flow-routes"), "have no sign"),
    ],
)
def test_what_cannot_choose_is_refused_before_anything_is_scored(
    arguments: tuple[str, ...], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.json"
    assert code_of(*TRACE, *arguments, "--out", str(out)) == 2
    assert words in " ".join(capsys.readouterr().err.split())
    assert not out.exists()


def test_what_a_search_kept_is_its_own_choice(capsys: pytest.CaptureFixture[str]) -> None:
    """It is known at the end only: the scores are kept all the same."""
    from app.cli.trace import _chosen

    graph = Graph(1, 2, 2)
    kept = np.arange(graph.n_edges) < 3
    scores = Scores(graph, np.ones(graph.n_edges), "acdc", "patch", kept=kept)
    found, note, interrupted = _chosen(scores, "program", None, None)  # type: ignore[arg-type]
    assert found is scores
    assert not interrupted
    assert "these edges were kept by a search" in note
    assert note in capsys.readouterr().err


def test_a_rule_that_is_interrupted_leaves_the_scores_and_says_so_in_the_exit_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("app.cli.trace.with_rule", interrupted)
    path = tmp_path / "scores.json"
    assert main([*TRACE, "--select", "balance", "--out", str(path)]) == 130
    assert "balance was cancelled" in capsys.readouterr().err
    assert np.isfinite(read_scores(path).scores.values).all()


def test_a_balance_is_measured_and_kept_in_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "balance.json"
    assert main([*TRACE, "--select", "balance", "--out", str(path)]) == 0
    scores = read_scores(path).scores
    assert scores.rule == "balance"
    assert scores.balance
    capsys.readouterr()
    assert main(["compare", str(path), str(path), "--size", "60"]) == 0
    assert "edges chosen by balance" in capsys.readouterr().out
    assert code_of(*TRACE, "--select", "balance", "--method", "flow-routes", "--out", str(tmp_path / "no.json")) == 2
    assert "have no sign" in " ".join(capsys.readouterr().err.split())
