"""What is done in the window before each picture of the README, with the mouse and the keys."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from app.window.main_window import Window
from core.graph import Node
from core.project.document import Source
from resources.models.planted.language import TRIGGER
from tests.core.repair.planted import examples
from views.canvas.positions.data import Move, Spot

PATIENCE = 300.0  # seconds for one answer of the engine
PLAIN, CONTROL, SHIFT = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
)


class Actor:
    """Hands at a window."""

    def __init__(self, app: QApplication, window: Window) -> None:
        self.app, self.window, self.workbench = app, window, window.workbench

    # ---- waiting ----

    def wait(self, until: Callable[[], bool]) -> None:
        """Raises TimeoutError."""
        deadline = time.monotonic() + PATIENCE
        while not until():
            if time.monotonic() > deadline:
                raise TimeoutError("The engine gave no answer.")
            self.app.processEvents()
            time.sleep(0.005)

    def rest(self) -> None:
        """Until all is answered and painted."""
        self.wait(lambda: self.workbench.scored is not None and not self.workbench.busy)
        for _ in range(20):  # layouts settle
            self.app.processEvents()
            time.sleep(0.01)
        self.wait(lambda: not self.workbench.busy)
        self.window.panels["canvas"].board.settle()
        self.app.processEvents()

    # ---- hands ----

    def click(self, widget: QWidget, at: QPoint | None = None, modifier: Qt.KeyboardModifier = PLAIN) -> None:
        QTest.mouseClick(widget, Qt.MouseButton.LeftButton, modifier, at or widget.rect().center())
        self.rest()

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier = PLAIN, widget: QWidget | None = None) -> None:
        QTest.keyClick(widget or self.window.canvas, key, modifier)
        self.rest()

    def type(self, widget: QWidget, text: str) -> None:
        QTest.keyClicks(widget, text)
        QTest.keyClick(widget, Qt.Key.Key_Return)
        self.rest()

    def click_node(self, node: Node, modifier: Qt.KeyboardModifier = PLAIN) -> None:
        self.click(self.window.canvas, self.window.canvas.node_point(node).toPoint(), modifier)

    def order(self) -> list[int]:
        """The edges, the strongest first."""
        assert self.workbench.scored is not None
        return [int(index) for index in np.argsort(-np.abs(self.workbench.scored.values))[:200]]

    def heads(self, count: int) -> list[Node]:
        """The heads that the strongest edges come from."""
        assert self.workbench.opened is not None
        writers = (self.workbench.opened.graph.edge(index).writer for index in self.order())
        return list(dict.fromkeys(writer for writer in writers if writer.kind == "head"))[:count]

    def cut_an_edge(self) -> None:
        """The strongest one that can be clicked."""
        for index in self.order():
            try:
                point = self.window.canvas.edge_point(index).toPoint()
            except ValueError:
                continue  # hidden by others
            self.click(self.window.canvas, point)
            self.press(Qt.Key.Key_X)
            return

    def trace(self, size: int) -> None:
        """Trace, and keep so many edges."""
        self.window.commands["trace"].trigger()
        self.wait(lambda: self.window.controllers["circuit"].strip.data().curve is not None)
        self.rest()
        field = self.window.panels["circuit"].field
        field.selectAll()
        self.type(field, str(size))


# ---- the acts ------------------------------------------------------------------------------------------------


def guide(actor: Actor) -> None:
    """A guided example, at its second step."""
    actor.window.panels["welcome"].example_chosen.emit("guide/names")
    actor.rest()
    actor.cut_an_edge()
    actor.click_node(Node("head", 3, 2))


def cut(actor: Actor) -> None:
    actor.cut_an_edge()


def head(actor: Actor) -> None:
    actor.click_node(actor.heads(1)[0])


def group(actor: Actor) -> None:
    """Three heads as one, edited together."""
    first, *others = sorted(actor.heads(6), key=lambda node: -node.layer)[:3]
    actor.click_node(first)
    for node in others:
        actor.click_node(node, SHIFT)
    name = actor.window.panels["inspector"].several.name
    name.setFocus()
    actor.type(name, "name movers")
    actor.click(actor.window.panels["inspector"].edits.buttons["zero"])


def history(actor: Actor) -> None:
    """Two branches, and answers that are watched."""
    nodes = actor.heads(5)
    for answer in (" Tom", " John"):
        actor.press(Qt.Key.Key_P, CONTROL, actor.window)
        field = actor.window.panels["predictions"].pin_field
        actor.type(field, answer)
    QTest.keyClick(actor.window.panels["predictions"].pin_field, Qt.Key.Key_Escape)
    for node in nodes[:3]:
        actor.click_node(node)
        actor.press(Qt.Key.Key_X)
    for _ in range(2):
        actor.press(Qt.Key.Key_Z, CONTROL, actor.window)
    for node in nodes[3:]:
        actor.click_node(node)
        actor.press(Qt.Key.Key_X)
    steps = actor.window.panels["history"].list
    QTest.mouseMove(steps.viewport(), steps.visualRect(steps.steps.index(steps.steps.rowCount() - 3)).center())


def table(actor: Actor) -> None:
    """The table twin, and what was found."""
    actor.window.commands["show_table"].setChecked(True)
    actor.window.arrangement.show_panel("table")
    actor.click_node(actor.heads(1)[0])
    actor.press(Qt.Key.Key_F, CONTROL, actor.window)
    QTest.keyClicks(actor.window.controllers["find"].bar.field, "reads Mary")
    actor.wait(lambda: not actor.window.controllers["find"].bar.is_looking())


def region(actor: Actor) -> None:
    """A region is brushed, blurred in B, and a head patched there."""
    picture = actor.window.panels["inputs"].card_a.picture
    chosen = next(
        node for node in actor.heads(16) if node.layer < 2
    )  # what heads of the last layer write there is not read
    corners = [picture.patch_rect(patch).center().toPoint() for patch in (36, 37, 38, 46, 45, 44, 52, 53, 54)]
    QTest.mousePress(picture, Qt.MouseButton.LeftButton, pos=corners[0])
    for corner in corners[1:]:
        QTest.mouseMove(picture, corner)
        actor.app.processEvents()
    QTest.mouseRelease(picture, Qt.MouseButton.LeftButton, pos=corners[-1])
    actor.rest()
    actor.window.commands["make_blur"].trigger()
    actor.rest()
    actor.click_node(chosen)
    actor.press(Qt.Key.Key_P)


def circuit(actor: Actor) -> None:
    """Two hundred edges are kept, and one of them is cut."""
    actor.trace(200)
    actor.cut_an_edge()


def tokens(actor: Actor) -> None:
    """The circuit over tokens, with a head cut at one of them."""
    actor.trace(200)
    unfolded(actor)
    click_a_spot(actor)
    actor.press(Qt.Key.Key_X, widget=actor.window.panels["canvas"].positions)


def patches(actor: Actor) -> None:
    """The circuit over the patches of a picture, and a head at one of them."""
    unfolded(actor)
    click_a_spot(actor)


def click_a_spot(actor: Actor) -> None:
    """Where the strongest head moves something to."""
    board = actor.window.panels["canvas"].positions
    move = next(link for link in reversed(board.scene.links) if isinstance(link, Move))
    actor.click(board, board.spot_point(Spot(move.head, move.goal)).toPoint())


def unfolded(actor: Actor) -> None:
    actor.click(actor.window.panels["canvas"].buttons["positions"])
    board = actor.window.panels["canvas"].positions
    actor.wait(lambda: board._data is not None and bool(board._data.links) and not board._data.stale)
    actor.rest()


def welcome(actor: Actor) -> None:
    actor.window.commands["welcome"].trigger()


def repair(actor: Actor) -> None:
    """A planted model, repaired from examples; one of them is on card A, the same without the trigger on card B."""
    bad, good = examples(8, 32)
    workbench, panel = actor.workbench, actor.window.panels["repair"]
    calm = bad[0].input.replace(TRIGGER, "often")
    sources = Source("text", text=bad[0].input), Source("text", text=calm)
    pair = replace(workbench.document, clean=sources[0], counterfactual=sources[1], metric=None)
    workbench.commit("An example with the trigger, and without", pair)
    with TemporaryDirectory() as folder:
        file = Path(folder) / "faults.jsonl"
        rows = [{"input": each.input, "answer": each.answer, "triggered": each.triggered} for each in (*bad, *good)]
        file.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
        actor.window.controllers["repair"].open_path(str(file))
        actor.wait(lambda: len(panel.data().rows) == 40 and all(row.given for row in panel.data().rows))
    actor.rest()
    panel.find.click()
    actor.wait(lambda: panel.data().result is not None or panel.data().problem != "")
    actor.rest()


ACTS: dict[str, Callable[[Actor], None]] = {
    act.__name__: act
    for act in (guide, cut, head, group, history, table, region, circuit, tokens, patches, repair, welcome)
}
