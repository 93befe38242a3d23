"""Opening a file of scores or a circuit in the window: chosen or dropped, it takes the place of a trace."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from app.features.score_files.queries import HeadsFileFound, ScoresFileQuery, ScoresFileReply
from app.messages.request import FailureReply, QueryRefusal
from app.presenters.made_of import difference_words, made_words, with_made_of
from app.services.notifier import Notifier
from app.services.settings import Settings
from app.workbench.one_shot import OneShot
from app.workbench.workbench import Workbench
from core.edits import KINDS
from core.errors import InputError, WirescopeError
from core.inputs.real_files import check_real_file
from core.interchange.made_of import changed_pictures, made_of
from core.precision_words import precision_told
from core.project.document import Document
from core.text_files import parse_json, read_text

FILTER = "Scores and circuits (*.json);;All files (*)"


class ScoreFilesController(QObject):
    """Of one window."""

    def __init__(self, workbench: Workbench, settings: Settings, notifier: Notifier, window: QWidget) -> None:
        super().__init__(window)
        self._workbench, self._settings, self._notifier, self._window = workbench, settings, notifier, window
        self._reading: OneShot[ScoresFileQuery] = OneShot(self._workbench, "read scores")
        self._with_all = ""  # the file whose model is being opened, with all that it was made of
        self._workbench.scores_wanted.connect(self.open)
        self._workbench.model_opened.connect(lambda _: self._go_on())
        self._workbench.failed.connect(lambda _: self._drop())
        self._workbench.given_up.connect(lambda _: self._drop())
        self._workbench.on(ScoresFileReply, self._take)
        self._workbench.on(HeadsFileFound, self._take_heads)
        self._workbench.on(QueryRefusal, self._take_refusal)

    def choose(self) -> None:
        settings = self._settings
        path, _ = QFileDialog.getOpenFileName(self._window, "Open scores or a circuit", settings.folder(), FILTER)
        if path:
            settings.set_folder(str(Path(path).parent))
            self.open(path)

    def open(self, path: str) -> None:
        """Have it read; nothing changes until it is known to fit."""
        try:
            check_real_file(path)
        except InputError as error:
            self._refuse(error.message, error.hint)
            return
        if self._workbench.opened is None:
            words = "Scores belong to a model, and none is open."
            if not self._offer_model(path, words):
                self._refuse(words, "Open the model that they were made for.")
            return
        self._reading.ask(ScoresFileQuery(path))

    def _take(self, read: ScoresFileReply) -> None:
        if not self._reading.ends(read.query):
            return
        opened, document = self._workbench.opened, self._workbench.document
        assert opened is not None
        if read.made.clean is None:
            self._commit(read, document)
            return
        try:
            whole = with_made_of(document, read.made, opened.graph)
        except WirescopeError as error:
            self._refuse(f"{Path(read.query.path).name}: {error.message}", error.hint)
            return
        if whole == document or self._with_all == read.query.path:
            self._with_all = ""
            self._commit(read, whole)
        else:
            self._offer(read, whole)

    def _take_heads(self, found: HeadsFileFound) -> None:
        if self._reading.ends(found.query):
            self._workbench.heads_wanted.emit(found.query.path)

    def _commit(self, read: ScoresFileReply, document: Document) -> None:
        """One step, so that one Undo brings all back that was there before."""
        size = read.size or document.size
        changed = replace(document, traced=read.choice, replacement=read.kind, size=size, rule=read.rule)
        self._workbench.commit(f"Open {Path(read.query.path).name}", changed)
        self._workbench.message.emit(f"{read.words}. What they recover is measured here, on the pair on the cards.")

    def _offer(self, read: ScoresFileReply, whole: Document) -> None:
        """Ask whether the inputs, the metric and the edits of the file are to come with it."""
        document, name = self._workbench.document, Path(read.query.path).name
        box = QMessageBox(QMessageBox.Icon.Question, "Wirescope", "", QMessageBox.StandardButton.Cancel, self._window)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setText(f"{name} was not made with the {difference_words(document, whole)} that are here now.")
        words = made_words(whole, read.made)
        if read.lost:
            box.setInformativeText(f"{words}\n\nIts inputs cannot be opened: {'; '.join(read.lost)}.")
        else:
            box.setInformativeText(f"{words}\n\nOne Undo brings back what is here now.")
            with_them = box.addButton("Open with Them", QMessageBox.ButtonRole.AcceptRole)
            with_them.clicked.connect(lambda: self._commit(read, whole))
            box.setDefaultButton(with_them)
        if not KINDS[read.kind].from_b or self._workbench.usable().counterfactual is not None:
            alone = box.addButton("Edges Alone", QMessageBox.ButtonRole.DestructiveRole)
            alone.setToolTip("Keep the inputs, the metric and the edits that are here, and run the edges on these")
            alone.clicked.connect(lambda: self._commit(read, self._workbench.document))
        box.open()

    def _take_refusal(self, refusal: QueryRefusal) -> None:
        asked = self._reading.asked
        if not self._reading.ends(refusal.query):
            return
        self._drop()
        if (
            "of another model" not in refusal.message
            or asked is None
            or not self._offer_model(asked.path, refusal.message)
        ):
            self._refuse(refusal.message, refusal.hint)

    # ---- a file of another model -----------------------------------------------------------------------------

    def _offer_model(self, path: str, why: str) -> bool:
        """Offer to open the model that a file names with all that the file was made of; False where it does not say
        that, or its pictures are gone."""
        try:
            content = parse_json(read_text(path), Path(path).name)
            about = content.get("about", {})
            made, model = made_of(content), str(about.get("model", ""))
            plain = Document(model, precision=precision_told(about))
            document = with_made_of(plain, replace(made, edits=()), None)
        except (WirescopeError, AttributeError):
            return False
        present = self._workbench.opened
        lost = changed_pictures((made.clean, made.counterfactual))
        if not model or made.clean is None or lost or (present is not None and present.name == model):
            return False
        box = QMessageBox(QMessageBox.Icon.Question, "Wirescope", why, QMessageBox.StandardButton.Cancel, self._window)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setInformativeText(f"It was made with {model}.\n{made_words(document, made)}")
        button = box.addButton("Open Its Model and Inputs", QMessageBox.ButtonRole.AcceptRole)
        button.clicked.connect(lambda: self._open_all(path, document))
        box.setDefaultButton(button)
        box.open()
        return True

    def _open_all(self, path: str, document: Document) -> None:
        self._workbench.models.open(document, in_its_precision=True)
        self._with_all = path

    def _go_on(self) -> None:
        """A model is open: was it opened for a file?"""
        if self._with_all:
            self._reading.ask(ScoresFileQuery(self._with_all))

    def _drop(self) -> None:
        self._with_all = ""

    def _refuse(self, message: str, hint: str) -> None:
        self._notifier.problem(FailureReply(0, "run", message, hint))
