"""Runs over many pairs: killed and gone on with against uninterrupted, the memory of the latter, two workers against
one.

Each run is `wirescope trace --folder` in a process of its own, on one thread. A kill is SIGKILL of that process, up to
three seconds after a share of the pairs is done; then the same command goes on. The run that is killed and the one that
is not go on at the same time. Memory is what a process holds (resident set), looked at five times a second. Pairs a
second of workers are between the end of the first shard and of the last, so that starting Ray and opening models does
not count; that stands beside.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil

from core.sharded.progress import RunProgress, read_progress
from tests.benchmarks.table import Table

ROOT = Path(__file__).parents[2]
KILLS = (0.15, 0.45, 0.8)  # shares of the pairs, about
BETWEEN = 0.2  # seconds
SHARD = 50  # pairs, where workers are compared
NAMES = ("--model", "bundled:names", "--task", "ioi", "--method", "eap")
SMOLLM2 = ("--model", "pack:smollm2", "--task", "ioi", "--method", "eap")


@dataclass
class Watched:
    """A run: seconds and shards of all its starts; megabytes by the share that was done; each shard's end."""

    seconds: float = 0.0
    kills: int = 0
    held: list[tuple[float, float]] = field(default_factory=list)
    ends: dict[int, float] = field(default_factory=dict)  # by shards done
    said: RunProgress | None = None


def tables(short: bool = False) -> Iterator[Table]:
    """short: over so many pairs that it takes some minutes."""
    counts, of_workers = ((1_000, 40), 600) if short else ((20_000, 300), 4_000)
    with tempfile.TemporaryDirectory(prefix="wirescope-many-") as folder:
        place = Path(folder)
        rows, memory = [], []
        for name, command, pairs in (("`names`", NAMES, counts[0]), ("SmolLM2", SMOLLM2, counts[1])):
            asked = (*command, "--pairs", str(pairs))
            whole, cut = place / f"{pairs} whole", place / f"{pairs} cut"
            with ThreadPoolExecutor(2) as both:
                runs = [both.submit(watch, asked, whole), both.submit(watch, asked, cut, KILLS)]
            once, again = (each.result() for each in runs)
            rows.append(_interrupted(name, pairs, once, again, whole, cut))
            memory.append(_memory(name, pairs, once))
        yield Table(
            "EAP over many pairs of the task ioi: killed and gone on with, against an uninterrupted run",
            (*("model", "pairs", "pairs a shard", "pairs a second", "kills", "shards done twice"),
             *("largest difference of a score", "largest score", "same bytes")),
            rows,
            "killed",
        )  # fmt: skip
        yield Table(
            "Memory of the uninterrupted run: the most it held in each part, megabytes",
            ("model", "pairs", *(f"{int(10 * at)} to {int(10 * at) + 10} %" for at in (0, 1, 3, 5, 7, 9))),
            memory,
            "memory",
        )
        yield Table(
            f"EAP over {of_workers:,} pairs of `names`, {SHARD} a shard",
            ("who", "pairs a second", "seconds to the first shard", "largest difference of a score"),
            list(_workers(place, of_workers)),
            "workers",
        )


def watch(command: Sequence[str], folder: Path, kills: Sequence[float] = (), *options: str) -> Watched:
    """Run a command to its end, killed on the way."""
    watched, draws = Watched(), random.Random(0)
    for share in (*kills, None):  # at None it comes to its end
        begun = time.monotonic()
        process = _start(command, folder, options)
        kill_at = None
        while process.poll() is None:
            said = _look(folder, process.pid, begun, watched)
            if share is not None and kill_at is None and said is not None and said.share >= share:
                kill_at = time.monotonic() + draws.uniform(0.0, 3.0)
            if kill_at is not None and time.monotonic() >= kill_at:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                watched.kills += 1
            time.sleep(BETWEEN)
        watched.seconds += time.monotonic() - begun
        if share is None and process.returncode != 0:
            raise RuntimeError(f"{command} ended with {process.returncode}")
    watched.said = read_progress(folder)
    return watched


def _start(command: Sequence[str], folder: Path, options: Sequence[str]) -> subprocess.Popen[bytes]:
    environment = os.environ | {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "PYTHONPATH": str(ROOT)}
    arguments = [sys.executable, "-m", "app", "trace", *command, "--folder", str(folder), *options]
    return subprocess.Popen(arguments, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, start_new_session=True)


def _look(folder: Path, pid: int, begun: float, watched: Watched) -> RunProgress | None:
    said = read_progress(folder)
    if said is None or said.pid != pid:
        return None
    try:
        watched.held.append((said.share, psutil.Process(pid).memory_info().rss / 1e6))
    except psutil.Error:
        return said
    watched.ends.setdefault(said.shards_done, time.monotonic() - begun)
    return said


def _scores(folder: Path) -> np.ndarray:
    return np.array(json.loads((folder / "circuit.json").read_text())["scores"], dtype=np.float64)


def _interrupted(name: str, pairs: int, once: Watched, again: Watched, whole: Path, cut: Path) -> list[str]:
    assert once.said is not None
    one, other = _scores(whole), _scores(cut)
    shard = -(-once.said.total // once.said.shards)
    return [
        name,
        f"{pairs:,}",
        f"{shard:,}",
        f"{once.said.rate:.1f}",
        str(again.kills),
        f"at most {again.kills} of {once.said.shards}",
        f"{np.abs(one - other).max():.2g}",
        f"{np.abs(one).max():.3g}",
        "yes" if (whole / "circuit.json").read_bytes() == (cut / "circuit.json").read_bytes() else "no",
    ]


def _memory(name: str, pairs: int, once: Watched) -> list[str]:
    return [name, f"{pairs:,}", *(held_by_part(once, at / 10) for at in (0, 1, 3, 5, 7, 9))]


def held_by_part(run: Watched, start: float) -> str:
    """The most megabytes that it held in a tenth of its pairs, from a share of them on."""
    held = [megabytes for share, megabytes in run.held if start <= share <= start + 0.1]
    return f"{max(held):,.0f}" if held else ""


def _workers(place: Path, pairs: int) -> Iterator[list[str]]:
    command = (*NAMES, "--pairs", str(pairs), "--shard", str(SHARD))
    expected = None
    for who, options in (
        ("this process", ()),
        ("one worker of Ray", ("--workers", "1")),
        ("two workers of Ray", ("--workers", "2")),
    ):
        folder = place / who
        watched = watch(command, folder, (), *options)
        scores = _scores(folder)
        expected = scores if expected is None else expected
        first, last = min(done for done in watched.ends if done), max(watched.ends)
        rate = (last - first) * SHARD / (watched.ends[last] - watched.ends[first])
        yield [who, f"{rate:.1f}", f"{watched.ends[first]:.0f}", f"{np.abs(scores - expected).max():.2g}"]
