"""Starting the window. Torch is imported by the engine's thread, after the first frame."""

from __future__ import annotations

import logging
import signal
import sys
import traceback
from types import TracebackType

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from app.collector import rest_until_idle
from app.engine_thread import EngineThread, Server
from app.messages import Failed
from app.settings import Settings
from app.window import Window
from app.workbench import Workbench
from views import motion, theme

log = logging.getLogger(__name__)


def make_engine_side() -> Server:
    """Runs in the engine's thread: this is where torch is imported."""
    from app.engine_side import EngineSide

    return EngineSide()


def make_window() -> Window:
    """A window with its workbench and its engine's thread, running."""
    engine = EngineThread(make_engine_side)
    workbench = Workbench(engine)
    window = Window(workbench, Settings())
    engine.setParent(window)
    workbench.setParent(window)
    engine.start()
    return window


def run(model: str | None) -> int:
    """Show the window and work until it is closed. Returns the exit code."""
    if sys.platform == "win32":
        import torch  # noqa: F401  # on Windows its libraries must be there before Qt's

    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    app.setApplicationName("Wirescope")
    app.setDesktopFileName("wirescope")
    motion.set_choice(Settings().motion())
    theme.set_choice(Settings().theme())
    theme.apply(app)
    window = make_window()
    rest_until_idle(window.workbench)
    sys.excepthook = lambda kind, error, trace: report(window, kind, error, trace)
    window.show()
    # Not before the first frame is on the screen: opening a model takes the interpreter for itself.
    QTimer.singleShot(50, window, lambda: window.opener.start(model))

    # Ctrl+C in the terminal: let Python look at signals now and then.
    signal.signal(signal.SIGINT, lambda *_: window.close())
    ticking = QTimer()
    ticking.timeout.connect(lambda: None)
    ticking.start(250)
    return app.exec()


def report(window: Window, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """An exception in a slot is shown and logged, and the program goes on."""
    if issubclass(kind, KeyboardInterrupt):
        window.close()
        return
    log.error("an exception reached the event loop", exc_info=(kind, error, trace))
    details = "".join(traceback.format_exception(kind, error, trace))
    from app.dialogs import show_problem

    show_problem(
        window,
        Failed(0, "run", f"Something went wrong: {error}", "Your inputs and edits are kept; you can go on.", details),
    )
