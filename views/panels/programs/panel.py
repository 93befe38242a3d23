"""The dialog of the door to programs: where it is, its token, and how it is closed."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from views.panels.programs.data import DoorData

WORDS = (
    "Programs on this machine that have the token drive this session: what they do is shown here, stands in the "
    "history and can be undone. They run no code and reach no files. The door stays open until you stop serving or "
    "close the window."
)
WIDTH = 520  # pixels


class DoorDialog(QDialog):
    """Shown while the door is open; hiding it leaves the door open."""

    close_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Serve to Programs")
        self.setMinimumWidth(WIDTH)
        self._data: DoorData | None = None
        words = QLabel(WORDS)
        words.setWordWrap(True)
        self.rpc, self.mcp, self.token = QLineEdit(), QLineEdit(), QLineEdit()
        self.token.setEchoMode(QLineEdit.EchoMode.PasswordEchoOnEdit)
        form = QFormLayout()
        for name, field in (("JSON-RPC", self.rpc), ("MCP", self.mcp), ("Token", self.token)):
            field.setReadOnly(True)
            field.setAccessibleName(name)
            form.addRow(name, field)
        self.missing = QLabel()
        self.missing.setWordWrap(True)
        self.copy = QPushButton("&Copy All")
        self.copy.setToolTip("The addresses and the token, to the clipboard")
        self.copy.clicked.connect(self._copy)
        self.stop = QPushButton("&Stop Serving")
        self.stop.clicked.connect(self.close_wanted)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.addButton(self.copy, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.addButton(self.stop, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(words)
        layout.addLayout(form)
        layout.addWidget(self.missing)
        layout.addWidget(buttons)

    def show_door(self, data: DoorData) -> None:
        self._data = data
        self.rpc.setText(data.rpc)
        self.mcp.setText(data.mcp)
        self.mcp.setEnabled(bool(data.mcp))
        self.token.setText(data.token)
        self.missing.setText(data.missing)
        self.missing.setVisible(bool(data.missing))

    def _copy(self) -> None:
        if self._data is not None:
            QGuiApplication.clipboard().setText(self._data.text)
