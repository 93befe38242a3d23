"""Scores over many pairs, from Python and for the command line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.edit_kinds import EditKind
from core.errors import ArgumentError
from core.inputs.dataset_columns import FileRow
from core.interchange.parquet import scores_to_parquet
from core.interchange.scores_files import scores_to_json
from core.progress import Cancel
from core.saving import save_bytes, save_text
from core.sharded.executors import Workers
from core.sharded.folder import RunFolder
from core.sharded.job import Sums
from core.sharded.preview import previewed, ref_of
from core.sharded.progress import RunProgress
from core.sharded.run import ShardedRun
from core.sharded.shards import Shards, usual_size
from core.sharded.sources import Source, TaskSource, rows_into
from core.sharded.tracing import TraceWork, scores_of
from core.tracing.method import method_named
from core.tracing.options import Level
from core.tracing.scores import Scores
from core.tracing.told_options import Options

if TYPE_CHECKING:
    from core.models.model import Model

CIRCUIT, SCORES = "circuit.json", "scores.parquet"


@dataclass(frozen=True)
class ManyPairs:
    """Which pairs, in shards of how many. task, pairs, seed: of a built-in task, drawn shard by shard. rows: else
    these, from wherever, taken one by one; name: what they are called. shard: pairs of each; None: by how many there
    are."""

    task: str | None = None
    pairs: int = 0
    seed: int = 0
    rows: Iterable[FileRow] = ()
    name: str = "rows"
    shard: int | None = None

    def source(self, folder: Path) -> Source:
        """Rows are written into the folder. Raises InputError for none, ArgumentError."""
        if self.task is not None:
            return TaskSource(self.task, self.pairs, self.seed)
        return rows_into(folder, self.rows, self.name)


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
    with RunFolder(folder) as opened:
        source = pairs.source(folder)
        shards = Shards(source.total, pairs.shard or usual_size(source.total))
        over = previewed(model, source, shards, work)
        method.check(over.session, work.replacement, work.level)
        about = {"model": model.name, "metric": over.metric, "shard": str(shards.size), "pairs of": source.words}
        run = ShardedRun(method.title, ref_of(model), work, source, shards, command)
        del over  # its runs

        def finish(sums: Sums) -> str:
            scores = scores_of(work, model, sums, about)
            save_text(folder / CIRCUIT, scores_to_json(scores))
            if work.level == "edges":
                save_bytes(folder / SCORES, scores_to_parquet(scores))
            return CIRCUIT

        executor = workers.executor(model)
        try:
            sums = run.do(opened, executor, finish, listener, cancelled)
        finally:
            executor.close()
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
    for pairs that do not fit and the folder of another run, WirescopeError without pyarrow, and for workers without
    ray; Cancelled, and what the method raises."""
    if (task is None) == (not rows):
        raise ArgumentError("Give either a task or rows.", 'For example task="ioi", pairs=1000.')
    work = TraceWork(method, replacement, level, options or Options(), metric)
    taken = (row if isinstance(row, FileRow) else FileRow(*row) for row in rows)  # type: ignore[arg-type]
    many = ManyPairs(task, pairs, seed, taken, "rows", shard)
    return trace_pairs(model, Path(folder), many, work, Workers(workers, cluster), (), progress, cancelled)[0]
