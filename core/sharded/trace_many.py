"""Scores over many pairs, from Python and for the command line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from core.datasets.session_over import SessionOver
from core.edit_kinds import EditKind
from core.errors import ArgumentError
from core.inputs.dataset_columns import FileRow
from core.interchange.parquet import scores_to_parquet
from core.interchange.scores_files import scores_to_json
from core.progress import Cancel
from core.saving import save_bytes, save_text
from core.sharded.executors import Workers
from core.sharded.file_names import CIRCUIT, SCORES
from core.sharded.free_folder import check_folder
from core.sharded.job import Sums
from core.sharded.many_pairs import ManyPairs, do_pairs
from core.sharded.progress import RunProgress
from core.sharded.tracing import TraceWork, scores_of
from core.tracing.method import method_named
from core.tracing.options import Level
from core.tracing.scores import Scores
from core.tracing.told_options import Options

if TYPE_CHECKING:
    from core.models.model import Model


def trace_pairs(
    model: Model,
    folder: Path,
    pairs: ManyPairs,
    work: TraceWork,
    workers: Workers,
    command: Sequence[str] = (),
    listener: Callable[[RunProgress], None] | None = None,
    cancelled: Cancel = lambda: False,
) -> tuple[Scores, Sums]:
    """The mean scores, and the sums over all pairs. What `trace_many` raises."""
    method = method_named(work.method)

    def begin(over: SessionOver) -> str:
        method.check(over.session, work.replacement, work.level)
        return method.title

    def finish(sums: Sums, about: dict[str, str]) -> str:
        scores = scores_of(work, model, sums, about)
        save_text(folder / CIRCUIT, scores_to_json(scores))
        if work.level == "edges":
            save_bytes(folder / SCORES, scores_to_parquet(scores))
        return CIRCUIT

    sums, about = do_pairs(model, folder, pairs, work, begin, finish, workers, command, listener, cancelled)
    return scores_of(work, model, sums, about), sums


def trace_many(
    model: Model,
    folder: str | Path,
    *,
    task: str | None = None,
    pairs: int = 0,
    rows: Iterable[FileRow | Sequence[str | int]] = (),
    seed: int = 0,
    method: str = "eap-ig",
    metric: str | None = None,
    replacement: EditKind = "patch",
    level: Level = "edges",
    options: Options | None = None,
    shard: int | None = None,
    workers: int | None = None,
    cluster: str | None = None,
    progress: Callable[[RunProgress], None] | None = None,
    cancelled: Cancel = lambda: False,
) -> Scores:
    """Score every edge (or node) over hundreds to millions of pairs, in shards that are kept in a folder: call it again
    with the same arguments, and it goes on where it was stopped or killed. Memory does not grow with the pairs.

    task, pairs, seed: so many pairs of a built-in task. rows: else (A, B, target, foil) each, from any iterable; it is
    read once, a row at a time. metric: KIND of each pair's own answers, or KIND:TARGET:FOIL; None: the usual one.
    shard: pairs that go together, the same however many workers there are; None: a hundredth of them, 16 to 1,024.
    workers, cluster: see `Workers`; these open the model by its name. progress: told `RunProgress`.

    The folder then has circuit.json and scores.parquet, and pairs/*.parquet with a row a pair. What `mean` takes its
    values from are the pairs of the first shard. Raises ArgumentError for what cannot be cut into shards, InputError
    for pairs that do not fit and a folder with other files or another run, WirescopeError without pyarrow, and for
    workers without ray; Cancelled, and what the method raises."""
    if (task is None) == (not rows):
        raise ArgumentError("Give either a task or rows.", 'For example task="ioi", pairs=1000.')
    check_folder(Path(folder))
    work = TraceWork(method, replacement, level, options or Options(), metric)
    taken = (row if isinstance(row, FileRow) else FileRow(*row) for row in rows)  # type: ignore[arg-type]
    many = ManyPairs(task, pairs, seed, taken, "rows", shard)
    return trace_pairs(model, Path(folder), many, work, Workers(workers, cluster), (), progress, cancelled)[0]
