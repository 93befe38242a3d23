"""SQL over a folder of runs: what it says is what the files say, and it does nothing but read."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from core.errors import ArgumentError, InputError
from core.project.document import Document, Source
from core.project.project import Project, StepRecord
from core.project.runs import RunRecord
from core.project.wire_file import save_project
from core.sharded import query as queries
from core.sharded.asked import FORMAT, VERSION
from core.sharded.pair_rows import MADE_AGAIN
from core.sharded.progress import read_progress
from core.sharded.query import query
from core.sharded.tracing import TraceWork
from tests.app.command_line import code_of
from tests.core.sharded.small_run import ROWS, run, small_model


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("runs")
    run(small_model(), path / "eap", shard=9)
    run(small_model(), path / "it's nodes", TraceWork("eap", level="nodes"), shard=18)
    return path


def test_pairs_scores_and_runs_are_what_the_files_say(folder: Path) -> None:
    counted = query(
        "select target, count(*) as n, min(pair) from pairs group by target order by target", folder / "eap"
    )
    assert counted.columns == ("target", "n", "min(pair)")
    assert counted.rows == ((" John", 6, 2), (" Mary", 6, 0), (" Tom", 6, 4))
    written = json.loads((folder / "eap" / "circuit.json").read_text())["scores"]
    (best,) = query(
        "select writer || '->' || reader, score from scores order by score desc limit 1", folder / "eap"
    ).rows
    graph = small_model().graph
    assert best == (graph.names[int(np.argmax(written))], max(written))
    wrong = "select answer, count(*) as pairs from pairs where not correct group by answer order by pairs desc"
    assert (
        sum(row[1] for row in query(wrong, folder / "eap").rows)
        == query("select count(*) from pairs where answer != target", folder / "eap").rows[0][0]
    )
    (asked,) = query("select model, work_method, pairs_pairs, state, shards_done from runs", folder / "eap").rows
    assert asked[1:] == ("eap", 18, "done", 2)
    when = datetime.fromtimestamp(int(read_progress(folder / "eap").updated), UTC).isoformat().removesuffix("+00:00")
    answer = query("select updated, updated > timestamp '2020-01-01' as later from runs", folder / "eap")
    assert answer.as_records() == [{"updated": when, "later": True}]
    assert answer.as_csv().splitlines() == ["updated,later", f"{when},True"]


def test_a_folder_of_runs_has_the_rows_of_all_of_them_by_name(folder: Path) -> None:
    assert query("select run, count(*) from pairs group by run order by run", folder).rows == (
        ("eap", len(ROWS)),
        ("it's nodes", len(ROWS)),
    )
    assert query("select distinct run from scores", folder).rows == (("eap",),)  # of nodes there are none
    assert query("select run, work_level from runs order by run", folder).rows == (
        ("eap", "edges"),
        ("it's nodes", "nodes"),
    )


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("selec 1", "cannot be run. Parser Error"),
        ("select nothing from pairs", 'Referenced column "nothing" not found'),
        ("select * from nowhere", "nowhere does not exist"),
        ("drop view pairs", "A query is one SELECT"),
        ("select 1; select 2", "A query is one SELECT"),
        ("copy pairs to 'out.csv'", "A query is one SELECT"),
        ("attach 'other.db'", "A query is one SELECT"),
        ("set enable_external_access = true", "A query is one SELECT"),
        ("install httpfs", "A query is one SELECT"),
        ("select * from read_csv('{file}')", "disabled by configuration"),
        ("select * from '{file}'", "disabled by configuration"),
        ("select * from read_text('{file}')", "disabled by configuration"),
        ("select * from glob('{file}')", "disabled by configuration"),
        ("select * from known", "known does not exist"),  # a variable of Python
    ],
)
def test_what_is_no_reading_of_these_tables_is_refused(folder: Path, sql: str, words: str, tmp_path: Path) -> None:
    file = tmp_path / "secret.csv"
    file.write_text("a\n1\n")
    with pytest.raises(ArgumentError) as error:
        query(sql.replace("{file}", str(file)), folder / "eap")
    assert words in error.value.message
    assert "pairs (pair, shard, clean" in error.value.hint


def test_a_folder_without_runs_and_a_machine_without_duckdb_say_so(tmp_path: Path, monkeypatch, capsys) -> None:
    with pytest.raises(InputError, match="holds no run over many pairs"):
        query("select 1", tmp_path)
    monkeypatch.setitem(__import__("sys").modules, "duckdb", None)
    assert code_of("query", "select 1", str(tmp_path)) == 3
    assert 'pip install "wirescope[query]"' in capsys.readouterr().err


def test_the_runs_of_a_project_are_a_table_too(tmp_path: Path) -> None:
    document = Document("bundled:names", Source("text", "A"))
    records = [
        RunRecord("trace", 0.0, document, "patch", by="EAP", metric="m", pairs=3, seconds=1.5, cmd=cmd)
        for cmd in (0.5, None)
    ]
    path = tmp_path / "work.wire"
    save_project(path, Project((StepRecord("Start", document, opens=True),), runs=tuple(records)))
    assert query("select method, data, cmd, cpr, seconds from runs", path).rows == (
        ("EAP", "3 pairs", 0.5, None, 1.5),
        ("EAP", "3 pairs", None, None, 1.5),
    )


def test_the_terminal_prints_a_table_csv_and_json(folder: Path, capsys) -> None:
    sql = (
        "select target, avg(positions) as length, bool_and(false) as no, null as none from pairs group by 1 order by 1"
    )
    assert code_of("query", sql, str(folder / "eap")) == 0
    assert capsys.readouterr().out.splitlines() == [
        "target  length  no     none",
        " John        5  false",
        " Mary        5  false",
        " Tom         5  false",
        "(3 rows)",
    ]
    assert code_of("query", sql, str(folder / "eap"), "--format", "csv") == 0
    assert capsys.readouterr().out.splitlines()[:2] == ["target,length,no,none", " John,5.0,False,"]
    assert code_of("query", sql, str(folder / "eap"), "--json") == 0
    assert json.loads(capsys.readouterr().out)[0] == {"target": " John", "length": 5.0, "no": False, "none": None}
    assert queries.Answer(("a",), ((float("nan"),),)).as_records() == [{"a": None}]


def test_runs_that_say_other_kinds_of_values_by_one_name_are_told_as_text(tmp_path: Path) -> None:
    for name, asked in (
        ("a", {"work": {"steps": 5}, "model": ["one", "two"]}),
        ("b", {"work": {"steps": "few"}, "model": "one"}),
        ("c", {"work": {"steps": 2**70}}),
    ):
        (tmp_path / name).mkdir()
        said = {"format": FORMAT, "version": VERSION, "asked": asked}
        (tmp_path / name / "run.json").write_text(json.dumps(said))
    assert query("select run, work_steps, model from runs order by run", tmp_path).rows == (
        ("a", "5", '["one", "two"]'),
        ("b", "few", "one"),
        ("c", str(2**70), None),
    )


def test_an_answer_says_of_how_many_pairs_it_is(tmp_path: Path, capsys) -> None:
    run(small_model(), tmp_path, shard=4)
    counted = "select count(*) from pairs"
    assert query(counted, tmp_path) == queries.Answer(("count_star()",), ((18,),))
    (tmp_path / "pairs" / "000001.parquet").unlink()
    (tmp_path / "pairs" / "000004.parquet").write_bytes(bytes(100))
    answer = query(counted, tmp_path)
    words = f"{tmp_path} has the rows of 12 of its 18 pairs: files of pairs/ are damaged or gone."
    assert (answer.rows, answer.notes) == (((12,),), (f"{words} {MADE_AGAIN}",))
    assert query("select count(*) from scores", tmp_path).notes == ()
    assert code_of("query", counted, str(tmp_path), "--json") == 0
    printed = capsys.readouterr()
    assert (json.loads(printed.out), words in printed.err) == ([{"count_star()": 12}], True)
    for path in (tmp_path / "pairs").iterdir():
        path.unlink()
    with pytest.raises(InputError, match="has the rows of 0 of its 18 pairs"):
        query(counted, tmp_path)


def test_an_answer_says_where_it_is_not_of_all_runs(folder: Path, monkeypatch, capsys) -> None:
    counted = "select count(*) from runs"
    assert query(counted, folder) == queries.Answer(("count_star()",), ((2,),))
    monkeypatch.setattr(queries, "MOST_FOLDERS", 1)
    words = f"{folder} holds 2 runs: this is of the first 1 of them, by their names."
    assert query("select run from runs", folder).rows == (("eap",),)
    assert [note.startswith(words) for note in query("select 1", folder).notes] == [True]
    assert code_of("query", counted, str(folder)) == 0
    assert words in capsys.readouterr().err


def with_other_pages(parquet: bytes) -> bytes:
    """The same file but for what its columns hold: its end, which says what is in it, is whole."""
    end = int.from_bytes(parquet[-8:-4], "little") + 8
    return parquet[:4] + bytes(len(parquet) - end - 4) + parquet[-end:]


def test_what_is_damaged_stands_in_the_way_of_its_own_table_alone(tmp_path: Path) -> None:
    run(small_model(), tmp_path, shard=9)
    tables = {
        "pairs": (tmp_path / "pairs" / "000001.parquet", "select min(metric_clean) from pairs", MADE_AGAIN),
        "scores": (tmp_path / "scores.parquet", "select count(*) from Scores", MADE_AGAIN),
        "runs": (
            tmp_path / "progress.json",
            "select * from runs",
            "Delete it: the command of the run writes it again.",
        ),
    }
    for damaged, (path, _, hint) in tables.items():
        whole = path.read_bytes()
        path.write_bytes(with_other_pages(whole) if damaged == "pairs" else b"{no")
        for name, (_, sql, _) in tables.items():
            if name == damaged:
                with pytest.raises(InputError) as refused:
                    query(sql, tmp_path)
                assert (str(path) in refused.value.message, refused.value.hint) == (True, hint)
            else:
                assert query(sql, tmp_path).rows
        path.write_bytes(whole)
