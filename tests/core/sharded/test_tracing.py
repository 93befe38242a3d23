"""Scores over many pairs in shards are those over all pairs at once, however the run was interrupted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as parquet
import pytest

import wirescope as ws
from core.datasets.row_pairs import row_pairs
from core.errors import ArgumentError, Cancelled, InputError
from core.inputs.dataset_columns import FileRow
from core.interchange.scores_reading import read_scores
from core.sharded.executors import Workers
from core.sharded.job import LEFT_OUT, PAIRS
from core.sharded.many_pairs import ManyPairs
from core.sharded.progress import RunProgress, read_progress
from core.sharded.shards import Shards
from core.sharded.sources import rows_into
from core.sharded.study_folder import StudyFolder
from core.sharded.trace_many import trace_many, trace_pairs
from core.sharded.tracing import TraceWork
from tests.core.sharded.small_run import ROWS, Backwards, run, small_model
from tests.small_models import small_text_model


def at_once(
    model: ws.Model, method: str = "eap", replacement: str = "patch", population=ROWS, level: str = "edges"
) -> ws.Scores:
    dataset = row_pairs(model, ROWS, "").dataset
    drawn_from = row_pairs(model, population, "").dataset
    session = ws.Session(model, dataset.pairs[0], ws.logit_difference(*dataset.answers[0]), dataset=drawn_from)
    return ws.trace(session, method, dataset=dataset, replacement=replacement, level=level)


@pytest.mark.parametrize(("method", "level"), [("eap", "edges"), ("eap-ig", "edges"), ("exact-scan", "nodes")])
def test_the_mean_over_shards_is_that_over_all_pairs(method: str, level: str, tmp_path: Path) -> None:
    model = small_model()
    expected = at_once(model, method, level=level)
    scores = trace_many(model, tmp_path, rows=ROWS, method=method, level=level, shard=5)
    assert np.abs(scores.values - expected.values).max() < 1e-12 < np.abs(expected.values).max()
    assert (scores.direction, scores.method, scores.about["pairs"]) == (expected.direction, method, "18")
    written = read_scores(tmp_path / "circuit.json", model.graph)
    assert np.array_equal(written.scores.values, scores.values)


def test_scores_say_what_was_computed_in(tmp_path: Path) -> None:
    model = small_model()
    trace_many(model, tmp_path / "run", rows=ROWS, method="eap", shard=9)
    assert read_scores(tmp_path / "run" / "circuit.json").scores.about["precision"] == "fp64"
    module, tokenizer = small_text_model()
    module.float().save_pretrained(tmp_path / "model")
    tokenizer.save_pretrained(tmp_path / "model")
    for precision, weights, said in (
        ("fp32", "memory", {}),
        ("bf16", "8bit", {"precision": "bf16", "weights": "8bit"}),
    ):
        opened = ws.load_model(str(tmp_path / "model"), dtype=precision, weights=weights)
        scores = trace_many(opened, tmp_path / weights, rows=ROWS[:2], method="eap")
        assert {name: scores.about[name] for name in ("precision", "weights") if name in scores.about} == said


def test_mean_takes_its_values_from_the_pairs_of_the_first_shard(tmp_path: Path) -> None:
    model = small_model()
    scores = trace_many(model, tmp_path, rows=ROWS, method="eap", replacement="mean", shard=4)
    assert np.abs(scores.values - at_once(model, replacement="mean", population=ROWS[:4]).values).max() < 1e-12
    assert np.abs(scores.values - at_once(model, replacement="mean").values).max() > 1e-6


def test_a_process_that_goes_from_one_run_to_another_takes_nothing_along(tmp_path: Path) -> None:
    """As workers of a cluster do, to which a notebook stays connected."""
    model = small_model()
    executor = Executors(Backwards(model))
    given = (("patch", 4), ("mean", 4), ("mean", 9), ("patch", 9))
    for place, (replacement, shard) in enumerate(given):
        work = TraceWork("eap", replacement)
        there = run(model, tmp_path / f"there {place}", work, shard, workers=executor)
        here = run(model, tmp_path / f"here {place}", work, shard)
        assert {name: sums.tobytes() for name, sums in there.items()} == {
            name: sums.tobytes() for name, sums in here.items()
        }


def test_a_row_a_pair_says_what_the_model_does_to_it(tmp_path: Path) -> None:
    model = small_model()
    run(model, tmp_path)
    table = parquet.read_table(tmp_path / "pairs").to_pylist()
    assert [row["pair"] for row in table] == list(range(18))
    assert [row["shard"] for row in table] == [number // 4 for number in range(18)]
    for row, given in zip(table, ROWS, strict=True):
        assert (row["clean"], row["counterfactual"], row["target"], row["foil"]) == tuple(given.cells())
        session = ws.Session(
            model, model.pair(given.clean, given.counterfactual), ws.logit_difference(*given.cells()[2:])
        )
        assert row["metric_clean"] == pytest.approx(float(session.clean.metric), abs=1e-12)
        assert row["metric_counterfactual"] == pytest.approx(float(session.counterfactual.metric), abs=1e-12)
        assert row["answer"] == session.clean.top(1)[0].label
        assert row["correct"] == (row["answer"] == given.target)
        assert row["positions"] == session.pair.length


def test_a_run_that_was_stopped_goes_on_to_the_same_bits(tmp_path: Path) -> None:
    model = small_model()
    whole = run(model, tmp_path / "whole")
    told = [0]  # shards that are done
    with pytest.raises(Cancelled):
        run(
            model,
            tmp_path / "cut",
            cancelled=lambda: told[-1] == 2,
            listener=lambda said: told.append(said.shards_done),
        )
    said = read_progress(tmp_path / "cut")
    assert (said.state, said.shards_done, said.shards, said.total) == ("stopped", 2, 5, 18)
    assert not (tmp_path / "cut" / "circuit.json").exists()

    executor = Backwards(model)
    sums = run(model, tmp_path / "cut", workers=Executors(executor))
    assert sorted(executor.done) == [2, 3, 4]
    assert sums.keys() == whole.keys()
    assert all(np.array_equal(sums[name], whole[name]) for name in whole)
    files = [path / "circuit.json" for path in (tmp_path / "cut", tmp_path / "whole")]
    assert files[0].read_bytes() == files[1].read_bytes()
    said = read_progress(tmp_path / "cut")
    assert (said.state, said.done, said.result, said.seconds_left) == ("done", 18, "circuit.json", 0)


def test_a_finished_run_that_is_asked_for_again_keeps_the_account_of_what_it_took(tmp_path: Path) -> None:
    model = small_model()
    sums = run(model, tmp_path)
    account = (tmp_path / "progress.json").read_bytes()
    told: list[RunProgress] = []
    (tmp_path / "circuit.json").unlink()
    again = run(model, tmp_path, workers=NoWorkers(), listener=told.append)
    assert all(np.array_equal(again[name], sums[name]) for name in sums)
    assert (tmp_path / "circuit.json").exists()
    assert (tmp_path / "progress.json").read_bytes() == account
    assert (told[-1].state, told[-1].done) == ("done", 18)
    (tmp_path / "progress.json").write_text("{")
    run(model, tmp_path)
    assert read_progress(tmp_path).state == "done", "an account that cannot be read is written anew"


class NoWorkers:
    """Stands for `Workers` of whom none is needed."""

    def executor(self, model: ws.Model) -> Backwards:
        raise AssertionError("processes are started where nothing is to be done")


class Executors:
    """Stands for `Workers`."""

    def __init__(self, executor: Backwards) -> None:
        self._executor = executor

    def tell_where_short(self, each: int) -> None:
        assert each > 0

    def executor(self, model: ws.Model) -> Backwards:
        return self._executor


def test_shards_that_end_in_another_order_give_the_same_bits(tmp_path: Path) -> None:
    """Killed with the last three of five done: they wait for those before them, and are not done again."""
    model = small_model()
    whole = run(model, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        run(model, tmp_path / "cut", workers=Executors(Backwards(model, stop=3)))
    assert [path.name for path in sorted((tmp_path / "cut" / "waiting").iterdir())] == [
        "000002.npz", "000003.npz", "000004.npz"
    ]  # fmt: skip
    executor = Backwards(model)
    sums = run(model, tmp_path / "cut", workers=Executors(executor))
    assert executor.done == [1, 0]
    assert all(np.array_equal(sums[name], whole[name]) for name in whole)
    assert list((tmp_path / "cut" / "waiting").iterdir()) == []


def test_the_folder_of_another_run_is_refused_with_what_differs(tmp_path: Path) -> None:
    model = small_model()
    run(model, tmp_path)
    with pytest.raises(InputError, match=r'method "eap" instead of "eap-ig"; .*steps none instead of 5'):
        run(model, tmp_path, TraceWork("eap-ig"))
    with pytest.raises(InputError, match="number of pairs in a shard 4 instead of 9"):
        run(model, tmp_path, shard=9)
    with pytest.raises(InputError, match=r"number of pairs 18 instead of 17; hash of the rows .* instead of "):
        trace_pairs(model, tmp_path, ManyPairs(rows=ROWS[1:], name="rows.csv", shard=4), TraceWork("eap"), Workers())


def test_rows_are_not_written_into_the_folder_of_a_run_that_has_none(tmp_path: Path) -> None:
    model, work = small_model(), TraceWork("eap")
    with StudyFolder(tmp_path) as folder, folder.account({"work": {"what": "study icl"}}):
        pass
    rows = ManyPairs(rows=ROWS, name="rows.csv", shard=4)
    with pytest.raises(InputError, match=r"holds another run, which is not of rows\."):
        trace_pairs(model, tmp_path, rows, work, Workers())
    assert not (tmp_path / "rows.jsonl").exists()

    run(model, tmp_path / "run")
    (tmp_path / "run" / "rows.jsonl").unlink()
    run(model, tmp_path / "run")
    assert (tmp_path / "run" / "rows.jsonl").exists(), "of the same run they come back"


def test_pairs_that_do_not_fit_are_left_out_and_counted(tmp_path: Path) -> None:
    model = small_model()
    rows = [*ROWS[:3], *[FileRow("When Mary gave", "When Mary gave a", " Mary", " John")] * 5, *ROWS[3:]]
    work = TraceWork("eap")
    sums = trace_pairs(model, tmp_path, ManyPairs(rows=rows, name="rows", shard=3), work, Workers())[1]
    assert (sums[PAIRS], sums[LEFT_OUT]) == (18, 5)
    assert sums["scores"] / 18 == pytest.approx(at_once(model).values, abs=1e-12)


def test_what_cannot_be_cut_into_shards_is_refused() -> None:
    with pytest.raises(ArgumentError, match="decides from all pairs together"):
        TraceWork("circuit-pruning")
    with pytest.raises(ArgumentError, match="budget is spent on"):
        TraceWork("exact-scan", options=ws.Options(budget=10))
    with pytest.raises(ArgumentError, match="positions of different shards"):
        TraceWork("eap", level="positions")
    with pytest.raises(ArgumentError, match="learns its constants from all pairs"):
        TraceWork("eap", "optimal")


def test_two_processes_are_not_at_work_in_one_folder(tmp_path: Path) -> None:
    model = small_model()

    def again(_said: object) -> None:
        with pytest.raises(InputError, match="Another process is at work"):
            run(model, tmp_path)

    run(model, tmp_path, listener=again)


def test_rows_that_a_killed_start_has_left_are_written_anew(tmp_path: Path) -> None:
    rows_into(tmp_path, ROWS, "rows")  # killed before run.json
    source = rows_into(tmp_path, ROWS[:3], "rows")
    ((_, part),) = source.parts(Shards(source.total, 9), [0])
    assert part.rows == ROWS[:3]


def test_a_run_is_gone_on_with_whether_its_usual_metric_is_named_or_not(tmp_path: Path) -> None:
    model = small_model()
    for number, metrics in enumerate(((None, "logit_difference"), ("logit_difference", None))):
        first, then = (run(model, tmp_path / str(number), TraceWork("eap", metric=metric)) for metric in metrics)
        assert np.array_equal(first["scores"], then["scores"])
    with pytest.raises(InputError, match='metric "logit_difference" instead of "log_probability"'):
        run(model, tmp_path / "0", TraceWork("eap", metric="log_probability"))
