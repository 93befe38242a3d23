"""`wirescope neurons`: the table and JSON beside `ws.neurons`; what has none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import wirescope as ws
from tests.app.command_line import code_of

TEXT = "When Mary and John went to the store, John gave a drink to"
ASKED = ("neurons", "--model", "bundled:names", "--clean", TEXT)


def test_the_top_neurons_are_listed_and_one_is_cut(capsys: pytest.CaptureFixture[str]) -> None:
    assert code_of(*ASKED, "--node", "m0", "--top", "3", "--json") == 0
    report = json.loads(capsys.readouterr().out)
    model = ws.load_model("bundled:names")
    session = ws.Session(model, model.pair(TEXT))
    found = ws.neurons(session, "m0", top=3)
    assert [row["name"] for row in report["rows"]] == [found.unit(number).name for number in found.top(3)]
    first = report["rows"][0]
    assert first["measured"] == pytest.approx(found.measured[found.top(1)[0]], abs=1e-5)
    assert code_of(*ASKED, "--node", "m0", "--top", "3") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split()[0] == first["name"]
    assert lines[4].split()[:2] == [str(model.graph.units[0][1] - 3), "others"]
    assert code_of("run", *ASKED[1:], "--edit", f"{first['name']}=zero", "--json") == 0
    run = json.loads(capsys.readouterr().out)
    before, after = run["before"], run["after"]
    assert after - before == pytest.approx(first["measured"], abs=1e-4)


def test_what_cannot_be_listed_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    for more, code, words in (
        (("--node", "a0.h0"), 2, "is no MLP"),
        (("--node", "m0", "--top", "0"), 2, "lists nothing"),
        (("--node", "m0", "--kind", "noise"), 2, "not ranked by"),
        (("--node", "m0", "--kind", "patch"), 3, "no counterfactual"),
    ):
        assert code_of(*ASKED, *more) == code
        assert words in capsys.readouterr().err


def test_all_neurons_are_ranked_with_the_curve_of_the_best(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    out, b = tmp_path / "neurons.json", TEXT.replace("Mary", "Tom")
    both = (*ASKED, "--counterfactual", b, "--steps", "2", "--top", "2", "--curve", "--draws", "0")
    assert code_of(*both, "--out", str(out)) == 0
    report = json.loads(out.read_text())
    said = capsys.readouterr().out
    best = next(iter(report["scores"]))
    assert said.splitlines()[1].split()[0] == best
    assert report["curve"]["kept"][-1] == pytest.approx(1, abs=1e-4)
    assert "random: as many neurons of the same layers" in said
    assert code_of(*ASKED[:3], "--task", "ioi", "--pairs", "2", "--steps", "1", "--top", "1", "--json") == 0
    assert len(json.loads(capsys.readouterr().out)["measured"]) == 1
    for asked, words in ((("--clean", TEXT, "--task", "ioi"), "its own pairs"), ((), "--clean is missing")):
        assert code_of(*ASKED[:3], *asked) == 2
        assert words in capsys.readouterr().err
    for more, words in ((("--edit", "m0=zero"), "without edits"), (("--node", "m0"), "are of the neurons of all MLPs")):
        assert code_of(*both, *more) == 2
        assert words in capsys.readouterr().err
