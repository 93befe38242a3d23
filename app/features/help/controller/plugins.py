"""Help > Plugins: what other packages add, and what of it does not work."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from core import plugins
from views.theme import SPACE, keep_font, mono_font, text_scale

WORDS = "What other packages have added to Wirescope. One that does not work has its error below it."
NONE = "No other package adds anything. How to write one: Help > Guide, “Adding to Wirescope”."
FORBIDDEN = "Wirescope was started with --no-plugins: nothing that other packages add is loaded."


def show_plugins(parent: QWidget) -> QDialog:
    """The plugins as plain rows, to read and to copy."""
    dialog = QDialog(parent)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setWindowTitle("Plugins")
    words = QLabel(WORDS)
    words.setWordWrap(True)
    text = QPlainTextEdit(plugins_text())
    text.setReadOnly(True)
    text.setAccessibleName("Plugins")
    text.setTextInteractionFlags(
        Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
    )
    keep_font(text, mono_font)
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
    buttons.rejected.connect(dialog.reject)
    column = QVBoxLayout(dialog)
    column.setSpacing(SPACE)
    column.addWidget(words)
    column.addWidget(text, 1)
    column.addWidget(buttons)
    around = parent.window().size()
    dialog.resize(min(round(760 * text_scale()), around.width() - 40), min(460, around.height() - 40))
    dialog.open()
    return dialog


def plugins_text() -> str:
    """A plugin a paragraph: what it adds to which table and where it comes from, and all of its error."""
    if plugins.forbidden():
        return FORBIDDEN
    plugins.load()  # where the engine's thread has not come to it, or is at it
    return "\n\n".join(_paragraph(plugin) for plugin in plugins.plugins()) or NONE


def _paragraph(plugin: plugins.Plugin) -> str:
    about = f"{plugin.name} of {plugin.package} ({plugin.value})"
    if plugin.error:
        return f"{plugin.group}: {', '.join(plugin.rows) or 'left out'}, {about}\n{plugin.traceback.rstrip()}"
    return f"{plugin.group}: {', '.join(plugin.rows)}\n  {about}"
