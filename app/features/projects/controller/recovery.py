"""Offers the work of windows that ended unexpectedly: a strip over the window, which loses nothing."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QDesktopServices

from app.features.projects.controller.autosave import Autosave
from app.features.projects.controller.project import ProjectController
from app.features.projects.controller.sessions import Session, sessions_left
from app.features.projects.presenter import left_words
from app.services.notifier import Notifier
from views.panels.projects.panel import NoticeStrip

RESTORE, FOLDER, DISCARD = "restore", "folder", "discard"
BUTTONS = (
    (RESTORE, "&Restore", "Take this work up, as it was last"),
    (FOLDER, "Show F&older", "Where it lies"),
    (DISCARD, "&Discard", "Put it away; it is deleted after 30 days"),
)


class RecoveryController(QObject):
    """Of one window. root: the folder of the sessions."""

    def __init__(
        self, project: ProjectController, autosave: Autosave, strip: NoticeStrip, root: Path, notifier: Notifier
    ) -> None:
        super().__init__(project)
        self._project, self._autosave, self._strip = project, autosave, strip
        self._root, self._notifier = root, notifier
        self._left: list[Session] = []
        strip.chosen.connect(self._take)
        strip.closed.connect(self.end)

    def offer(self) -> None:
        """Look for work that was left, and offer it."""
        self._left = sessions_left(self._root)
        self._show()

    def end(self) -> None:
        """Not now: what is left is offered at the next start."""
        for session in self._left:
            session.leave()
        self._left = []
        self._strip.leave()

    def _show(self) -> None:
        if not self._left:
            self._strip.leave()
            return
        session = self._left[0]
        words = left_words(session.about(), session.changed, len(self._left) - 1)
        self._strip.show_notice(words, BUTTONS, f"It lies in {session.folder}")

    def _take(self, key: str) -> None:
        if not self._left:
            return
        session = self._left[0]
        if key == FOLDER:
            if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(session.folder))):
                self._notifier.say(f"It lies in {session.folder}")
        elif key == DISCARD:
            try:
                place = session.discard()
            except OSError as error:
                self._notifier.say(f"It cannot be put away: {error.strerror}. It lies in {session.folder}")
                return
            self._notifier.say(f"Discarded. It lies in {place} for 30 days.")
            self._next(session)
        else:
            self._project.restore(session.work, session.about(), partial(self._restored, session))

    def _restored(self, session: Session) -> None:
        if session not in self._left:  # taken up or put away meanwhile
            return
        self._next(session)
        self._autosave.adopt(session)
        self._notifier.say("Restored. It is not saved yet: Ctrl+S saves it.")

    def _next(self, session: Session) -> None:
        self._left.remove(session)
        self._show()
