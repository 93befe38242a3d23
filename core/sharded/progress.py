"""How far a run has come, in the file `progress.json` of its folder: who looks on reads just that, and needs no torch.

It is written anew as a whole (to a temporary file, then renamed), when a shard is done, and at most twice a second
while one is in work. Fields:

    format    1
    state     "running"; "stopped" (Ctrl-C, or cancelled: the command goes on); "failed" (words say why; the command
              goes on after that was mended); "done"
    words     a sentence for people: "EAP-IG, 1,024 of 20,000 pairs"; of a study "Attention scores, 6 %"
    unit      what is counted: "pairs"; "%" of a study, whose total is 100
    done, total            of these; between two shards `done` may be a fraction
    shards_done, shards    of a run
    rate      of these a second, of this start (of a study, of its present part); null before anything is done, and of
              a study that is done
    seconds   of this start;  seconds_left   null where nobody knows
    workers   processes at work: 1 is this one alone
    command   the arguments after `wirescope` that go on with the run, a list; empty for a run from Python
    made_again  shards of earlier starts whose rows (`pairs/`) were damaged or gone: this start makes these rows again
    result    path of the file that came out, from the folder; "" before `done`
    pid, updated   of the process that wrote it; seconds since 1970

"running" with a process that is not there any more (`alive`) is a run that was killed: the same command goes on.
The command of a run that is done leaves the account of it as it is.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from core.errors import InputError
from core.saving import save_text
from core.sharded.file_names import PROGRESS

FORMAT = 1
PAIRS, PERCENT = "pairs", "%"  # units
BETWEEN = 0.5  # seconds between two times it is written within a shard

LARGEST_PID = 2**31 - 1
LATEST = 2.0**35  # seconds since 1970: a thousand years

State = Literal["running", "stopped", "failed", "done"]


@dataclass(frozen=True)
class RunProgress:
    """What `progress.json` says."""

    state: State = "running"
    words: str = ""
    done: float = 0.0
    total: int = 0
    shards_done: int = 0
    shards: int = 0
    rate: float | None = None
    seconds: float = 0.0
    seconds_left: float | None = None
    workers: int = 1
    command: tuple[str, ...] = ()
    result: str = ""
    pid: Annotated[int, Meta(ge=0, le=LARGEST_PID)] = 0
    updated: Annotated[float, Meta(ge=0, le=LATEST)] = 0.0
    unit: str = PAIRS
    made_again: int = 0
    format: int = FORMAT

    @property
    def share(self) -> float:
        return self.done / self.total if self.total else 0.0

    @property
    def alive(self) -> bool:
        """Whether the process that wrote it is at work."""
        import psutil

        return self.state == "running" and psutil.pid_exists(self.pid)


class _Format(msgspec.Struct):
    format: int


def read_progress(folder: str | Path) -> RunProgress | None:
    """None where the folder holds no run yet. Raises InputError for a file that is no such one."""
    path = Path(folder) / PROGRESS
    try:
        # Not by msgspec: half a character, as the path of a folder may have one, is no JSON for it.
        data = json.loads(path.read_text(encoding="utf-8"))
        known = msgspec.convert(data, _Format).format == FORMAT
        said = msgspec.convert(data, RunProgress) if known else None
        if not all(math.isfinite(value) for value in data.values() if isinstance(value, float)):
            raise ValueError("a number is not finite")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error}.", "Give the folder of a run.") from None
    except (ValueError, RecursionError) as error:
        hint = "Delete it: the command of the run writes it again."
        raise InputError(f"{path} is damaged: {error}.", hint) from None
    if said is None:
        raise InputError(f"{path} says nothing of a run that this version knows.", "Give the folder of a run.")
    return said


def say_words(folder: Path, words: str) -> None:
    """What a run does once its pairs are done, in words; nobody knows how long that takes."""
    said = read_progress(folder)
    if said is not None and said.state == "running":
        now = replace(said, words=words, rate=None, seconds_left=None, updated=time.time())
        save_text(folder / PROGRESS, _text(now))


def _text(said: RunProgress) -> str:
    return json.dumps(asdict(said), ensure_ascii=False, indent=1)


def is_done(folder: str | Path) -> bool:
    """Whether a folder's account is that of a run that came to its end."""
    try:
        said = read_progress(folder)
    except InputError:  # it is written anew
        return False
    return said is not None and said.state == "done"


@dataclass
class ProgressFile:
    """Writes it. unit: what is counted. size: of these in a shard. before: that were done when this start began.
    listener: told all that is written. finished: the file is of the whole of this run, and stays unless that fails
    now: how long the run took would be lost."""

    folder: Path
    title: str
    total: int
    size: int
    shards: int
    workers: int = 1
    command: Sequence[str] = ()
    before: float = 0.0
    listener: Callable[[RunProgress], None] | None = None
    unit: str = PAIRS
    finished: bool = False
    made_again: int = 0
    _started: float = field(default_factory=time.monotonic)
    _since: float = field(default_factory=time.monotonic)  # what the rate is of
    _written: float = 0.0
    _done: float = 0.0
    _of_shards: float = 0.0
    _shards_done: int = 0

    def part(self, title: str, done: float) -> None:
        """Another part of the work begins, whose rate is its own."""
        self.title = title
        self.before = self._done = done
        self._since = time.monotonic()
        self._write("running")

    def within(self, share: float) -> None:
        """So much of the shard in work is done."""
        done = min(self._of_shards + share * self.size, self.total)
        if done > self._done and time.monotonic() - self._written >= BETWEEN:
            self._done = done
            self._write("running")

    def shard(self, done: float, shards_done: int) -> None:
        """So many pairs and shards are done."""
        self._of_shards = done
        self._done = max(done, self._done)  # where work is shared out, it has parts of other shards too
        self._shards_done = shards_done
        self._write("running")

    def end(self, state: State, done: float, words: str = "", result: str = "") -> None:
        """done: pairs that are kept; those of a shard that was in work are not."""
        self._done = done
        self._write(state, words, result)

    def _write(self, state: State, words: str = "", result: str = "") -> None:
        now = time.monotonic()
        made, since = self._done - self.before, now - self._since
        rate = made / since if made > 0 and since > 0 else None
        said = RunProgress(
            state,
            words or f"{self.title}, {self._counted()}",
            self._done,
            self.total,
            self._shards_done,
            self.shards,
            rate,
            now - self._started,
            None if rate is None else (self.total - self._done) / rate,
            self.workers,
            tuple(self.command),
            result,
            os.getpid(),
            time.time(),
            self.unit,
            self.made_again,
        )
        if not self.finished or state == "failed":
            save_text(self.folder / PROGRESS, _text(said))
        self._written = time.monotonic()
        if self.listener is not None:
            self.listener(said)

    def _counted(self) -> str:
        done = f"{int(self._done):,}"
        return f"{done} %" if self.unit == PERCENT else f"{done} of {self.total:,} {self.unit}"
