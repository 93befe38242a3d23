"""Files are written whole or not at all, and what is no file is never replaced by one."""

from __future__ import annotations

import os
import stat
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core.errors import WirescopeError
from core.saving import check_place, save_bytes, save_new_text, save_text


def test_a_file_is_replaced_and_nothing_else_is_left(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    for text in ("one", "two é"):
        check_place(path)
        save_text(path, text)
    assert path.read_text(encoding="utf-8") == "two é"
    assert list(tmp_path.iterdir()) == [path]


def test_a_new_file_takes_the_place_of_none(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    save_new_text(path, "é")
    with pytest.raises(FileExistsError):
        save_new_text(path, "another")
    assert path.read_text(encoding="utf-8") == "é"
    with pytest.raises(WirescopeError, match="cannot be written"):
        save_new_text(tmp_path / "none" / "file", "text")


def test_to_ask_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("the user's own", encoding="utf-8")
    check_place(path)
    check_place(tmp_path / "new.json")
    assert path.read_text(encoding="utf-8") == "the user's own"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("write", [check_place, lambda path: save_text(path, "x")])
def test_what_cannot_be_written_is_said(tmp_path: Path, write) -> None:
    for path in (tmp_path, tmp_path / "none" / "a.json"):
        with pytest.raises(WirescopeError, match="cannot be written"):
            write(path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such pipes and links")
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no such place")
def test_a_full_disk_has_a_hint_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(WirescopeError) as full:
        save_text(Path("/dev/full"), "text")
    assert full.value.message == "/dev/full cannot be written: No space left on device."
    assert full.value.hint == "Make room there, or choose a folder of another disk."
    with pytest.raises(WirescopeError) as refused:
        save_text(tmp_path / "none" / "file", "text")
    assert refused.value.hint == "Choose a folder that you may write to."


def test_a_pipe_stays_a_pipe_and_a_link_a_link(tmp_path: Path) -> None:
    """As /dev/null and /dev/stdout are: renaming over them would destroy them."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    end = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    check_place(pipe)
    save_text(pipe, "through it")
    assert os.read(end, 100) == b"through it"
    os.close(end)
    assert pipe.is_fifo()
    file, link = tmp_path / "file.json", tmp_path / "link.json"
    link.symlink_to(file)
    check_place(link)
    save_text(link, "text")
    assert link.is_symlink()
    assert file.read_text(encoding="utf-8") == "text"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file.json", "link.json", "pipe"]


def test_two_writers_of_one_place_do_not_meet(tmp_path: Path) -> None:
    """Each has a temporary file of its own: none fails, and the file is always one of theirs, whole."""
    path, texts = tmp_path / "a.json", ("x" * 60_000, "y" * 60_000)
    both = threading.Barrier(2)

    def write(text: str) -> None:
        for _ in range(40):
            both.wait(timeout=60)
            check_place(path)
            save_text(path, text)
            assert path.read_text(encoding="utf-8") in texts

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(write, texts))
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such modes")
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o755])
def test_a_file_keeps_its_mode_and_a_new_one_has_the_usual(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "a.json"
    save_text(path, "new")
    (tmp_path / "plain").touch()
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE((tmp_path / "plain").stat().st_mode)
    path.chmod(mode)
    save_text(path, "again")
    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_names_that_no_file_can_have_are_refused_before_the_work(tmp_path: Path) -> None:
    for name in ("n" * 400 + ".json", "a\0b.json"):
        for write in (check_place, lambda path: save_text(path, "x")):
            with pytest.raises(WirescopeError, match="cannot be written"):
                write(tmp_path / name)
    save_text(tmp_path / ("n" * 250), "a long name that is allowed")


def test_half_a_character_is_written_as_json_writes_it(tmp_path: Path) -> None:
    save_text(tmp_path / "a.json", '"caf\udce9"')
    assert (tmp_path / "a.json").read_bytes() == b'"caf\\udce9"'


def test_what_a_killed_program_left_goes_with_a_later_save_that_lasts(tmp_path: Path) -> None:
    old, new, other = (tmp_path / name for name in (".wirescope-0a.part", ".wirescope-0b.part", "mine.part"))
    for left in (old, new, other):
        left.write_bytes(b"half")
    for left in (old, other):
        os.utime(left, (0, 0))
    save_bytes(tmp_path / "a", b"whole")
    assert old.exists()
    save_bytes(tmp_path / "a", b"whole", lasting=True)
    assert [left.exists() for left in (old, new, other)] == [False, True, True]
