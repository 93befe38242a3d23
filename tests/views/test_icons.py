"""Icons: all can be drawn, and follow the theme."""

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QAction, QColor, QIcon
from PySide6.QtWidgets import QPushButton

from views import icons, theme
from views.theme_colors import DARK, LIGHT


@pytest.fixture(autouse=True)
def restored(qapp):
    yield
    theme.set_choice("system")


def ink(icon: QIcon, mode=QIcon.Mode.Normal) -> tuple[set[str], float]:
    """Colours of the opaque pixels, and the share of pixels that are drawn at all."""
    image = icon.pixmap(QSize(32, 32), mode).toImage()
    pixels = [image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height())]
    drawn = [pixel for pixel in pixels if pixel.alpha() > 0]
    return {pixel.name() for pixel in drawn if pixel.alpha() == 255}, len(drawn) / len(pixels)


def same(first: str, second: str) -> bool:
    """Equal but for rounding."""
    pairs = zip(QColor(first).getRgb(), QColor(second).getRgb(), strict=True)
    return all(abs(a - b) <= 2 for a, b in pairs)


@pytest.mark.parametrize("name", icons.names())
def test_every_icon_is_drawn_in_one_colour_of_the_theme(name):
    theme.set_choice("dark")
    colors, share = ink(icons.icon(name))
    assert colors
    assert all(same(color, DARK.text) for color in colors)
    assert 0.04 < share < 0.6


def test_icons_follow_the_theme(qtbot):
    theme.set_choice("dark")
    button, action = QPushButton(), QAction()
    qtbot.addWidget(button)
    for owner in (button, action):
        icons.set_icon(owner, "undo")
        icons.set_icon(owner, "cut", "accent")
        theme.set_choice("light")
        assert all(same(color, LIGHT.accent) for color in ink(owner.icon())[0])
        theme.set_choice("dark")
        assert all(same(color, DARK.accent) for color in ink(owner.icon())[0])


def test_a_disabled_icon_is_fainter():
    theme.set_choice("dark")
    image = icons.icon("cut").pixmap(QSize(32, 32), QIcon.Mode.Disabled).toImage()
    alphas = [image.pixelColor(x, y).alpha() for x in range(32) for y in range(32)]
    assert 0 < max(alphas) < 250


def test_an_unknown_icon_is_an_error():
    with pytest.raises(FileNotFoundError):
        icons.icon("nothing-like-this")


def test_a_picture_for_painting():
    theme.set_choice("light")
    picture = icons.icon("warning", "negative").pixmap(24, 24)
    assert picture.size() == QSize(24, 24)
    colors = {picture.toImage().pixelColor(x, y).name() for x in range(24) for y in range(24)}
    assert any(same(color, LIGHT.negative) for color in colors)
