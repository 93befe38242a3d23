"""The window's panels: a row for each that has a dock, and the way to them by key."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

from PySide6.QtWidgets import QBoxLayout, QStackedWidget, QWidget

from views.widgets.docks import Area, Dock

SIDES = {"left": Area.LeftDockWidgetArea, "right": Area.RightDockWidgetArea, "bottom": Area.BottomDockWidgetArea}


@dataclass(frozen=True)
class DockRow:
    """key: its panel's, and its name in the remembered layout. title: as View says it, with its mnemonic. below,
    beside: the key of an earlier dock that it lies under, or shares tabs with. tab: what its tab says where the words
    are long for one; four of them lie side by side in a narrow window."""

    key: str
    title: str
    side: Literal["left", "right", "bottom"]
    shortcut: str = ""
    shown: bool = True
    below: str = ""
    beside: str = ""
    tab: str = ""

    @property
    def crowded(self) -> DockRow:
        """The same where there is room for one column beside the canvas alone."""
        return CROWDED.get(self.key, self)

    @property
    def words(self) -> str:
        return self.title.replace("&", "")


DOCKS: tuple[DockRow, ...] = (
    DockRow("inputs", "In&puts", "left", "F5"),
    DockRow("history", "&History", "left", "F9", below="inputs"),
    DockRow("dataset", "&Dataset", "left", "Shift+F5", beside="history"),
    DockRow("inspector", "In&spector", "right", "F6"),
    DockRow("trust", "Tr&ust", "right", "Shift+F6", beside="inspector"),
    DockRow("flip", "Minimal Patch", "right", "Ctrl+F6", shown=False, beside="inspector", tab="Minimal"),
    DockRow("patch_map", "Patch Map", "right", "Ctrl+F7", shown=False, beside="inspector", tab="Map"),
    DockRow("predictions", "P&redictions", "bottom", "F7"),
    DockRow("table", "Ta&ble", "bottom", "F8", shown=False, beside="predictions"),
    DockRow("plots", "Pl&ots", "bottom", "Shift+F8", shown=False, beside="table"),
    DockRow("lens_map", "Logit Lens", "bottom", "Ctrl+F8", shown=False, beside="plots"),
    DockRow("runs", "Runs", "bottom", "F12", shown=False, beside="lens_map"),
    DockRow("jobs", "Jobs", "bottom", "Ctrl+Shift+F9", shown=False, beside="runs"),
    DockRow("repair", "Repair", "bottom", "Shift+F12", shown=False, beside="jobs"),
    DockRow("code", "Record", "bottom", "Shift+F9", shown=False, beside="repair"),
    DockRow("console", "Console", "bottom", "Shift+F7", shown=False, beside="code"),
    DockRow("checkpoints", "Checkpoints", "bottom", "Ctrl+F9", shown=False, beside="console"),
    DockRow("heads", "Heads", "bottom", "Ctrl+F12", shown=False, beside="checkpoints"),
    DockRow("head_sets", "Compare Head Sets", "bottom", "Ctrl+Shift+F12", shown=False, beside="heads", tab="Head Sets"),
)


CROWDED = {
    row.key: row
    for row in (
        replace(DOCKS[1], below="", beside="inputs"),  # the history: beside the predictions it would hide them
        replace(DOCKS[2], beside="inputs"),  # the dataset
        replace(DOCKS[3], side="left", below="inputs"),  # the inspector
        replace(DOCKS[4], side="left"),  # trust, beside the inspector
        replace(DOCKS[5], side="left"),  # the minimal patch, beside the inspector
        replace(DOCKS[6], side="left"),  # the map over patches, beside it
    )
}


class Sizes(Protocol):
    """What the window knows of the sizes of its panels, as `Panels` tells them."""

    def sizes(self) -> dict[str, tuple[float, float]]: ...
    def take_sizes(self, sizes: Mapping[str, tuple[float, float]]) -> None: ...


class Panels:
    """One window's panels by key, and the docks of those that have one. centre: the pages in the middle, that of the
    canvas and the welcome page."""

    def __init__(self, panels: Mapping[str, QWidget], docks: Mapping[str, Dock], centre: QStackedWidget) -> None:
        self._panels = panels
        self._docks = docks
        self._centre = centre
        self._arrangement: Sizes | None = None

    def __getitem__(self, key: str) -> Any:
        """The panel; its class is known to who asks by that key."""
        return self._panels[key]

    def arranged_by(self, arrangement: Sizes) -> None:
        """Who knows how large the panels are."""
        self._arrangement = arrangement

    def bring(self, key: str) -> None:
        """Show a panel, in front of those that it shares its place with."""
        if key in self._docks:
            self._docks[key].show()
            self._docks[key].raise_()
        else:
            self._centre.setCurrentWidget(self._page(key))

    def shown(self) -> tuple[str, ...]:
        """The keys of those whose docks are not closed."""
        return tuple(key for key, dock in self._docks.items() if not dock.isHidden())

    def show_only(self, keys: Collection[str]) -> None:
        """Close all docks but these; none: all stay as they are."""
        for key, dock in self._docks.items() if keys else ():
            dock.setVisible(key in keys)

    def in_front(self) -> tuple[str, ...]:
        """The keys of those whose docks are seen."""
        return tuple(key for key, dock in self._docks.items() if not dock.visibleRegion().isEmpty())

    def sizes(self) -> dict[str, tuple[float, float]]:
        """Of the docks that are seen, as shares of their room's width and height; none while they have the sizes that
        the window gives them."""
        return {} if self._arrangement is None else self._arrangement.sizes()

    def arrange(self, front: Collection[str], sizes: Mapping[str, tuple[float, float]]) -> None:
        """Bring docks before those that they share their places with, and give docks their sizes."""
        for key in front:
            if key in self._docks:
                self.bring_docked(key)
        if sizes and self._arrangement is not None:
            self._arrangement.take_sizes(sizes)

    def bring_docked(self, key: str) -> None:
        """The same where it is shown in the window; what is closed, or floats, stays as it is."""
        dock = self._docks[key]
        if not dock.isHidden() and not dock.isFloating():
            dock.raise_()

    def put_above_canvas(self, strip: QWidget) -> None:
        """Give a strip its place above the canvas, as wide as that."""
        layout = self._page("canvas").layout()
        assert isinstance(layout, QBoxLayout)
        layout.insertWidget(0, strip)

    def _page(self, key: str) -> QWidget:
        """The page of the centre that is a panel, or holds it."""
        page: QWidget | None = self._panels[key]
        while page is not None and self._centre.indexOf(page) < 0:
            page = page.parentWidget()
        assert page is not None
        return page
