"""A watchdog over the window's loop, and hands that make many gestures at random but by a seed.

A timer beats in the loop. The thread's own processor time between two beats is what our code kept the loop from doing:
waiting for events, for the interpreter's lock or for a processor that another thread has does not count. The wall clock
is reported beside it.

What it took is told in measures: beside each gesture the thread does a small piece of work that is always the same.
So a slow machine, and other processes that share caches and clock, are held against nobody.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, Qt, QTimer
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractItemView, QApplication, QWidget

from core.graph import Node
from core.project.metric_choice import MetricChoice
from tests.app.person import Person
from views import theme
from views.choices import ThemeChoice

BEAT = 2  # milliseconds
NONE, LEFT, MIDDLE = Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton
NO_KEY = Qt.KeyboardModifier.NoModifier


def measure() -> float:
    """Seconds of the thread for a fixed piece of work, about a millisecond on a machine of today."""
    start = time.thread_time()
    sum(i * i for i in range(20_000))
    return time.thread_time() - start


@dataclass
class Blocks:
    """How long the loop was kept, in milliseconds, with what was done last before."""

    processor: list[tuple[float, str]] = field(default_factory=list)
    wall: list[tuple[float, str]] = field(default_factory=list)
    measures: list[float] = field(default_factory=list)  # one for each of `processor`, in milliseconds

    def note(self, processor: float, wall: float, what: str, measured: float) -> None:
        self.processor.append((1000 * processor, what))
        self.wall.append((1000 * wall, what))
        self.measures.append(1000 * measured)

    def over(self, measures: float, excused: tuple[str, ...] = ()) -> list[str]:
        """What took longer than so many measures, the worst first; a measure is never shorter than half of all are."""
        usual = float(np.median(self.measures)) if self.measures else 0.0
        pairs = zip(self.processor, self.measures, strict=True)
        worst = sorted(((took / max(measured, usual), took, what) for (took, what), measured in pairs), reverse=True)
        return [
            f"{what}: {took:.0f} ms, {count:.0f} measures"
            for count, took, what in worst
            if count > measures and what not in excused
        ]

    def words(self) -> str:
        worst = ", ".join(f"{what} {took:.0f}" for took, what in sorted(self.processor, reverse=True)[:6])
        half, most = np.percentile([took for took, _ in self.wall], [50, 99])
        longest = ", ".join(f"{what} {took:.0f}" for took, what in sorted(self.wall, reverse=True)[:3])
        measured = np.median(self.measures)
        worst = f"a measure {measured:.2f} ms; ms of the thread: {worst}"
        return f"{worst}; by the clock: median {half:.0f}, 99 % {most:.0f}, worst {longest}"


class Watchdog:
    """Beats while it is used as a context."""

    def __init__(self) -> None:
        self.blocks = Blocks()
        self.doing = "start"
        self._timer = QTimer(interval=BEAT)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)
        self._since = (0.0, 0.0)
        self._measured = measure()

    def __enter__(self) -> Watchdog:
        self.forget()
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.stop()

    def forget(self) -> None:
        """Start to count now: what was done before is not the window's."""
        self._since = (time.thread_time(), time.perf_counter())

    def _beat(self) -> None:
        now = (time.thread_time(), time.perf_counter())
        self.blocks.note(now[0] - self._since[0], now[1] - self._since[1], self.doing, self._measured)
        self._since = now

    def time(self, what: str, act: Callable[[], object]) -> None:
        """Something that a person does: the window's answer to it, and later the loop's until the next beat."""
        self.doing = what
        before = measure()
        self.forget()
        act()
        took = (time.thread_time() - self._since[0], time.perf_counter() - self._since[1])
        self._measured = max(before, measure())
        self.blocks.note(*took, what, self._measured)
        self.forget()


class Hands:
    """A person in a hurry: does not wait for the engine."""

    def __init__(self, person: Person, dog: Watchdog, seed: int) -> None:
        self.person, self.dog = person, dog
        self.window, self.canvas = person.window, person.window.canvas
        self.random = random.Random(seed)
        self.gestures: dict[str, tuple[int, Callable[[], None]]] = {
            "click a node": (5, self.click_node),
            "click an edge": (6, self.click_edge),
            "cut": (6, lambda: self.key("cut", Qt.Key.Key_X)),
            "patch": (4, lambda: self.key("patch", Qt.Key.Key_P)),
            "undo": (4, lambda: self.key("undo", Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)),
            "redo": (2, lambda: self.key("redo", Qt.Key.Key_Y, Qt.KeyboardModifier.ControlModifier)),
            "hover": (10, self.hover),
            "zoom": (8, self.zoom),
            "pan": (8, self.pan),
            "walk": (5, self.walk),
            "rubber band": (2, self.band),
            "click a token": (3, self.click_token),
            "metric": (2, self.metric),
            "replacement": (1, self.replacement),
            "frame": (2, lambda: self.key("frame", Qt.Key.Key_F)),
            "sort the table": (3, self.sort),
            "filter the table": (2, self.filter),
            "click in the table": (3, self.click_line),
            "scroll the table": (3, self.scroll),
            "edges or nodes": (1, self.turn),
            "show or hide the table": (1, lambda: self.key("table", Qt.Key.Key_F8)),
            "find": (2, self.find),
            "theme": (1, self.theme),
        }

    def make(self, count: int, leaving_out: tuple[str, ...] = ()) -> Iterator[str]:
        """Make gestures, mixed; yields the name of each."""
        names = [name for name in self.gestures if name not in leaving_out]
        weights = [self.gestures[name][0] for name in names]
        for name in self.random.choices(names, weights, k=count):
            self.gestures[name][1]()
            yield name

    # ---- with the keys -----------------------------------------------------------------------------------------

    def key(self, what: str, key: Qt.Key, modifier: Qt.KeyboardModifier = NO_KEY) -> None:
        self.dog.time(what, lambda: QTest.keyClick(self.canvas, key, modifier))

    def walk(self) -> None:
        keys = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Return)
        self.key("walk", self.random.choice(keys))

    # ---- with the mouse on the canvas ----------------------------------------------------------------------------

    def place(self) -> QPoint:
        return QPoint(self.random.randrange(self.canvas.width()), self.random.randrange(self.canvas.height()))

    def send(self, what: str, kind: QEvent.Type, at: QPoint, button: Qt.MouseButton, held: Qt.MouseButton) -> None:
        point = QPointF(at)
        event = QMouseEvent(kind, point, self.canvas.mapToGlobal(point), button, held, NO_KEY)
        self.dog.time(what, lambda: QApplication.sendEvent(self.canvas, event))

    def hover(self) -> None:
        self.send("hover", QEvent.Type.MouseMove, self.place(), NONE, NONE)

    def click(self, what: str, at: QPoint) -> None:
        self.send(f"press on {what}", QEvent.Type.MouseButtonPress, at, LEFT, LEFT)
        self.send(f"click {what}", QEvent.Type.MouseButtonRelease, at, LEFT, NONE)

    def click_node(self) -> None:
        graph = self.canvas.scene.data.graph
        node = Node("head", self.random.randrange(graph.layers), self.random.randrange(graph.heads))
        at = self.canvas.node_point(node).toPoint()
        self.click("a node", at if self.canvas.rect().contains(at) else self.place())

    def click_edge(self) -> None:
        marks = self.canvas.scene.data.edges
        for mark in self.random.sample(marks, min(6, len(marks))):
            try:
                at = self.canvas.edge_point(mark.index).toPoint()
            except ValueError:
                continue  # hidden by others
            self.click("an edge", at)
            return
        self.click("somewhere", self.place())

    def drag(self, what: str, button: Qt.MouseButton) -> None:
        at = self.place()
        self.send(what, QEvent.Type.MouseButtonPress, at, button, button)
        for _ in range(4):
            at += QPoint(self.random.randint(-40, 40), self.random.randint(-40, 40))
            self.send(what, QEvent.Type.MouseMove, at, NONE, button)
            QApplication.processEvents()
        self.send(what, QEvent.Type.MouseButtonRelease, at, button, NONE)

    def pan(self) -> None:
        self.drag("pan", MIDDLE)

    def band(self) -> None:
        self.drag("rubber band", LEFT)

    def zoom(self) -> None:
        at, turn = QPointF(self.place()), QPoint(0, self.random.choice((-120, 120, 120)))
        event = QWheelEvent(
            at, self.canvas.mapToGlobal(at), QPoint(), turn, NONE, NO_KEY, Qt.ScrollPhase.NoScrollPhase, False
        )
        self.dog.time("zoom", lambda: QApplication.sendEvent(self.canvas, event))

    # ---- elsewhere ------------------------------------------------------------------------------------------------

    def tap(self, what: str, widget: QWidget, box: QRect) -> None:
        if widget.isVisible() and widget.isEnabled():
            self.dog.time(what, lambda: QTest.mouseClick(widget, LEFT, NO_KEY, box.center()))

    def click_token(self) -> None:
        chips = self.person.card("A").chips
        count = len(chips.chip_texts()) if chips.isVisible() else 0
        if count:
            self.tap("click a token", chips, chips.chip_rect(self.random.randrange(count)).toRect())

    def metric(self) -> None:
        kinds = ("logit_difference", "probability", "log_probability")
        choice = MetricChoice(self.random.choice(kinds), " Mary", " John")
        self.dog.time("metric", lambda: self.window.panels["inputs"].metric_changed.emit(choice))

    def replacement(self) -> None:
        kind = self.random.choice(("patch", "zero", "mean"))
        self.dog.time("replacement", lambda: self.window.top_bar.replacement_changed.emit(kind))

    def theme(self) -> None:
        other: ThemeChoice = "light" if theme.current().name == "dark" else "dark"
        self.dog.time("theme", lambda: theme.set_choice(other))

    def find(self) -> None:
        self.dog.time("find", self.window.commands["find"].trigger)
        for letter in self.random.choice(("a3", "reads Mary", "m1->", "Mary", "-> logits")):
            self.dog.time(
                "type in find", lambda letter=letter: QTest.keyClicks(self.window.controllers["find"].bar.field, letter)
            )
            QApplication.processEvents()
        key = self.random.choice((Qt.Key.Key_Return, Qt.Key.Key_Escape))
        self.dog.time("find it", lambda: QTest.keyClick(self.window.controllers["find"].bar.field, key))
        self.dog.time("close find", self.window.controllers["find"].bar.close_bar)

    # ---- in the table -----------------------------------------------------------------------------------------------

    @property
    def table(self) -> QAbstractItemView:
        return self.window.panels["table"].view

    def sort(self) -> None:
        header = self.table.horizontalHeader()
        column = self.random.randrange(max(header.count(), 1))
        at = QRect(header.sectionViewportPosition(column), 0, 30, header.height())
        self.tap(f"sort by column {column}", header.viewport(), at)

    def filter(self) -> None:
        words = self.random.choice(("a2", "kept", "", "m0->", "edited", "raises", "layer 3"))
        field = self.window.panels["table"].filter
        if field.isVisible():
            self.dog.time("type the filter", lambda: field.setText(words))
            self.dog.time("filter the table", lambda: QTest.keyClick(field, Qt.Key.Key_Return))

    def click_line(self) -> None:
        view = self.table.viewport()
        at = QPoint(40, self.random.randrange(max(view.height(), 1)))
        self.tap("click in the table", view, QRect(at, at))

    def scroll(self) -> None:
        bar = self.table.verticalScrollBar()
        self.dog.time("scroll the table", lambda: bar.setValue(self.random.randint(0, max(bar.maximum(), 0))))

    def turn(self) -> None:
        button = self.window.panels["table"].kinds[self.random.choice(("edges", "nodes"))]
        self.tap("edges or nodes", button, button.rect())
