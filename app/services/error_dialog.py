"""Saying what went wrong: one dialog at a time, one for each problem, with details to copy; all of it in the log."""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractButton, QMessageBox, QWidget

from app.messages.request import FailureReply

if TYPE_CHECKING:
    from types import TracebackType

log = logging.getLogger(__name__)

MOST_WAITING = 3  # problems that are still said after the one on the screen; more are in the log alone
MORE = "More went wrong meanwhile. Help > Log lists it."


class Problems(QObject):
    """The problems of one window. say: tells what needs no dialog. close: ends the program at once."""

    def __init__(self, parent: QWidget, say: Callable[[str], None], close: Callable[[], None]) -> None:
        super().__init__(parent)
        self._parent = parent
        self._tell = say
        self._close = close
        self._shown: tuple[FailureReply, QMessageBox] | None = None
        self._times = 0
        self._waiting: list[FailureReply] = []
        self._dismissed: set[str] = set()  # where exceptions came from that the user has read of

    def show(self, failure: FailureReply) -> None:
        """Say what is wrong and what to do. Does not block. What is on the screen already is counted there."""
        if not failure.details:  # else it was logged, with them, where it happened
            log.warning("%s %s", failure.message, failure.hint)
        self._say(failure)

    def _say(self, failure: FailureReply) -> None:
        if self._shown is not None:
            shown, box = self._shown
            if _same(shown, failure):
                self._times += 1
                box.setInformativeText(f"{shown.hint}\nIt has happened {self._times} times.".strip())
            elif not any(_same(other, failure) for other in self._waiting):
                if len(self._waiting) < MOST_WAITING:
                    self._waiting.append(failure)
                else:
                    self._tell(MORE)
            return
        self._times = 1
        box = make_box(self._parent, failure)
        self._shown = failure, box
        box.finished.connect(self._next)
        box.open()

    def _next(self) -> None:
        if self._shown is not None and self._shown[0].details:
            self._dismissed.add(self._shown[0].details)
        self._shown = None
        if self._waiting:
            self._say(self._waiting.pop(0))

    def report(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """An exception in a slot is shown and logged, and the program goes on. One that was read already and comes
        again (from a timer, say) goes to the status bar, so that nobody has to close dialogs for ever."""
        if issubclass(kind, KeyboardInterrupt):
            self._close()
            return
        log.error("an exception reached the event loop", exc_info=(kind, error, trace))
        details = "".join(traceback.format_exception(kind, error, trace))
        words = f"Something went wrong: {error}"
        if details in self._dismissed:
            self._tell(f"{words} (again; see Help > Log)")
            return
        self._say(
            FailureReply(
                0,
                "run",
                words,
                "Your inputs and edits are kept; you can go on. If it comes again, Copy Details is for a report.",
                details,
            )
        )

    def catch(self) -> None:
        """Take every exception that reaches the event loop from now on."""
        sys.excepthook = self.report


def _same(one: FailureReply, other: FailureReply) -> bool:
    return (one.message, one.hint) == (other.message, other.hint)


def make_box(parent: QWidget, failure: FailureReply) -> QMessageBox:
    """The dialog for a problem."""
    box = QMessageBox(QMessageBox.Icon.Warning, "Wirescope", failure.message, QMessageBox.StandardButton.Ok, parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setInformativeText(failure.hint)
    box.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    if failure.details:
        box.setDetailedText(failure.details)
        copy = box.addButton("Copy Details", QMessageBox.ButtonRole.ActionRole)
        _act_without_closing(copy)
        text = "\n\n".join(part for part in (failure.message, failure.hint, failure.details) if part)
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(text))
    return box


def _act_without_closing(button: QAbstractButton) -> None:
    button.clicked.disconnect()  # else every button of a message box closes it
