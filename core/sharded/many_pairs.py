"""Some work over many pairs from its first look at them to what came out: what all such commands share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.datasets.session_over import SessionOver
from core.inputs.dataset_columns import FileRow
from core.planning.workers import worker_bytes
from core.precision_words import document_precision, precision_entry
from core.progress import Cancel
from core.rounding import rounding_about
from core.sharded.executors import Workers
from core.sharded.folder import RunFolder
from core.sharded.in_process import InProcess
from core.sharded.job import METRIC_NAME, PAIRS_OF, SHARD, Sums, Work
from core.sharded.preview import previewed, ref_of
from core.sharded.progress import RunProgress
from core.sharded.run import ShardedRun
from core.sharded.shards import Shards, usual_size
from core.sharded.sources import Source, TaskSource, rows_into
from core.sharded.worker import Opened

if TYPE_CHECKING:
    from core.models.model import Model


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


def do_pairs(
    model: Model,
    folder: Path,
    pairs: ManyPairs,
    work: Work,
    begin: Callable[[SessionOver], str],
    finish: Callable[[Sums, dict[str, str]], str],
    workers: Workers,
    command: Sequence[str] = (),
    listener: Callable[[RunProgress], None] | None = None,
    cancelled: Cancel = lambda: False,
) -> tuple[Sums, dict[str, str]]:
    """The sums over all pairs, and what they are about: model, metric, shard, pairs of; precision and weights where
    those are not the usual ones, and of weights in 8 bits by how much they change a logit of the first pairs.

    begin: told a session over the first pairs, so that what cannot be done is refused before anything is; gives the
    title of the work. finish: writes what came out, and gives the name of its file. Raises InputError for pairs that do
    not fit and for the folder of another run, ArgumentError, Cancelled, WirescopeError."""
    with RunFolder(folder) as opened:
        source = pairs.source(folder)
        shards = Shards(source.total, pairs.shard or usual_size(source.total))
        over = previewed(model, source, shards, work)
        title = begin(over)
        about = {"model": model.name, METRIC_NAME: over.metric, SHARD: str(shards.size), PAIRS_OF: source.words}
        about |= rounding_about(over.session)
        usual = over.usual
        each = worker_bytes(over.session)
        del over  # its runs
        ref = ref_of(model)
        about |= precision_entry(document_precision(ref.precision, ref.place))
        run = ShardedRun(title, ref, work, source, shards, command, usual)
        opened.check(run.asked(), usual)  # before processes are started, and none where nothing is to be done
        missing = any(True for _ in opened.missing(len(shards)))
        if missing:
            workers.tell_where_short(each)
        executor = workers.executor(model) if missing else InProcess(Opened(model))
        try:
            return run.do(opened, executor, lambda sums: finish(sums, about), listener, cancelled), about
        finally:
            executor.close()
