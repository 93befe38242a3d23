"""The one style sheet of the application, filled in with a theme's colours.

Panels say what they are by properties, never by colours of their own: `card` (a rounded panel), `role` on a
label (`title`, `heading`, `muted`, `number`, `warning`, `bad`), `primary` (the one filled button), `flat` (a button
without a frame), `link` (a word that acts, in the colour of that name), `chosen` (the tool or the kind of edit in use;
a checked button looks the same).
"""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from views.theme_colors import Theme


def style_sheet(theme: Theme, scale: float = 1.0) -> str:
    """The style sheet in the colours of a theme. scale: of text, against its usual size."""
    text = _SHEET
    for name, pixels in (("title_size", 16), ("number_size", 28), ("arrow_size", 10)):
        text = text.replace(f"@{name}@", f"{round(pixels * scale)}px")
    for name in _FIELDS:
        text = text.replace(f"@{name}@", getattr(theme, name))
    icons = resources.files("resources").joinpath("icons", "style")
    for name in ("arrow-down", "arrow-up", "arrow-right", "check"):
        path = str(icons.joinpath(f"{name}-{theme.name}.svg")).replace("\\", "/")
        text = text.replace(f"@{name}@", f'url("{path}")')
    return text


_FIELDS = (
    *("window", "panel", "raised", "hover", "border", "text", "muted", "faint", "neutral", "selection"),
    *("good", "accent", "on_accent", "chosen", "negative"),
)

_SHEET = """
QMainWindow, QDialog { background: @window@; }
QWidget { color: @text@; }
QWidget:disabled { color: @muted@; }
*[card="true"] { background: @panel@; border: 1px solid @border@; border-radius: 8px; }
QLabel { background: transparent; }
QLabel[role="title"] { font-size: @title_size@; font-weight: 700; }
QLabel[role="heading"] { font-weight: 600; }
QLabel[role="muted"] { color: @muted@; }
QLabel[role="number"] { font-size: @number_size@; font-weight: 600; }
QLabel[role="warning"] { color: @negative@; }
QLabel[role="bad"] { color: @negative@; font-weight: 600; }
QLabel[role="selected"] { color: @selection@; }
QLabel[role="good"] { color: @good@; }

QPushButton, QToolButton {
    background: @raised@; border: 1px solid @border@; border-radius: 6px; padding: 5px 12px;
}
QToolButton { padding: 5px 8px; }
QPushButton:hover, QToolButton:hover { background: @hover@; }
QPushButton:pressed, QToolButton:pressed { background: @border@; }
QPushButton:disabled, QToolButton:disabled { color: @muted@; background: transparent; }
QPushButton:checked, QToolButton:checked, QPushButton[chosen="true"], QToolButton[chosen="true"] {
    background: @chosen@; border-color: @selection@; font-weight: 600;
}
QPushButton[primary="true"], QToolButton[primary="true"] {
    background: @accent@; color: @on_accent@; border-color: @accent@; font-weight: 600;
}
QPushButton[primary="true"]:hover, QToolButton[primary="true"]:hover { border-color: @text@; }
QPushButton[primary="true"]:disabled { background: @raised@; color: @muted@; border-color: @border@; }
QPushButton[flat="true"], QToolButton[flat="true"] { background: transparent; border-color: transparent; }
QPushButton[flat="true"]:hover, QToolButton[flat="true"]:hover { background: @hover@; }
QPushButton:focus, QToolButton:focus { border: 1px solid @accent@; }
QPushButton[primary="true"]:focus { border: 2px solid @text@; padding: 4px 11px; }
QPushButton[link] {
    background: transparent; border: 1px solid transparent; border-radius: 4px; padding: 2px 3px; text-align: left;
    font-weight: 400;
}
QPushButton[flush="true"] { border-left-width: 0px; padding: 2px 3px 2px 0px; }
QPushButton[bold="true"] { font-weight: 600; }
QPushButton[link="muted"] { color: @muted@; }
QPushButton[link="text"] { color: @text@; }
QPushButton[link="accent"] { color: @accent@; }
QPushButton[link="selection"] { color: @selection@; }
QPushButton[link]:hover { color: @text@; background: @hover@; }
QPushButton[link]:focus { border-color: @accent@; }
QToolButton::menu-indicator { image: none; }
QToolButton[popupMode="1"] { padding-right: 22px; }
QToolButton[popupMode="2"] { padding-right: 22px; }
QToolButton[popupMode="2"]::menu-indicator {
    image: @arrow-down@; subcontrol-origin: padding; subcontrol-position: center right; right: 7px;
    width: 10px; height: 10px;
}
QToolButton::menu-button { border: none; width: 20px; }
QToolButton::menu-arrow { image: @arrow-down@; width: 10px; height: 10px; }

QLineEdit, QPlainTextEdit, QTextEdit, QAbstractSpinBox {
    background: @raised@; border: 1px solid @border@; border-radius: 6px; padding: 4px 8px;
    selection-background-color: @accent@; selection-color: @on_accent@;
}
QLineEdit:hover, QPlainTextEdit:hover, QTextEdit:hover, QAbstractSpinBox:hover { border-color: @faint@; }
QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus, QAbstractSpinBox:focus { border-color: @accent@; }
QLineEdit:disabled, QPlainTextEdit:disabled { background: transparent; }
QAbstractSpinBox { padding-right: 18px; }
QAbstractSpinBox QLineEdit { border: none; background: transparent; padding: 0 6px; }
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button { border: none; width: 16px; }
QAbstractSpinBox::up-arrow { image: @arrow-up@; width: 8px; height: 8px; }
QAbstractSpinBox::down-arrow { image: @arrow-down@; width: 8px; height: 8px; }

QComboBox {
    background: @raised@; border: 1px solid @border@; border-radius: 6px; padding: 4px 26px 4px 10px;
}
QComboBox:hover { background: @hover@; }
QComboBox:focus { border-color: @accent@; }
QComboBox:disabled { color: @muted@; background: transparent; }
QComboBox::drop-down { border: none; width: 24px; subcontrol-position: center right; }
QComboBox::down-arrow { image: @arrow-down@; width: 10px; height: 10px; }
QComboBox QLineEdit { border: none; background: transparent; padding: 0; }
QComboBox QAbstractItemView {
    background: @raised@; border: 1px solid @border@; border-radius: 6px; padding: 4px; outline: 0;
}
QComboBox QAbstractItemView::item { min-height: 24px; padding: 2px 8px; border-radius: 4px; }
QComboBox QAbstractItemView::item:selected, QComboBox QAbstractItemView::item:hover {
    background: @accent@; color: @on_accent@;
}

QCheckBox, QRadioButton { spacing: 8px; background: transparent; }
QCheckBox::indicator, QRadioButton::indicator, QAbstractItemView::indicator {
    width: 14px; height: 14px; border: 1px solid @muted@; border-radius: 4px; background: @raised@;
}
QRadioButton::indicator { border-radius: 8px; }
QCheckBox::indicator:hover, QRadioButton::indicator:hover { border-color: @text@; }
QCheckBox::indicator:checked, QAbstractItemView::indicator:checked { image: @check@; border-color: @accent@; }
QRadioButton::indicator:checked { background: @accent@; border-color: @accent@; }
QCheckBox:focus, QRadioButton:focus { text-decoration: underline; }
QCheckBox::indicator:focus, QRadioButton::indicator:focus { border-color: @accent@; }

QMenuBar { background: @window@; }
QMenuBar::item { padding: 5px 10px; border-radius: 5px; background: transparent; }
QMenuBar::item:selected { background: @hover@; }
QMenu { background: @raised@; border: 1px solid @border@; padding: 5px; menu-scrollable: 1; }
QMenu::item { padding: 5px 28px 5px 26px; border-radius: 4px; }
QMenu::item:selected { background: @accent@; color: @on_accent@; }
QMenu::item:disabled { color: @muted@; background: transparent; }
QMenu::separator { height: 1px; background: @border@; margin: 5px 6px; }
QMenu::icon { left: 6px; }
QMenu::indicator { width: 12px; height: 12px; left: 7px; }
QMenu::indicator:checked { image: @check@; }
QMenu::right-arrow { image: @arrow-right@; width: 10px; height: 10px; right: 8px; }
QDialogButtonBox, QMessageBox { dialogbuttonbox-buttons-have-icons: 0; }
QToolTip { background: @raised@; color: @text@; border: 1px solid @border@; padding: 4px 6px; }

QScrollBar { background: transparent; border: none; }
QScrollBar:vertical { width: 10px; margin: 2px; }
QScrollBar:horizontal { height: 10px; margin: 2px; }
QScrollBar::handle { background: @faint@; border-radius: 3px; }
QScrollBar::handle:hover { background: @muted@; }
QScrollBar::handle:vertical { min-height: 28px; }
QScrollBar::handle:horizontal { min-width: 28px; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QScrollArea { background: transparent; border: none; }
QScrollArea > QWidget > QWidget { background: transparent; }

QSplitter::handle { background: transparent; }
QSplitter::handle:horizontal { width: 8px; }
QSplitter::handle:vertical { height: 8px; }
QSplitter::handle:hover { background: @border@; border-radius: 3px; }
QToolBar { background: @window@; border: none; spacing: 8px; padding: 6px 8px; }
QToolBar::separator { width: 1px; background: @border@; margin: 4px; }
QStatusBar { background: @window@; color: @muted@; }
QStatusBar::item { border: none; }
QStatusBar QLabel { color: @muted@; padding: 0 4px; }
QStatusBar QLabel[role="selected"] { color: @selection@; }
QLabel[role="good"] { color: @good@; }
QStatusBar QLabel[role="warning"] { color: @negative@; }
QLabel[role="bad"] { color: @negative@; font-weight: 600; }
QMainWindow::separator { background: transparent; width: 8px; height: 8px; }
QMainWindow::separator:hover { background: @border@; }
*[card="docked"] {
    background: @panel@; border: 1px solid @border@; border-top: none;
    border-bottom-left-radius: 8px; border-bottom-right-radius: 8px;
}
*[dock_title="true"] {
    background: @panel@; border: 1px solid @border@; border-bottom: none;
    border-top-left-radius: 8px; border-top-right-radius: 8px;
}
QDockWidget:floating { background: @window@; }

QTabWidget::pane { border: none; }
QTabBar { background: transparent; }
QTabBar::tab {
    color: @muted@; background: transparent; padding: 6px 12px; border: none;
    border-bottom: 2px solid transparent;
}
QMainWindow > QTabBar::tab { padding: 6px 9px; }
QTabBar::tab:selected { color: @text@; border-bottom-color: @accent@; }
QTabBar::tab:hover { color: @text@; }
QTabBar::tab:focus { border-bottom-color: @selection@; }

QSlider { background: transparent; }
QSlider::groove:horizontal { height: 4px; border-radius: 2px; background: @raised@; }
QSlider::sub-page:horizontal { height: 4px; border-radius: 2px; background: @accent@; }
QSlider::handle:horizontal {
    width: 14px; height: 14px; margin: -5px 0; border-radius: 7px; background: @text@;
    border: 1px solid @border@;
}
QSlider::handle:horizontal:hover { background: @accent@; }
QSlider::handle:horizontal:focus { border: 2px solid @accent@; width: 12px; height: 12px; }
QProgressBar {
    background: @raised@; border: none; border-radius: 3px; max-height: 6px; min-height: 6px;
    color: transparent;
}
QProgressBar::chunk { background: @accent@; border-radius: 3px; }

QAbstractItemView {
    background: @panel@; border: 1px solid @border@; border-radius: 6px;
    selection-background-color: @chosen@; selection-color: @text@;
}
QAbstractItemView[plain="true"] { border: none; }
QAbstractItemView:focus { border-color: @accent@; }
QTableView { gridline-color: @raised@; border-color: transparent; }
QTableView:focus { border-color: @accent@; }
QTableView::item { padding: 0 16px 0 8px; }
QListView::item, QTreeView::item { padding: 4px 6px; border-radius: 4px; }
QAbstractItemView::item:hover { background: @hover@; }
QAbstractItemView::item:selected { background: @chosen@; color: @text@; }
QHeaderView { background: @panel@; border: none; }
QHeaderView::section {
    background: @panel@; color: @muted@; border: none; border-bottom: 1px solid @border@; padding: 5px 8px;
}
QAbstractScrollArea::corner { background: transparent; border: none; }
QTableView QHeaderView::section { padding: 3px 8px; }
QTableView QHeaderView::up-arrow, QTableView QHeaderView::down-arrow { width: 0; height: 0; }
QTableCornerButton::section { background: @panel@; border: none; }
QGroupBox { border: 1px solid @border@; border-radius: 6px; margin-top: 14px; padding: 8px; }
QGroupBox::title { subcontrol-origin: margin; left: 8px; color: @muted@; }
"""
