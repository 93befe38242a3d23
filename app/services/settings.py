"""What is remembered between starts: window, preferences, recent models."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from PySide6.QtCore import QByteArray, QSettings

from app.presenters.canvas import AROUND, Around
from views.choices import LARGEST, SMALLEST, MotionChoice, ThemeChoice
from views.panels.figure.data import (
    FORMS,
    LEAST_DPI,
    LEAST_WIDTH,
    MOST_DPI,
    MOST_WIDTH,
    PALETTES,
    FigureChoice,
)
from views.panels.predictions.rows import COUNTS
from views.panels.preferences.data import CUTS, FEWEST_EDGES, LEAST_MEMORY, MOST_EDGES, MOST_MEMORY, Preferences
from views.panels.preferences.panel import PRECISIONS

RECENT = 8


class Settings:
    """The user's settings, in the place the system gives for them."""

    def __init__(self) -> None:
        self._store = QSettings("Wirescope", "Wirescope")

    def preferences(self) -> Preferences:
        """What the user has chosen; for what is no sensible value, the default."""
        usual = Preferences()
        cut = str(self._store.value("cut", ""))
        precision = str(self._store.value("precision", usual.precision))
        return Preferences(
            self.theme(),
            self.motion(),
            self._number("text_percent", usual.text_percent, SMALLEST, LARGEST),
            self._number("memory_megabytes", usual.memory_megabytes, LEAST_MEMORY, MOST_MEMORY),
            cut if cut in dict(CUTS) else "",
            self._number("strongest", usual.strongest, FEWEST_EDGES, MOST_EDGES),
            str(self._store.value("asks_before_closing", "true")).lower() == "true",
            precision if precision in dict(PRECISIONS) else usual.precision,
        )

    def set_preferences(self, preferences: Preferences) -> None:
        for field in fields(preferences):
            self._store.setValue(field.name, getattr(preferences, field.name))

    def _number(self, key: str, usual: int, low: int, high: int) -> int:
        try:
            value = int(str(self._store.value(key, usual)))
        except ValueError:
            return usual
        return min(max(value, low), high)

    def theme(self) -> ThemeChoice:
        value = self._store.value("theme", "system")
        return value if value in ("dark", "light") else "system"

    def set_theme(self, choice: ThemeChoice) -> None:
        self._store.setValue("theme", choice)

    def motion(self) -> MotionChoice:
        value = self._store.value("motion", "system")
        return value if value in ("full", "reduced") else "system"

    def set_motion(self, choice: MotionChoice) -> None:
        self._store.setValue("motion", choice)

    def around(self) -> Around:
        """Which of the selection's edges the canvas shows."""
        value = self._store.value("around", "24")
        return value if value in AROUND else "24"

    def set_around(self, around: Around) -> None:
        self._store.setValue("around", around)

    def colors_changes(self) -> bool:
        """Whether nodes that edits change are filled."""
        return str(self._store.value("changes", "true")) == "true"

    def set_colors_changes(self, wanted: bool) -> None:
        self._store.setValue("changes", "true" if wanted else "false")

    def recent_models(self) -> list[str]:
        return self._recent("recent")

    def add_recent_model(self, name: str) -> None:
        self._add_recent("recent", name)

    def clear_recent_models(self) -> None:
        self._store.setValue("recent", [])

    def recent_projects(self) -> list[str]:
        """Paths, the newest first."""
        return self._recent("projects")

    def add_recent_project(self, path: str) -> None:
        self._add_recent("projects", path)

    def clear_recent_projects(self) -> None:
        self._store.setValue("projects", [])

    def _recent(self, key: str) -> list[str]:
        value: Any = self._store.value(key, [])
        return [value] if isinstance(value, str) else [str(name) for name in value or []]

    def _add_recent(self, key: str, name: str) -> None:
        names = [name, *(other for other in self._recent(key) if other != name)]
        self._store.setValue(key, names[:RECENT])

    def folder(self) -> str:
        """Where the last file dialog was."""
        return str(self._store.value("folder", ""))

    def set_folder(self, folder: str) -> None:
        self._store.setValue("folder", folder)

    def answers_shown(self) -> int:
        """How many of the likeliest answers the predictions show."""
        value = str(self._store.value("predictions/answers", COUNTS[0]))
        return int(value) if value in map(str, COUNTS) else COUNTS[0]

    def set_answers_shown(self, count: int) -> None:
        self._store.setValue("predictions/answers", count)

    def compares_b(self) -> bool:
        """Whether the predictions show B's own beside A's."""
        return str(self._store.value("predictions/b", "true")) == "true"

    def set_compares_b(self, compares: bool) -> None:
        self._store.setValue("predictions/b", "true" if compares else "false")

    def figure_choice(self) -> FigureChoice:
        """How the last figure was chosen, but for what it drew."""
        usual = FigureChoice()
        palette, form = str(self._store.value("figure/palette", "")), str(self._store.value("figure/form", ""))
        return FigureChoice(
            width=float(self._number("figure/width", round(usual.width), round(LEAST_WIDTH), round(MOST_WIDTH))),
            palette=palette if palette in dict(PALETTES) else usual.palette,
            form=form if form in dict(FORMS) else usual.form,
            dpi=self._number("figure/dpi", usual.dpi, LEAST_DPI, MOST_DPI),
            fold=str(self._store.value("figure/fold", "false")) == "true",
            caption=str(self._store.value("figure/caption", "true")) == "true",
        )

    def set_figure_choice(self, choice: FigureChoice) -> None:
        for name in ("palette", "form", "dpi"):
            self._store.setValue(f"figure/{name}", getattr(choice, name))
        self._store.setValue("figure/width", round(choice.width))
        for name in ("fold", "caption"):
            self._store.setValue(f"figure/{name}", "true" if getattr(choice, name) else "false")

    def layout(self, part: str) -> QByteArray | None:
        value = self._store.value(f"layout/{part}")
        return value if isinstance(value, QByteArray) else None

    def set_layout(self, part: str, state: QByteArray) -> None:
        self._store.setValue(f"layout/{part}", state)
