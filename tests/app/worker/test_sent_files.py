"""Files that a worker elsewhere was sent: they come in parts, have a limit, and go with the worker."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from app.worker import remote_side
from app.worker.process_folder import LOCK, PREFIX, ProcessFolder, remove_left
from app.worker.remote_side import RemoteSide
from app.worker.sent_files import SentFiles
from core.errors import InputError
from tests.app.workbench.test_worker_thread import Server

ROOT = Path(__file__).parents[3]
DIES = """
import os, signal
from app.worker.process_folder import ProcessFolder
print(ProcessFolder().path, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of temporary files."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def put(files: SentFiles | RemoteSide, data: bytes, name: str = "cat.png") -> str:
    files.put(digest(data), name, len(data), 0, data)
    return digest(data)


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob(f"{PREFIX}*"))


def test_a_file_that_is_not_what_it_says_is_not_taken() -> None:
    files = SentFiles()
    with pytest.raises(InputError, match="other bytes"):
        files.put("0" * 64, "../../cat.png", 9, 0, b"a picture")
    with pytest.raises(InputError, match="other bytes"):
        files.put("../../" + "0" * 58, "cat.png", 9, 0, b"a picture")
    with pytest.raises(InputError, match="was not sent"):
        files.paths({"/a/cat.png": "0" * 64})
    there = put(files, b"a picture", "../../cat.png")
    assert Path(files.paths({"/a/cat.png": there})["/a/cat.png"]).parents[1].name == there
    for path, name in (("C:\\a\\b.csv", "b.csv"), ("/a/..", "file"), ("/b/cat.png", "cat.png")):
        place = Path(files.paths({path: there})[path])
        assert (place.name, place.parents[1].name, place.read_bytes()) == (name, there, b"a picture")
    files.close()


def test_a_file_comes_in_parts_from_its_start_on_and_is_there_when_it_is_whole() -> None:
    files, data = SentFiles(), b"a picture"
    whole = digest(data)
    files.put(whole, "cat.png", 9, 0, data[:4])
    with pytest.raises(InputError, match="other bytes"):
        files.put(whole, "cat.png", 9, 6, data[6:])  # what is between was lost
    files.put(whole, "cat.png", 9, 0, data[:4])  # begun anew
    assert files.missing([whole]) == [whole]
    files.put(whole, "cat.png", 9, 4, data[4:])
    assert files.missing([whole]) == []
    assert Path(files.paths({"/cat.png": whole})["/cat.png"]).read_bytes() == data
    empty = digest(b"")
    files.put(empty, "empty.csv", 0, 0, b"")
    assert files.missing([empty]) == []
    files.close()


def test_files_that_are_asked_for_no_more_give_way_and_too_many_at_once_are_refused_in_words() -> None:
    files = SentFiles(most_bytes=10)
    first, second = b"four", b"five!"
    files.missing([digest(first)])
    put(files, first)
    files.missing([digest(first), digest(second)])
    put(files, second)
    third = b"six6"
    files.missing([digest(second), digest(third)])
    put(files, third)  # in the place of the first
    assert files.missing([digest(first), digest(second), digest(third)]) == [digest(first)]
    with pytest.raises(InputError, match=r"the most that is sent, and with cat\.png they are more\.") as refused:
        put(files, first)
    assert "Connect anew" not in refused.value.hint, "the same dataset would come again"
    files.close()


def test_what_was_sent_goes_when_the_worker_is_closed_and_nothing_more_is_taken(folder: Path) -> None:
    side = RemoteSide(Server)
    assert left(folder) == []
    put(side, b"a picture")
    (name,) = left(folder)
    assert (folder / name).stat().st_mode & 0o077 == 0
    side.close(0.0)
    assert left(folder) == []
    with pytest.raises(InputError, match="has left"):
        put(side, b"another picture")
    assert left(folder) == []


def test_a_worker_that_ends_as_nobody_asks_removes_what_it_was_sent(folder: Path, monkeypatch) -> None:
    ended, seen = threading.Event(), []

    def end(code: int) -> None:
        seen.append((code, left(folder)))
        ended.set()

    monkeypatch.setattr(remote_side.os, "_exit", end)
    side = RemoteSide(Server, idle_seconds=0.3)
    put(side, b"a picture")
    assert len(left(folder)) == 1
    assert ended.wait(30)
    assert seen == [(0, [])]
    side.close(0.0)


@pytest.mark.skipif(sys.platform == "win32", reason="kills by a signal")
def test_what_a_killed_process_left_is_removed_by_the_next_one_and_a_living_ones_stays(folder: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(folder)}
    done = subprocess.run(
        [sys.executable, "-c", DIES], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    dead = Path(done.stdout.strip())
    (dead / "sent").write_bytes(b"a picture")
    lives = ProcessFolder()
    begun = folder / f"{PREFIX}begun"  # it has no lock yet
    begun.mkdir()
    elsewhere = folder / "elsewhere"  # somebody has put a link to it there
    elsewhere.mkdir()
    (elsewhere / LOCK).touch()
    (folder / f"{PREFIX}link").symlink_to(elsewhere)
    SentFiles()
    assert left(folder) == sorted([lives.path.name, begun.name, f"{PREFIX}link"])
    assert (elsewhere / LOCK).exists()
    lives.close()
    remove_left()
    assert not lives.path.exists()
