"""Somebody at the window: clicks and types where a person would, and reads what is on the screen."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox, QWidget

from app.window.main_window import Window
from core.edits import Edit, Target
from core.graph import Node
from core.models.loading import load_model
from core.models.model import Model
from core.project.document import Document, Source
from core.project.metric_choice import MetricChoice
from core.session import Session
from views.canvas.words import tool_tip
from views.panels.circuit.data import CircuitData

PATIENCE = 30_000  # milliseconds
LONG_PATIENCE = 120_000  # where others are waited for: processes, or the end of a long rush


class Person:
    patience = PATIENCE

    def __init__(self, window: Window, qtbot: Any) -> None:
        self.window = window
        self.qtbot = qtbot
        self.workbench = window.workbench

    def panel(self, key: str) -> Any:
        """A panel of the window."""
        return self.window.panels[key]

    def controller(self, key: str) -> Any:
        """What a feature has built."""
        return self.window.controllers[key]

    # ---- waiting -------------------------------------------------------------------------------------------

    def wait(self, until: Callable[[], Any]) -> None:
        self.qtbot.waitUntil(lambda: bool(until()), timeout=self.patience)

    def rest(self) -> None:
        """Wait until the engine has answered all of the latest request, and the window has drawn it."""
        self.wait(lambda: not self.workbench.busy)
        QApplication.processEvents()

    # ---- opening -------------------------------------------------------------------------------------------

    def open(
        self,
        model: Path | str,
        clean: str | Path | None,
        counterfactual: str | Path | None = None,
        metric: MetricChoice | None = None,
    ) -> None:
        self.window.workbench.models.open(Document(str(model), _source(clean), _source(counterfactual), metric))
        self.rest()

    # ---- the mouse and the keys ------------------------------------------------------------------------------

    def click(self, widget: QWidget, at: QPoint | None = None, modifier=Qt.KeyboardModifier.NoModifier) -> None:
        self.wait(widget.isVisible)  # what was just made appears with the next turn of the event loop
        assert widget.isEnabled(), widget
        self.qtbot.mouseClick(widget, Qt.MouseButton.LeftButton, modifier, at or widget.rect().center())

    def click_edge(self, index: int) -> None:
        self.click(self.window.canvas, self.window.canvas.edge_point(index).toPoint())
        self.rest()

    def click_node(self, node: Node) -> None:
        self.click(self.window.canvas, self.window.canvas.node_point(node).toPoint())
        self.rest()

    def press(self, key: Qt.Key, modifier=Qt.KeyboardModifier.NoModifier, widget: QWidget | None = None) -> None:
        """A key for whatever has the focus, or for a widget."""
        QTest.keyClick(widget or QApplication.focusWidget() or self.window, key, modifier)
        self.rest()

    def choose(self, menu: str, entry: str) -> None:
        """An entry of the menu bar, by its words."""
        self.menu_action(menu, entry).trigger()
        self.rest()

    def menu_action(self, menu: str, entry: str):
        found = [action for action in self.menu(menu).actions() if plain(action.text()).startswith(entry)]
        assert len(found) == 1, f"{entry!r} is there {len(found)} times"
        assert found[0].isEnabled(), f"{entry!r} is disabled"
        return found[0]

    def menu(self, path: str):
        """A menu by its path, opened as a person would: "File/Export"."""
        first, *rest = path.split("/")
        menu = next(a.menu() for a in self.window.menuBar().actions() if plain(a.text()) == first)
        for name in rest:
            menu.aboutToShow.emit()
            menu = next(a.menu() for a in menu.actions() if a.menu() and plain(a.text()) == name)
        menu.aboutToShow.emit()
        return menu

    def drop(self, widget: QWidget, mime: QMimeData, at: QPointF | None = None) -> bool:
        """Drag something over a widget and let it go; tells whether the widget took it."""
        place = at or QPointF(widget.rect().center())
        how = (Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
        for event in (QDragEnterEvent(place.toPoint(), *how), QDragMoveEvent(place.toPoint(), *how)):
            event.setAccepted(isinstance(event, QDragMoveEvent) and not hasattr(type(widget), "dragMoveEvent"))
            QApplication.sendEvent(widget, event)
            if isinstance(event, QDragEnterEvent) and not event.isAccepted():
                return False
        event = QDropEvent(place, *how)
        event.setAccepted(False)
        QApplication.sendEvent(widget, event)
        self.rest()
        return event.isAccepted()

    def type_prompt(self, letter: str, text: str) -> None:
        """Click the card, type over what is there, press Enter."""
        self.type_prompt_without_rest(letter, text)
        self.rest()

    def type_prompt_without_rest(self, letter: str, text: str) -> None:
        card = self.card(letter)
        if not card.editor.isVisible():
            self.edit_text(card)
        assert card.editor.isVisible()
        card.editor.setFocus()
        card.editor.selectAll()
        QTest.keyClick(card.editor, Qt.Key.Key_Delete)
        QTest.keyClicks(card.editor, text)
        QTest.keyClick(card.editor, Qt.Key.Key_Return)

    def edit_text(self, card) -> None:
        """Open a card's text by its pencil."""
        card.chip_scroll.ensureVisible(0, card.chips.height())
        self.click(card.chips, card.chips.pencil_rect().center().toPoint())

    # ---- reading -------------------------------------------------------------------------------------------

    def card(self, letter: str):
        return self.panel("inputs").card_a if letter == "A" else self.panel("inputs").card_b

    def problem(self, letter: str) -> str:
        """The message on a card, if it is to be seen."""
        label = self.card(letter).problem
        return label.text() if label.isVisible() else ""

    def notes(self, letter: str) -> str:
        label = self.card(letter).notes
        return label.text() if label.isVisible() else ""

    def predictions(self) -> list[tuple[str, str, str]]:
        """The table as written: label, before and after, change."""
        return self.panel("predictions").table.row_texts() if self.panel("predictions").table.isVisible() else []

    def figures(self) -> tuple[Any, ...]:
        """All digits of what the predictions show."""
        ran = self.workbench.ran
        assert ran is not None
        return (ran.before, ran.after, *((row.label, row.before, row.after) for row in ran.rows))

    def edits(self) -> list[str]:
        return self.panel("inputs").edits.row_texts() if self.panel("inputs").edits.rows.isVisible() else []

    def tip(self, target: Target) -> str:
        """What the canvas says of what is under the pointer."""
        return tool_tip(self.window.canvas.scene, target)

    def effects(self) -> dict[str, str]:
        """The inspector's figures as written: estimated, measured. What each is of: `effect_words`."""
        return {words.split(",")[0]: figure for words, figure in self.effect_words()}

    def effect_words(self) -> list[tuple[str, str]]:
        """The same with all of their words: "estimated, 24 pairs"."""
        bars = self.panel("inspector").effects.bars
        return bars.row_texts() if bars.isVisible() else []

    def circuit(self) -> CircuitData:
        """What the strip under the canvas shows."""
        return self.controller("circuit").strip.data()

    def message(self) -> str:
        return self.panel("status").message.text()

    def dialogs(self) -> list[QMessageBox]:
        return [box for box in self.window.findChildren(QMessageBox) if box.isVisible()]

    def dismiss(self) -> str:
        """Close the one dialog; what it said."""
        boxes = self.dialogs()
        assert len(boxes) == 1, [box.text() for box in boxes]
        words = f"{boxes[0].text()} {boxes[0].informativeText()}"
        boxes[0].accept()
        self.window.activateWindow()  # as the window manager does when a dialog closes
        self.wait(self.window.isActiveWindow)
        return words

    # ---- choosing things to click ----------------------------------------------------------------------------

    def strong_edges(self, count: int = 1) -> list[int]:
        """The strongest edges that can be clicked."""
        assert self.workbench.scored is not None
        found: list[int] = []
        for index in np.argsort(-np.abs(self.workbench.scored.values)):
            try:
                self.window.canvas.edge_point(int(index))
            except ValueError:
                continue  # hidden by others
            found.append(int(index))
            if len(found) == count:
                return found
        raise AssertionError(f"only {len(found)} edges can be clicked")

    def edge(self, index: int):
        assert self.workbench.opened is not None
        return self.workbench.opened.graph.edge(index)

    # ---- the same, computed beside the window ----------------------------------------------------------------

    def session(self) -> Session:
        """A session of its own on the window's document."""
        document = self.workbench.document
        name, precision = document.model, document.precision
        large = name.startswith("pack:")
        model = load_model(name, dtype=precision) if large else _loaded(name, precision, _changed(name))
        sides = [source and (source.text or source.path) for source in (document.clean, document.counterfactual)]
        session = Session(model, model.pair(*sides))
        if document.metric is not None and document.metric.kind:
            from core.metrics import Metric

            choice = document.metric
            session.with_metric(Metric(choice.kind, choice.target or None, choice.foil or None))
        return session

    def expected(self, edits: Iterable[Edit]) -> tuple[float, dict[str, float]]:
        """The metric and all probabilities after some edits."""
        session = self.session()
        result = session.run(list(edits))
        probabilities = result.answer[0].softmax(-1)
        return float(result.metric[0]), {session.model.label(i): float(p) for i, p in enumerate(probabilities)}


def plain(words: str) -> str:
    return words.replace("&", "").rstrip("…")


@lru_cache(maxsize=8)
def _loaded(name: str, precision: str, changed: tuple[int, ...]) -> Model:
    """The same again while its files are the same: many tests look at one small model many times."""
    return load_model(name, dtype=precision)


def _changed(name: str) -> tuple[int, ...]:
    """When the files of a model's folder were."""
    return tuple(sorted(file.stat().st_mtime_ns for file in Path(name).glob("*")))


def _source(value: str | Path | None) -> Source | None:
    if value is None:
        return None
    if isinstance(value, Path):
        return Source("image", path=str(value), name=value.name)
    return Source("text", text=value)
