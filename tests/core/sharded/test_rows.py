"""The rows of a run lie in its folder as they were given, or are made so again: others never take their place."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from core.errors import InputError
from core.sharded.executors import Workers
from core.sharded.file_names import ROWS, ROWS_BEGUN
from core.sharded.many_pairs import ManyPairs
from core.sharded.sources import rows_into
from core.sharded.trace_many import trace_pairs
from core.sharded.tracing import TraceWork
from tests.core.sharded.small_run import ROWS as GIVEN
from tests.core.sharded.small_run import run, small_model


def test_rows_that_were_changed_are_written_anew(tmp_path: Path) -> None:
    model = small_model()
    run(model, tmp_path)
    written = tmp_path / ROWS
    whole = written.read_bytes()
    for damaged in (whole.replace(b"Mary", b"Maty", 1), whole[:-20]):
        written.write_bytes(damaged)
        run(model, tmp_path)
        assert written.read_bytes() == whole


def test_rows_of_another_file_do_not_take_the_place_of_those_that_are_gone(tmp_path: Path) -> None:
    model = small_model()
    sums = run(model, tmp_path)
    (tmp_path / ROWS).unlink()
    others = ManyPairs(rows=GIVEN[::-1], name="rows.csv", shard=4)
    with pytest.raises(InputError, match="holds another run: hash of the rows"):
        trace_pairs(model, tmp_path, others, TraceWork("eap"), Workers())
    assert not {ROWS, ROWS_BEGUN} & {path.name for path in tmp_path.iterdir()}
    again = run(model, tmp_path)
    assert {name: each.tobytes() for name, each in again.items()} == {
        name: each.tobytes() for name, each in sums.items()
    }


def test_rows_are_on_the_disk_before_the_run_begins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    sync = os.fsync

    def told(handle: int) -> None:
        synced.append(os.fstat(handle).st_ino)
        sync(handle)

    monkeypatch.setattr(os, "fsync", told)
    rows_into(tmp_path, GIVEN, "rows")
    assert synced == [(tmp_path / ROWS).stat().st_ino, tmp_path.stat().st_ino]
