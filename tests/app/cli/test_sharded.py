"""`wirescope trace --folder`: many pairs in shards, as typed, on the bundled model of names."""

from __future__ import annotations

import json
import os
import shutil
from importlib.util import find_spec
from pathlib import Path

import pyarrow
import pytest
from PIL import Image
from pyarrow import parquet

from core.errors import InputError
from core.inputs.dataset_columns import FileRow
from core.inputs.dataset_files import read_dataset, write_dataset
from core.inputs.dataset_stream import stream_rows
from core.inputs.regions import split_regions
from core.sharded import run as runs
from core.sharded.executors import Workers
from core.sharded.progress import read_progress
from tests.app.command_line import code_of

OPENS = ("app.cli.sharded_trace.open_model", "app.cli.evaluate.open_model", "app.cli.open_model.open_model")
TRACE = ("trace", "--model", "bundled:names", "--task", "capitals", "--pairs", "5", "--shard", "2", "--method", "eap")


def test_it_stops_says_how_to_go_on_and_goes_on(tmp_path: Path, capsys, monkeypatch) -> None:
    folder = tmp_path / "many pairs"
    command = (*TRACE, "--folder", str(folder))
    put = runs.RunFolder.put

    def interrupted(self, number: int, result: object) -> None:
        put(self, number, result)
        if number == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(runs.RunFolder, "put", interrupted)
    assert code_of(*command) == 130
    error = capsys.readouterr().err
    assert "Stopped after 4 of 5 pairs" in error
    assert f"wirescope {' '.join(TRACE)} --folder '{folder}'" in error
    said = read_progress(folder)
    assert (said.state, said.command, said.alive) == ("stopped", command, False)

    monkeypatch.setattr(runs.RunFolder, "put", put)
    assert code_of(*command, "--json", "--out", str(tmp_path / "copy.json")) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["pairs"], report["shard"], report["left out"]) == (5, 2, 0)
    assert len(report["strongest"]) == 10
    assert report["answered rightly"] == 1
    scores = [json.loads(path.read_text()) for path in (tmp_path / "copy.json", folder / "circuit.json")]
    assert scores[0] == scores[1]

    evaluate = ("evaluate", str(folder / "circuit.json"), *TRACE[3:9], "--folder", str(tmp_path / "curve"))
    assert code_of(*evaluate) == 0
    text = capsys.readouterr().out
    assert "over 5 pairs of the task capitals, 2 a shard" in text
    last = next(line.split() for line in text.splitlines() if line.strip().startswith("1,519"))
    assert last == ["1,519", "1,519", "1.000", "1.000", "to", "1.000", "1.00", "to", "1.00", "100", "%"]
    assert json.loads((tmp_path / "curve" / "evaluation.json").read_text())["pairs"] == 5
    sql = "select count(*) as n, bool_and(correct_whole) as correct from pairs"
    assert code_of("query", sql, evaluate[-1], "--json") == 0
    assert json.loads(capsys.readouterr().out) == [{"n": 5, "correct": True}]

    again = (*TRACE[:6], "60", "--shard", "16", "--method", "eap", "--folder", str(tmp_path / "again"))
    assert code_of(*again) == 0
    told = capsys.readouterr().out
    assert code_of("query", "select count(*) - count(distinct clean) as n from pairs", again[-1], "--json") == 0
    (repeated,) = json.loads(capsys.readouterr().out)
    assert repeated["n"] > 0
    assert f"\n{repeated['n']} of the 60 pairs have the A of one before" in told
    assert report["repeated"] == 0

    assert code_of(*command, "--seed", "1") == 3
    assert "holds another run: seed of the pairs 0 instead of 1." in capsys.readouterr().err

    (tmp_path / "other.txt").touch()
    for refused in (TRACE, ("heads", *TRACE[1:7]), ("study", "icl", *TRACE[1:3]), evaluate[:-2]):
        assert code_of(*refused, "--folder", str(tmp_path)) == 3
        assert f"{tmp_path} holds other files: " in capsys.readouterr().err
    assert not (tmp_path / "run.json").exists()


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(bytes(100))])
def test_a_shard_whose_rows_are_lost_is_told_of_and_done_again(tmp_path: Path, capsys, damage) -> None:
    command = (*TRACE, "--folder", str(tmp_path))
    assert code_of(*command) == 0
    first = capsys.readouterr()
    rows = tmp_path / "pairs" / "000001.parquet"
    files = {path: path.read_bytes() for path in (rows, tmp_path / "circuit.json", tmp_path / "sums.npz")}
    table, said = parquet.read_table(rows), read_progress(tmp_path)
    damage(rows)
    assert code_of(*command) == 0
    again = capsys.readouterr()
    words = "The rows of 1 of 3 shards are damaged or gone (pairs/*.parquet): they are made again."
    assert (words in first.err, words in again.err) == (False, True)
    assert again.out == first.out
    assert parquet.read_table(rows).equals(table)
    assert {path: path.read_bytes() for path in files} == files
    assert read_progress(tmp_path) == said  # how long the run took
    assert code_of(*command) == 0
    assert words not in capsys.readouterr().err


def test_what_is_refused_leaves_nothing(tmp_path: Path, capsys) -> None:
    there, new, rows = tmp_path / "there", tmp_path / "new" / "run", tmp_path / "rows.csv"
    there.mkdir()
    rows.write_text("clean,counterfactual\nThe capital of France is,The capital\n")  # of another length
    wrong = (
        (("--task", "xyz"), 2, "There is no task called 'xyz'"),
        (("--dataset", str(rows)), 3, "Pair 1 cannot be used"),
    )
    for pairs, code, words in wrong:
        for folder in (there, new):
            assert code_of("trace", "--model", "bundled:names", *pairs, "--folder", str(folder)) == code
            assert words in capsys.readouterr().err
    assert sorted(tmp_path.rglob("*")) == [rows, there]


def test_a_picture_that_is_not_there_is_said_before_the_run_begins(tmp_path: Path, capsys) -> None:
    for name in ("a", "b"):
        Image.new("RGB", (32, 32), "red" if name == "a" else "blue").save(tmp_path / f"{name}.png")
    rows = tmp_path / "rows.csv"
    rows.write_text("clean,counterfactual\na.png,b.png\nb.png,none.png\n")
    trace = ("trace", "--model", "bundled:shapes", "--method", "eap", "--dataset", str(rows))
    for options in (("--folder", str(tmp_path / "run"), "--shard", "1"), ("--out", str(tmp_path / "x.json"))):
        assert code_of(*trace, *options) == 3
        assert f"Pair 2 of rows.csv: There is no file {tmp_path / 'none.png'}." in capsys.readouterr().err
    assert len([*tmp_path.iterdir()]) == 3


def test_masks_are_found_by_workers_that_are_started_elsewhere(tmp_path: Path, monkeypatch) -> None:
    folder = tmp_path / "Ann's pictures"
    folder.mkdir()
    for name in ("a", "b", "mask"):
        Image.new("RGB", (32, 32), {"a": "red", "b": "blue", "mask": "white"}[name]).save(folder / f"{name}.png")
    (folder / "rows.csv").write_text("clean,counterfactual,roles\na.png,b.png,most=mask:mask.png\n")
    monkeypatch.chdir(folder)
    trace = ("trace", "--model", "bundled:shapes", "--method", "eap", "--dataset", "rows.csv", "--folder", "run")
    assert code_of(*trace, "--region", "all=mask:mask.png") == 0
    (row,) = [json.loads(line) for line in Path("run/rows.jsonl").read_text().splitlines()]
    assert split_regions(row[-1]) == [f"{name}=mask:{folder / 'mask.png'}" for name in ("most", "all")]


def not_to_be_started(*_told: object) -> None:
    pytest.fail("No cluster is to be started, nor to be looked for.")


@pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed")
def test_what_is_refused_is_refused_before_workers_are_started(tmp_path: Path, capsys, monkeypatch) -> None:
    model, trace = ("--model", "bundled:names"), (*TRACE, "--folder", str(tmp_path / "trace"))
    assert code_of(*trace) == 0
    pairs = ("--task", "capitals", "--pairs", "5")
    others = {
        "evaluate": ("evaluate", str(tmp_path / "trace" / "circuit.json"), *pairs),
        "heads": ("heads", *model, *pairs),
        "study": ("study", "icl", *model),
    }
    commands = [(*trace, "--seed", "1")]
    for name, command in others.items():
        (tmp_path / name).mkdir()
        shutil.copy(tmp_path / "trace" / "run.json", tmp_path / name)  # another run than this command's
        commands.append((*command, "--folder", str(tmp_path / name)))
    capsys.readouterr()
    monkeypatch.setattr(Workers, "executor", not_to_be_started)
    for command in commands:
        assert code_of(*command, "--workers", "2") == 3, command
        assert "holds another run" in capsys.readouterr().err
    assert code_of("trace", *model, "--task", "xyz", "--folder", str(tmp_path / "new"), "--workers", "2") == 2
    assert "There is no task called 'xyz'" in capsys.readouterr().err
    for opens in OPENS:
        monkeypatch.setattr(opens, not_to_be_started)
    for command in commands:
        assert code_of(*command, "--cluster", "foo") == 2, command
        assert (
            "'foo' is no address of a cluster.\n  Give ray://HOST:PORT, HOST:PORT or auto." in capsys.readouterr().err
        )


def test_options_that_do_not_go_together_are_said_before_the_model_is_opened(tmp_path: Path, capsys) -> None:
    for options, words in (
        (("--workers", "2"), "--workers is of a run over many pairs."),
        (("--folder", "x", "--workers", "0"), "There is at least 1 worker, not 0."),
        (("--folder", "x", "--shard", "0"), "--shard is at least 1, not 0."),
        (("--folder", "x", "--method", "circuit-pruning"), "decides from all pairs together"),
        (("--folder", "x", "--select", "consensus"), "--select needs the scores of each pair."),
    ):
        command = [each for each in TRACE if each not in ("--shard", "2")]
        assert code_of(*command, *options) == 2, options
        assert words in capsys.readouterr().err
    heads = ("heads", "--model", "bundled:names")
    for options, words in (
        (("--task", "ioi"), "The A of many pairs is read in shards."),
        (("--folder", "x"), "Which pairs the folder is for is not said."),
        (("--folder", "x", "--task", "ioi", "--corpus", "book.txt"), "--corpus is not of a run in shards."),
    ):
        assert code_of(*heads, *options) == 2, options
        assert words in capsys.readouterr().err
    assert not (tmp_path / "x").exists()


def test_a_file_of_any_size_is_read_row_by_row(tmp_path: Path) -> None:
    rows = [FileRow('He said "a,b"\nand', "B\rof it", " x", 3), FileRow("C", "D", " y", 4)]
    for name in ("rows.csv", "rows.tsv", "rows.jsonl"):
        write_dataset(tmp_path / name, rows)
        assert list(stream_rows(tmp_path / name)) == read_dataset(tmp_path / name), name
    spreadsheet = tmp_path / "sheet.csv"
    spreadsheet.write_text("sep=;\nclean;counterfactual\nA;B\n")
    assert list(stream_rows(spreadsheet)) == [FileRow("A", "B")]
    endless = tmp_path / "endless.jsonl"
    os.mkfifo(endless)  # nobody ends it: what is asked for comes before that
    writer = os.open(endless, os.O_RDWR)
    os.write(writer, b'{"clean": "A"}\n' * 3000)
    try:
        assert next(stream_rows(endless)) == FileRow("A")
    finally:
        os.close(writer)


def test_a_parquet_file_is_a_dataset_too(tmp_path: Path) -> None:
    table = pyarrow.table(
        {"clean": ["A", "B"], "corrupted": ["C", "D"], "correct_idx": [1, 2], "incorrect_idx": [3, 4]}
    )
    parquet.write_table(table, tmp_path / "rows.parquet")
    assert list(stream_rows(tmp_path / "rows.parquet")) == [FileRow("A", "C", 1, 3), FileRow("B", "D", 2, 4)]


def test_years_are_no_token_ids_in_a_file_of_any_size_either(tmp_path: Path) -> None:
    file = tmp_path / "years.csv"
    file.write_text("clean,corrupted,correct_idx\nA,B,17\nC,D,99\n")
    with pytest.raises(InputError, match="correct_idx is 17 without an incorrect_idx"):
        list(stream_rows(file))
    file.write_text("clean,corrupted,correct_idx\nA,B,17\nC,D,100\n")
    assert [row.target for row in stream_rows(file)] == [17, 100]
