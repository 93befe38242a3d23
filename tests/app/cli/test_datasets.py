"""Datasets on the command line: `run --dataset` takes what `trace --dataset` takes, and plain lines; what is refused is
said in a sentence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.app.command_line import code_of

RUN = ("run", "--model", "bundled:names", "--clean", "The capital of France is", "--edit", "m1=mean", "--json")
SPAIN, ITALY = "The capital of Spain is", "The capital of Italy is"
FORMS = {
    "lines.txt": f"{SPAIN}\n{ITALY}\n",
    "lines-marked.txt": f"\ufeff{SPAIN}\r\n\r\n{ITALY}\r\n",
    "pairs.csv": f"clean,counterfactual\n{SPAIN},{ITALY}\n{ITALY},{SPAIN}\n",
    "pairs.tsv": f"corrupted\tclean\n{ITALY}\t{SPAIN}\n{SPAIN}\t{ITALY}\n",
    "semicolons.csv": f"\ufeffclean;foil\n{SPAIN}; Rome\n{ITALY}; Rome\n",
    "pairs.jsonl": json.dumps({"clean": SPAIN}) + "\n" + json.dumps({"prompt": ITALY, "corrupt": SPAIN}) + "\n",
    "table.txt": f"clean,counterfactual\n{SPAIN},{ITALY}\n{ITALY},{SPAIN}\n",
}


def test_the_same_inputs_give_the_same_mean_in_every_form(tmp_path: Path, capsys) -> None:
    found = set()
    for name, content in FORMS.items():
        (tmp_path / name).write_bytes(content.encode())
        assert code_of(*RUN, "--dataset", str(tmp_path / name)) == 0, name
        found.add(json.loads(capsys.readouterr().out)["after"])
    assert len(found) == 1


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.jsonl", b'{"clean": "a", "target": true}', "Line 1 of a.jsonl: target is true"),
        ("a.jsonl", b'{"clean": "The\\ud83d is"}', "Line 1 of a.jsonl: clean is no text"),
        ("a.txt", b"caf\xe9 is\n", "a.txt is no UTF-8 text. Line 1"),
        ("a.csv", b"one,two\n", "names no column `clean`"),
        ("a.json", b"[" * 200_000, "nested too deep"),
        ("a.txt", b"\n\n", "a.txt has no inputs"),
    ],
)
def test_what_is_no_dataset_is_refused_in_a_sentence(tmp_path: Path, capsys, name, content, words) -> None:
    (tmp_path / name).write_bytes(content)
    assert code_of(*RUN, "--dataset", str(tmp_path / name)) == 3
    told = capsys.readouterr().err
    assert words in told
    assert "Traceback" not in told


def test_columns_that_are_not_used_are_named_on_standard_error(tmp_path: Path, capsys) -> None:
    file = tmp_path / "rows.csv"
    file.write_text(f"clean,corrupted,group,plural\n{SPAIN},{ITALY},x,1\n", encoding="utf-8")
    arguments = ("trace", "--model", "bundled:names", "--dataset", str(file), "--method", "random")
    assert code_of(*arguments, "--out", str(tmp_path / "scores.json")) == 0
    assert "not used: group, plural" in capsys.readouterr().err


def test_the_years_of_greater_than_are_refused_before_a_trace(tmp_path: Path, capsys) -> None:
    file = tmp_path / "years.csv"
    war = "The war lasted from 1352 to 13,The war lasted from 1301 to 13"
    file.write_text(f"clean,corrupted,correct_idx\n{war},52\n", encoding="utf-8")
    arguments = ("trace", "--model", "bundled:names", "--dataset", str(file))
    assert code_of(*arguments, "--out", str(tmp_path / "scores.json")) == 3
    assert "that is a year" in capsys.readouterr().err
    assert not (tmp_path / "scores.json").exists()
