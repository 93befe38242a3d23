"""The window's panels: a row for each that has a dock, and the way to them by key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from PySide6.QtWidgets import QWidget

from views.widgets.docks import Area, Dock

SIDES = {"left": Area.LeftDockWidgetArea, "right": Area.RightDockWidgetArea, "bottom": Area.BottomDockWidgetArea}


@dataclass(frozen=True)
class DockRow:
    """key: its name in code and in the remembered layout. title: as View says it, with its mnemonic. panel: the
    window's attribute that holds the widget. below, beside: the key of an earlier dock that it lies under, or shares
    tabs with."""

    key: str
    title: str
    side: Literal["left", "right", "bottom"]
    panel: str
    shortcut: str = ""
    shown: bool = True
    below: str = ""
    beside: str = ""

    @property
    def crowded(self) -> DockRow:
        """The same where there is room for one column beside the canvas alone."""
        return CROWDED.get(self.key, self)

    @property
    def words(self) -> str:
        return self.title.replace("&", "")


DOCKS: tuple[DockRow, ...] = (
    DockRow("inputs", "In&puts", "left", "inputs", "F5"),
    DockRow("history", "&History", "left", "history", "F9", below="inputs"),
    DockRow("dataset", "&Dataset", "left", "dataset", "Shift+F5", beside="history"),
    DockRow("inspector", "In&spector", "right", "inspector", "F6"),
    DockRow("trust", "Tr&ust", "right", "trust", "Shift+F6", beside="inspector"),
    DockRow("predictions", "P&redictions", "bottom", "predictions", "F7"),
    DockRow("table", "Ta&ble", "bottom", "table", "F8", shown=False, beside="predictions"),
    DockRow("plots", "Pl&ots", "bottom", "plots", "Shift+F8", shown=False, beside="table"),
)


CROWDED = {
    row.key: row
    for row in (
        replace(DOCKS[1], below="", beside="inputs"),  # the history: beside the predictions it would hide them
        replace(DOCKS[2], beside="inputs"),  # the dataset
        replace(DOCKS[3], side="left", below="inputs"),  # the inspector
        replace(DOCKS[4], side="left"),  # trust, beside the inspector
    )
}


class Panels:
    """One window's panels by key, and the docks of those that have one."""

    def __init__(self, panels: Mapping[str, QWidget], docks: Mapping[str, Dock]) -> None:
        self._panels = panels
        self._docks = docks

    def __getitem__(self, key: str) -> Any:
        """The panel; its class is known to who asks by that key."""
        return self._panels[key]

    def bring(self, key: str) -> None:
        """Show a panel, in front of those that it shares its place with."""
        self._docks[key].show()
        self._docks[key].raise_()
