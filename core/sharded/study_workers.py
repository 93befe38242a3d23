"""Pieces of studies (`core.studies.pieces`) among processes of this machine or of a Ray cluster, as shards of pairs
are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.progress import now
from core.sharded.executors import Workers
from core.sharded.in_process import Executor
from core.sharded.job import ModelRef
from core.sharded.preview import ref_of
from core.sharded.worker import Open

if TYPE_CHECKING:
    from core.models.model import Model
    from core.studies.pieces import Piece


@dataclass(frozen=True)
class PieceTask:
    """A piece as a worker takes it."""

    model: ModelRef
    number: int
    piece: Piece

    def do(self, model: Open) -> Any:
        opened = model(self.model)
        return self.piece.of(opened.model, opened.kept)


class StudyWorkers:
    """Who does the pieces of studies; workers, cluster and tell are those of `Workers`. Use it in a `with`, which ends
    the processes; none is started before a piece is to be done. What comes out has the same bits however many there
    are. Raises ArgumentError."""

    def __init__(
        self, workers: int | None = None, cluster: str | None = None, tell: Callable[[str], None] = lambda _words: None
    ) -> None:
        self._workers = Workers(workers, cluster, tell)
        self._executor: Executor | None = None
        self._model: ModelRef | None = None  # that the executor is for

    def __enter__(self) -> StudyWorkers:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    @property
    def count(self) -> int:
        """Processes at work; 1 before they are started."""
        return 1 if self._executor is None else self._executor.workers

    def results(self, model: Model, pieces: Sequence[Piece]) -> Iterator[tuple[int, Any]]:
        """As `core.studies.pieces.PieceWorkers` says it. model: whose name opens it there. Raises WirescopeError
        without ray, where no cluster answers, where the model cannot be opened and for a worker that died again and
        again."""
        ref, done, of_next, tell = ref_of(model), 0, 0.0, now()
        executor = self._executor_for(model, ref)

        def within(share: float) -> None:
            nonlocal of_next
            of_next = share
            tell((done + of_next) / len(pieces))

        def cancelled() -> bool:
            tell((done + of_next) / len(pieces))  # which raises Cancelled
            return False

        tasks = (PieceTask(ref, place, piece) for place, piece in enumerate(pieces))
        for place, value in executor.results(tasks, within, cancelled):
            done, of_next = done + 1, max(0.0, of_next - 1)  # of others that are in work
            yield place, value
            tell((done + of_next) / len(pieces))

    def _executor_for(self, model: Model, ref: ModelRef) -> Executor:
        """Of a study with several models, for each: this process has the one that is given, others must have it."""
        if ref != self._model:
            from core.planning.workers import process_bytes

            self._workers.tell_where_short(process_bytes(model))
        if self._executor is None:
            self._executor = self._workers.executor(model)
        elif ref != self._model:
            self._executor = self._workers.executor(model, self._executor)
        self._model = ref
        return self._executor

    def close(self) -> None:
        """End the processes that were started for this."""
        if self._executor is not None:
            self._executor.close()
        self._executor = None
