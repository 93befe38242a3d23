"""The look: one place for colour, space and type, in dark and light.

Widgets take colours from `current()` when they paint and repaint on `changed`. Everything that a style sheet
can reach is styled by `apply`. Blue leads towards A, orange away from it, and one
yellow, dark in the light theme, marks the selection everywhere; protanopes, deuteranopes and tritanopes tell them
apart as well (tests/views/test_theme.py).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib import resources

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QWidget

from core.tracing.meaning import leads_away
from views.choices import LARGEST, SMALLEST, ThemeChoice
from views.style_sheet import style_sheet
from views.theme_colors import DARK, LIGHT, Theme


def hue_of(value: float, direction: int | None = 1) -> str:
    """The field of a theme that a signed figure of the metric has its colour from: blue where it leads towards A.
    direction: A's (`core.tracing.meaning`)."""
    return "negative" if leads_away(value, direction) else "positive"


SPACE = 8  # pixels: the grid that margins and gaps are multiples of
RADIUS = 6  # pixels

BODY_POINTS = 9.75  # at 96 dots per inch: 13 pixels


UI_FAMILY = "Inter"
MONO_FAMILY = "JetBrains Mono"


# ---- type --------------------------------------------------------------------------------------------------


@cache
def load_fonts() -> tuple[str, ...]:
    """Register the bundled fonts and return their families. Where a file is missing or broken, the system's
    own fonts serve."""
    families: list[str] = []
    try:
        files = sorted(resources.files("resources").joinpath("fonts").iterdir(), key=lambda file: file.name)
    except (OSError, ModuleNotFoundError):
        return ()
    for file in files:
        if file.name.endswith((".otf", ".ttf")):
            number = QFontDatabase.addApplicationFontFromData(file.read_bytes())
            if number >= 0:
                families += QFontDatabase.applicationFontFamilies(number)
    return tuple(dict.fromkeys(families))


def text_scale() -> float:
    """How large text is against its usual size, as the user wants it."""
    return theme_changes().percent / 100


@contextmanager
def usual_text() -> Iterator[None]:
    """Text in its usual size meanwhile: for pictures that others will look at."""
    changes = theme_changes()
    percent, changes.percent = changes.percent, 100
    try:
        yield
    finally:
        changes.percent = percent


def ui_font(points: float = BODY_POINTS, weight: QFont.Weight | int = QFont.Weight.Normal) -> QFont:
    """The font of all words. `points` are at 96 dots per inch; macOS counts 72."""
    return _font([UI_FAMILY], QFont.StyleHint.SansSerif, points, weight)


def mono_font(points: float = BODY_POINTS, weight: QFont.Weight | int = QFont.Weight.Normal) -> QFont:
    """The font of names and of numbers in columns."""
    families = [MONO_FAMILY, QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont).family()]
    return _font(families, QFont.StyleHint.Monospace, points, weight)


def _font(families: list[str], hint: QFont.StyleHint, points: float, weight: QFont.Weight | int) -> QFont:
    load_fonts()
    font = QFont()
    font.setFamilies([*families, *font.families()])
    font.setStyleHint(hint)
    points *= text_scale()
    font.setPointSizeF(points * 96 / 72 if sys.platform == "darwin" else points)
    font.setWeight(QFont.Weight(weight))
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return font


class _FontKeeper(QObject):
    """Lives with a widget and gives it its font anew when text becomes larger or smaller."""

    def __init__(self, widget: QWidget, make: Callable[[], QFont]) -> None:
        super().__init__(widget)
        self._widget, self._make = widget, make
        theme_changes().resized.connect(self.give)

    @Slot()
    def give(self) -> None:
        self._widget.setFont(self._make())


def keep_font(widget: QWidget, make: Callable[[], QFont]) -> None:
    """Give a widget a font of its own that follows the size of text. `make` makes it, by `ui_font` or `mono_font`."""
    for old in widget.findChildren(_FontKeeper, options=Qt.FindChildOption.FindDirectChildrenOnly):
        old.setParent(None)
        old.deleteLater()
    _FontKeeper(widget, make).give()


# ---- the theme in use --------------------------------------------------------------------------------------


class ThemeChanges(QObject):
    """Tells widgets that `current()` has become another theme. Holds the user's choice."""

    changed = Signal()
    resized = Signal()  # text is larger or smaller

    def __init__(self) -> None:
        super().__init__()
        self.choice: ThemeChoice = "system"
        self.theme = DARK
        self.percent = 100  # of the usual size of text
        self._hints: QObject | None = None

    def follow(self, app: QGuiApplication) -> None:
        """Listen to the system's change between dark and light, once."""
        hints = app.styleHints()
        if self._hints is not hints:
            self._hints = hints
            hints.colorSchemeChanged.connect(self.refresh)

    @Slot()
    def refresh(self) -> None:
        """Take the theme that the choice and the system ask for now; tell when it is another one."""
        theme = _resolve(self.choice)
        if theme is not self.theme:
            self.theme = theme
            app = QApplication.instance()
            if isinstance(app, QApplication):
                # To put a sheet in another's place takes Qt more than three times as long as to take that off first: it
                # styles a widget anew for each one that it lies in. (Text of another size needs that, for layouts.)
                app.setStyleSheet("")
                _dress(app, theme)
            self.changed.emit()


@cache
def theme_changes() -> ThemeChanges:
    """The one object whose `changed` signal says that the theme is another one."""
    return ThemeChanges()


def current() -> Theme:
    """The theme to paint with."""
    return theme_changes().theme


def choice() -> ThemeChoice:
    """What the user asked for."""
    return theme_changes().choice


def set_choice(value: ThemeChoice) -> None:
    """Take dark, light, or whatever the system says, from now on."""
    changes = theme_changes()
    changes.choice = value
    app = QGuiApplication.instance()
    if isinstance(app, QGuiApplication):  # title bars and native dialogs go along where the platform lets them
        scheme = {"dark": Qt.ColorScheme.Dark, "light": Qt.ColorScheme.Light}.get(value, Qt.ColorScheme.Unknown)
        app.styleHints().setColorScheme(scheme)
    changes.refresh()


def set_text_percent(percent: int) -> None:
    """Make all text larger or smaller, at once. Widgets with fonts of their own follow by `keep_font`, or take fonts
    when they paint."""
    changes = theme_changes()
    percent = min(max(percent, SMALLEST), LARGEST)
    if percent == changes.percent:
        return
    changes.percent = percent
    app = QApplication.instance()
    if isinstance(app, QApplication):
        app.setFont(ui_font())
        _dress(app, changes.theme)
    changes.resized.emit()
    changes.changed.emit()


def apply(app: QApplication) -> None:
    """Give the application its fonts, palette and style sheet, and keep them in step with the theme."""
    changes = theme_changes()
    changes.follow(app)
    changes.theme = _resolve(changes.choice)
    app.setStyle("Fusion")
    app.setFont(ui_font())
    _dress(app, changes.theme)
    changes.changed.emit()


@contextmanager
def undressed(app: QApplication) -> Iterator[None]:
    """Build a window without the style sheet, which comes back at the end: with it, Qt styles a widget and all within
    it anew for each parent that it is put into, which takes most of the time that building takes."""
    sheet = app.styleSheet()
    app.setStyleSheet("")
    try:
        yield
    finally:
        app.setStyleSheet(sheet)


def as_card(widget: QWidget) -> None:
    """Make a panel: rounded, with a thin border."""
    widget.setProperty("card", True)
    widget.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)


def _resolve(choice: ThemeChoice) -> Theme:
    if choice != "system":
        return DARK if choice == "dark" else LIGHT
    return LIGHT if _system_is_light() else DARK


def _system_is_light() -> bool:
    """False also where the system does not say."""
    app = QGuiApplication.instance()
    return isinstance(app, QGuiApplication) and app.styleHints().colorScheme() is Qt.ColorScheme.Light


def _dress(app: QApplication, theme: Theme) -> None:
    app.setPalette(palette(theme))
    app.setStyleSheet(style_sheet(theme, text_scale()))


def palette(theme: Theme) -> QPalette:
    """The colours for what the style sheet does not reach."""
    role, colors = QPalette.ColorRole, QPalette()
    for name, value in {
        role.Window: theme.window,
        role.WindowText: theme.text,
        role.Base: theme.panel,
        role.AlternateBase: theme.raised,
        role.Text: theme.text,
        role.Button: theme.raised,
        role.ButtonText: theme.text,
        role.BrightText: theme.text,
        role.PlaceholderText: theme.muted,
        role.ToolTipBase: theme.raised,
        role.ToolTipText: theme.text,
        role.Highlight: theme.accent,
        role.HighlightedText: theme.on_accent,
        role.Accent: theme.accent,
        role.Link: theme.accent,
        role.LinkVisited: theme.accent,
        role.Light: theme.hover,
        role.Midlight: theme.hover,
        role.Mid: theme.border,
        role.Dark: theme.border,
        role.Shadow: theme.window,
    }.items():
        colors.setColor(name, QColor(value))
    for name in (role.WindowText, role.Text, role.ButtonText):
        colors.setColor(QPalette.ColorGroup.Disabled, name, theme.color("muted", 0.6))
    return colors


def mix(ground: str, hue: str, share: float) -> QColor:
    """`share` of the hue over the ground."""
    a, b = QColor(ground), QColor(hue)
    parts = [round(x + (y - x) * share) for x, y in zip(a.getRgb()[:3], b.getRgb()[:3], strict=True)]
    return QColor(*parts)
