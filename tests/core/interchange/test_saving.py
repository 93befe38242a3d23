"""Files are written whole or not at all, and what is no file is never replaced by one."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from core.errors import WirescopeError
from core.interchange.saving import check_place, save_text


def test_a_file_is_replaced_and_nothing_else_is_left(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    for text in ("one", "two é"):
        check_place(path)
        save_text(path, text)
    assert path.read_text(encoding="utf-8") == "two é"
    assert list(tmp_path.iterdir()) == [path]


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
