"""Progress on standard error: bars with rate and time left where that is a terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from app.cli.output import tell

if TYPE_CHECKING:
    from core.sharded.progress import RunProgress

SHARES = "{desc}: {percentage:3.0f} %|{bar:24}| {elapsed}<{remaining}, {rate_fmt}"
LARGE = 1_000_000  # a total above it is of bytes


class Progress:
    """One bar at a time, of the stage that is told last; used in a `with`, so that a line is begun for what is told
    next, an error too."""

    def __init__(self) -> None:
        self._stage = ""
        self._made_again = 0
        self._bar: Any = None
        self._live = sys.stderr is not None and sys.stderr.isatty()

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_error: object) -> None:
        self.end()

    def __call__(self, stage: str, share: float) -> None:
        """A share of a piece of work, which has no bar once it is done; a file is told nothing."""
        if self._live:
            done = 100 * share  # a study that goes on begins with what is kept
            self._show(stage, done, total=100, unit="%", leave=False, bar_format=SHARES, initial=done)

    def count(self, done: int, total: int, stage: str) -> None:
        """Bytes or things of a stage; a file is told the stages. total: 0 where nobody knows."""
        if self._live:
            units = {"unit": "B", "unit_scale": True} if total > LARGE else {"unit": ""}
            self._show(stage, done, total=total or None, leave=True, **units)
        elif stage != self._stage:
            tell(stage)
        self._stage = stage

    def pairs(self, said: RunProgress) -> None:
        """Of a run over many pairs, which may go on from before; a file is told where it begins alone. Why one failed
        is for the command to tell."""
        if said.state == "failed":
            return
        if said.made_again != self._made_again:
            self._made_again = said.made_again
            self.end()
            tell(made_again_words(said.made_again, said.shards))
        title = said.words.split(",")[0]
        if self._live:
            self._show(
                title, int(said.done), total=said.total, unit=f" {said.unit}", leave=False, initial=int(said.done)
            )
        elif title != self._stage:
            tell(said.words)
            self._stage = title

    def tell(self, words: str) -> None:
        """A note, on a line of its own; by whatever thread."""
        self.end()
        tell(words)

    def end(self) -> None:
        """Close the bar, if there is one."""
        if self._bar is not None:
            self._bar.close()
        self._bar, self._stage = None, ""

    def _show(self, stage: str, done: float, **options: Any) -> None:
        if self._bar is None or stage != self._stage or options["total"] != self._bar.total:
            self.end()
            self._bar, self._stage = _new_bar(desc=stage, **options), stage
        if done > self._bar.n:  # work that is shared out may tell less than before
            self._bar.update(done - self._bar.n)


def made_again_words(shards: int, of: int) -> str:
    return (
        f"The rows of {shards:,} of {of:,} shards are damaged or gone (pairs/*.parquet): they are made again. "
        "The sums over all pairs are kept."
    )


def _new_bar(**options: Any) -> Any:
    from tqdm import tqdm  # here: most commands show no bar

    # Shown by the clock, however unlike the steps are: there is then nothing for tqdm's thread to watch.
    tqdm.monitor_interval = 0
    return tqdm(file=_Stderr(), dynamic_ncols=True, miniters=0, **options)


class _Stderr:
    """Standard error for tqdm: where it takes nothing, nobody can be told."""

    @property
    def encoding(self) -> str | None:
        return sys.stderr.encoding

    def write(self, words: str) -> None:
        tell(words, end="")

    def flush(self) -> None:
        """`tell` has."""

    def fileno(self) -> int:
        return sys.stderr.fileno()
