"""`progress.json` is data: whatever stands in it is a run's account, or is refused in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import InputError
from core.sharded.progress import ProgressFile, RunProgress, is_done, read_progress


def test_what_is_written_is_read(tmp_path: Path) -> None:
    told: list[RunProgress] = []
    file = ProgressFile(tmp_path, "EAP", 20, 4, 5, 2, ("trace", "--folder", "half\udc80"), 0.0, told.append)
    file.shard(8.0, 2)
    assert read_progress(tmp_path) == told[-1]
    file.end("done", 20.0, result="circuit.json")
    assert read_progress(tmp_path) == told[-1]
    assert is_done(tmp_path)


def test_what_is_done_does_not_go_back_where_several_shards_are_in_work(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("core.sharded.progress.BETWEEN", 0.0)
    told: list[RunProgress] = []
    file = ProgressFile(tmp_path, "EAP", 20, 4, 5, 2, listener=told.append)
    file.within(1.75)  # the sum of two
    file.shard(4.0, 1)
    file.within(1.0)
    file.end("stopped", 4.0)
    assert [said.done for said in told] == [7.0, 7.0, 8.0, 4.0]
    assert told[0].rate > 0


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "[" * 100_000,
        '{"format": 1, "state": "asleep"}',
        '{"format": 1, "done": "many"}',
        '{"format": 1, "total": "7", "done": 3}',
        '{"format": 1, "command": 5}',
        '{"format": 1, "command": [5]}',
        '{"format": 1, "pid": -5}',
        '{"format": 1, "pid": 1e30}',
        '{"format": 1, "updated": 1e30}',
        '{"format": 1, "updated": null}',
        '{"format": 1, "updated": NaN}',
        '{"format": 1, "rate": NaN}',
        '{"format": 1, "done": 1e999}',
    ],
)
def test_what_is_no_account_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "progress.json").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"progress\.json is damaged: "):
        read_progress(tmp_path)
    assert not is_done(tmp_path)


def test_an_account_of_another_version_is_refused_and_fields_that_are_not_known_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "progress.json"
    path.write_text('{"format": 2, "done": "otherwise"}')
    with pytest.raises(InputError, match=r"says nothing of a run that this version knows\."):
        read_progress(tmp_path)
    path.write_text('{"format": 1, "state": "done", "mood": "calm"}')
    assert read_progress(tmp_path) == RunProgress("done")
