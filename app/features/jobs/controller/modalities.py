"""*Study Modalities…*: the dialog of a study of models of text and of models that see, and the job that it puts into
the queue."""

from __future__ import annotations

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
from views.panels.jobs.data import ModalitiesAsked
from views.panels.jobs.modalities_dialog import ModalitiesDialog


class ModalitiesController(QueueingController[ModalitiesDialog, ModalitiesAsked]):
    """Of one window."""

    of_open_model = False

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
        document, weights = self._workbench.document, self._workbench.weights_place
        asked = check_modalities(opened, document, asked)
        self._check_same(asked.folder, known_run(document, modalities_work(asked)))
        folder = self._folder(asked.folder, document, "modalities", "study")
        command = modalities_command(asked, document, folder, weights)
        self._add(self._job(MODALITIES.name, modalities_title(asked), command, folder))
