"""The look: readable colours, fonts, and the switch between dark and light."""

from pathlib import Path

import pytest
from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QDialogButtonBox,
    QFrame,
    QLabel,
    QMessageBox,
    QProxyStyle,
    QPushButton,
    QStyle,
    QVBoxLayout,
    QWidget,
)

from views import theme
from views.theme import DARK, LIGHT, Theme


@pytest.fixture
def restored(qapp: QApplication):
    """Leave the application as it was."""
    yield
    theme.set_choice("dark")
    theme.set_choice("system")


def contrast(first: str, second: str) -> float:
    """WCAG 2.2 contrast ratio."""

    def luminance(name: str) -> float:
        parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in QColor(name).getRgbF()]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_of_black_on_white_is_21():
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)


@pytest.mark.parametrize("look", [DARK, LIGHT], ids=lambda look: look.name)
def test_words_can_be_read(look: Theme):
    for ground in (look.window, look.panel, look.raised):
        assert contrast(look.text, ground) >= 4.5
        assert contrast(look.muted, ground) >= 4.5
    assert contrast(look.text, look.chosen) >= 4.5
    assert contrast(look.on_accent, look.accent) >= 4.5


@pytest.mark.parametrize("look", [DARK, LIGHT], ids=lambda look: look.name)
def test_marks_can_be_seen(look: Theme):
    for ground in (look.window, look.panel):
        for mark in (look.positive, look.negative, look.selection, look.good, look.accent, look.muted):
            assert contrast(mark, ground) >= 3.0


def test_choice_changes_theme_palette_and_sheet(qapp: QApplication, qtbot, restored):
    theme.apply(qapp)
    theme.set_choice("dark")
    with qtbot.waitSignal(theme.theme_changes().changed):
        theme.set_choice("light")
    assert theme.current() is LIGHT
    assert qapp.palette().color(QPalette.ColorRole.Window) == QColor(LIGHT.window)
    assert LIGHT.panel in qapp.styleSheet()
    with qtbot.waitSignal(theme.theme_changes().changed):
        theme.set_choice("dark")
    assert qapp.palette().color(QPalette.ColorRole.Window) == QColor(DARK.window)
    assert "@" not in qapp.styleSheet()


def test_the_same_choice_again_tells_nobody(qapp: QApplication, qtbot, restored):
    theme.set_choice("light")
    with qtbot.assertNotEmitted(theme.theme_changes().changed):
        theme.set_choice("light")


def test_system_theme_is_followed(qapp: QApplication, qtbot, restored, monkeypatch):
    theme.apply(qapp)
    theme.set_choice("light")
    theme.set_choice("system")
    monkeypatch.setattr(theme, "_system_is_light", lambda: True)
    theme.theme_changes().refresh()
    assert theme.current() is LIGHT
    monkeypatch.setattr(theme, "_system_is_light", lambda: False)
    with qtbot.waitSignal(theme.theme_changes().changed):
        qapp.styleHints().colorSchemeChanged.emit(qapp.styleHints().colorScheme())
    assert theme.current() is DARK


def test_a_chosen_theme_ignores_the_system(qapp: QApplication, restored, monkeypatch):
    theme.set_choice("dark")
    monkeypatch.setattr(theme, "_system_is_light", lambda: True)
    theme.theme_changes().refresh()
    assert theme.current() is DARK


def test_a_card_has_the_colour_of_a_panel(qapp: QApplication, qtbot, restored):
    theme.apply(qapp)
    theme.set_choice("light")
    theme.set_choice("dark")
    window = QWidget()
    qtbot.addWidget(window)
    card = QFrame()
    theme.as_card(card)
    inner = QVBoxLayout(card)
    for child in (QLabel("words"), QPushButton("Cut"), QComboBox()):
        inner.addWidget(child)
    QVBoxLayout(window).addWidget(card)
    window.resize(300, 200)
    picture = card.grab().toImage()
    assert picture.pixelColor(picture.width() // 2, 5) == QColor(DARK.panel)
    assert picture.pixelColor(picture.width() // 2, 0) == QColor(DARK.border)


def test_fonts_have_the_size_and_weight_asked_for(qapp: QApplication):
    font = theme.ui_font(points=12, weight=QFont.Weight.DemiBold)
    assert font.families()[0] == "Inter"
    assert font.weight() == QFont.Weight.DemiBold
    assert font.pointSizeF() in (12.0, 16.0)
    assert theme.mono_font().families()[0] == "JetBrains Mono"


def test_missing_fonts_are_no_error(qapp: QApplication, monkeypatch):
    monkeypatch.setattr(theme.resources, "files", lambda name: Path("/nowhere"))
    assert theme.load_fonts.__wrapped__() == ()


@pytest.mark.parametrize("choice", ["dark", "light"])
def test_buttons_of_dialogs_have_no_icons_of_the_platform(qapp, qtbot, restored, choice):
    """They do not follow the theme: a dark cross on a dark button."""

    class WithIcons(QProxyStyle):
        def styleHint(self, hint, option=None, widget=None, data=None):
            asked = hint == QStyle.StyleHint.SH_DialogButtonBox_ButtonsHaveIcons
            return 1 if asked else super().styleHint(hint, option, widget, data)

    theme.set_choice(choice)
    theme.apply(qapp)
    qapp.setStyle(WithIcons("Fusion"))
    box = QDialogButtonBox(QDialogButtonBox.StandardButton.Close | QDialogButtonBox.StandardButton.Ok)
    message = QMessageBox(QMessageBox.Icon.Warning, "", "words", QMessageBox.StandardButton.Ok)
    for widget in (box, message):
        qtbot.addWidget(widget)
        widget.show()
        assert all(button.icon().isNull() for button in widget.findChildren(QPushButton))
    qapp.setStyle("Fusion")
