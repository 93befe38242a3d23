"""`wirescope trace`, `evaluate` and `compare` on what cannot be done: what is said, and that nothing is lost."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from app.__main__ import main
from core.interchange.scores_reading import read_scores
from tests.app.cli.test_tracing_commands import PLAIN
from tests.app.command_line import ROOT

pytestmark = pytest.mark.usefixtures("short_evaluation")


@pytest.fixture(scope="module")
def traced(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("trace") / "capitals.json"
    assert main([*PLAIN, "--method", "eap", "--out", str(path)]) == 0
    return path


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ([*PLAIN[:4], "nothing"], 2, "There is no task called 'nothing'"),
        ([*PLAIN, "--method", "acdcd"], 2, "There is no tracing method"),
        ([*PLAIN, "--replacement", "noise"], 2, "cannot score for 'noise'"),
        ([*PLAIN, "--steps", "0"], 2, "at least 1 step"),
        ([*PLAIN, "--method", "eap", "--steps", "3"], 2, "eap takes no --steps"),
        ([*PLAIN, "--method", "circuit-pruning", "--level", "positions"], 2, "does not score positions"),
        ([*PLAIN[:-1], "0"], 2, "--pairs is at least 1, not 0"),
        ([*PLAIN, "--size", "5"], 2, "--size is for eap-ig files"),
        ([*PLAIN, "--format", "eap-ig", "--size", "5000"], 2, "has 0 to 1,519 edges, not 5,000"),
        ([*PLAIN, "--out", "no/folder.json"], 3, "no/folder.json cannot be written"),
        ([*PLAIN, "--out", "."], 3, "it is a folder"),
        ([*PLAIN, "--metric", "nothing"], 2, "There is no metric 'nothing'"),
        (["trace", "--model", "bundled:names", "--dataset", "missing.csv"], 3, "cannot be read"),
        (["trace", "--model", "bundled:names", "--clean", "The capital", "--pairs", "3"], 2, "Give --task too"),
        (["trace", "--model", "bundled:names", "--clean", "a b", "--counterfactual", "a b"], 3, "the same input"),
        (["trace", "--model", "bundled:shapes", "--task", "ioi"], 3, "it is one of text"),
        (["trace", "--model", "bundled:shapes", "--task", "shapes", "--method", "relp"], 3, "language models only"),
        (["evaluate", "missing.json"], 3, "cannot be read"),
        (["methods", "magic"], 2, "There is no tracing method"),
    ],
)
def test_wrong_arguments_say_what_is_wrong(arguments, code, words, capsys, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(list(arguments)) == code
    assert words in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


PAIR = ("--clean", "The capital of France is", "--counterfactual", "The capital of Italy is")


def test_a_and_b_that_score_alike_are_said_before_the_work(tmp_path: Path, capsys) -> None:
    """An answer that neither of them would give: its probability is next to nothing in both."""
    out = tmp_path / "x.json"
    arguments = ["trace", "--model", "bundled:names", *PAIR, "--metric", "probability: drink", "--out", str(out)]
    assert main(arguments) == 3
    told = capsys.readouterr().err
    assert "A and B score alike" in told
    assert "another metric" in told
    assert not out.exists()


ROWS = """clean,counterfactual,target,foil
The capital of France is,The capital of Italy is, Paris, Rome
The capital of France is,The capital city of Italy is, Paris, Rome
The capital of Spain is,, Madrid, Rome
The capital of Spain is,The capital of Peru is,,
The capital of Chile is,The capital of Peru is, Nosuchword, Lima
"""


def test_rows_that_do_not_fit_are_counted_with_the_reasons(tmp_path: Path, capsys) -> None:
    file, out = tmp_path / "rows.csv", tmp_path / "x.json"
    file.write_text(ROWS, encoding="utf-8")
    trace = ["trace", "--model", "bundled:names", "--dataset", str(file), "--method", "eap", "--out", str(out)]
    assert main(trace) == 0
    told = capsys.readouterr().err
    assert "5 pairs of rows.csv: 4 did not fit this model" in told
    for kind in ("1: A and B are not aligned", "1: no B", "1: no answers", "1: an answer that is not one token"):
        assert kind in told
    assert "| city|" in told
    assert len(read_scores(out).rows) == 1
    assert main(["evaluate", str(out), "--size", "60"]) == 0  # a dataset of one
    words = capsys.readouterr().out
    assert "one pair cannot tell how stable a circuit is" in words
    assert "the tests need 8 pairs" in words


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("clean,counterfactual,target,foil\nThe capital,The big capital, a, b\n", "Pair 1 cannot be used: A has"),
        ("clean,corrupted,correct_idx,incorrect_idx\nThe capital,The garden,99999,3\n", "There is no token 99999"),
        ("clean,target,foil\nThe capital of, Nosuchword, a\n", "tokens ( N|"),
        ("one,two\n1,2\n", "names no column `clean`"),
    ],
)
def test_a_table_of_which_nothing_can_be_used_is_refused(rows, words, tmp_path: Path, capsys) -> None:
    file = tmp_path / "rows.csv"
    file.write_text(rows, encoding="utf-8")
    assert main(["trace", "--model", "bundled:names", "--dataset", str(file), "--out", str(tmp_path / "x.json")]) == 3
    assert words in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["rows.csv"]


def test_files_of_other_models_are_refused_with_the_difference(traced: Path, tmp_path: Path, capsys) -> None:
    assert main(["evaluate", str(traced), "--model", "bundled:shapes"]) == 3
    told = capsys.readouterr().err
    assert "is of another model, bundled:names: 8 heads against 4" in told
    assert "1,519 edges against 479" in told
    other = tmp_path / "s.json"
    shapes = ["--task", "shapes", "--pairs", "1", "--method", "eap", "--out", str(other)]
    assert main(["trace", "--model", "bundled:shapes", *shapes]) == 0
    assert main(["compare", str(traced), str(other)]) == 3
    assert "bundled:names and bundled:shapes: 8 heads against 4" in capsys.readouterr().err


# The command with a gate in it: after the first part it stands still until the signal has come.
HELD = """
import os, signal, sys
from app.__main__ import main
from core.tracing.trace import Tracing

signal.signal(signal.SIGINT, signal.default_int_handler)  # which a shell takes from what it runs in the background
whole = Tracing.parts
came, sent = os.pipe()
os.set_blocking(sent, False)
signal.set_wakeup_fd(sent)  # a signal that comes before it is waited for is not missed

def held(self, *arguments, **named):
    for part in whole(self, *arguments, **named):
        yield part
        print("HELD", file=sys.stderr, flush=True)
        os.read(came, 1)

Tracing.parts = held
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="terminals of this kind are not there")
def test_interrupted_half_way_keeps_what_is_scored_and_says_so(tmp_path: Path, capsys) -> None:
    """Ctrl+C at the terminal, where the first part of the work is shown; the work stands still there until it has
    come, however fast the machine is."""
    import pty

    out = tmp_path / "half.json"
    shown, terminal = pty.openpty()
    arguments = ["--task", "ioi", "--pairs", "100", "--steps", "20", "--out", str(out), "--json"]
    with subprocess.Popen(
        [sys.executable, "-c", HELD, "trace", "--model", "bundled:names", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=terminal,
        text=True,
    ) as process:
        os.close(terminal)
        told = ""
        while "HELD" not in told:
            told += os.read(shown, 1000).decode()
        process.send_signal(signal.SIGINT)
        words, _ = process.communicate(timeout=60)
    os.close(shown)
    assert process.returncode == 130
    partial = json.loads(words)["partial"]
    assert re.fullmatch(r"\d+ % of the work", partial)
    scores = read_scores(out).scores
    assert scores.about["partial"] == partial
    assert np.isfinite(scores.values).all()
    assert main(["evaluate", str(out), "--size", "9", "--task", "ioi", "--pairs", "1"]) == 0
    assert f"PARTIAL: the trace was interrupted after {partial}" in capsys.readouterr().out
    assert main(["compare", str(out), str(out), "--size", "50"]) == 0
    assert f"PARTIAL: {partial}" in capsys.readouterr().out
