"""What happened: the recent log records, for the window's log viewer, and a log file that starts anew when it is full.

Records come from any thread; `LogBook.added` tells the window's thread.
"""

from __future__ import annotations

import logging
import logging.handlers
import sys
import threading
import traceback
from collections import deque
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

import platformdirs
from PySide6.QtCore import QMessageLogContext, QObject, QtMsgType, Signal, qInstallMessageHandler

KEPT = 2000  # records
FILE_BYTES, OLD_FILES = 1_000_000, 3
OURS = ("app", "core", "views")
_QT_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}


@dataclass(frozen=True)
class LogEntry:
    """level: as in `logging`. details: a traceback, or nothing."""

    time: datetime
    level: int
    source: str
    words: str
    details: str = ""

    def text(self) -> str:
        head = f"{self.time:%H:%M:%S} {logging.getLevelName(self.level).lower():<8} {self.source}: {self.words}"
        return head + "".join(f"\n    {line}" for line in self.details.rstrip().splitlines())


class LogBook(QObject):
    """The last records of this process."""

    added = Signal(object)  # LogEntry; from any thread

    def __init__(self) -> None:
        super().__init__()
        self.entries: deque[LogEntry] = deque(maxlen=KEPT)

    def add(self, record: logging.LogRecord) -> None:
        details = "".join(traceback.format_exception(*record.exc_info)) if record.exc_info else ""
        time = datetime.fromtimestamp(record.created)
        entry = LogEntry(time, record.levelno, record.name, record.getMessage(), details)
        self.entries.append(entry)
        self.added.emit(entry)

    def text(self, level: int = logging.NOTSET) -> str:
        """All records from a level up, oldest first."""
        return "\n".join(entry.text() for entry in list(self.entries) if entry.level >= level)


class _Writer(logging.Handler):
    def __init__(self, book: LogBook) -> None:
        super().__init__(logging.INFO)
        self._book = book

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._book.add(record)
        except RuntimeError:  # the program ends, and Qt's half of the book is gone
            self.handleError(record)


@cache
def log_book() -> LogBook:
    """The one book; it is written from the first call on."""
    book = LogBook()
    logging.getLogger().addHandler(_Writer(book))
    for name in OURS:
        logging.getLogger(name).setLevel(logging.INFO)
    return book


def log_folder() -> Path:
    """Where the log file is, in the place that the system gives for logs."""
    return Path(platformdirs.user_log_dir("wirescope", appauthor=False))


def keep_file() -> Path | None:
    """Write the log into a file from now on. Without a place to write, there is none: the program works as well."""
    folder = log_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handler = logging.handlers.RotatingFileHandler(
            folder / "wirescope.log", maxBytes=FILE_BYTES, backupCount=OLD_FILES, encoding="utf-8"
        )
    except OSError as error:
        logging.getLogger(__name__).warning("there is no log file: %s", error)
        return None
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    handler.setLevel(logging.INFO)
    logging.getLogger().addHandler(handler)
    return folder / "wirescope.log"


def take_messages_of_qt() -> None:
    """Qt's own warnings go into the log as well as to the terminal."""
    log = logging.getLogger("qt")

    def take(kind: QtMsgType, context: QMessageLogContext, words: str) -> None:
        log.log(_QT_LEVELS.get(kind, logging.WARNING), "%s", words)

    qInstallMessageHandler(take)


def leave_messages_to_qt() -> None:
    """Before the program ends: Qt may still speak when Python is gone."""
    qInstallMessageHandler(None)


def take_exceptions_of_threads() -> None:
    """An exception that ends a thread, or comes while something is being deleted, is logged."""
    log = logging.getLogger(__name__)

    def of_thread(happened: threading.ExceptHookArgs) -> None:
        if happened.exc_value is not None:
            name = happened.thread.name if happened.thread is not None else "unknown"
            log.error("the thread %s ended", name, exc_info=happened.exc_value)

    def unraisable(happened: object) -> None:
        log.error("%s", getattr(happened, "err_msg", None) or "ignored", exc_info=getattr(happened, "exc_value", None))

    threading.excepthook = of_thread
    sys.unraisablehook = unraisable
