"""How far work has come, and whether it is to go on: asked and told at every layer of every run, whoever began it.

A piece of work opens a stage for each of its parts, from one share of the whole to another, and a part may have parts
of its own; the layers of a run say where in theirs they are. So progress moves and a cancel is heard between two
layers, however many positions, steps, circuits or pairs there are, and nothing between has to know of it. What is
computed never depends on it.

Stages belong to a thread. A generator must not yield inside one: `within` opens it for each of its items alone.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

from core.errors import Cancelled

At = Callable[[float], None]  # so much of this stage is done; raises Cancelled
Listener = Callable[[float], None]
Cancel = Callable[[], bool]
T = TypeVar("T")


def _nowhere(share: float) -> None:
    """Nobody watches."""


_at: ContextVar[At] = ContextVar("at", default=_nowhere)


def at(share: float = 0.0) -> None:
    """So much of the present stage is done. Raises Cancelled where it is not to go on."""
    _at.get()(share)


def now() -> At:
    """`at` of the present stage, for what is called later or by another thread."""
    return _at.get()


@contextmanager
def watched(listener: Listener | None = None, cancelled: Cancel | None = None) -> Iterator[None]:
    """All that is done inside asks `cancelled` and tells `listener`; where that is None, the listener from before."""
    before = _at.get()
    if listener is None and cancelled is None:
        yield
        return

    def here(share: float) -> None:
        if cancelled is not None and cancelled():
            raise Cancelled
        (listener or before)(share)

    with _set(here):
        yield


def while_asking(work: Callable[[], T], seconds: float = 0.05) -> T:
    """What some work gives that says nothing before its end, as a solver of another library: it is done in a thread of
    its own, and meanwhile this one asks, every so many seconds, whether it is to go on. Raises Cancelled, and leaves
    the work to end by itself; and what the work raises."""
    given: list[T] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            given.append(work())
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=run, daemon=True)  # it is no reason to keep the program from ending
    thread.start()
    while thread.is_alive():
        at()
        thread.join(seconds)
    if failed:
        raise failed[0]
    return given[0]


@contextmanager
def unwatched() -> Iterator[None]:
    """What is done inside is short, and done whatever is wanted by now."""
    with _set(_nowhere):
        yield


@contextmanager
def stage(start: float, stop: float) -> Iterator[None]:
    """What is done inside leads from one share of the present stage to another."""
    before = _at.get()

    def here(share: float) -> None:
        before(start + (stop - start) * min(share, 1.0))

    with _set(here):
        yield


@contextmanager
def _set(here: At) -> Iterator[None]:
    token = _at.set(here)
    try:
        yield
    finally:
        _at.reset(token)


def within(
    items: Iterator[T],
    start: float = 0.0,
    stop: float = 1.0,
    listener: Listener | None = None,
    cancelled: Cancel | None = None,
) -> Iterator[T]:
    """The items of a generator; the work for each is done in a stage, and watched."""
    end = object()
    while True:
        with watched(listener, cancelled), stage(start, stop):
            item = next(items, end)
        if item is end:
            return
        yield item  # type: ignore[misc]
