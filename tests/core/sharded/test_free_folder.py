"""Which folders a run can have, and that asking leaves nothing behind."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from core.errors import InputError
from core.saving import save_text
from core.sharded.asked import FORMAT, VERSION
from core.sharded.free_folder import check_folder


def account(folder: Path, **said: object) -> Path:
    """A folder with such a run.json."""
    folder.mkdir()
    (folder / "run.json").write_text(json.dumps({"format": FORMAT, "version": VERSION, "asked": {}, **said}))
    return folder


def test_an_empty_a_new_and_a_runs_folder_can_be_had_and_nothing_is_left_there(tmp_path: Path) -> None:
    check_folder(tmp_path)
    check_folder(tmp_path / "new" / "newer")
    assert list(tmp_path.iterdir()) == []
    killed = tmp_path / "killed"  # before run.json was written
    (killed / "pairs").mkdir(parents=True)
    (killed / "rows.part").touch()
    check_folder(killed)
    check_folder(account(tmp_path / "run"))
    (tmp_path / "run" / "notes.txt").touch()
    check_folder(tmp_path / "run")
    (killed / "scores.json").touch()
    check_folder(killed, ["scores.json"])
    with pytest.raises(InputError, match=r"killed holds other files: scores\.json\."):
        check_folder(killed)


def test_what_file_managers_leave_and_what_was_begun_to_save_are_no_files_of_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (".DS_Store", "Thumbs.db", "desktop.ini", "Desktop.ini", ".directory"):
        (tmp_path / name).touch()
    check_folder(tmp_path)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("core.saving._rename", killed)
    monkeypatch.setattr(Path, "unlink", lambda *_, **__: None)  # nothing is tidied up by who is killed
    with pytest.raises(KeyboardInterrupt):
        save_text(tmp_path / "run.json", "{}")
    monkeypatch.undo()
    assert not (tmp_path / "run.json").exists()
    assert len([*tmp_path.glob("*.part")]) == 1
    check_folder(tmp_path)
    (tmp_path / "my.part").touch()
    with pytest.raises(InputError, match=r"holds other files: my\.part\."):
        check_folder(tmp_path)


def test_what_no_run_can_have_is_said_in_words(tmp_path: Path) -> None:
    file = tmp_path / "one.csv"
    file.touch()
    for name in "abc":
        (tmp_path / f"{name}.txt").touch()
    account(tmp_path / "foreign", format="other")
    account(tmp_path / "newer", version=VERSION + 1)
    account(tmp_path / "empty", asked=None)
    account(tmp_path / "broken")
    (tmp_path / "broken" / "run.json").write_text("{")
    for folder, words in (
        (file, r"one\.csv is a file, not a folder\."),
        (tmp_path, r"holds other files: a\.txt, b\.txt, broken, …\."),
        (file / "x", r"x cannot be made: "),
        (tmp_path / "foreign", r"run\.json is not of a run of Wirescope\."),
        (tmp_path / "broken", r"run\.json is not of a run of Wirescope\."),
        (tmp_path / "newer", r"run\.json was written by a newer version of Wirescope\."),
        (tmp_path / "empty", r"run\.json does not say what was asked\."),
    ):
        with pytest.raises(InputError, match=words):
            check_folder(folder)


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="there is no such place")
def test_a_place_where_nothing_can_be_made_is_refused() -> None:
    with pytest.raises(InputError, match="/proc/x cannot be made"):
        check_folder(Path("/proc/x"))
    assert not os.path.exists("/proc/x")
