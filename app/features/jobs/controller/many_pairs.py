"""*Trace Many Pairs…*, *Evaluate Over Many Pairs…*, *Measure Heads Over Many Pairs…*: the dialog of a kind of job, what
is wrong with what it was told, and the job that it puts into the queue."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from app.features.jobs.controller.queueing import PREPARING, QueueingController, QueueingParts, file_of
from app.features.jobs.presenter.heads import why_no_vectors
from app.features.jobs.presenter.kinds import PairsKind
from app.features.jobs.presenter.request import PairsGiven, command_of, given, known_pairs, known_run, weights_words
from app.messages.replies import ModelReply
from app.presenters.snapshot import Snapshot
from core.datasets.metric_words import usual_metric
from core.errors import InputError, WirescopeError
from core.formatting import pairs_words
from core.inputs.dataset_stream import FORMATS, stream_rows
from core.inputs.film import file_of_film, is_film
from core.progress import Cancel
from views.panels.jobs.data import Asked, ManyPairsData
from views.panels.jobs.pairs_dialog import ManyPairsDialog

FILTER = f"Datasets ({' '.join(f'*{ending}' for ending in FORMATS)});;All files (*)"
READING = "Reading …"  # the file of pairs


class ManyPairsController(QueueingController[ManyPairsDialog, Asked]):
    """Of one window and one kind of job."""

    def __init__(self, kind: PairsKind, given: QueueingParts) -> None:
        super().__init__(given)
        self._kind, self.prepares = kind, kind.prepares
        self._workbench.model_opened.connect(lambda _: self._fill())
        self._workbench.document_changed.connect(lambda *_: self._fill())
        self._workbench.idle.connect(self._say_what)  # there may be other scores

    def _made(self) -> ManyPairsDialog:
        kind = self._kind
        dialog = ManyPairsDialog(kind.dialog, kind.about, kind.columns, kind.vectors, kind.seed, self._given.window)
        dialog.file_wanted.connect(self._choose_pairs)
        return dialog

    def _fill(self) -> None:
        dialog, snapshot = self.dialog, self._snapshot()
        if dialog is not None and snapshot is not None:
            tasks = tuple((task.name, task.title, task.about) for task in snapshot.opened.tasks)
            words, root, no_vectors = self._words(snapshot), str(self._given.root), why_no_vectors(snapshot)
            dialog.set_data(ManyPairsData(tasks, words, root, *self._processes, no_vectors))

    def _say_what(self) -> None:
        dialog, snapshot = self.dialog, self._snapshot()
        if dialog is not None and snapshot is not None:
            dialog.set_method(self._words(snapshot))

    def _snapshot(self) -> Snapshot | None:
        """What the window has; None where the dialog is not there to say it."""
        shown = self.dialog is not None and self.dialog.isVisible()
        return self._workbench.presenter.snapshot() if shown else None

    def _words(self, snapshot: Snapshot) -> str:
        return self._kind.words(snapshot) + weights_words(snapshot.document, self._workbench.weights_place)

    def _choose_pairs(self) -> None:
        path = self._choose_file("A file of pairs", FILTER)
        if path and self.dialog is not None:
            self.dialog.set_file(path)

    # ---- into the queue ----

    def _queue_of(self, opened: ModelReply, asked: Asked) -> None:
        if not asked.task:
            path = _pairs_file(asked.file)
            asked = replace(asked, file=str(path))
            self._ask(READING, partial(_read, path), partial(self._take_rows, asked))
            return
        title = next((task.title for task in opened.tasks if task.name == asked.task), None)
        if title is None:
            raise InputError(f"The task {asked.task} is not one of {opened.title}.", "Choose another task.")
        self._put(asked, PairsGiven(asked.pairs), title, asked.task)

    def _take_rows(self, asked: Asked, pairs: PairsGiven) -> None:
        try:
            self._put(asked, pairs, Path(asked.file).name, Path(asked.file).stem)
        except WirescopeError as error:
            self.dialog.set_problem(str(error))

    def _put(self, asked: Asked, pairs: PairsGiven, source: str, name: str) -> None:
        """source: the title of the task, or the name of the file. name: for the folder. Raises WirescopeError."""
        snapshot = self._workbench.presenter.snapshot()
        if snapshot is None:
            return
        document, weights = snapshot.document, self._workbench.weights_place
        folder = self._folder(asked.folder, document, name, self._kind.folder(snapshot))
        doing = self._kind.does(snapshot, pairs, asked, folder)
        known = known_run(document, doing.work, model=snapshot.opened.name) | known_pairs(asked, pairs.count)
        self._check_same(asked.folder, known, usual_metric(pairs.target, pairs.foil))
        what = f"{self._kind.title(snapshot)}{' and function vectors' if asked.vectors else ''}"
        title = f"{what}, {source}, {pairs_words(pairs.count)}"
        command = command_of(doing.command, asked, document, folder, weights)
        job = self._job(self._kind.name, title, command, folder, doing.traced)
        self._ask(
            PREPARING,
            lambda _: self._kind.prepare(snapshot, Path(folder)),
            partial(self._add, job),
            partial(self._undo, job),
        )


def _pairs_file(name: str) -> Path:
    """With what stands behind the name of a film. Raises InputError for a file that is not there."""
    if not name:
        raise InputError("No file of pairs is given.", "Choose one.")
    if is_film(name):
        file = file_of_film(name)
        return Path(f"{file_of(file)}{name.removeprefix(file)}")
    return file_of(name)


def _read(path: Path, cancelled: Cancel) -> PairsGiven:
    """What its rows have, however many there are. Raises InputError where it cannot be read or has none, Cancelled."""
    return given(stream_rows(path), cancelled)
