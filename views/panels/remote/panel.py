"""Which cluster, and which node of it, a window's work is done on."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QButtonGroup,
    QCheckBox,
    QDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from views.panels.remote.data import PlaceRow
from views.theme import SPACE
from views.widgets.line_table import as_line_table
from views.widgets.text import fit_height, show_text, wrapped

ABOUT = (
    "A Ray cluster lends machines, called nodes. A worker, a process on one of them, loads and runs the model; the "
    "document, its history and all that you see stay in this window. A model in a folder of this machine is sent "
    "there, once; so are pictures and other files. Packs and models of the Hub must be there, or be had from there. A "
    "model that you export is written there."
)
WAY = (
    "Open a way through SSH in a terminal, and leave that open: ssh -L 10001:localhost:10001 HOST. The address is then "
    "ray://localhost:10001. The cluster asks for a token: what `ray get-auth-token` prints there must be in "
    "~/.ray/auth_token here before Wirescope starts."
)
TRUST = (
    "Connect only to a cluster that you trust: the console runs there what you type, and whoever controls the cluster "
    "can run code on this machine."
)
EIGHT_BITS = (
    "A weight of a layer takes one byte. That changes answers: by how much is said at input A. No method here needs "
    "gradients of weights."
)
NO_ADDRESS = "Give an address, for example ray://localhost:10001."
ALL_GPUS = "The model's layers lie over them, where one is too small, and on the processors where all are"
NOT_EIGHT_BITS = "Of models in a folder, packs and models of the Hub: none of these is open"
COLUMNS = ("node", "processors", "free memory", "GPUs")
MOST_LINES = 6  # of the table without scrolling


class ConnectDialog(QDialog):
    """Stays open until a place is chosen. Emits the address to look at (empty: a cluster of this machine), the row that
    is chosen, and with it, when it is connected to, what it is to compute on: "cpu", "cuda" (one GPU) or "auto" (all
    GPUs)."""

    look_wanted = Signal(str)
    connect_wanted = Signal(int, str)
    row_chosen = Signal(int)
    device_chosen = Signal(str)  # for the row that is chosen
    eight_bits_chosen = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Connect to a cluster")
        self.local = QRadioButton("&This machine: a cluster is started for you")
        self.elsewhere = QRadioButton("An a&ddress:")
        self.local.setChecked(True)
        self.address = QLineEdit()
        self.address.setAccessibleName("Address")
        self.address.setPlaceholderText("ray://localhost:10001")
        self.way, self.trust = wrapped(WAY, "muted"), wrapped(TRUST)
        self.look = _button("&Look", "See which nodes it has, and what is free there")
        self.connect_button = _button("&Connect", "Load the model there, and have the work done there")
        self.close_button = _button("C&ancel", "Close this window (Esc)")
        self.table = QTableWidget(0, len(COLUMNS))
        self.table.setHorizontalHeaderLabels(COLUMNS)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        as_line_table(self.table, "The nodes", "Columns of the nodes")
        self.table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.compute = QLabel("Compute on:")
        self.processors, self.gpu, self.all_gpus = QRadioButton("&Processors"), QRadioButton("One &GPU"), QRadioButton()
        self.all_gpus.setToolTip(ALL_GPUS)
        self._computes = QButtonGroup(self)  # apart from the choice of the cluster
        for button in (self.processors, self.gpu, self.all_gpus):
            self._computes.addButton(button)
        self.processors.setChecked(True)
        self.eight_bits = QCheckBox("Weights in &8 bits")
        self.eight_bits.setToolTip(EIGHT_BITS)
        self._rows: tuple[PlaceRow, ...] = ()
        self.needs, self.doing, self.problem = wrapped(), wrapped(), wrapped(role="warning")
        self._busy = False
        self._lay_out()
        self.look.clicked.connect(self._look)
        self.address.textEdited.connect(lambda _: self.elsewhere.setChecked(True))
        self.elsewhere.toggled.connect(self._choose_cluster)
        self.connect_button.clicked.connect(lambda: self.connect_wanted.emit(self.row(), self.device()))
        self._computes.buttonClicked.connect(lambda _: self.device_chosen.emit(self.device()))
        self.eight_bits.toggled.connect(self.eight_bits_chosen)
        self.table.itemSelectionChanged.connect(self._choose)
        self.close_button.clicked.connect(self.reject)
        self.resize(620, 480)
        self._choose_cluster()
        self.say("")

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * SPACE, 2 * SPACE, 2 * SPACE, 2 * SPACE)
        column.setSpacing(SPACE)
        column.addWidget(wrapped(ABOUT))
        column.addWidget(self.local)
        for widgets in ((self.elsewhere, self.address), (self.look, None)):
            column.addLayout(_row(*widgets))
        for widget in (self.way, self.trust):
            column.addWidget(widget)
        self.nodes = QLabel("Nodes")
        self.nodes.setBuddy(self.table)
        for widget in (self.nodes, self.table):
            column.addWidget(widget)
        column.addLayout(_row(self.compute, self.processors, self.gpu, self.all_gpus, None))
        column.addLayout(_row(self.eight_bits, None))
        for widget in (self.needs, self.doing, self.problem):
            column.addWidget(widget)
        column.addStretch(1)
        column.addLayout(_row(None, self.connect_button, self.close_button))

    # ---- what is shown ----

    def set_places(self, rows: Sequence[PlaceRow]) -> None:
        """The nodes, the best one first, which is chosen."""
        self._rows = tuple(rows)
        self.table.setRowCount(len(rows))
        for row, each in enumerate(rows):
            for column, words in enumerate((each.machine, each.processors, each.memory, each.gpus)):
                item = QTableWidgetItem(words)
                item.setToolTip(words)
                self.table.setItem(row, column, item)
        self.table.resizeColumnsToContents()
        lines = min(len(rows), MOST_LINES) * self.table.verticalHeader().defaultSectionSize()
        self.table.setFixedHeight(self.table.horizontalHeader().sizeHint().height() + lines + 2 * SPACE)
        for widget in (self.nodes, self.table, self.eight_bits):
            widget.setVisible(bool(rows))
        if rows:
            self.table.selectRow(0)
        else:
            show_text(self.needs, "")
        self._offer_gpu()
        self._grey()
        fit_height(self)

    def offer_eight_bits(self, offered: bool, chosen: bool) -> None:
        """Whether the weights of the model that is open may be rounded, and whether they are."""
        self.eight_bits.setEnabled(offered)
        self.eight_bits.setToolTip(EIGHT_BITS if offered else NOT_EIGHT_BITS)
        self.eight_bits.setChecked(offered and chosen)

    def set_needs(self, words: str) -> None:
        """What the model needs there."""
        show_text(self.needs, words)
        fit_height(self)

    def set_busy(self, words: str) -> None:
        """What is being done; empty for nothing."""
        self._show(words, "")

    def say(self, problem: str) -> None:
        """Why it came to nothing; empty for nothing."""
        self._show("", problem)

    def _show(self, doing: str, problem: str) -> None:
        self._busy = bool(doing)
        show_text(self.doing, doing)
        show_text(self.problem, problem)
        self._grey()

    def row(self) -> int:
        """The chosen one; -1 for none."""
        rows = self.table.selectionModel().selectedRows()
        return rows[0].row() if rows else -1

    def device(self) -> str:
        """What the chosen one is to compute on."""
        return "auto" if self.all_gpus.isChecked() else "cuda" if self.gpu.isChecked() else "cpu"

    def in_eight_bits(self) -> bool:
        """Whether the layers' weights are to be rounded to 8 bits."""
        return self.eight_bits.isChecked()

    def _choose_cluster(self) -> None:
        """Of this machine, or elsewhere: nobody has looked at that one yet."""
        for words in (self.way, self.trust):
            words.setVisible(self.elsewhere.isChecked())
        self.set_places(())

    def _look(self) -> None:
        address = self.address.text().strip()
        if self.elsewhere.isChecked() and not address:
            self.say(NO_ADDRESS)
            self.address.setFocus()
        else:
            self.look_wanted.emit(address if self.elsewhere.isChecked() else "")

    def _choose(self) -> None:
        self._offer_gpu()
        self._grey()
        if self.row() >= 0:
            self.row_chosen.emit(self.row())

    def _offer_gpu(self) -> None:
        """Where the chosen node has a free one, which is then taken unless the user says otherwise; all, where it has
        several."""
        row = self.row()
        count = self._rows[row].gpus_to_be_had if 0 <= row < len(self._rows) else 0
        for widget in (self.compute, self.processors, self.gpu):
            widget.setVisible(count > 0)
        self.all_gpus.setVisible(count > 1)
        self.all_gpus.setText(f"All {count} GP&Us")
        (self.gpu if count else self.processors).setChecked(True)

    def _grey(self) -> None:
        self.look.setEnabled(not self._busy)
        able = not self._busy and self.row() >= 0
        self.connect_button.setEnabled(able)
        self.connect_button.setToolTip(
            "Load the model there, and have the work done there"
            if able
            else "Look at a cluster first, and choose a node"
        )
        (self.connect_button if able else self.look).setDefault(True)


def _button(words: str, tip: str) -> QPushButton:
    button = QPushButton(words)
    button.setToolTip(tip)
    button.setAutoDefault(False)
    return button


def _row(*widgets: QWidget | None) -> QHBoxLayout:
    """None: room."""
    row = QHBoxLayout()
    row.setSpacing(SPACE)
    for widget in widgets:
        if widget is None:
            row.addStretch(1)
        else:
            row.addWidget(widget)
    return row
