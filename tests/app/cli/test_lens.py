"""`wirescope lens`: its lenses as tables, JSON and files; what they refuse."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import wirescope as ws
from resources.samples.make import FOLDER
from tests.app.command_line import code_of

PROMPT = "When Mary and John met, John gave a book to"
ASKED = ("--model", "bundled:names", "--clean", PROMPT)


def test_the_map_over_layers_and_tokens(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = ws.load_model("bundled:names")
    session = ws.Session(model, model.pair(PROMPT))
    lens = ws.logit_lens(session.run([ws.Edit("m0", "zero")], positions="all"), (" Mary",))
    out = tmp_path / "lens.csv"
    assert code_of("lens", "map", *ASKED, "--answer", " Mary", "--edit", "m0=zero", "--json", "--out", str(out)) == 0
    report = json.loads(capsys.readouterr().out)
    assert np.allclose(report["probabilities"], lens.probabilities, atol=1e-6)
    assert report["likeliest"] == [list(row) for row in lens.labels]
    assert out.read_text(encoding="utf-8") == lens.to_csv(session.pair.clean.labels)
    assert code_of("lens", "map", *ASKED, "--out", str(tmp_path / "lens.svg")) == 0
    assert (tmp_path / "lens.svg").read_text(encoding="utf-8").startswith("<svg")
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1].split()[0] == "input"
    said = session.clean.top(1)[0]
    assert f"{said.label.strip()} {said.probability:.2f}" in next(line for line in lines if line.startswith("m"))
    circle = ("--model", "bundled:shapes", "--clean", str(FOLDER / "shapes" / "circle.png"))
    for more, code, words in (
        ((*ASKED, "--tuned-lens", str(tmp_path)), 3, "There is no tuned lens"),
        ((*ASKED, "--out", "lens.txt"), 2, "FILE.csv"),
        ((*ASKED, "--answer", "no such answer at all"), 3, "answer"),
        (circle, 2, "wirescope map"),
    ):
        assert code_of("lens", "map", *more) == code
        assert words in capsys.readouterr().err


def test_tokens_are_estimated_and_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = ws.load_model("bundled:names")
    session = ws.Session(model, model.pair(PROMPT))
    found = ws.token_attribution(session, "mean", steps=5, measured=True)
    out = tmp_path / "tokens.csv"
    options = ("--ablation", "mean", "--steps", "5", "--measure", "--json", "--out", str(out))
    assert code_of("lens", "tokens", *ASKED, *options) == 0
    report = json.loads(capsys.readouterr().out)
    assert np.allclose(report["estimated"], found.estimated, atol=1e-5)
    assert np.allclose(report["measured"], found.measured, atol=1e-5)
    assert report["gap"] == pytest.approx(sum(report["estimated"]) - report["all replaced"])
    assert len(out.read_text(encoding="utf-8").splitlines()) == 1 + session.pair.length
    circle = ("--model", "bundled:shapes", "--clean", str(FOLDER / "shapes" / "circle.png"), "--steps", "2")
    assert code_of("lens", "tokens", *circle, "--out", str(tmp_path / "patches.svg")) == 0
    text = capsys.readouterr().out
    assert "all positions replaced together" in text
    assert (tmp_path / "patches.svg").read_text(encoding="utf-8").count("<rect") == 1 + 64  # the patches on white
    assert code_of("lens", "tokens", *ASKED, "--edit", "m0=zero") == 2
    assert "without edits" in capsys.readouterr().err


def test_a_heads_attention_and_what_it_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = ws.load_model("bundled:names")
    result = ws.Session(model, model.pair(PROMPT)).run(positions="all")
    head = ("--head", "a3.h1")
    assert code_of("lens", "attention", *ASKED, *head, "--json", "--out", str(tmp_path / "attention.csv")) == 0
    report = json.loads(capsys.readouterr().out)
    assert np.allclose(report["moved"], ws.value_weighted_attention(result, 3, 1), atol=1e-6)
    assert np.allclose(report["attention"], ws.attention_pattern(result, 3, 1), atol=1e-6)
    assert (tmp_path / "attention.csv").read_text(encoding="utf-8").startswith("query,key,asks,reads,attention,moved\n")
    assert code_of("lens", "attention", *ASKED, *head) == 0
    assert "a3.h1 at position " in capsys.readouterr().out
    assert code_of("lens", "writes", *ASKED, *head, "--token", " Mary", "--top", "2", "--json") == 0
    said = json.loads(capsys.readouterr().out)
    found = ws.head_promotes(result, ws.Node("head", 3, 1), token=" Mary", count=2)
    assert [row["answer"] for row in said["up"]] == [row.label for row in found.most]
    assert code_of("lens", "writes", *ASKED, *head, "--at", "1", "--out", str(tmp_path / "writes.csv")) == 0
    assert "a3.h1 reading position 1 pushes" in capsys.readouterr().out
    assert len((tmp_path / "writes.csv").read_text(encoding="utf-8").splitlines()) == 1 + 10
    for more, words in ((("--head", "m0", "--at", "1"), "no head"), (head, "one input"), ((*head, "--at", "99"), "99")):
        assert code_of("lens", "writes", *ASKED, *more) == 2
        assert words in capsys.readouterr().err


def test_what_makes_up_for_an_edit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = ws.load_model("bundled:names")
    session = ws.Session(model, model.pair(PROMPT), ws.logit_difference(" Mary", " John"))
    edit = ws.Edit("a2.h1", "zero")
    metric = ("--metric", "logit_difference: Mary: John")
    out = tmp_path / "repair.csv"
    assert code_of("lens", "repair", *ASKED, *metric, "--edit", "a2.h1=zero", "--json", "--out", str(out)) == 0
    report = json.loads(capsys.readouterr().out)
    found = ws.self_repair(session, session.clean, session.run([edit]), ws.Node("head", 2, 1))
    assert [row["node"] for row in report["repairs"]] == [repair.node.name for repair in found.repairs]
    cut = ws.backup_effects(session, [edit], [repair.node for repair in found.repairs], "zero")
    assert report["cut"]["with the edit"]["joint"] == pytest.approx(cut.after.joint, abs=1e-4)
    assert len(out.read_text(encoding="utf-8").splitlines()) == 1 + len(found.repairs)
    assert code_of("lens", "repair", *ASKED, *metric, "--edit", "a2.h1=zero") == 0
    assert "cut together" in capsys.readouterr().out
    for more, words in (((), "of an edit"), (("--edit", "a2.h1<q>=zero"), "reader")):
        assert code_of("lens", "repair", *ASKED, *more) == 2
        assert words in capsys.readouterr().err
