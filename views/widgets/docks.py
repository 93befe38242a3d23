"""Docks: panels that move, float, hide and come back, and the desk that they lie on.

A dock is one card: a slim title bar, whose buttons show under the pointer or the focus, and the panel below it.
"""

from __future__ import annotations

from PySide6.QtCore import QChildEvent, QEvent, QPoint, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QContextMenuEvent, QEnterEvent, QPaintEvent
from PySide6.QtWidgets import QDockWidget, QHBoxLayout, QMainWindow, QMenu, QSizePolicy, QTabBar, QWidget

from views.theme import keep_font, ui_font
from views.widgets.line_icons import IconButton
from views.widgets.text import ElidedLabel, scaled

Area = Qt.DockWidgetArea

_EDGE = 6  # pixels
PLACES = ((Area.LeftDockWidgetArea, "Left"), (Area.RightDockWidgetArea, "Right"), (Area.BottomDockWidgetArea, "Bottom"))


class TitleBar(QWidget):
    """The upper edge of a dock's card: its name, and buttons to float and to hide it."""

    def __init__(self, dock: Dock, panel: QWidget) -> None:
        super().__init__(dock)
        self._dock = dock
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setProperty("dock_title", True)
        self.name = ElidedLabel(dock.title, "muted")
        keep_font(self.name, lambda: scaled(ui_font(), 0.92))
        self.name.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.float_button = SmallButton(
            "float", f"Float {dock.title}", "Take this panel out of the window, or put it back"
        )
        self.close_button = SmallButton("cross", f"Hide {dock.title}", "Hide this panel; View brings it back")
        self.float_button.clicked.connect(lambda: dock.setFloating(not dock.isFloating()))
        self.close_button.clicked.connect(dock.close)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 4, 6, 0)
        row.setSpacing(0)
        row.addWidget(self.name, 1)
        beside = getattr(panel, "for_title", None)  # what a panel has to say beside its name
        self._says_more = isinstance(beside, QWidget)
        self._tabbed: bool | None = None  # as it is laid out
        if isinstance(beside, QWidget):
            row.addWidget(beside, 3)
        for button in (self.float_button, self.close_button):
            row.addWidget(button)

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self._show_buttons(True)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._show_buttons(False)

    def set_tabbed(self, tabbed: bool) -> None:
        """Below a tab that says its name, an edge is enough where there is nothing else to say."""
        if tabbed == self._tabbed:
            return
        self._tabbed = tabbed
        self.name.setText("" if tabbed else self._dock.title)
        tabbed = tabbed and not self._says_more
        for part in (self.name, self.float_button, self.close_button):
            part.setVisible(not tabbed)
        self.setFixedHeight(_EDGE) if tabbed else self.setMaximumHeight(16_777_215)
        if not tabbed:
            self.setMinimumHeight(0)

    def _show_buttons(self, shown: bool) -> None:
        for button in (self.float_button, self.close_button):
            button.set_quiet(not shown)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.open_menu(event.globalPos())

    def open_menu(self, at: QPoint) -> None:
        """What can be done with the dock, for those who do not drag."""
        menu = self._dock.make_menu()
        menu.popup(at)


class SmallButton(IconButton):
    """An icon button of a title bar: nothing is drawn while the pointer and the focus are elsewhere."""

    def __init__(self, icon: str, name: str, tip: str) -> None:
        super().__init__(icon, name, tip)
        self._quiet = True
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def set_quiet(self, quiet: bool) -> None:
        self._quiet = quiet
        self.update()

    def is_quiet(self) -> bool:
        return self._quiet and not self.hasFocus()

    def sizeHint(self) -> QSize:
        return super().sizeHint() * 0.9

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self.is_quiet():
            super().paintEvent(event)


class Dock(QDockWidget):
    """One panel that can be moved. key: its name in the remembered layout. title: its name. tab: what its tab says,
    where that is shorter."""

    def __init__(self, key: str, title: str, panel: QWidget, desk: Desk, tab: str = "") -> None:
        super().__init__(tab or title, desk)  # Qt takes the words of a tab from there
        self.title = title
        self.setObjectName(key)
        self.setAccessibleName(title)
        self._desk = desk
        self.setFeatures(
            QDockWidget.DockWidgetFeature.DockWidgetClosable
            | QDockWidget.DockWidgetFeature.DockWidgetMovable
            | QDockWidget.DockWidgetFeature.DockWidgetFloatable
        )
        self.setAllowedAreas(Area.LeftDockWidgetArea | Area.RightDockWidgetArea | Area.BottomDockWidgetArea)
        self.title_bar = TitleBar(self, panel)
        self.setTitleBarWidget(self.title_bar)
        panel.setProperty("card", "docked")
        self.setWidget(panel)
        desk.docks.append(self)
        for changed in (self.dockLocationChanged, self.visibilityChanged, self.topLevelChanged):
            changed.connect(lambda *_: desk.look_at_tabs())

    def make_menu(self) -> QMenu:
        """Where the dock can go."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Put Back" if self.isFloating() else "Float", lambda: self.setFloating(not self.isFloating()))
        for area, words in PLACES:
            menu.addAction(f"Move {words}", lambda area=area: self.move_to(area))
        menu.addAction("Hide", self.close)
        return menu

    def move_to(self, area: Area) -> None:
        """Into one of the window's sides."""
        self.setFloating(False)
        self._desk.addDockWidget(area, self)
        self.show()


class Desk(QMainWindow):
    """Holds the centre and the docks around it. Tells when somebody has pulled at the gap between two of them.

    Attributes: docks, all that were made, in that order."""

    pulled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.docks: list[Dock] = []
        self._tidy = QTimer(self, singleShot=True, interval=0)  # once the docks have their places
        self._tidy.timeout.connect(self._hide_lost_tabs)
        self.setWindowFlags(Qt.WindowType.Widget)  # a part of the window, not one of its own
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.setDocumentMode(True)
        self.setDockOptions(
            QMainWindow.DockOption.AllowTabbedDocks
            | QMainWindow.DockOption.AllowNestedDocks
            | QMainWindow.DockOption.GroupedDragging
        )
        for corner, area in (
            (Qt.Corner.BottomLeftCorner, Area.LeftDockWidgetArea),
            (Qt.Corner.BottomRightCorner, Area.RightDockWidgetArea),
        ):
            self.setCorner(corner, area)  # the side panels go all the way down
        for area in (Area.LeftDockWidgetArea, Area.RightDockWidgetArea, Area.BottomDockWidgetArea):
            self.setTabPosition(area, self.tabPosition(area).North)

    def look_at_tabs(self) -> None:
        """A dock among tabs needs no name of its own."""
        for dock in self.docks:
            others = [other for other in self.tabifiedDockWidgets(dock) if not other.isHidden()]
            dock.title_bar.set_tabbed(bool(others) and not dock.isFloating())
        self._tidy.start()

    def _hide_lost_tabs(self) -> None:
        """Qt leaves a bar of tabs behind, over a panel, when a layout is restored. One that is in use lies upon its
        dock."""
        tops = {(dock.x(), dock.y()) for dock in self.docks if dock.isVisible() and not dock.isFloating()}
        for bar in self.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly):
            used = bar.count() > 1 and (bar.x(), bar.y() + bar.height()) in tops
            bar.setFocusPolicy(Qt.FocusPolicy.TabFocus if used else Qt.FocusPolicy.NoFocus)
            bar.setElideMode(Qt.TextElideMode.ElideNone)  # whole words, and arrows where there is no room for all tabs
            self._name_tabs(bar)
            if not used:
                bar.hide()
            elif bar.isHidden():
                bar.show()

    def _name_tabs(self, bar: QTabBar) -> None:
        """A tab with a short name has the whole one as its tip, and for a screen reader."""
        titles = {dock.windowTitle(): dock.title for dock in self.docks}
        for index in range(bar.count()):
            title = titles.get(bar.tabText(index), bar.tabText(index))
            bar.setTabToolTip(index, title)
            bar.setAccessibleTabName(index, title)

    def childEvent(self, event: QChildEvent) -> None:
        """Tabs come and go by themselves; each opens its dock's menu."""
        super().childEvent(event)
        bar = event.child()
        if event.added() and isinstance(bar, QTabBar):
            bar.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
            bar.customContextMenuRequested.connect(lambda point: self._open_tab_menu(bar, point))

    def _open_tab_menu(self, bar: QTabBar, point: QPoint) -> None:
        words = bar.tabText(bar.tabAt(point))
        for dock in self.docks:
            if dock.windowTitle() == words:
                dock.make_menu().popup(bar.mapToGlobal(point))

    def event(self, event: QEvent) -> bool:
        """The desk itself gets the mouse only in the gaps."""
        taken = super().event(event)
        if event.type() == QEvent.Type.MouseButtonRelease:
            self.pulled.emit()
        return taken
