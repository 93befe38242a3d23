"""The window: a loop over the registry of features, and what concerns all of them: keys, drops, its end."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QMainWindow

from app.features.registry import FEATURES
from app.messages.request import FailureReply
from app.services.actions import ACTIONS, Actions
from app.services.background_jobs import Jobs
from app.services.closing import Closing
from app.services.context import Feature, FeatureContext
from app.services.error_dialog import Problems
from app.services.notifier import Notifier
from app.services.panels import Panels
from app.services.settings import Settings
from app.window.command_palette import Commands, Reach
from app.window.dock_layout import USUAL, Arrangement
from app.window.focus_navigation import PanelFocus
from app.window.menu_bar import fill_menu_bar
from app.window.parts import put_together
from app.window.plugged_in import PluggedIn
from app.workbench.edit_intents import NO_SELECTION
from app.workbench.workbench import Workbench
from core.inputs.file_kinds import model_of, stranger, stranger_words
from core.probing.labelled import LAYOUT, NO_PICTURES, hold_pictures, is_model_folder
from views.panels.toolbar.panel import TopBar
from views.widgets.drops import accept_copy, dropped_folders, dropped_path


class Window(QMainWindow):
    """The main window on one workbench: parts for the features of the registry, and what these build.

    Attributes: commands, all actions by key. controllers: what each feature has built, by its key."""

    def __init__(self, workbench: Workbench, settings: Settings) -> None:
        super().__init__()
        self.workbench, self.settings, self.jobs = workbench, settings, Jobs()
        self.setWindowTitle("Wirescope")
        self.resize(USUAL)
        self.setAcceptDrops(True)  # of models, and of scores

        self.top_bar = TopBar()
        self.parts = put_together(
            self.top_bar, {feature.key: feature.panel() for feature in FEATURES if feature.panel is not None}
        )
        self.setCentralWidget(self.parts.body)
        self.panels = Panels(self.parts.panels, self.parts.docks, self.parts.centre)
        self.docks, self.desk, self.centre = self.parts.docks, self.parts.desk, self.parts.centre
        self.canvas = self.panels["canvas"].components
        self.closing = Closing(self)
        say = self.panels["status"].set_message
        self.problems = Problems(self, say, self.closing.at_once)
        self.notifier = Notifier(say, self.problems.show)
        self.commands = Actions(self, workbench)
        self.arrangement = Arrangement(self, self.parts, self.commands, settings)
        self.panels.arranged_by(self.arrangement)
        self.palette_commands = Commands(self, Reach(workbench, self.commands, self.menuBar(), self.parts, self.panels))
        self.panel_focus = PanelFocus(self, self.parts)
        self.controllers: dict[str, Any] = {}
        self.commands.add(ACTIONS, self._slots())
        for feature in FEATURES:
            self._add_actions(feature)
        self.menus = fill_menu_bar(self.menuBar(), self.commands, FEATURES)
        context = self._context()
        self.plugged_in = PluggedIn(
            self.menuBar(), self.parts, self.arrangement, context, self.menus, self.controllers, self._run
        )
        for feature in FEATURES:
            self.controllers[feature.key] = feature.build(context, self.parts.panels.get(feature.key))
        self.commands.refresh()
        workbench.failed.connect(self.notifier.problem)
        workbench.cards_changed.connect(lambda *_: self.arrangement.refit())
        self.arrangement.join()
        self.arrangement.restore()
        self.canvas.setFocus()  # where the keys go at first

    def _context(self) -> FeatureContext:
        return FeatureContext(
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

    def _add_actions(self, feature: Feature) -> None:
        """Its actions, each joined to what the feature builds."""
        runs = {each.key: partial(self._run, feature.key, each.run) for each in feature.actions if each.run}
        self.commands.add(feature.actions, runs)

    def _run(self, key: str, does: Callable[[Any], None]) -> None:
        does(self.controllers[key])

    def _slots(self) -> dict[str, Callable[[], None]]:
        """What the window's own actions do, by their keys."""
        return {
            "quit": self.close_window,
            "palette": self.palette_commands.toggle,
            "next_panel": partial(self.panel_focus.step, 1),
            "previous_panel": partial(self.panel_focus.step, -1),
            "reset_layout": self.arrangement.reset,
            "full_screen": self.toggle_full_screen,
            **{f"show_{key}": partial(self.arrangement.show_panel, key) for key in self.parts.docks},
        }

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
        """A folder is a model, wherever it is let go, or holds pictures whose classes are to be learnt; a JSON file
        holds scores or a circuit; some endings are a feature's. Of other files that are no input it is said what they
        are."""
        path = dropped_path(event.mimeData())
        if dropped_folders(event.mimeData()) or (path and self._takes(path)):
            accept_copy(event)

    def _takes(self, path: str) -> bool:
        known = self._taker_of(path) or model_of(path) or path.lower().endswith(".json")
        return bool(known or stranger(path)[0])

    def dropEvent(self, event: QDropEvent) -> None:
        path, folders = dropped_path(event.mimeData()), dropped_folders(event.mimeData())
        if not path and not folders:
            return
        accept_copy(event)
        if folders and not is_model_folder(folders[0]):
            question, then = partial(hold_pictures, folders), partial(self._take_folders, folders)
            self.jobs.ask(question, then, self)
        else:
            self._take_path(path or folders[0])

    def _take_folders(self, folders: tuple[str, ...], pictures: bool) -> None:
        """Folders that were dropped. pictures: whether they hold such."""
        if pictures:
            self.workbench.folders_wanted.emit(folders)
        elif len(folders) == 1:
            self._take_path(folders[0])
        else:
            self.notifier.problem(FailureReply(0, "run", NO_PICTURES, LAYOUT))

    def _take_path(self, path: str) -> None:
        folder, (words, hint) = model_of(path), stranger_words(path)
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
        for feature in (*FEATURES, *self.plugged_in.features):
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
