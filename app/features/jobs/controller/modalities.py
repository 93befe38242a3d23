"""*Study Modalities…*: the dialog of a study of models of text and of models that see, and the job that it puts into
the queue."""

from __future__ import annotations

from pathlib import Path

from app.features.jobs.controller.queueing import QueueingController
from app.features.jobs.presenter.kinds import MODALITIES
from app.features.jobs.presenter.modalities import (
    ABOUT,
    DIALOG,
    check_modalities,
    modalities_command,
    modalities_title,
    modalities_work,
    model_choices,
    usual_models,
)
from app.features.jobs.presenter.request import known_run, weights_words
from app.messages.replies import ModelReply
from app.services.job_queue.job import Job
from core.sharded.asked import check_same_run
from views.panels.jobs.data import ModalitiesAsked
from views.panels.jobs.modalities_dialog import ModalitiesDialog


class ModalitiesController(QueueingController[ModalitiesDialog, ModalitiesAsked]):
    """Of one window."""

    def _made(self) -> ModalitiesDialog:
        dialog = ModalitiesDialog(DIALOG, ABOUT, self._given.window)
        dialog.model_folder_wanted.connect(self._choose_model)
        if self._workbench.opened is not None:
            dialog.set_models(usual_models(self._workbench.opened, self._workbench.document))
        return dialog

    def _fill(self) -> None:
        if self.dialog is not None and self.dialog.isVisible():
            self.dialog.set_choices(model_choices(sees=False), model_choices(sees=True))
            self.dialog.set_method(weights_words(self._workbench.document, self._workbench.weights_place).strip())
            self.dialog.set_places(str(self._given.root), *self._processes)

    def _choose_model(self, sees: bool) -> None:
        path = self._choose_directory("The folder of a model")
        if path and self.dialog is not None:
            self.dialog.add_model(sees, path)

    def _queue_of(self, opened: ModelReply, asked: ModalitiesAsked) -> None:
        document = self._workbench.document
        asked = check_modalities(opened, document, asked)
        if asked.folder:
            folder = Path(asked.folder).expanduser().absolute()
            check_same_run(folder, known_run(document, modalities_work(asked)))
        place = self._folder(asked.folder, document, "modalities", "study")
        self._add(
            Job(
                "",
                modalities_title(asked),
                *document.opens,
                modalities_command(asked, document, place, self._workbench.weights_place),
                place,
                project=self._workbench.records.place,
                kind=MODALITIES.name,
            )
        )
