"""What every test stands on: no hub, no screen, one thread, one seed, no user's settings, and nothing left behind.

A test fails when it leaves a Qt window, a running QTimer or QThread, or a Python thread. Torch is not imported here,
nor more of Qt than its package, which pytest-qt imports anyway: what concerns them happens only in processes that have
loaded them.

The garbage collector rests, as in the program (app/window/garbage_collector.py): `no_qt_left` collects after each test.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import itertools
import os
import random
import shutil
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.window.plain_imports import import_plainly

# Set before anything reads them, so that neither Torch nor Qt has to be imported for it.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"
ON_DISPLAY = bool(os.environ.get("WIRESCOPE_TEST_DISPLAY"))
if not ON_DISPLAY:
    os.environ["QT_QPA_PLATFORM"] = "offscreen"

# Processes that a test or xdist starts inherit the isolated folders; the user's own one is handed on by another name.
USER_DATA = os.environ.setdefault("WIRESCOPE_TEST_USER_DATA", os.environ.get("WIRESCOPE_DATA", ""))
SCRATCH = Path(tempfile.mkdtemp(prefix="wirescope-tests-"))
atexit.register(shutil.rmtree, SCRATCH, ignore_errors=True)
for variable in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"):
    os.environ[variable] = str(SCRATCH / variable.lower())
_test_number = itertools.count()
import_plainly()  # what tests import: some 3,000 modules a process

THREAD_GRACE_SECONDS = 6.0
# tqdm's monitor serves the whole process and ends with it.
SHARED_THREADS = {"TMonitor"}
# Qt's own tooltip window: it stays for as long as its fade-out takes, and belongs to no test.
SHARED_WIDGETS = {"QTipLabel"}

FAILED = pytest.StashKey[bool]()
STARTED = pytest.StashKey[float]()


def pytest_addoption(parser: pytest.Parser) -> None:
    words = "seconds after which no further test is begun, and slow ones are not: they are skipped"
    parser.addoption("--budget", type=float, help=words)
    words = "every test takes every variant of a family of models (see tests/core/conftest.py)"
    parser.addoption("--all-families", action="store_true", help=words)


def pytest_configure(config: pytest.Config) -> None:
    config.stash[STARTED] = time.monotonic()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    needs_display = pytest.mark.skip(reason="needs a display: `make display`")
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent / "display") and not ON_DISPLAY:
            item.add_marker(needs_display)


def pytest_collection_finish() -> None:
    gc.freeze()  # modules stay: no collection has to go over them


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Give the test folders and a seed of its own, before any fixture of any scope is set up."""
    budget = item.config.getoption("--budget")
    if budget is not None:
        over = time.monotonic() - item.config.stash[STARTED] > budget
        if over or item.get_closest_marker("slow"):
            pytest.skip("left to `make test`")
    folder = SCRATCH / str(next(_test_number))
    data = USER_DATA if item.get_closest_marker("packs") else str(folder / "data")
    if data:
        os.environ["WIRESCOPE_DATA"] = data
    else:
        os.environ.pop("WIRESCOPE_DATA", None)
    if "PySide6.QtCore" in sys.modules:
        from PySide6.QtCore import QSettings

        for file_format in (QSettings.Format.NativeFormat, QSettings.Format.IniFormat):
            for scope in (QSettings.Scope.UserScope, QSettings.Scope.SystemScope):
                QSettings.setPath(file_format, scope, str(folder / "settings" / scope.name))
    os.environ["WIRESCOPE_STATE"] = str(folder / "state")
    random.seed(0)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(0)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(0)
        sys.modules["torch"].set_grad_enabled(True)  # as in a new process, whatever the test before has left
    gc.disable()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    if report.failed:
        item.stash[FAILED] = True
    return report


@pytest.fixture(autouse=True)
def no_thread_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + THREAD_GRACE_SECONDS
    left = []
    for thread in threading.enumerate():
        if thread not in before and type(thread).__name__ not in SHARED_THREADS:
            thread.join(max(0.0, deadline - time.monotonic()))
            if thread.is_alive():
                left.append(thread.name)
    assert not left, f"the test left threads running: {', '.join(left)}"


@pytest.fixture(autouse=True)
def no_qt_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that leaves a window, a running QTimer or a running QThread.

    What should go when a test ends is given to `qtbot.addWidget`. A window that is still shown is left; one that is
    hidden is left when Python's garbage collection does not free it either.
    """
    if "PySide6.QtWidgets" not in sys.modules:
        yield
        return
    from PySide6.QtCore import QThread, QTimer

    before = set(map(id, _windows()))
    with _started(QTimer) as timers, _started(QThread) as threads:
        yield
    if request.node.stash.get(FAILED, False):
        return  # its traceback holds its objects, and it fails already
    shown = [repr(w) for w in _of_the_test(before) if w.isVisible()]
    assert not shown, f"the test left windows: {', '.join(shown)}"
    gc.collect(1)  # what the test itself has made
    left = _new_windows(before)
    assert not left, f"the test left windows: {', '.join(repr(widget) for widget in left)}"
    assert not (running := _alive(timers, QTimer.isActive)), f"the test left timers running: {running}"
    assert not (running := _alive(threads, QThread.isRunning)), f"the test left QThreads running: {running}"


def _windows() -> list[Any]:
    """The top-level widgets that are left once everything that waits for its deletion is deleted."""
    from PySide6.QtCore import QCoreApplication, QEvent
    from PySide6.QtWidgets import QApplication

    if not isinstance(QCoreApplication.instance(), QApplication):
        return []
    QCoreApplication.processEvents()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    return [w for w in QApplication.topLevelWidgets() if w.metaObject().className() not in SHARED_WIDGETS]


def _of_the_test(before: set[int]) -> list[Any]:
    """The windows that were not there before, nor belong to one that was, as its menus do."""

    def stays(widget: Any) -> bool:
        return widget is not None and (id(widget) in before or stays(widget.parentWidget()))

    return [w for w in _windows() if not stays(w)]


def _new_windows(before: set[int]) -> list[Any]:
    new = _of_the_test(before)
    if new:
        new.clear()
        gc.collect()
        new = _of_the_test(before)
    return new


@contextlib.contextmanager
def _started(kind: type) -> Iterator[list[weakref.ref[Any]]]:
    """Remember every object of the class whose `start` is called meanwhile."""
    started: list[weakref.ref[Any]] = []
    start = kind.start

    def remember_and_start(self: Any, *arguments: Any) -> None:
        started.append(weakref.ref(self))
        start(self, *arguments)

    kind.start = remember_and_start
    try:
        yield started
    finally:
        kind.start = start


def _alive(references: list[weakref.ref[Any]], runs: Callable[[Any], bool]) -> list[Any]:
    from shiboken6 import isValid

    objects = (reference() for reference in references)
    return [o for o in objects if o is not None and isValid(o) and runs(o)]
