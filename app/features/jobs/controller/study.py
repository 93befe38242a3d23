"""*Study In-Context Learning…*: the dialog of a study of head sets, and the job that it puts into the queue."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtWidgets import QFileDialog

from app.features.jobs.controller.queueing import QueueingController, QueueingParts, file_of
from app.features.jobs.presenter.kinds import STUDY
from app.features.jobs.presenter.request import weights_words
from app.features.jobs.presenter.study import ABOUT, DIALOG, check_study, study_command, study_folder, study_title
from app.services.job_queue.job import Job
from core.errors import WirescopeError
from views.panels.jobs.data import StudyAsked
from views.panels.jobs.study_dialog import StudyDialog

TEXTS = "Text (*.txt *.md *.rst *.text);;All files (*)"


class StudyController(QueueingController[StudyDialog]):
    """Of one window."""

    def __init__(self, given: QueueingParts) -> None:
        super().__init__(given)
        self._workbench.model_opened.connect(lambda _: self._fill())

    def _made(self) -> StudyDialog:
        dialog = StudyDialog(DIALOG, ABOUT, self._given.window)
        dialog.text_wanted.connect(self._choose_text)
        dialog.wanted.connect(self.queue)
        return dialog

    def _fill(self) -> None:
        if self.dialog is not None and self.dialog.isVisible():
            self.dialog.set_method(weights_words(self._workbench.document, self._workbench.weights_place).strip())
            self.dialog.set_places(str(self._given.root), *self._processes)

    def _choose_text(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self.dialog, "A text", self._settings.folder(), TEXTS)
        if path and self.dialog is not None:
            self._settings.set_folder(str(Path(path).parent))
            self.dialog.set_text(path)

    def queue(self, asked: StudyAsked) -> None:
        """Check it, and put it into the queue; what is wrong is said in the dialog."""
        opened, document = self._workbench.opened, self._workbench.document
        if self.dialog is None:
            return
        if opened is None:
            self.dialog.set_problem("No model is open. Open the one that this is to be of.")
            return
        try:
            check_study(opened, asked)
            if asked.folder:
                self._check_folder(Path(asked.folder).expanduser())
            if asked.text:
                asked = replace(asked, text=str(file_of(asked.text)))
            folder = self._folder(asked.folder, document, study_folder(asked), "study")
        except WirescopeError as error:
            self.dialog.set_problem(str(error))
            return
        command = study_command(asked, document, folder, self._workbench.weights_place)
        self._add(
            Job(
                "",
                study_title(asked),
                *document.opens,
                command,
                folder,
                project=self._workbench.records.place,
                kind=STUDY.name,
            )
        )
