"""The folder of a run after a power cut: what is damaged is done again, or said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import core.saving
from core.errors import InputError
from core.sharded.asked import AskedFolder, check_same_run
from core.sharded.folder import RunFolder
from core.sharded.job import PAIRS, ShardResult

ASKED = {"seed": 1}
DAMAGED = (b"", b"PK", b"PK\x03\x04 and no more")


def result(pairs: float) -> ShardResult:
    return ShardResult({PAIRS: np.asarray(pairs)}, {"pair": [*range(int(pairs))]} if pairs else {})


@pytest.mark.parametrize("content", DAMAGED)
def test_a_shard_whose_sums_are_damaged_is_done_again(tmp_path: Path, content: bytes) -> None:
    with RunFolder(tmp_path) as folder:
        folder.begin(ASKED)
        folder.put(1, result(2.0))
        folder.put(2, result(4.0))
    (tmp_path / "waiting" / "000001.npz").write_bytes(content)
    with RunFolder(tmp_path) as folder:
        folder.begin(ASKED)
        assert [*folder.missing(3)] == [0, 1]
        assert float(folder.so_far[PAIRS]) == 4.0
        for number, pairs in ((0, 1.0), (1, 2.0)):
            folder.put(number, result(pairs))
        assert (folder.merged, float(folder.sums[PAIRS])) == (3, 7.0)

    (tmp_path / "sums.npz").write_bytes(content)
    with RunFolder(tmp_path) as folder, pytest.raises(InputError) as refused:
        folder.begin(ASKED)
    assert refused.value.message == f"{tmp_path / 'sums.npz'} is damaged."
    assert refused.value.hint == "Delete it: its shards are then done again."
    (tmp_path / "sums.npz").unlink()
    with RunFolder(tmp_path) as folder:
        folder.begin(ASKED)
        assert [*folder.missing(3)] == [0, 1, 2]


def rows_damaged(path: Path) -> None:
    """A byte of a number is another one: the file has its length, and its end, where it says what is in it."""
    content = bytearray(path.read_bytes())
    content[len(content) // 4] ^= 255
    path.write_bytes(content)


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(b"\x07" * 100), rows_damaged])
def test_rows_that_are_lost_are_made_again_and_their_sums_are_not_added_twice(
    tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    with RunFolder(tmp_path) as folder:
        folder.begin(ASKED)
        for number, pairs in ((0, 200.0), (1, 0.0), (2, 300.0), (5, 400.0)):  # no pair of 1 fits: it has no file
            folder.put(number, result(pairs))
    whole = {path.name: path.read_bytes() for path in (tmp_path / "pairs").iterdir()}
    for number in (2, 5):  # one whose sums are added up, one that waits
        damage(tmp_path / "pairs" / f"{number:06}.parquet")
    with RunFolder(tmp_path) as folder:
        folder.begin(ASKED)
        assert folder.without_rows == {1, 2, 5}  # 1 may be one of them: done again, it gives none
        assert [*folder.missing(7)] == [1, 2, 3, 4, 5, 6]
        for number, pairs in ((1, 0.0), (2, 300.0), (5, 400.0)):
            folder.put(number, result(pairs))
        assert [*folder.missing(7)] == [3, 4, 6]
        assert float(folder.so_far[PAIRS]) == 900.0
    assert {path.name: path.read_bytes() for path in (tmp_path / "pairs").iterdir()} == whole
    with RunFolder(tmp_path) as folder:
        folder.begin(ASKED)
        assert (folder.without_rows, [*folder.missing(7)]) == (set(), [3, 4, 6])


def test_what_is_kept_is_on_the_disk_before_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lasting: list[tuple[str, bool]] = []
    save = core.saving.save_bytes

    def told(path: Path, content: bytes, **given: bool) -> None:
        lasting.append((path.name, given.get("lasting", False)))
        save(path, content, **given)

    monkeypatch.setattr("core.saving.save_bytes", told)
    monkeypatch.setattr("core.sharded.folder.save_bytes", told)
    with RunFolder(tmp_path) as folder:
        folder.begin(ASKED)
        folder.put(0, ShardResult({PAIRS: np.asarray(1.0)}, {"pair": [0]}))
    assert lasting == [(name, True) for name in ("run.json", "000000.parquet", "000000.npz", "sums.npz")]


def test_what_differs_is_said_and_not_written_out_where_it_is_long(tmp_path: Path) -> None:
    long = [0.25] * 200
    with AskedFolder(tmp_path) as folder:
        folder.begin({"work": {"rank": [["a.txt", long]], "main": 0.1}, "weights": "a" * 64})
        with pytest.raises(InputError) as refused:
            folder.begin({"work": {"rank": [["b.txt", long]], "main": 0.2}, "weights": "b" * 64})
    a, b = "a" * 64, "b" * 64
    assert refused.value.message == (
        f"{tmp_path} holds another run: rank that differs; main 0.1 instead of 0.2; "
        f'hash of the weights "{a}" instead of "{b}".'
    )


def test_the_usual_metric_is_the_same_by_its_name(tmp_path: Path) -> None:
    unnamed, named, other = ({"work": {"metric": metric}} for metric in (None, "logit_difference", "kl"))
    for number, (first, then) in enumerate(((unnamed, named), (named, unnamed))):
        path = tmp_path / str(number)
        with AskedFolder(path) as folder:
            folder.begin(first, "logit_difference")
            folder.begin(then, "logit_difference")
            check_same_run(path, then, "logit_difference")
            with pytest.raises(InputError, match='metric "logit_difference" instead of "kl"'):
                folder.begin(other, "logit_difference")
            with pytest.raises(InputError, match="holds another run: metric"):
                folder.begin(then, "log_probability")  # that of pairs without a foil
