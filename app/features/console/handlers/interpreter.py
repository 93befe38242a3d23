"""Runs what is typed, in one namespace, and stops it where somebody says so.

The code is compiled in two parts: all statements, then the last one as an expression whose value is shown. Somebody
beside it asks now and then whether it is to stop, and then raises KeyboardInterrupt in its thread, between two
instructions of Python; runs of the engine ask at every layer by themselves.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import ctypes
import inspect
import io
import keyword
import linecache
import pydoc
import re
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from types import CodeType
from typing import Any

from core.errors import Cancelled, WirescopeError
from core.progress import watched

EVERY = 0.1  # seconds between two parts of what is printed
ASKED_EVERY = 0.02  # seconds: whether to stop
MOST = 200_000  # letters that one piece of code may print: more would hold up the window
INTERRUPTED = "Interrupted."
NAME = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*\.?$|$")


def _nobody_answers(*_: object, **__: object) -> None:
    raise RuntimeError("Nothing can be typed into code that runs in the console: write the value into the code.")


def _help(*of: object) -> None:
    if not of:
        _nobody_answers()
    pydoc.help(*of)


# They would hold up the engine for ever: nobody can type what they wait for.
NOT_HERE = {"input": _nobody_answers, "breakpoint": _nobody_answers, "help": _help}


class Interpreter:
    """One console's names, over all that is typed."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {"__name__": "__console__", "__builtins__": {**vars(builtins), **NOT_HERE}}
        self._count = 0

    def run(self, code: str, stop: Callable[[], bool], show: Callable[[str], None]) -> tuple[str, str]:
        """Run code; what it has printed, with the value of its last line, and why it stopped before its end. show: told
        what is printed, now and then. Never raises."""
        self._count += 1
        file = f"<console {self._count}>"
        linecache.cache[file] = (len(code), None, [f"{line}\n" for line in code.splitlines()], file)
        out = _Output(show)
        try:
            first, last = _compiled(code, file)
            with _printed_to(out), watched(lambda _: None, stop):
                stopper = _Stopper(stop)
                try:
                    self._exec(first, last)
                finally:
                    while not stopper.over:
                        with contextlib.suppress(KeyboardInterrupt):  # one more may arrive meanwhile
                            stopper.end()
        except (KeyboardInterrupt, Cancelled):
            return out.getvalue(), INTERRUPTED
        except SystemExit:
            return out.getvalue(), "The console goes on as long as the window: close it with its cross."
        except BaseException as error:  # whatever is typed, the engine's thread goes on
            return out.getvalue(), short(error)
        return out.getvalue(), ""

    def _exec(self, first: CodeType, last: CodeType | None) -> None:
        exec(first, self.names)
        value = None if last is None else eval(last, self.names)
        if value is not None:
            self.names["_"] = value
            print(repr(value))

    def complete(self, text: str) -> tuple[str, ...]:
        """What the last name of a text could go on as. Nothing is run for it: attributes that would have to be computed
        lead no further."""
        match = NAME.search(text)
        *path, begun = (match[0] if match is not None else "").split(".")
        if not path:
            known = {*self.names, *vars(builtins), *keyword.kwlist}
            return tuple(sorted(_public(known, begun)))
        value = self.names.get(path[0], getattr(builtins, path[0], None))
        for name in path[1:]:
            value = _static(value, name)
        if value is None:
            return ()
        before = ".".join(path)
        return tuple(f"{before}.{name}" for name in sorted(_public(dir(value), begun)))


def _public(names: Any, begun: str) -> list[str]:
    return [name for name in names if name.startswith(begun) and (begun.startswith("_") or not name.startswith("_"))]


def _static(value: object, name: str) -> object:
    """An attribute, where it is there without computing anything; else None."""
    try:
        attribute = inspect.getattr_static(value, name)
    except AttributeError:
        return None
    if isinstance(attribute, property) or (hasattr(attribute, "__get__") and not inspect.isroutine(attribute)):
        return None
    return attribute


def _compiled(code: str, file: str) -> tuple[CodeType, CodeType | None]:
    """All but a last expression, and that."""
    tree = ast.parse(code, file)
    last = None
    if tree.body and isinstance(tree.body[-1], ast.Expr):
        last = compile(ast.Expression(tree.body.pop().value), file, "eval")
    return compile(tree, file, "exec"), last


class _Output(io.StringIO):
    """What is printed, shown now and then, up to a limit."""

    def __init__(self, show: Callable[[str], None]) -> None:
        super().__init__()
        self._show, self._shown, self._full = show, time.monotonic(), False

    def write(self, text: str) -> int:
        room = MOST - self.tell()
        if room > 0:
            super().write(text[:room])
        if len(text) > room and not self._full:
            self._full = True
            super().write("\n… more is printed than is shown here.\n")
        if time.monotonic() - self._shown > EVERY:
            self._shown = time.monotonic()
            self._show(self.getvalue())
        return len(text)


class _PerThread(io.TextIOBase):
    """Standard output while consoles run: each thread prints to its own, others to where it went before."""

    def __init__(self, before: Any) -> None:
        super().__init__()
        self.before = before  # None in a program without a terminal

    def write(self, text: str) -> int:
        target = _PRINTS.get(threading.get_ident(), self.before)
        return len(text) if target is None else int(target.write(text) or 0)

    def flush(self) -> None:
        target = _PRINTS.get(threading.get_ident(), self.before)
        if target is not None:
            target.flush()


_PRINTS: dict[int, _Output] = {}  # by the threads that run code of a console
_PRINTING = threading.Lock()
_SHARED = _PerThread(None)  # one for good: a thread that code has begun may still print when that is over


@contextlib.contextmanager
def _printed_to(out: _Output) -> Iterator[None]:
    """What this thread prints goes there; that of another window's engine does not."""
    thread = threading.get_ident()
    with _PRINTING:
        _PRINTS[thread] = out
        if len(_PRINTS) == 1 and sys.stdout is not _SHARED:
            _SHARED.before = sys.stdout
        sys.stdout = _SHARED
    try:
        yield
    finally:
        with _PRINTING:
            del _PRINTS[thread]
            if not _PRINTS:
                sys.stdout = _SHARED.before  # whatever the code has put in its place


class _Stopper:
    """Raises KeyboardInterrupt in the thread that has made it when it is to stop, again and again until `end`: code may
    catch it and go on."""

    def __init__(self, stop: Callable[[], bool]) -> None:
        self._stop, self._target = stop, threading.get_ident()
        self._lock, self._ended, self.over = threading.Lock(), threading.Event(), False
        threading.Thread(target=self._watch, name="wirescope-console-stop", daemon=True).start()

    def _watch(self) -> None:
        while not self._ended.wait(ASKED_EVERY):
            if self._stop():
                with self._lock:
                    if not self._ended.is_set():
                        _raise_in(self._target, KeyboardInterrupt)

    def end(self) -> None:
        """Nothing is raised from now on; what has not arrived yet is taken back."""
        with self._lock:
            self._ended.set()
            _raise_in(self._target, None)
            self.over = True


def _raise_in(thread: int, kind: type[BaseException] | None) -> None:
    """Have an exception raised in a thread, by the interpreter's own means."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), None if kind is None else ctypes.py_object(kind))


def short(error: BaseException) -> str:
    """An error as text: where in what was typed, and what it says."""
    if isinstance(error, WirescopeError):
        words = f"{error.message} {error.hint}".strip()
    else:
        words = "".join(traceback.format_exception_only(error)).strip()
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith("<console")]
    lines = [f"line {frame.lineno}: {(frame.line or '').strip()}" for frame in frames[-3:]]
    return "\n".join([*lines, words])
