"""The look: readable colours, fonts, and the switch between dark and light."""

import itertools
from pathlib import Path

import numpy as np
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
from views.theme_colors import DARK, LIGHT, Theme


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


# What colour-blind eyes see, at full severity, in linear RGB: G. M. Machado, M. M. Oliveira, L. A. F. Fernandes, A
# Physiologically-based Model for Simulation of Color Vision Deficiency, IEEE TVCG 15(6), 2009.
MACHADO = {
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}
APART = 15.0  # CIE 1976 colour difference; 2.3 is just noticeable side by side


def linear(name: str) -> np.ndarray:
    parts = np.array(QColor(name).getRgbF()[:3])
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def seen(name: str, eyes: str) -> str:
    """A colour as eyes of a kind see it."""
    light = linear(name) if eyes == "all cones" else np.clip(np.array(MACHADO[eyes]) @ linear(name), 0, 1)
    parts = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return QColor.fromRgbF(*(float(part) for part in parts)).name()


def lab(name: str) -> np.ndarray:
    """CIE L*a*b* under D65."""
    to_xyz = np.array(((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505)))
    x, y, z = to_xyz @ linear(name) / np.array((0.95047, 1.0, 1.08883))
    f = [np.cbrt(v) if v > 216 / 24389 else (24389 / 27 * v + 16) / 116 for v in (x, y, z)]
    return np.array((116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])))


def difference(first: str, second: str) -> float:
    return float(np.linalg.norm(lab(first) - lab(second)))


def test_the_simulation_is_right_where_the_answer_is_known():
    assert difference("#ffffff", "#000000") == pytest.approx(100, abs=0.1)
    for eyes in MACHADO:
        assert difference(seen("#808080", eyes), "#808080") < 1.5  # grey stays grey
    assert difference("#c00000", "#5a5a00") > 2 * difference(*(seen(c, "deuteranopia") for c in ("#c00000", "#5a5a00")))


@pytest.mark.parametrize("eyes", ["all cones", *MACHADO])
@pytest.mark.parametrize("look", [DARK, LIGHT], ids=lambda look: look.name)
def test_marks_differ_for_every_kind_of_eyes(look: Theme, eyes: str):
    """Positive, negative, the selection and what is neutral are told apart, and stand off from what they lie on."""
    marks = {name: seen(getattr(look, name), eyes) for name in ("positive", "negative", "selection", "neutral")}
    for (one, first), (other, second) in itertools.combinations(marks.items(), 2):
        assert difference(first, second) >= APART, (one, other)
    for name in ("positive", "negative", "selection"):
        for ground in (look.window, look.panel):
            assert contrast(marks[name], seen(ground, eyes)) >= 3.0, name
    for name in ("text", "muted"):
        for ground in (look.window, look.panel, look.raised):
            assert contrast(seen(getattr(look, name), eyes), seen(ground, eyes)) >= 4.5, name


@pytest.mark.parametrize("look", [DARK, LIGHT], ids=lambda look: look.name)
def test_every_pair_of_words_and_ground_in_use_can_be_read(look: Theme):
    pairs = [(ink, ground) for ink in ("text", "muted") for ground in ("window", "panel", "raised", "hover")]
    pairs += [("text", "chosen"), ("on_accent", "accent"), ("selection", "panel"), ("selection", "window")]
    pairs += [(ink, ground) for ink in ("negative", "positive", "good") for ground in ("panel", "window")]
    pairs += [("negative", "raised")]  # a chip that differs
    for ink, ground in pairs:
        assert contrast(getattr(look, ink), getattr(look, ground)) >= 4.5, (ink, ground)


@pytest.mark.parametrize("look", [DARK, LIGHT], ids=lambda look: look.name)
def test_bars_of_what_was_before_can_be_seen(look: Theme):
    """The bar of a prediction before the edits is a mark, too."""
    assert contrast(look.neutral, look.panel) >= 3.0


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
