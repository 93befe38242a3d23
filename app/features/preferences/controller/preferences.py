"""Preferences: kept in the settings, applied at once to the window and to the engine."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QObject

from core.edits import EditKind
from views import motion, theme
from views.panels.preferences.data import Preferences
from views.panels.preferences.dialog import PreferencesDialog

if TYPE_CHECKING:
    from app.window.main_window import Window


def apply_look(preferences: Preferences) -> None:
    """What concerns no window: before the first one is made."""
    motion.set_choice(preferences.motion)
    theme.set_choice(preferences.theme)
    theme.set_text_percent(preferences.text_percent)


class PreferencesController(QObject):
    """The preferences of one window."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self._window = window
        self.dialog: PreferencesDialog | None = None
        self.current = window.settings.preferences()
        window.workbench.set_memory(self.current.memory_megabytes)
        self._show_strongest()

    def show(self) -> None:
        """Open the dialog, or bring it to the front."""
        self.current = self._window.settings.preferences()  # the menus change some of them, too
        if self.dialog is None:
            self.dialog = PreferencesDialog(self.current, self._window)
            self.dialog.changed.connect(self.take)
        self.dialog.show_preferences(self.current)
        self.dialog.open()

    def take(self, preferences: Preferences) -> None:
        """Apply and remember."""
        before, self.current = self.current, preferences
        self._window.settings.set_preferences(preferences)
        apply_look(preferences)
        self._window.arrangement.fit()
        workbench = self._window.workbench
        if preferences.memory_megabytes != before.memory_megabytes:
            workbench.set_memory(preferences.memory_megabytes)
        if preferences.cut != before.cut and workbench.opened is not None:
            workbench.question.set_replacement(_kind(preferences.cut))
            self._window.top_bar.set_replacement(workbench.cut_kind)
        if preferences.precision != before.precision and workbench.document.model:
            document = replace(workbench.document, precision=preferences.precision)
            workbench.commit(f"Compute in {preferences.precision}", document)
        if preferences.strongest != before.strongest:
            self._show_strongest()
            self._window.circuits.show()

    def _show_strongest(self) -> None:
        """As many edges as are wanted until a circuit is chosen."""
        workbench = self._window.workbench
        workbench.set_extent(replace(workbench.extent, strongest=self.current.strongest))

    def cut(self) -> EditKind | None:
        """What a cut carries in new work; None leaves it to the inputs."""
        return _kind(self.current.cut)


def _kind(cut: str) -> EditKind | None:
    return cast(EditKind, cut) if cut else None
