"""`wirescope trace --folder` that is killed (SIGKILL) while it keeps a shard goes on to the same bytes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.sharded.progress import read_progress
from tests.app.command_line import ROOT, code_of

SECONDS = 100  # at most that a process may need until it has done some shards: it imports torch
TRACE = ("trace", "--model", "bundled:names", "--task", "ioi", "--pairs", "64", "--shard", "8", "--method", "eap")


@pytest.mark.skipif(os.name == "nt", reason="there are no pipes with a name, and no SIGKILL")
def test_it_goes_on_to_the_same_bytes(tmp_path: Path) -> None:
    cut, whole = tmp_path / "cut", tmp_path / "whole"
    (cut / "pairs").mkdir(parents=True)
    pipe = cut / "pairs" / "000003.parquet"
    os.mkfifo(pipe)  # nobody reads it: there the process waits, with three shards done
    command = (*TRACE, "--folder", str(cut))
    with subprocess.Popen([sys.executable, "-m", "app", *command], cwd=ROOT, stderr=subprocess.DEVNULL) as process:
        try:
            deadline = time.monotonic() + SECONDS
            while (said := read_progress(cut)) is None or said.shards_done < 3:
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.02)
        finally:
            process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    pipe.unlink()
    said = read_progress(cut)
    assert (said.state, said.alive, said.shards_done, said.done, said.command) == ("running", False, 3, 24, command)
    assert not (cut / "circuit.json").exists()

    assert code_of(*command) == 0
    assert code_of(*TRACE, "--folder", str(whole)) == 0
    for name in ("sums.npz", "circuit.json", *(f"pairs/{number:06}.parquet" for number in range(8))):
        assert (cut / name).read_bytes() == (whole / name).read_bytes(), name
    assert read_progress(cut).state == "done"
