"""A trace of a million pairs of `names`, killed three times on the way and gone on with: its memory, its folder, and
what a question to its rows takes. The run is that of `many`, with shards of the size that many pairs have."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from core.sharded.query import query
from tests.benchmarks.many import KILLS, NAMES, held_by_part, watch
from tests.benchmarks.table import Table

PAIRS = 1_000_000
QUESTION = "select count(*), count(distinct concat(clean, counterfactual)), avg(correct::int) from pairs"


def tables(short: bool = False) -> Iterator[Table]:
    """short: over 1 in 500 of the pairs."""
    pairs = PAIRS // 500 if short else PAIRS
    with tempfile.TemporaryDirectory(prefix="wirescope-million-") as folder:
        place = Path(folder) / "run"
        run = watch((*NAMES, "--pairs", str(pairs)), place, KILLS)
        size = sum(path.stat().st_size for path in place.rglob("*") if path.is_file())
        begun = time.perf_counter()
        ((rows, distinct, correct),) = query(QUESTION, place).rows
        seconds = time.perf_counter() - begun
    assert run.said is not None
    yield Table(
        "EAP over many pairs of the task ioi, killed and gone on with: memory in megabytes",
        (*("pairs", "pairs that differ", "answered correctly", "shards", "kills", "pairs a second", "hours"),
         *("most memory to 10 %", "30 to 40 %", "60 to 70 %", "90 to 100 %", "folder", "seconds of a query")),
        [
            [
                f"{rows:,}",
                f"{distinct:,}",
                f"{100 * correct:.1f} %",
                f"{run.said.shards:,}",
                str(run.kills),
                f"{pairs / run.seconds:.1f}",
                f"{run.seconds / 3600:.2f}",
                *(held_by_part(run, at) for at in (0.0, 0.3, 0.6, 0.9)),
                f"{size / 2**20:,.0f} MB",
                f"{seconds:.1f}",
            ]
        ],
    )  # fmt: skip
