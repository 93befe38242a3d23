"""*Study In-Context Learning…*: the dialog of a study of head sets, and the job that it puts into the queue."""

from __future__ import annotations

from dataclasses import replace

from app.features.jobs.controller.queueing import QueueingController, QueueingParts, file_of
from app.features.jobs.presenter.kinds import STUDY
from app.features.jobs.presenter.request import known_run, weights_words
from app.features.jobs.presenter.study import (
    ABOUT,
    DIALOG,
    check_study,
    study_command,
    study_folder,
    study_title,
    study_work,
)
from app.messages.replies import ModelReply
from views.panels.jobs.data import StudyAsked
from views.panels.jobs.study_dialog import StudyDialog

TEXTS = "Text (*.txt *.md *.rst *.text);;All files (*)"


class StudyController(QueueingController[StudyDialog, StudyAsked]):
    """Of one window."""

    def __init__(self, given: QueueingParts) -> None:
        super().__init__(given)
        self._workbench.model_opened.connect(lambda _: self._fill())

    def _made(self) -> StudyDialog:
        dialog = StudyDialog(DIALOG, ABOUT, self._given.window)
        dialog.text_wanted.connect(self._choose_text)
        return dialog

    def _fill(self) -> None:
        if self.dialog is not None and self.dialog.isVisible():
            self.dialog.set_method(weights_words(self._workbench.document, self._workbench.weights_place).strip())
            self.dialog.set_places(str(self._given.root), *self._processes)

    def _choose_text(self) -> None:
        path = self._choose_file("A text", TEXTS)
        if path and self.dialog is not None:
            self.dialog.set_text(path)

    def _queue_of(self, opened: ModelReply, asked: StudyAsked) -> None:
        check_study(opened, asked)
        if asked.text:
            asked = replace(asked, text=str(file_of(asked.text)))
        document, weights = self._workbench.document, self._workbench.weights_place
        self._check_same(asked.folder, known_run(document, study_work(asked), model=opened.name))
        folder = self._folder(asked.folder, document, study_folder(asked), "study")
        command = study_command(asked, document, folder, weights)
        self._add(self._job(STUDY.name, study_title(asked), command, folder))
