"""Preferences: kept in the settings, applied at once to the window and to the engine."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from app.services.settings import Settings
from app.workbench.workbench import Workbench
from core.edits import EditKind
from core.precision_words import is_rounded, rounded
from views import motion, theme
from views.panels.preferences.data import Preferences
from views.panels.preferences.panel import PreferencesDialog
from views.panels.toolbar.panel import TopBar


def apply_look(preferences: Preferences) -> None:
    """What concerns no window: before the first one is made."""
    motion.set_choice(preferences.motion)
    theme.set_choice(preferences.theme)
    theme.set_text_percent(preferences.text_percent)


class PreferencesController(QObject):
    """The preferences of one window."""

    def __init__(self, workbench: Workbench, settings: Settings, toolbar: TopBar, window: QWidget) -> None:
        super().__init__(window)
        self._workbench, self._settings, self._toolbar, self._window = workbench, settings, toolbar, window
        self.dialog: PreferencesDialog | None = None
        self.current = settings.preferences()
        workbench.set_memory(self.current.memory_megabytes)
        self._give_usual()

    def show(self) -> None:
        """Open the dialog, or bring it to the front."""
        self.current = self._settings.preferences()  # the menus change some of them, too
        if self.dialog is None:
            self.dialog = PreferencesDialog(self.current, self._window)
            self.dialog.changed.connect(self.take)
        self.dialog.show_preferences(self.current)
        self.dialog.open()

    def take(self, preferences: Preferences) -> None:
        """Apply and remember."""
        before, self.current = self.current, preferences
        self._settings.set_preferences(preferences)
        apply_look(preferences)
        self._give_usual()
        workbench = self._workbench
        if preferences.memory_megabytes != before.memory_megabytes:
            workbench.set_memory(preferences.memory_megabytes)
        if preferences.cut != before.cut and workbench.opened is not None:
            workbench.question.set_replacement(_kind(preferences.cut))
            self._toolbar.set_replacement(workbench.cut_kind)
        if preferences.precision != before.precision and workbench.document.model:
            eight_bits = is_rounded(workbench.document.precision)
            workbench.compute_in(rounded(preferences.precision, eight_bits))

    def _give_usual(self) -> None:
        """What new work begins with, and how many edges are shown until a circuit is chosen."""
        workbench = self._workbench
        workbench.models.set_usual(self.current.precision, _kind(self.current.cut))
        workbench.set_extent(replace(workbench.extent, strongest=self.current.strongest))


def _kind(cut: str) -> EditKind | None:
    return cast(EditKind, cut) if cut else None
