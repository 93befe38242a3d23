"""The window: its parts, its jobs, its end. What they show is `showing`'s subject, what they do `joining`'s, where they
are `dock_layout`'s."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from app.features.registry import FEATURES
from app.messages.request import FailureReply
from app.services.actions import ACTIONS, Actions
from app.services.background_jobs import Jobs
from app.services.closing import Closing
from app.services.context import FeatureContext
from app.services.error_dialog import Problems
from app.services.notifier import Notifier
from app.services.panels import Panels
from app.services.settings import Settings
from app.window.command_palette import Commands
from app.window.dock_layout import USUAL, Arrangement, arrange
from app.window.focus_navigation import PanelFocus
from app.window.joining import join, slots
from app.window.menu_bar import fill_menu_bar
from app.window.showing import Showing
from app.workbench.edit_intents import NO_SELECTION
from app.workbench.workbench import Workbench
from core.inputs.file_kinds import model_of, stranger, stranger_words
from views.panels.toolbar.panel import TopBar
from views.widgets.docks import Desk, Dock
from views.widgets.drops import accept_copy, dropped_path


class Window(QMainWindow):
    """The main window on one workbench."""

    centre: QStackedWidget  # the canvas or the welcome page
    canvas_page: QWidget  # the canvas, and below it:
    below_canvas: QVBoxLayout  # strips of its width
    desk: Desk  # the centre with the docks around it
    docks: dict[str, Dock]  # by the keys of arrangement.DOCKS

    def __init__(self, workbench: Workbench, settings: Settings) -> None:
        super().__init__()
        self.workbench = workbench
        self.settings = settings
        self.jobs = Jobs()
        self.setWindowTitle("Wirescope")
        self.resize(USUAL)
        self.setAcceptDrops(True)  # of models, and of scores

        self.top_bar = TopBar()
        panels: dict[str, Any] = {feature.key: feature.panel() for feature in FEATURES if feature.panel is not None}
        self.canvas = panels["canvas"].components
        arrange(self, panels)
        self.panels = Panels(panels, self.docks, self.centre)
        self.arrangement = Arrangement(self)
        self.below_canvas.addWidget(panels["circuit"])
        self.closing = Closing(self)
        self.problems = Problems(self, panels["status"].set_message, self.closing.at_once)
        self.notifier = Notifier(panels["status"].set_message, self.problems.show)
        self.palette_commands = Commands(self)
        self.panel_focus = PanelFocus(self)
        self.controllers: dict[str, Any] = {}  # what each feature has built, by its key
        self.commands = Actions(self, workbench)
        self.commands.add(ACTIONS, slots(self))
        for feature in FEATURES:
            runs = {each.key: partial(self._run, feature.key, each.run) for each in feature.actions if each.run}
            self.commands.add(feature.actions, runs)
        self.menus = fill_menu_bar(self)
        self.top_bar.set_actions(self.commands["undo"], self.commands["redo"], self.menus["export"])
        self.top_bar.set_palette(self.commands["palette"])
        self.top_bar.set_model("")
        self.top_bar.set_trace_enabled(False)
        join(self)
        self._build_features(panels)
        self.arrangement.join()
        self.showing = Showing(self)
        self.arrangement.restore()
        self.canvas.setFocus()  # where the keys go at first

    # ---- features ----

    def _build_features(self, panels: dict[str, QWidget]) -> None:
        context = FeatureContext(
            self.workbench,
            self.commands,
            self.panels,
            self.notifier,
            self.settings,
            dialogs=self,
            jobs=self.jobs,
            toolbar=self.top_bar,
            menus=self.menus,
            closing=self.closing,
        )
        for feature in FEATURES:
            self.controllers[feature.key] = feature.build(context, panels.get(feature.key))
        self.commands.refresh()

    def _run(self, key: str, does: Callable[[Any], None]) -> None:
        """Do what an action of a feature is for."""
        does(self.controllers[key])

    # ---- the window itself ----

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The key of a command that has nothing to work on says so."""
        keys = QKeySequence(event.keyCombination())
        if any(
            keys in self.commands[key].shortcuts() for key in ("cut", "patch") if not self.commands[key].isEnabled()
        ):
            self.notifier.say(NO_SELECTION)
        super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """A folder is a model, wherever it is let go; a JSON file holds scores or a circuit; some endings are a
        feature's. Of other files that are no input it is said what they are."""
        path = dropped_path(event.mimeData())
        if path and (self._taker_of(path) or model_of(path) or path.lower().endswith(".json") or stranger(path)[0]):
            accept_copy(event)

    def dropEvent(self, event: QDropEvent) -> None:
        path = dropped_path(event.mimeData())
        if not path:
            return
        folder, (words, hint) = model_of(path), stranger_words(path)
        accept_copy(event)
        take = self._taker_of(path)
        if take is not None:
            take(path)
        elif folder:
            self.workbench.models.open_model(folder)
        elif path.lower().endswith(".json"):
            self.workbench.scores_wanted.emit(path)
        elif words:
            self.notifier.problem(FailureReply(0, "run", words, hint))

    def _taker_of(self, path: str) -> Callable[[str], None] | None:
        """What a feature does with a file that is dropped, if one does."""
        for feature in FEATURES:
            for ending, take in feature.files.items():
                if path.lower().endswith(ending):
                    return partial(take, self.controllers[feature.key])
        return None

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.arrangement.fit()

    def toggle_full_screen(self) -> None:
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.WindowStateChange and hasattr(self, "commands"):
            self.commands["full_screen"].setChecked(self.isFullScreen())
        super().changeEvent(event)

    def close_window(self) -> None:
        self.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self.closing.may_close():
            event.ignore()
            return
        self.closing.closed.emit()
        self.arrangement.save()
        self.hide()  # what runs may take a moment to end
        self.jobs.end()
        self.workbench.close()
        super().closeEvent(event)
