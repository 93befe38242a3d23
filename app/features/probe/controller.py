"""*Classes from Folders…*: the dialog in which a probe is fitted, opened, saved and taken away, joined to the
workbench."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QWidget

from app.features.probe.presenter import probe_data
from app.features.probe.queries import FitProbeQuery, FitProbeReply
from app.messages.replies import ModelReply
from app.messages.request import FailureReply, QueryRefusal
from app.services.file_dialogs import with_ending
from app.services.notifier import Notifier
from app.services.settings import Settings
from app.workbench.one_shot import OneShot
from app.workbench.workbench import Workbench
from core.errors import WirescopeError
from core.models.class_texts import base_name
from core.models.probe import Probe, digest_in, read_probe, save_probe
from core.models.probe_store import keep, kept
from core.project.input_operations import set_probe
from core.project.step_names import folder_words
from views.panels.probe.panel import ProbeDialog

FILTER = "Probes (*.probe)"
OTHER_MODEL = "Classes from folders are for a vision model that names none"
NOT_HERE = (
    "Open one first, as DINOv2 (File > Model Packs), then drop the folders again. Where a vision model is open, a "
    "folder dropped on the dataset becomes its rows."
)


def why_not(workbench: Workbench) -> str:
    """Why no probe can be fitted."""
    if workbench.opened is None:
        return "Open a model first"
    if not workbench.opened.takes_probe:
        return OTHER_MODEL
    return "" if workbench.ready is not None else "Put a picture in A first"


class ProbeController(QObject):
    """Of one window."""

    def __init__(self, workbench: Workbench, settings: Settings, notifier: Notifier, window: QWidget) -> None:
        super().__init__(window)
        self._workbench, self._settings, self._notifier, self._window = workbench, settings, notifier, window
        self.dialog: ProbeDialog | None = None
        self._fitting: OneShot[FitProbeQuery] = OneShot(workbench, "probe")
        workbench.on(FitProbeReply, self._take)
        workbench.on(QueryRefusal, self._take_refusal)
        workbench.model_opened.connect(self._show_opened)
        workbench.models.opening.connect(self._give_up)
        workbench.working.connect(self._show_progress)
        workbench.given_up.connect(lambda _: self._show_fitting())
        workbench.folders_wanted.connect(self.take_folders)

    def show(self) -> None:
        """Open the dialog, or bring it to the front."""
        if self.dialog is None:
            self.dialog = dialog = ProbeDialog(self._window)
            dialog.folder_wanted.connect(self._add_folder)
            dialog.fit_wanted.connect(self.fit)
            dialog.cancel_wanted.connect(self._give_up)
            dialog.open_wanted.connect(self._choose)
            dialog.save_wanted.connect(self._save)
            dialog.remove_wanted.connect(lambda: self._workbench.take(set_probe(self._workbench.document, "")))
        opened = self._workbench.opened
        if opened is not None and not self.dialog.isVisible():
            self._fill(self.dialog, opened)
        self.dialog.show()
        self.dialog.raise_()

    def take_folders(self, folders: Sequence[str]) -> None:
        """Folders of pictures that were dropped on the window."""
        opened = self._workbench.opened
        reason = why_not(self._workbench)
        if reason or opened is None:
            self._notifier.problem(FailureReply(0, "run", f"{reason}.", NOT_HERE if reason == OTHER_MODEL else ""))
            return
        self.show()
        assert self.dialog is not None
        self.dialog.set_folders(folders)

    def fit(self) -> None:
        """Learn the classes of the folders that are listed; what is wrong with them is said in the dialog."""
        assert self.dialog is not None
        folders = self.dialog.folders()
        self.dialog.set_problem("")
        kind, reads = self.dialog.choice()
        self._fitting.ask(FitProbeQuery(folders=tuple(folders), kind=kind, reads=reads))  # type: ignore[arg-type]
        self._show_fitting()

    def open_path(self, path: str) -> None:
        """Take the classes of a probe in a file; it is refused where it is of another model."""
        try:
            probe = read_probe(path)
        except WirescopeError as error:
            self._notifier.problem(FailureReply(0, "run", error.message, error.hint))
            return
        if self._workbench.opened is None or not self._workbench.opened.takes_probe:
            self._notifier.problem(FailureReply(0, "run", f"{OTHER_MODEL}.", f"This probe is of {probe.model}."))
            return
        self._workbench.take(set_probe(self._workbench.document, keep(probe), probe.classes))

    # ---- the dialog's buttons ----

    def _add_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(
            self.dialog, "A folder of pictures of one class, or with a folder for each", self._settings.folder()
        )
        if chosen and self.dialog is not None:
            self._settings.set_folder(str(Path(chosen).parent))
            self.dialog.set_folders([*self.dialog.folders(), chosen])

    def _choose(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self.dialog, "Open a probe", self._settings.folder(), FILTER)
        if path:
            self._settings.set_folder(str(Path(path).parent))
            self.open_path(path)

    def _save(self) -> None:
        probe = self._probe()
        if probe is None:
            return
        name = f"{folder_words(base_name(self._workbench.document.model))}.probe"
        start = str(Path(self._settings.folder()) / name)
        path, _ = QFileDialog.getSaveFileName(self.dialog, "Save the probe", start, FILTER)
        if not path:
            return
        place = Path(with_ending(path, FILTER))
        self._settings.set_folder(str(place.parent))
        try:
            save_probe(place, probe)
        except WirescopeError as error:
            self._notifier.problem(FailureReply(0, "run", error.message, error.hint))
            return
        self._notifier.say(f"Saved the probe in {place.name}")

    def _give_up(self) -> None:
        if self._fitting.asked is not None:
            self._fitting.drop()
        self._show_fitting()

    # ---- replies ----

    def _take(self, reply: FitProbeReply) -> None:
        if not self._fitting.ends(reply.query):
            return
        self._show_fitting()
        change = set_probe(self._workbench.document, reply.digest, reply.classes)
        self._workbench.take(change)
        if change is None and self.dialog is not None:
            self._notifier.say("It is the probe that the model has already")

    def _take_refusal(self, refusal: QueryRefusal) -> None:
        if not self._fitting.ends(refusal.query):
            return
        self._show_fitting()
        if self.dialog is not None and self.dialog.isVisible():
            self.dialog.set_problem(refusal.words)
        else:
            self._notifier.problem(FailureReply(0, "run", refusal.message, refusal.hint))

    # ---- what is shown ----

    def _probe(self) -> Probe | None:
        """The probe of the model that is open."""
        opened = self._workbench.opened
        digest = "" if opened is None else digest_in(opened.name)
        return kept(digest) if digest else None

    def _show_progress(self, _words: str, share: float | None) -> None:
        if self.dialog is not None and self._fitting.asked is not None:
            self.dialog.set_fitting(True, share)

    def _show_fitting(self) -> None:
        if self.dialog is not None:
            self.dialog.set_fitting(self._fitting.asked is not None, None)

    def _show_opened(self, opened: ModelReply) -> None:
        """Another model, or the same with another probe: undo brings back earlier ones."""
        if self.dialog is None or not self.dialog.isVisible():
            return
        if opened.takes_probe:
            self._fill(self.dialog, opened)
        else:
            self.dialog.close()

    def _fill(self, dialog: ProbeDialog, opened: ModelReply) -> None:
        probe = self._probe()
        dialog.show_model(opened.title, opened.reads_both)
        dialog.show_probe(None if probe is None else probe_data(probe))
