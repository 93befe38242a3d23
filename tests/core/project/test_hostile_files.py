"""Files that are made to do harm are refused, or opened, in little time and memory, and write nothing anywhere."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from core.errors import InputError
from core.project.wire_file import load_project
from tests.core.project.hostile import figures_of_nothing

HARMLESS = ("(", "a bit turned", "cut off at 100")  # a value that fits, a bit of no meaning


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="the peak of memory is read as Linux tells it")
def test_hostile_files_are_refused_in_little_time_and_memory(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.core.project.hostile", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[3], check=True)
    found = json.loads(done.stdout)
    assert not found["wrong"], "something else than an InputError"
    assert found["refused"] > 1_000
    assert [words for words in found["opened"] if not words.startswith(HARMLESS)] == []
    assert found["others"] == [], "nothing is written"
    assert found["slowest"][1] < 5, found["slowest"]
    assert found["megabytes"] < 500
    assert len(found["longest message"]) < 500


def test_figures_that_nothing_can_have_are_refused(tmp_path: Path) -> None:
    path, opened = tmp_path / "hostile.wire", []
    for words, content in figures_of_nothing():
        path.write_bytes(content)
        with suppress(InputError):
            load_project(path)
            opened.append(words)
    assert opened == []
