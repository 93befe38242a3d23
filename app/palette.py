"""The command palette: everything that the menus and the top bar can do, found by typing some of its letters."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QWidgetAction

from app.actions import ACTIONS
from views.panels.palette import Palette, PaletteRow

if TYPE_CHECKING:
    from app.window import Window

NOT_NOW = "not possible now"
GOOD_START, NEXT_TO = 8.0, 5.0  # what a letter gains at the start of a word, and right after the one before
WHOLE = 6.0  # what all of the query gains where it stands as it was typed


@dataclass(frozen=True)
class Entry:
    """row: what is shown. run: what happens."""

    row: PaletteRow
    run: Callable[[], None]


def match(query: str, words: str) -> float | None:
    """How well the letters of a query, in their order, fit into words; None where they do not. The best of all ways to
    place them: at starts of words and next to each other they count more, and short words before long ones."""
    letters, text = [c for c in query.casefold() if not c.isspace()], words.casefold()
    if not letters:
        return 0.0
    scores: dict[int, float] = {-1: 0.0}  # where the letter before lies -> the best score so far
    for letter in letters:
        found: dict[int, float] = {}
        for place, sign in enumerate(text):
            if sign != letter:
                continue
            start = GOOD_START if place == 0 or not text[place - 1].isalnum() else 0.0
            before = [
                score + (NEXT_TO if place == last + 1 and last >= 0 else 0.0)
                for last, score in scores.items()
                if last < place
            ]
            if before:
                found[place] = max(before) + start + 1.0
        scores = found
    whole = WHOLE if query.casefold().strip() in text else 0.0
    return max(scores.values()) + whole - 0.02 * len(text) if scores else None


def find(entries: list[Entry], query: str) -> list[Entry]:
    """The entries that fit, best first; where the place in the menus alone fits, after those whose words do."""
    ranked = []
    for number, entry in enumerate(entries):
        own = match(query, entry.row.words)
        whole = match(query, f"{entry.row.place} {entry.row.words}")
        if own is not None or whole is not None:
            score = max(own if own is not None else -1e3, (whole if whole is not None else -1e3) - 12.0)
            ranked.append((-score if query.strip() else 0.0, number, entry))
    return [entry for *_, entry in sorted(ranked, key=lambda item: item[:2])]


def entries(window: Window) -> list[Entry]:
    """All that can be done now, and what cannot be with its reason."""
    found = list(_of_tools(window))
    for top in window.menuBar().actions():
        menu = top.menu()
        if isinstance(menu, QMenu):
            found += _of_menu(window, menu, _plain(top.text()))
    for menu, place in ((window.top_bar.replacement_menu, "Replace with"), (window.top_bar.method_menu, "Trace by")):
        found += _of_menu(window, menu, place)
    return found


def _of_tools(window: Window) -> Iterator[Entry]:
    for name, button in window.top_bar.tools.items():
        why = "" if button.isEnabled() else button.toolTip()
        row = PaletteRow(f"{name.capitalize()} tool", "Tools", "", button.isEnabled(), why, button.isChecked())
        yield Entry(row, button.click)


def _of_menu(window: Window, menu: QMenu, place: str) -> Iterator[Entry]:
    menu.aboutToShow.emit()  # menus that change are filled when they are shown
    needs = {window.commands[record.key]: record.needs for record in ACTIONS}
    for action in menu.actions():
        below = action.menu()
        words = _plain(action.text())
        if action.isSeparator() or (not action.isEnabled() and action not in needs):
            continue  # a line, or a heading
        if isinstance(below, QMenu):
            yield from _of_menu(window, below, f"{place} › {words}")
        else:
            keys = " or ".join(key.toString(QKeySequence.SequenceFormat.NativeText) for key in action.shortcuts())
            why = "" if action.isEnabled() else needs[action] or NOT_NOW
            row = PaletteRow(words, place, keys, action.isEnabled(), why, action.isCheckable() and action.isChecked())
            yield Entry(row, _keep(action) if not isinstance(action, QWidgetAction) else _show(window, action))


def _keep(action: QAction) -> Callable[[], None]:
    return action.trigger


def _show(window: Window, form: QWidgetAction) -> Callable[[], None]:
    """Fields in a menu: it is opened, and the keys go to the first of them."""
    return lambda: window.top_bar.open_method_menu(form)


def _plain(words: str) -> str:
    return words.replace("&&", "\0").replace("&", "").replace("\0", "&").rstrip("…")


class Commands:
    """Shows the palette over a window and runs what is chosen."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self._all: list[Entry] = []
        self._shown: list[Entry] = []
        self.palette = Palette(window)
        self.palette.query_changed.connect(self._search)
        self.palette.chosen.connect(self._run)

    def toggle(self) -> None:
        """Open it, or close it when it is open."""
        if self.palette.isVisible():
            self.palette.dismiss()
            return
        self._all = entries(self._window)
        self.palette.open()
        self._search("")

    def _search(self, query: str) -> None:
        self._shown = find(self._all, query)
        self.palette.set_rows([entry.row for entry in self._shown])

    def _run(self, number: int) -> None:
        entry = self._shown[number]
        self.palette.dismiss()  # what it does may open a dialog, and needs the focus where it was
        entry.run()
