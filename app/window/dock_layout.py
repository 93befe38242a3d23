"""Where the window's panels are, how large they are, which are shown; remembered between starts.

`DOCKS` lists the panels around the canvas. A row is all that a panel needs: its dock, its entry in View with its key,
its place in the remembered layout, and its way back with Reset Layout come by themselves.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping

from PySide6.QtCore import QByteArray, QMargins, QObject, QRect, QSize, Qt, QTimer
from PySide6.QtWidgets import QMainWindow, QTabBar

from app.services.actions import Actions
from app.services.panels import DOCKS, SIDES, DockRow
from app.services.settings import Settings
from app.window.parts import Parts
from views import theme
from views.widgets.docks import Dock

ORDER_WHEN_CROWDED = (
    "inputs",
    "inspector",
    "trust",
    "flip",
    "patch_map",
    "history",
    "dataset",
    "predictions",
    "table",
    "plots",
    "lens_map",
    "runs",
    "jobs",
    "repair",
    "code",
    "console",
    "checkpoints",
    "heads",
    "head_sets",
)
NARROW = 760  # pixels, at the usual size of text: a window that is narrower has no room for two columns of panels

USUAL = QSize(1440, 900)  # pixels: of the first window, where the screen has room
FRAME = QMargins(4, 32, 4, 4)  # pixels: what a window manager puts around a window, until it says so itself
ROUNDED = 3  # pixels: what a window manager may take off where a pixel of the window is none of the screen's
LOWEST = 120  # pixels
LOW, LOWER = 800, 560  # pixels, at the usual size of text: of windows in which height is scarce, and more than that
LEAST_BOTTOM = 88  # pixels: of the bottom panels in the latter, the metric and the likeliest answer
BOTTOM = 180  # pixels: how high the bottom panels are at first
TALL = {  # of the window's height, and of a low one's, while it is in front
    "table": (0.32, 0.27),
    "plots": (0.4, 0.38),
    "lens_map": (0.4, 0.35),
    "runs": (0.3, 0.27),
    "jobs": (0.3, 0.27),
    "repair": (0.36, 0.4),
    "code": (0.32, 0.3),
    "console": (0.32, 0.3),
    "checkpoints": (0.36, 0.38),
    "heads": (0.42, 0.44),
    "head_sets": (0.48, 0.54),
}
WRITTEN = (0.37, 0.3)  # the same of the predictions, while a text goes on under them
LEAST_ROWS = 165  # pixels: what the dataset takes to say how it is filled
LEAST_HISTORY = 0.29  # of the left side, for what lies under the inputs
LAYOUT = 1 + zlib.crc32(repr([row.key for row in DOCKS]).encode()) % 30_000  # a state of other docks is ignored


def within(room: QRect, window: QRect, frame: QMargins, least: QSize) -> QRect:
    """The window's own rectangle, so that it lies with its frame in the room that the screen has. Never smaller than
    `least`: then its upper left corner is in sight."""
    inside = room.marginsRemoved(frame)
    size = window.size().boundedTo(inside.size()).expandedTo(least)
    left = max(min(window.left(), inside.left() + inside.width() - size.width()), inside.left())
    top = max(min(window.top(), inside.top() + inside.height() - size.height()), inside.top())
    return QRect(left, top, size.width(), size.height())


class Arrangement(QObject):
    """The places, the sizes and the visibility of the panels."""

    def __init__(self, window: QMainWindow, parts: Parts, actions: Actions, settings: Settings) -> None:
        super().__init__(window)
        self._window, self._parts, self._actions, self._settings = window, parts, actions, settings
        self._desk, self._docks, self._panels = parts.desk, parts.docks, parts.panels
        self._kept = False  # until the user, or an earlier session, has said how wide the panels are
        self._crowded = False
        self._sizes: list[tuple[int, int]] = []
        self._fitted = QRect(), QRect()  # what the window was, and was made so as to lie on the screen
        self._refit = QTimer(window, singleShot=True, interval=0)  # longer inputs, once shown, want more room
        self._refit.timeout.connect(self.fit)
        parts.desk.pulled.connect(self._keep)
        self._continuation = parts.panels["predictions"].continuation
        self._continuation.opened.connect(self.refit)
        theme.theme_changes().resized.connect(self.fit)

    def _place(self) -> None:
        """All docks where they are at first."""
        rows = self._parts.rows
        order = [*ORDER_WHEN_CROWDED, *(key for key in rows if key not in ORDER_WHEN_CROWDED)]
        for row in [rows[key].crowded for key in order] if self._crowded else rows.values():
            self._place_one(row)

    def _place_one(self, row: DockRow) -> None:
        desk, docks, dock = self._desk, self._docks, self._docks[row.key]
        dock.setFloating(False)
        desk.removeDockWidget(dock)
        desk.addDockWidget(SIDES[row.side], dock)
        if row.below:
            desk.splitDockWidget(docks[row.below], dock, Qt.Orientation.Vertical)
        elif row.beside:
            desk.tabifyDockWidget(docks[row.beside], dock)
            docks[row.beside].raise_()
        dock.setVisible(row.shown)

    def add(self, row: DockRow) -> None:
        """Give a dock that is made after the others its place: where it was when the window was closed, else as its row
        says."""
        dock = self._docks[row.key]
        if not self._desk.restoreDockWidget(dock):
            self._place_one(row)
        self._join_one(row.key, dock)

    def _place_anew(self) -> None:
        """In the other arrangement; what is hidden or in front stays so."""
        docks = self._docks
        hidden = [dock for dock in docks.values() if dock.isHidden()]
        front = [dock for dock in docks.values() if not dock.visibleRegion().isEmpty()]
        self._place()
        for dock in docks.values():
            dock.setVisible(dock not in hidden)
        for dock in front:
            dock.raise_()
        self._kept = False

    def join(self) -> None:
        """Keep the entries of View in step with the docks, however these are shown or hidden."""
        for key, dock in self._docks.items():
            self._join_one(key, dock)

    def _join_one(self, key: str, dock: Dock) -> None:
        command = self._actions[f"show_{key}"]
        command.setChecked(not dock.isHidden())
        dock.toggleViewAction().toggled.connect(command.setChecked)
        dock.dockLocationChanged.connect(self._keep_all)

    def refit(self, *_: object) -> None:
        """What is shown wants another room, once it is shown."""
        self._refit.start()

    def _check(self) -> None:
        for key, dock in self._docks.items():
            self._actions[f"show_{key}"].setChecked(not dock.isHidden())

    def _keep_all(self) -> None:
        """A panel has been moved: from now on the user says how large they are."""
        self._kept = True

    def _keep(self) -> None:
        sizes = self._panel_sizes()
        self._kept = self._kept or sizes != self._sizes

    def _panel_sizes(self) -> list[tuple[int, int]]:
        return [(dock.width(), dock.height()) for dock in self._docks.values()]

    def sizes(self) -> dict[str, tuple[float, float]]:
        """Of the docks that are seen in the window, as shares of its room; none while nobody has changed them."""
        if not self._kept:
            return {}
        room = self._desk.size()
        seen = {key: dock for key, dock in self._docks.items() if self._is_seen(dock)}
        return {
            key: (dock.width() / room.width(), min(self._height(dock) / room.height(), 1.0))
            for key, dock in seen.items()
        }

    def _height(self, dock: Dock) -> int:
        """With the tabs above it: they are of the room that it is given."""
        bars = (bar for bar in self._desk.findChildren(QTabBar) if bar.isVisible())
        beside = (bar for bar in bars if dock.windowTitle() in map(bar.tabText, range(bar.count())))
        return dock.height() + sum(bar.height() for bar in beside)

    def take_sizes(self, sizes: Mapping[str, tuple[float, float]]) -> None:
        """Make docks as large, as far as there is room."""
        room = self._desk.size()
        docks = {key: dock for key, dock in self._docks.items() if key in sizes and self._is_seen(dock)}
        for way, place, pixels in (
            (Qt.Orientation.Horizontal, 0, room.width()),
            (Qt.Orientation.Vertical, 1, room.height()),
        ):
            self._desk.resizeDocks(list(docks.values()), [round(sizes[key][place] * pixels) for key in docks], way)
        self._kept = self._kept or bool(docks)

    @staticmethod
    def _is_seen(dock: Dock) -> bool:
        return not dock.isFloating() and not dock.visibleRegion().isEmpty()

    def fit(self) -> None:
        """Side panels take their share of the width while nobody has said otherwise. In a low window the canvas is not
        the only one that gives way."""
        self._panels["circuit"].set_slim(self._window.height() < LOW * theme.text_scale())
        if not self._kept:
            crowded = self._window.width() < NARROW * theme.text_scale()
            if crowded != self._crowded:
                self._crowded = crowded
                self._place_anew()
            docks, width = self._docks, self._window.width()
            more = 1 + (theme.text_scale() - 1) / 2  # larger words take more room, which others need, too
            left, right = max(225, min(320, width * 2 // 9)) * more, max(240, min(310, width * 2 // 9)) * more
            horizontal, vertical = Qt.Orientation.Horizontal, Qt.Orientation.Vertical
            if crowded:
                left = max(left, right)
                self._desk.resizeDocks([docks["inputs"]], [round(left)], horizontal)
            else:
                sides = [docks["inputs"], docks["inspector"]]
                self._desk.resizeDocks(sides, [round(left), round(right)], horizontal)
            self._desk.resizeDocks([docks["predictions"]], [self._bottom()], vertical)
            inputs, history = self._left(round(left))
            below = docks["inspector" if crowded else "history"]
            self._desk.resizeDocks([docks["inputs"], below], [inputs, history], vertical)
            self._sizes = self._panel_sizes()

    def _left(self, width: int) -> tuple[int, int]:
        """How high the inputs and what lies under them are at first: the inputs as high as they want to be, within
        what leaves both of them something to show."""
        window = self._window
        others = (window.menuBar(), self._parts.toolbar, self._panels["status"])
        tall = window.height() - sum(part.sizeHint().height() for part in others) - theme.SPACE
        beside = self._docks["inputs"].title_bar.sizeHint().height() + 12  # the gap, and the tabs below it
        if self._crowded:  # the inspector is there
            return round(tall * 0.45), round(tall * 0.55)
        wanted = self._panels["inputs"].wanted_height(width) + beside
        least = max(tall * LEAST_HISTORY, LEAST_ROWS * theme.text_scale())
        inputs = round(max(tall * 0.45, min(max(wanted, tall * 0.55), tall - least)))
        return inputs, tall - inputs

    def keep_on_screen(self) -> None:
        """Not larger than the screen, with the frame that the window manager has put around it."""
        window = self._window
        if window.isMaximized() or window.isFullScreen() or window.screen() is None:
            return
        around, inside = window.frameGeometry(), window.geometry()
        frame = QMargins(
            inside.left() - around.left(),
            inside.top() - around.top(),
            around.right() - inside.right(),
            around.bottom() - inside.bottom(),
        )
        if frame.isNull():
            frame = FRAME
        wanted, made = self._fitted
        less = inside.size() - made.size()
        if max(abs(less.width()), abs(less.height())) > ROUNDED:
            wanted = inside  # not made smaller before the frame was known
        fitting = within(window.screen().availableGeometry(), wanted, frame, window.minimumSizeHint())
        self._fitted = wanted, fitting
        if fitting != inside:
            window.setGeometry(fitting)

    def _bottom(self) -> int:
        """How high the bottom panels are at first: a low window leaves the canvas its room."""
        height, scale = self._window.height(), theme.text_scale()
        tall = TALL if self._continuation.isHidden() else {"predictions": WRITTEN, **TALL}
        for key, (share, low_share) in tall.items():
            dock = self._docks[key]
            at_bottom = self._desk.dockWidgetArea(dock) == SIDES["bottom"] and not dock.isFloating()
            if at_bottom and not dock.isHidden() and not dock.visibleRegion().isEmpty():
                return round(height * (share if height >= LOW else low_share))
        lowest = LOWEST if height >= LOWER * scale else LEAST_BOTTOM
        return round(min(BOTTOM * scale, max(lowest * scale, height // 5 if height >= LOW * scale else height // 6)))

    def show_panel(self, key: str) -> None:
        """Show or hide a panel, as its menu entry says. One that lies behind others of its tabs comes to the front."""
        dock, command = self._docks[key], self._actions[f"show_{key}"]
        behind = not dock.isHidden() and dock.visibleRegion().isEmpty() and self._window.isVisible()
        if behind:
            command.setChecked(True)
        dock.setVisible(command.isChecked())
        dock.raise_()  # before the others of its tabs
        self.fit()

    def reset(self) -> None:
        """Every panel to where it was at first."""
        self._place()
        self._kept = False
        self.fit()

    def restore(self) -> None:
        """As it was when the window was closed; else as at first.

        Nothing may be in its place before: Qt would leave the tabs of that layout behind, painted over a panel.
        """
        window = self._window
        geometry = self._settings.layout("window")
        if geometry is not None:
            window.restoreGeometry(geometry)
        state = self._settings.layout("docks")
        if state is not None and self._desk.restoreState(state, LAYOUT):
            self._kept = self._settings.layout("docks-kept") == QByteArray(b"yes")
            self._crowded = self._settings.layout("docks-crowded") == QByteArray(b"yes")
        else:
            self._place()
            self._kept = False
        self._check()

    def save(self) -> None:
        """Remember it."""
        window = self._window
        self._settings.set_layout("window", window.saveGeometry())
        self._settings.set_layout("docks", self._desk.saveState(LAYOUT))
        for name, holds in (("docks-kept", self._kept), ("docks-crowded", self._crowded)):
            self._settings.set_layout(name, QByteArray(b"yes" if holds else b"no"))
