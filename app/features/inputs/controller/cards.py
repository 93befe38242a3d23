"""Inputs from outside: typed, dropped, pasted, opened, or fetched from an address."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from urllib.parse import unquote, urlsplit

from PySide6.QtCore import QMimeData, QObject
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QFileDialog

from app.features.inputs.controller.mask import MaskController
from app.features.inputs.controller.sources import IMAGE_FILTER, from_image, from_path
from app.messages.request import FailureReply
from app.services.background_jobs import Job, Jobs
from app.services.notifier import Notifier
from app.services.settings import Settings
from app.workbench.workbench import Workbench
from core.errors import WirescopeError
from core.formatting import left_words
from core.inputs.download import fetch
from core.inputs.file_kinds import holds_scores, model_of
from core.probing.labelled import LAYOUT, NO_PICTURES, hold_pictures, is_model_folder
from core.project.document import Source, unfit
from core.project.places import is_project
from views.panels.inputs.panel import InputsPanel
from views.panels.status.panel import StatusStrip

TEXT_FILTER = "Text (*.txt *.md)"
CARDS_TAKE = "Cards A and B take one each: drop them on the dataset, where each becomes a row."


class CardsController(QObject):
    """Makes sources of what comes in and gives them to the workbench; says what cannot be read. status: shows what is
    fetched."""

    def __init__(
        self,
        workbench: Workbench,
        panel: InputsPanel,
        status: StatusStrip,
        settings: Settings,
        notifier: Notifier,
        jobs: Jobs,
        masks: MaskController,
    ) -> None:
        super().__init__(panel)
        self._masks = masks
        self._workbench, self._panel, self._status = workbench, panel, status
        self._settings, self._notifier, self._jobs = settings, notifier, jobs
        self._fetching: dict[str, Job] = {}  # by the card's letter
        panel.text_committed.connect(self.take_text)
        panel.text_dropped.connect(self.take_text)
        panel.image_requested.connect(self.choose)
        panel.paste_requested.connect(self.paste)
        panel.paths_dropped.connect(self.take_paths)
        panel.image_dropped.connect(self.take_image)
        workbench.models.opening.connect(self._give_up_all)
        workbench.given_up.connect(lambda _: self._give_up_all())

    def choose(self, letter: str) -> None:
        """Ask for a file for card A or B."""
        settings = self._settings
        opened = self._workbench.opened
        filters = [IMAGE_FILTER, TEXT_FILTER]
        if opened is None or opened.is_text:
            filters.reverse()
        path, _ = QFileDialog.getOpenFileName(
            self._panel.window(), f"Open input {letter}", settings.folder(), ";;".join(filters)
        )
        if path:
            settings.set_folder(str(Path(path).parent))
            self.take_paths(letter, [path])

    def take_text(self, letter: str, text: str) -> None:
        self._take(letter, Source("text", text=text))

    def take_image(self, letter: str, image: QImage) -> None:
        self._take(letter, from_image(image))

    def take_paths(self, letter: str, paths: list[str]) -> None:
        """Files or addresses; two dropped on A fill A and B. A folder is a model's, or holds pictures whose
        classes are to be learnt. A file called mask picks patches of a picture."""
        if all(Path(path).is_dir() for path in paths) and not is_model_folder(paths[0]):
            self._jobs.ask(partial(hold_pictures, paths), partial(self._take_folders, paths), self)
            return
        if len(paths) == 1 and Path(paths[0]).is_dir():
            self._workbench.models.open_model(paths[0])
            return
        if len(paths) == 1 and is_project(paths[0]):
            self._workbench.models.project_wanted.emit(paths[0])
            return
        if len(paths) == 1 and holds_scores(paths[0]):
            self._workbench.scores_wanted.emit(paths[0])
            return
        if len(paths) == 1 and model_of(paths[0]):
            self._workbench.models.open_model(model_of(paths[0]))
            return
        if len(paths) == 1 and letter == "A" and self._masks.takes(paths[0]):
            self._masks.take(paths[0])
            return
        letters = [letter, "B"] if letter == "A" else [letter]
        left = left_words(paths[len(letters) :], CARDS_TAKE)
        for place, path in zip(letters, paths, strict=False):
            if path.startswith(("http://", "https://")):
                self._fetch(place, path)
                continue
            try:
                self._take(place, from_path(path))
            except WirescopeError as error:
                self._refuse(error.message, error.hint)
        if left:
            self._notifier.say(left)

    def _take_folders(self, folders: list[str], pictures: bool) -> None:
        """Folders that were dropped. pictures: whether they hold such."""
        if pictures:
            self._workbench.folders_wanted.emit(tuple(folders))
        elif len(folders) == 1:
            self._workbench.models.open_model(folders[0])
        else:
            self._refuse(NO_PICTURES, LAYOUT)

    def paste(self, letter: str) -> None:
        clipboard = QGuiApplication.clipboard()
        mime = clipboard.mimeData()
        if mime is None:  # so an empty clipboard is on some platforms
            mime = QMimeData()
        files = [url.toLocalFile() for url in mime.urls() if url.isLocalFile()]
        if files:
            self.take_paths(letter, files)
        elif mime.hasImage():
            self.take_image(letter, clipboard.image())
        elif mime.hasText():
            self.take_text(letter, mime.text())
        else:
            self._notifier.say("The clipboard holds no picture and no text.")

    def _fetch(self, letter: str, address: str) -> None:
        """Get a picture from a web address, as browsers drag them."""
        self._give_up(letter)
        name = unquote(urlsplit(address).path).rpartition("/")[2] or address
        job = Job(lambda report, cancelled: fetch(address, report, cancelled), self)
        self._fetching[letter] = job
        self._status.set_work(f"Fetching {name}", None)
        job.finished.connect(lambda data: self._end(job) and self._take(letter, Source("image", data=data, name=name)))
        job.failed.connect(lambda message, hint: self._end(job) and self._refuse(message, hint))
        job.cancelled.connect(lambda: self._end(job))
        self._jobs.run(job)

    def _give_up_all(self) -> None:
        """Fetch no more: what is on its way is not wanted any longer."""
        for letter in list(self._fetching):
            self._give_up(letter)

    def _give_up(self, letter: str) -> None:
        job = self._fetching.pop(letter, None)
        if job is not None:
            job.cancel()

    def _end(self, job: Job) -> bool:
        """A fetch has ended. Tells whether it is still wanted."""
        wanted = [letter for letter, other in self._fetching.items() if other is job]
        for letter in wanted:
            del self._fetching[letter]
        if not self._fetching and not self._workbench.busy:
            self._status.clear_work()
        return bool(wanted)

    def _take(self, letter: str, source: Source) -> None:
        """Use a source; one of a kind that the model cannot read leaves what is there."""
        self._give_up(letter)
        opened = self._workbench.opened
        problem = "" if opened is None else unfit(source, opened.title, opened.is_text)
        if problem:
            self._panel.show_problem(letter, problem)
        else:
            self._workbench.question.set_source(letter, source)

    def _refuse(self, message: str, hint: str) -> None:
        self._notifier.problem(FailureReply(0, "run", message, hint))
