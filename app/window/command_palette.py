"""The command palette: everything that the menus and the top bar can do, found by typing some of its letters."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QLineEdit, QMenu, QWidgetAction

from app.services.actions import Action
from app.window.command_words import OTHER_WORDS, Command, fit
from views.panels.palette.palette import Palette, PaletteRow

if TYPE_CHECKING:
    from app.window.main_window import Window

NOT_NOW = "not possible now"
IN_USE = "in use"


@dataclass(frozen=True)
class Entry:
    """row: what is shown. run: what happens. command: what it is found by."""

    row: PaletteRow
    run: Callable[[], None]
    command: Command


def find(entries: list[Entry], query: str) -> list[Entry]:
    """The entries that fit, best first (see `command_words`): of those alike, what can be done before what cannot, and
    a choice that is in use already last."""
    if not query.strip():
        return entries
    ranked = []
    for number, entry in enumerate(entries):
        fits = fit(query, entry.command)
        if fits is not None:
            way, close = fits
            ranked.append(((way, not entry.row.enabled, entry.row.chosen, close, number), entry))
    return [entry for _, entry in sorted(ranked, key=lambda item: item[0])]


def entries(window: Window) -> list[Entry]:
    """All that can be done now, and what cannot be with its reason."""
    window.commands.catch_up()
    found = [*_of_tools(window), *_of_fields(window)]
    for top in window.menuBar().actions():
        menu = top.menu()
        if isinstance(menu, QMenu):
            found += _of_menu(window, menu, _plain(top.text()))
    for menu, place in ((window.top_bar.replacement_menu, "Replace with"), (window.top_bar.method_menu, "Trace by")):
        found += _of_menu(window, menu, place)
    return found


def _of_tools(window: Window) -> Iterator[Entry]:
    tools = window.top_bar.tools
    present = next((name for name, button in tools.items() if button.isChecked()), "")
    for name, button in tools.items():
        why = "" if button.isEnabled() else button.toolTip()
        title, chosen = f"{name.capitalize()} tool", button.isChecked()
        effect = IN_USE if chosen else f"{present} → {name}"
        row = PaletteRow(title, "Tools", "", button.isEnabled(), why, chosen, effect)
        yield Entry(row, button.click, Command(title, "Tools", OTHER_WORDS.get(f"{name}_tool", ())))


def _of_fields(window: Window) -> Iterator[Entry]:
    """Fields of the panels, which no menu holds: the keys go there."""
    opened = window.workbench.opened
    for letter in ("A", "B"):
        able = opened is not None and opened.is_text
        run = partial(_write, window, letter)
        yield _of_field(f"prompt_{letter.lower()}", f"Write Prompt {letter}", "Inputs", able, run)
    field = window.panels["circuit"].field
    yield _of_field("keep", "Keep a Number of Edges", "Circuit", field.isEnabled(), partial(_go_to, field))


def _of_field(key: str, title: str, place: str, able: bool, run: Callable[[], None]) -> Entry:
    why = "" if able else "Open a language model first" if key.startswith("prompt") else "Open a model first"
    return Entry(PaletteRow(title, place, "", able, why), run, Command(title, place, OTHER_WORDS[key]))


def _write(window: Window, letter: Literal["A", "B"]) -> None:
    window.panels.bring("inputs")
    window.panels["inputs"].start_editing(letter)


def _go_to(field: QLineEdit) -> None:
    field.setFocus(Qt.FocusReason.ShortcutFocusReason)
    field.selectAll()


def _of_menu(window: Window, menu: QMenu, place: str) -> Iterator[Entry]:
    menu.aboutToShow.emit()  # menus that change are filled when they are shown
    records = {window.commands[key]: record for key, record in window.commands.records.items()}
    for action in menu.actions():
        below = action.menu()
        words = _plain(action.text())
        record = records.get(action)
        if action.isSeparator() or (not action.isEnabled() and record is None):
            continue  # a line, or a heading
        if isinstance(below, QMenu):
            yield from _of_menu(window, below, f"{place} › {words}")
        else:
            keys = " or ".join(key.toString(QKeySequence.SequenceFormat.NativeText) for key in action.shortcuts())
            reason = "" if record is None else window.commands.why_not(record.key)
            why = "" if action.isEnabled() else reason or NOT_NOW
            chosen = action.isCheckable() and action.isChecked()
            row = PaletteRow(words, place, keys, action.isEnabled(), why, chosen, _effect(window, menu, action, record))
            run = _keep(action) if not isinstance(action, QWidgetAction) else _show(window, action)
            title, about = _halves(words) if menu is window.top_bar.method_menu else (words, "")
            key = words if record is None else record.key
            tip = "" if record is None else record.tip
            yield Entry(row, run, Command(title, place, OTHER_WORDS.get(key, ()), f"{about} {tip}"))


def _halves(words: str) -> tuple[str, str]:
    """The title of a method, and what is said about it: "ACDC", "edges removed for good…"."""
    title = re.split(r"[:,(]", words, maxsplit=1)[0].strip()
    return title, words[len(title) :].strip(" :,")


def _effect(window: Window, menu: QMenu, action: QAction, record: Action | None) -> str:
    """What a choice changes: "As the System → Dark"; of what is shown or not, what it will be."""
    if not action.isCheckable():
        return ""
    group = action.actionGroup()
    if group is not None and group.isExclusive():
        if action.isChecked():
            return IN_USE
        now = next((other for other in group.actions() if other.isChecked()), None)
        then = _halves(_plain(action.text()))[0]
        return f"{_halves(_plain(now.text()))[0]} → {then}" if now is not None else then
    dock = None if record is None else window.docks.get(record.key.removeprefix("show_"))
    if dock is None:
        return "on → off" if action.isChecked() else "off → on"
    if dock.isHidden():
        return "hidden → shown"
    return "behind others → in front" if dock.visibleRegion().isEmpty() else "shown → hidden"


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
