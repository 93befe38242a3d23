"""Keeps the work as it is, after each step, in a folder of the user's: what is lost when the program dies is less than
a second's work. Written in a thread of its own, the newest state alone."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from app.features.projects.controller.project import ProjectController
from app.features.projects.controller.sessions import Session, new_session, write
from app.features.projects.presenter import Left, steps_made
from app.messages.request import FailureReply
from app.services.notifier import Notifier
from app.workbench.workbench import Workbench
from core.errors import WirescopeError
from core.project.project import Project

log = logging.getLogger(__name__)

NOT_KEPT = "Your work could not be kept for the case that Wirescope ends unexpectedly."
WHAT_TO_DO = "Save the project (Ctrl+S; Ctrl+Shift+S into another folder). It is tried again after each step."
AFTER = 200  # milliseconds after a change, so that what comes with it goes along
Task = Callable[[], None]


class Autosave(QObject):
    """Of one window; it does nothing before it is begun."""

    _tried = Signal(str)  # from the thread: the work was written, or why it could not be

    def __init__(self, workbench: Workbench, project: ProjectController, root: Path, notifier: Notifier) -> None:
        super().__init__(project)
        self._workbench, self._project, self._root, self._notifier = workbench, project, root, notifier
        self._session: Session | None = None
        self._writer = _Writer()
        self._timer = QTimer(self, singleShot=True, interval=AFTER)
        self._timer.timeout.connect(self._keep)
        project.changed.connect(self._follow)
        project.kept.connect(self.set_aside)
        self._tried.connect(self._take_end)

    @property
    def folder(self) -> Path | None:
        """Where the work lies; None before it is begun, or where nothing can be written."""
        return None if self._session is None else self._session.folder

    def begin(self) -> None:
        """Keep the work from now on."""
        try:
            self._session = new_session(self._root)
        except (OSError, RuntimeError) as error:
            log.warning("the work is not kept while it is not saved: %s", error)
            self._notifier.say(f"Nothing can be kept in {self._root}: save the project often (Ctrl+S).")
            return
        self._writer.start()
        self._project.keeps = True
        self._follow()

    def adopt(self, session: Session) -> None:
        """Go on with the folder of another session, whose work is taken up here."""
        self._writer.finish()
        before, self._session = self._session, session
        if before is not None:
            before.forget()
            before.leave()
        self._writer.start()
        self._project.keeps = True
        self._follow()

    def set_aside(self) -> None:
        """What is here stays in its folder, for the next start; what comes has another one."""
        if self._session is not None:
            self._write(kept=True)
            self._writer.finish()
            self._session.leave()
            self.begin()

    def end(self, keep: bool) -> None:
        """The window closes. keep: what is not saved is offered at the next start."""
        self._timer.stop()
        if self._session is None:
            return
        if keep and self._project.modified:
            self._write(kept=True)
        self._writer.finish()
        if not keep or not self._project.modified:
            self._session.forget()
        self._session.leave()
        self._session = None

    def _follow(self) -> None:
        if self._session is not None and not self._timer.isActive():
            self._timer.start()

    def _keep(self) -> None:
        session = self._session
        if session is None:
            return
        if self._project.modified:
            self._write()
        else:
            self._writer.do(session.forget)

    def _write(self, kept: bool = False) -> None:
        assert self._session is not None
        path, model = self._project.path, self._workbench.document.model
        state = self._project.saving.on_disk
        about = Left("" if path is None else str(path), model, steps_made(self._workbench.history), kept, state)
        self._writer.do(self._writing(self._session, self._project.project(), about))

    def _writing(self, session: Session, project: Project, about: Left) -> Task:
        def do() -> None:
            from core.project.wire_file import project_bytes

            try:
                write(session, project_bytes(project, embed=False), about)
            except WirescopeError as error:
                log.warning("the work is not kept: %s", error)
                self._tried.emit(error.message)
            else:
                self._tried.emit("")

        return do

    def _take_end(self, problem: str) -> None:
        """The work could be written, or not: that is said once, until it can be again."""
        could, self._project.keeps = self._project.keeps, not problem  # if not, closing asks
        if problem and could:
            self._notifier.problem(FailureReply(0, "run", f"{NOT_KEPT} {problem}", WHAT_TO_DO))
        elif not problem and not could:
            self._notifier.say("Your work is kept again while it is not saved.")


class _Writer:
    """A thread that does the newest of what it was given."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._next: Task | None = None
        self._ends = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._ends = False
        self._thread = threading.Thread(target=self._loop, name="wirescope-autosave", daemon=True)
        self._thread.start()

    def do(self, task: Task) -> None:
        with self._condition:
            self._next = task
            self._condition.notify()

    def finish(self) -> None:
        """Wait until all is done, and end."""
        with self._condition:
            self._ends = True
            self._condition.notify()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _loop(self) -> None:
        while True:
            with self._condition:
                while self._next is None and not self._ends:
                    self._condition.wait()
                task, self._next = self._next, None
            if task is None:
                return
            try:
                task()
            except Exception:
                log.exception("the work is not kept")
