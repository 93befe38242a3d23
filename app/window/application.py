"""Starting the window. Torch is imported by the worker's thread, after the first frame."""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from app.features.preferences.controller.preferences import apply_look
from app.services.file_dialogs import use_everywhere
from app.services.log_records import (
    keep_file,
    leave_messages_to_qt,
    log_book,
    take_exceptions_of_threads,
    take_messages_of_qt,
)
from app.services.settings import Settings
from app.window.garbage_collector import Collector
from app.window.main_window import Window
from app.workbench.workbench import Workbench
from app.workbench.worker_thread import Server, WorkerThread
from core import plugins
from views import theme

APP_ID = "wirescope"  # of packaging/wirescope.desktop

FRAMED = 200  # milliseconds after which the window manager has told how wide its frame is


def application() -> QApplication:
    """The application under the name that window managers, task bars and the desktop entry know it by: the class of its
    windows is `Wirescope`, their instance and their app id `wirescope`."""
    app = QApplication.instance() or QApplication([APP_ID])
    assert isinstance(app, QApplication)
    app.setApplicationName("Wirescope")
    app.setDesktopFileName(APP_ID)
    return app


def make_window(make_service: Callable[[], Server]) -> Window:
    """A window with its workbench and its worker's thread, running. make_service: called in that thread, where torch is
    imported."""
    engine = WorkerThread(make_service)
    workbench = Workbench(engine)
    with theme.undressed(application()):
        window = Window(workbench, Settings())
    engine.setParent(window)
    workbench.setParent(window)
    engine.start()
    return window


def run(model: str | None, make_service: Callable[[], Server]) -> int:
    """Show the window and work until it is closed. make_service: as in `make_window`. Returns the exit code."""
    plugins.wait()  # for the first frame: the worker's thread loads them
    log_book()
    terminal = logging.StreamHandler()
    terminal.setLevel(logging.WARNING)
    logging.getLogger().addHandler(terminal)
    keep_file()
    take_messages_of_qt()
    take_exceptions_of_threads()
    app = application()
    use_everywhere()
    apply_look(Settings().preferences())
    theme.apply(app)
    window = make_window(make_service)
    Collector(window.workbench)
    window.problems.catch()
    window.closing.asks = True
    window.arrangement.keep_on_screen()
    window.show()
    QTimer.singleShot(FRAMED, window, window.arrangement.keep_on_screen)
    QTimer.singleShot(FRAMED, window, window.plugged_in.load)
    # Not before the first frame is on the screen: opening a model takes the interpreter for itself.
    QTimer.singleShot(50, window, lambda: window.workbench.models.start(model))
    QTimer.singleShot(50, window, window.controllers["projects"].start)
    QTimer.singleShot(50, window, window.controllers["jobs"].start)

    # Ctrl+C in the terminal: let Python look at signals now and then.
    signal.signal(signal.SIGINT, lambda *_: window.closing.at_once())
    ticking = QTimer()
    ticking.timeout.connect(lambda: None)
    ticking.start(250)
    code = app.exec()
    leave_messages_to_qt()
    return code
