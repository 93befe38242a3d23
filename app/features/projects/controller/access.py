"""Whether the project that is open may be changed: not while another window has it, nor where its model is missing or
has other weights. Then it is looked at, a strip says why, and what to do. Weights are compared with those that a
project was saved with, else with those that the model had in this window: where the work is done elsewhere, a folder
of the same name may hold others."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QInputDialog, QWidget

from app.features.projects.controller.lock import ProjectLock
from app.features.projects.presenter import ANOTHER, COPY, NEW, Access
from app.features.projects.queries import WeightsFirstQuery, WeightsQuery, WeightsReply
from app.messages.project_scores import ProjectScoresQuery
from app.messages.request import FailureReply
from app.workbench.workbench import Workbench
from core.project.project import Project
from core.project.step_names import model_words
from views.panels.projects.panel import NoticeStrip

WHICH = (
    "The model that this project goes on with: a name on the Hugging Face Hub, a folder on this machine,\n"
    "timm:NAME, or one that comes with Wirescope: bundled:names."
)


class AccessController(QObject):
    """Of one window."""

    rebind_wanted = Signal(str, str)  # a model, and the one that the project is to go on with
    copy_wanted = Signal()  # a file of its own
    new_wanted = Signal()  # another project

    def __init__(self, workbench: Workbench, lock: ProjectLock, strip: NoticeStrip, window: QWidget) -> None:
        super().__init__(window)
        self._workbench, self._lock, self._strip, self._window = workbench, lock, strip, window
        self._name = ""  # of the project
        self._elsewhere = False
        self._expected: dict[tuple[str, str], str] = {}  # hashes of weights, by model and precision
        self._of_file: frozenset[tuple[str, str]] = frozenset()  # those of them that the project's file tells
        self._here: dict[tuple[str, str], str] = {}
        self._unsure: set[tuple[str, str]] = set()  # models that may have others since the work is done elsewhere
        self._missing: dict[tuple[str, str], str] = {}  # why not
        self._was_made = False  # what is open was made before: a file, or work that is restored
        self._unread: tuple[str, str] | None = None  # what A could not be read of: its weights are not asked for
        self.access: Access | None = None  # None: all may be changed
        workbench.set_query("weights", WeightsQuery())
        workbench.on(WeightsReply, self._take_weights)
        workbench.homes.moved.connect(self._doubt)
        workbench.failed.connect(self._take_failure)
        workbench.nothing_to_show.connect(self._take_unread)
        workbench.history_changed.connect(self._follow)
        strip.chosen.connect(self._choose)
        strip.closed.connect(strip.leave)

    # ---- the project that is open ----

    def begin(self, path: Path | None, project: Project, made: bool) -> str:
        """Another project is about to be opened. made: before now, with something to lose. Returns why it must
        not be changed; empty where it may."""
        self._was_made, self._unread = made, None
        self._name = "The project" if path is None else path.name
        self._elsewhere = path is not None and not self._lock.take(path)
        if path is None or self._elsewhere:
            self._lock.release()
        self._missing = {}
        self._expected = {(each.name, each.precision): each.weights for each in project.models if each.weights}
        self._of_file = frozenset(self._expected)
        self._workbench.set_query("project scores", _project_scores(project))
        access = self._access_of(project.document.opens)
        return "" if access is None else access.locked

    def take_file(self, path: Path) -> bool:
        """The project is to be saved into a file. False where another window has that one."""
        return self._lock.take(path)

    def may_write(self, path: Path) -> bool:
        """Whether the project that is open here is this window's to write: not where it was another's when it was
        opened, who may have changed it since."""
        return not self._elsewhere and self._lock.take(path)

    def keep(self, path: Path | None) -> None:
        """It could not be saved elsewhere: its file is this window's as before."""
        if path is not None and not self._elsewhere:
            self._lock.take(path)

    def saved(self, path: Path) -> None:
        """It is saved into a file of its own."""
        self._name, self._elsewhere = path.name, False
        self._follow()

    def end(self) -> None:
        self._lock.release()

    # ---- what is known of its model ----

    def _doubt(self) -> None:
        """The work is done elsewhere from now on, where a model of the same name may be another one."""
        self._unsure = set(self._here)
        self._workbench.set_query("weights", WeightsFirstQuery())
        self._follow()

    def _take_weights(self, reply: WeightsReply) -> None:
        opens, records = (reply.model, reply.precision), self._workbench.records
        before, self._here[opens] = self._here.get(opens, reply.weights), reply.weights
        records.take_weights_here(*opens, reply.weights)
        changed = opens in self._unsure and before != reply.weights
        self._missing.pop(opens, None)
        self._unsure.discard(opens)
        self._unread = None
        if self._expected.setdefault(opens, reply.weights) == reply.weights:
            records.take_weights(*opens, reply.weights)
        self._follow()
        if changed:
            self._leave_figures()

    def _leave_figures(self) -> None:
        """The model has turned out to have other weights than what is shown was found of."""
        workbench = self._workbench
        workbench.models.opening.emit()
        workbench.traces.end()
        workbench.results.forget_figures()
        workbench.set_extent(replace(workbench.extent, changes=None, scores=None))
        workbench.reopen()

    def _take_failure(self, failure: FailureReply) -> None:
        opens = self._workbench.document.opens
        if failure.where == "model":
            self._missing[opens] = failure.message
            QTimer.singleShot(0, self, self._follow)  # when it is known whether another step is gone back to

    def _take_unread(self, _reason: str) -> None:
        """There is no A that could be read: nothing is computed, so nothing can be of other weights."""
        self._unread = self._workbench.document.opens
        self._follow()

    def _access_of(self, opens: tuple[str, str]) -> Access | None:
        model, saved = model_words(opens[0]), self._expected.get(opens, "")
        if self._elsewhere:
            return Access("elsewhere", self._name)
        if self._was_made and opens in self._missing and self._workbench.opened is None:
            return Access("missing", self._name, model, problem=self._missing[opens])
        here = self._here.get(opens, "")
        if not saved or here == saved or (not here and opens == self._unread):
            return None
        place, in_window = self._workbench.homes.place, opens not in self._of_file
        return Access("other" if here else "checking", self._name, model, saved, here, place=place, in_window=in_window)

    def _follow(self) -> None:
        """Another step may be present, or more is known."""
        history, before = self._workbench.history, self.access
        self.access = access = self._access_of(history.current.document.opens)
        history.locked, was_unsure = "" if access is None else access.locked, history.unsure
        history.unsure = history.current.document.opens in self._unsure
        if access is not None and access.words:
            if access != before:
                self._strip.show_notice(access.words, access.buttons, access.problem)
        elif before is not None:
            self._strip.leave()
        free_again = history.takes_figures and (before is not None or was_unsure)
        if free_again and history.current.outcome is None:
            self._workbench.ask(changes=False)  # what came meanwhile was not taken

    # ---- what to do ----

    def _choose(self, key: str) -> None:
        model = self._workbench.document.model
        if key == COPY:
            self.copy_wanted.emit()
        elif key == NEW:
            self.new_wanted.emit()
        elif key == ANOTHER:
            name, chosen = QInputDialog.getText(self._window, "Use another model", WHICH)
            if chosen and name.strip():
                self.rebind_wanted.emit(model, name.strip())
        else:
            self.rebind_wanted.emit(model, model)


def _project_scores(project: Project) -> ProjectScoresQuery | None:
    return ProjectScoresQuery(project.traces, project.models) if project.traces else None
