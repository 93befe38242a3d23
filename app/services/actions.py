"""All that the program can do from its menus: one record an action feeds the menu, the shortcut and the tooltip.

Actions of a feature stand in its `FEATURE`; those here are of the window, or of features without one yet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from app.services.panels import DOCKS, DockRow
from app.workbench.workbench import Workbench
from views.icons import set_icon


@dataclass(frozen=True)
class Action:
    """key: its name in code. words: in the menu, with its mnemonic. keys: shortcuts. tip: what it is for. why_not:
    why it cannot be done in the present state, "" while it can; it alone enables the action. run: what it does, given
    what its feature has built."""

    key: str
    words: str
    keys: tuple[str, ...] = ()
    tip: str = ""
    icon: str = ""
    checkable: bool = False
    why_not: Callable[[Workbench], str] | None = None
    run: Callable[[Any], None] | None = None


def show_action(row: DockRow) -> Action:
    """A dock's entry in View."""
    keys = (row.shortcut,) if row.shortcut else ()
    return Action(f"show_{row.key}", row.title, keys, f"Show or hide {row.words}", checkable=True)


ACTIONS: tuple[Action, ...] = (
    Action("quit", "&Quit", ("Ctrl+Q",), "Close the window and end the program"),
    Action("palette", "Command Pa&lette…", ("Ctrl+K", "Ctrl+Shift+P"), "Find and run any command", "search"),
    *(show_action(row) for row in DOCKS),
    Action("reset_layout", "Reset La&yout", (), "Every panel to where it was at first"),
    Action("full_screen", "Full S&creen", ("F11",), "The window alone on the screen, and back", checkable=True),
    Action("next_panel", "Ne&xt Panel", ("Ctrl+Tab",), "The keys go to the next part of the window"),
    Action("previous_panel", "Pre&vious Panel", ("Ctrl+Shift+Tab",), "And back"),
)


class Actions(Mapping[str, QAction]):
    """The window's actions by key. The one place that enables those that say why they cannot be done; the reason is the
    tooltip of every action that is grey.

    They are looked at once a turn of the event loop, whatever has changed in it. Who takes an action by its key has it
    as it is now; and one that is triggered before it has become grey is asked once more, and says why not."""

    def __init__(self, owner: QWidget, workbench: Workbench) -> None:
        self._owner = owner
        self._workbench = workbench
        self._made: dict[str, QAction] = {}
        self._tips: dict[str, str] = {}  # while they can be done
        self._told: dict[str, tuple[str, str]] = {}  # the reason and the tooltip that each has
        self.records: dict[str, Action] = {}
        self._due = QTimer(owner, singleShot=True, interval=0)
        self._due.timeout.connect(self.refresh)
        owner.installEventFilter(_BeforeKeys(self, owner))
        for changed in (
            *(workbench.model_opened, workbench.history_changed, workbench.metric_changed, workbench.nothing_to_show),
            *(workbench.predictions_changed, workbench.selection_changed, workbench.positions_changed),
            *(
                workbench.edits_changed,
                workbench.arrow_changed,
                workbench.canvas_changed,
                workbench.given_up,
                workbench.failed,
                workbench.models.checkpoints_changed,
                workbench.homes.changed,
            ),
        ):
            changed.connect(lambda *_: self._due.start())

    def __getitem__(self, key: str) -> QAction:
        if self._due.isActive():
            self._look_at(key)
        return self._made[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._made)

    def __len__(self) -> int:
        return len(self._made)

    def add(self, records: Iterable[Action], slots: Mapping[str, Callable[[], None]]) -> None:
        """Make a QAction of each record, joined to its slot. Raises KeyError for an action that does nothing."""
        for record in records:
            slot = slots[record.key]
            action = QAction(record.words, self._owner)
            action.setShortcuts([QKeySequence(keys) for keys in record.keys])
            action.setCheckable(record.checkable)
            action.setStatusTip(record.tip)
            if record.icon:
                set_icon(action, record.icon)
            action.triggered.connect(partial(self._do, record.key, slot))
            self._owner.addAction(action)
            self._made[record.key], self.records[record.key] = action, record
            self._set_tip(record.key, record.tip)

    def remove(self, records: Iterable[Action]) -> None:
        """Take actions away again, those of them that were made."""
        for record in records:
            action = self._made.pop(record.key, None)
            if action is not None:
                del self.records[record.key], self._tips[record.key]
                self._told.pop(record.key, None)
                self._owner.removeAction(action)
                action.deleteLater()

    def rename(self, key: str, words: str) -> None:
        """Say what an action would do now, in the menu and as its tooltip."""
        self._made[key].setText(words)
        self._set_tip(key, words)

    def why_not(self, key: str) -> str:
        """Why an action cannot be done now; "" where it can."""
        why_not = self.records[key].why_not
        return "" if why_not is None else why_not(self._workbench)

    def catch_up(self) -> None:
        """What has changed in this turn of the event loop counts now."""
        if self._due.isActive():
            self.refresh()

    def refresh(self) -> None:
        """Enable what can be done now."""
        self._due.stop()
        for key in self.records:
            self._look_at(key)

    def _look_at(self, key: str) -> None:
        why = self.why_not(key)
        tip = why or self._tips[key]  # another reason may hold
        if self._told.get(key) != (why, tip):  # hundreds are looked at after each change, and few are different
            self._told[key] = why, tip
            self._made[key].setEnabled(not why)
            self._made[key].setToolTip(tip)

    def _do(self, key: str, slot: Callable[[], None], checked: bool = False) -> None:
        why = self.why_not(key)
        if not why:
            slot()
            return
        if self.records[key].checkable:
            self._made[key].setChecked(not checked)
        self._workbench.message.emit(f"{why}.")
        self.refresh()

    def _set_tip(self, key: str, words: str) -> None:
        keys = self._made[key].shortcut().toString()
        self._tips[key] = f"{words} ({keys})" if keys else words
        self._told.pop(key, None)
        self._made[key].setToolTip(self.why_not(key) or self._tips[key])


class _BeforeKeys(QObject):
    """A key that comes before the turn of the event loop is over finds the actions as they are."""

    def __init__(self, actions: Actions, owner: QWidget) -> None:
        super().__init__(owner)
        self._actions = actions

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride:
            self._actions.catch_up()
        return False
