"""The command palette: everything that the menus and the top bar can do, found by typing some of its letters."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QLineEdit, QMenu, QMenuBar, QWidget, QWidgetAction

from app.services.actions import Action, Actions
from app.services.panels import Panels
from app.window.command_words import OTHER_WORDS, Command, fit
from app.window.parts import Parts
from app.workbench.workbench import Workbench
from views.panels.palette.data import PaletteRow
from views.panels.palette.panel import Palette

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


@dataclass(frozen=True)
class Reach:
    """What the palette reaches."""

    workbench: Workbench
    actions: Actions
    menu_bar: QMenuBar
    parts: Parts
    panels: Panels


def entries(reach: Reach) -> list[Entry]:
    """All that can be done now, and what cannot be with its reason."""
    reach.actions.catch_up()
    entries = [*_of_tools(reach), *_of_fields(reach)]
    for top in reach.menu_bar.actions():
        menu = top.menu()
        if isinstance(menu, QMenu):
            entries += _of_menu(reach, menu, _plain(top.text()))
    toolbar = reach.parts.toolbar
    for menu, place in ((toolbar.replacement_menu, "Replace with"), (toolbar.method_menu, "Trace by")):
        entries += _of_menu(reach, menu, place)
    return entries


def _of_tools(reach: Reach) -> Iterator[Entry]:
    tools = reach.parts.toolbar.tools
    present = next((name for name, button in tools.items() if button.isChecked()), "")
    for name, button in tools.items():
        why = "" if button.isEnabled() else button.toolTip()
        title, chosen = f"{name.capitalize()} tool", button.isChecked()
        effect = IN_USE if chosen else f"{present} → {name}"
        row = PaletteRow(title, "Tools", "", button.isEnabled(), why, chosen, effect)
        yield Entry(row, button.click, Command(title, "Tools", OTHER_WORDS.get(f"{name}_tool", ())))


def _of_fields(reach: Reach) -> Iterator[Entry]:
    """Fields of the panels, which no menu holds: the keys go there."""
    opened = reach.workbench.opened
    for letter in ("A", "B"):
        able = opened is not None and opened.is_text
        run = partial(_write, reach, letter)
        yield _of_field(f"prompt_{letter.lower()}", f"Write Prompt {letter}", "Inputs", able, run)
    field = reach.panels["circuit"].field
    yield _of_field("keep", "Keep a Number of Edges", "Circuit", field.isEnabled(), partial(_go_to, field))


def _of_field(key: str, title: str, place: str, able: bool, run: Callable[[], None]) -> Entry:
    why = "" if able else "Open a language model first" if key.startswith("prompt") else "Open a model first"
    return Entry(PaletteRow(title, place, "", able, why), run, Command(title, place, OTHER_WORDS[key]))


def _write(reach: Reach, letter: Literal["A", "B"]) -> None:
    reach.panels.bring("inputs")
    reach.panels["inputs"].start_editing(letter)


def _go_to(field: QLineEdit) -> None:
    field.setFocus(Qt.FocusReason.ShortcutFocusReason)
    field.selectAll()


def _of_menu(reach: Reach, menu: QMenu, place: str) -> Iterator[Entry]:
    menu.aboutToShow.emit()  # menus that change are filled when they are shown
    records = {reach.actions[key]: record for key, record in reach.actions.records.items()}
    for action in menu.actions():
        below = action.menu()
        words = _plain(action.text())
        record = records.get(action)
        if action.isSeparator() or (not action.isEnabled() and record is None):
            continue  # a line, or a heading
        if isinstance(below, QMenu):
            yield from _of_menu(reach, below, f"{place} › {words}")
        else:
            keys = " or ".join(key.toString(QKeySequence.SequenceFormat.NativeText) for key in action.shortcuts())
            reason = "" if record is None else reach.actions.why_not(record.key)
            why = "" if action.isEnabled() else reason or NOT_NOW
            chosen = action.isCheckable() and action.isChecked()
            row = PaletteRow(words, place, keys, action.isEnabled(), why, chosen, _effect(reach, menu, action, record))
            run = _keep(action) if not isinstance(action, QWidgetAction) else _show(reach, action)
            title, about = _halves(words) if menu is reach.parts.toolbar.method_menu else (words, "")
            key = words if record is None else record.key
            tip = "" if record is None else record.tip
            yield Entry(row, run, Command(title, place, OTHER_WORDS.get(key, ()), f"{about} {tip}"))


def _halves(words: str) -> tuple[str, str]:
    """The title of a method, and what is said about it: "ACDC", "edges removed for good…"."""
    title = re.split(r"[:,(]", words, maxsplit=1)[0].strip()
    return title, words[len(title) :].strip(" :,")


def _effect(reach: Reach, menu: QMenu, action: QAction, record: Action | None) -> str:
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
    dock = None if record is None else reach.parts.docks.get(record.key.removeprefix("show_"))
    if dock is None:
        return "on → off" if action.isChecked() else "off → on"
    if dock.isHidden():
        return "hidden → shown"
    return "behind others → in front" if dock.visibleRegion().isEmpty() else "shown → hidden"


def _keep(action: QAction) -> Callable[[], None]:
    return action.trigger


def _show(reach: Reach, form: QWidgetAction) -> Callable[[], None]:
    """Fields in a menu: it is opened, and the keys go to the first of them."""
    return lambda: reach.parts.toolbar.open_method_menu(form)


def _plain(words: str) -> str:
    return words.replace("&&", "\0").replace("&", "").replace("\0", "&").rstrip("…")


class Commands:
    """Shows the palette over a window and runs what is chosen."""

    def __init__(self, window: QWidget, reach: Reach) -> None:
        self.reach = reach
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
        self._all = entries(self.reach)
        self.palette.open()
        self._search("")

    def _search(self, query: str) -> None:
        self._shown = find(self._all, query)
        self.palette.set_rows([entry.row for entry in self._shown])

    def _run(self, number: int) -> None:
        entry = self._shown[number]
        self.palette.dismiss()  # what it does may open a dialog, and needs the focus where it was
        entry.run()
