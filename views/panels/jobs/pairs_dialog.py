"""The dialog of a job over many pairs: which pairs, how many processes, and the folder that keeps what is done."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QCheckBox, QComboBox, QLabel, QLineEdit, QRadioButton, QWidget

from views.panels.jobs.data import Asked, ManyPairsData
from views.panels.jobs.queue_dialog import QueueDialog, number_box, push_button

MOST_PAIRS, USUAL_PAIRS = 1_000_000, 1_000
FILES = "CSV, TSV, JSON lines or Parquet; of a model that sees also a folder of pictures, or a film"
VECTORS = (
    "What each head's mean output gives back of the right answer to few-shot tasks where the examples are shuffled "
    "(Todd et al. 2024). Tasks that the model does no better than by chance are left out. The others take seconds with "
    "a small model, minutes with one of a hundred million weights, beside the pairs"
)
NO_TASK = "This model has no built-in task: give it a file of pairs"


class ManyPairsDialog(QueueDialog):
    """columns: that a file of pairs may have. vectors: whether function vectors can be asked for."""

    file_wanted = Signal()

    def __init__(
        self,
        title: str,
        about: str,
        columns: str,
        vectors: bool = False,
        seed: int = 0,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(title, about, seed, "The same seed draws the same pairs", parent)
        self.of_task, self.of_file = QRadioButton("&Task"), QRadioButton("&File")
        kinds = QButtonGroup(self)
        for button in (self.of_task, self.of_file):
            kinds.addButton(button)
            button.toggled.connect(self._grey)
        self.task = QComboBox()
        self.task.setAccessibleName("Task")
        self.pairs = number_box(1, MOST_PAIRS, USUAL_PAIRS, "How many pairs are drawn")
        self.file = QLineEdit()
        self.file.setAccessibleName("File of pairs")
        self.file.setPlaceholderText(f"With the columns {columns}" if "," in columns else f"With the column {columns}")
        self.file.setToolTip(FILES)
        self.file.textEdited.connect(lambda _: self.of_file.setChecked(True))
        self.choose_file = push_button("&Choose…", "Choose a file of pairs", self.file_wanted.emit)
        self.vectors = QCheckBox("F&unction vectors", self)
        self.vectors.setVisible(vectors)
        also = ((QLabel("Also"), self.vectors),) if vectors else ()
        above = (self.of_task, self.task), (self.of_file, self.file, self.choose_file), *also
        self.lay_out(above, (("&Pairs", self.pairs),))
        self.set_data(ManyPairsData())

    def set_data(self, data: ManyPairsData) -> None:
        """What was chosen stays where it is still there."""
        before = self.task.currentData()
        self.task.clear()
        for name, title, about in data.tasks:
            self.task.addItem(title, name)
            self.task.setItemData(self.task.count() - 1, about, 3)  # its tooltip
        at = self.task.findData(before)
        self.task.setCurrentIndex(max(at, 0))
        self.of_task.setEnabled(bool(data.tasks))
        self.of_task.setToolTip("" if data.tasks else NO_TASK)
        if not data.tasks:
            self.of_file.setChecked(True)
        elif not self.of_file.isChecked() or not self.file.text():
            self.of_task.setChecked(True)
        self.vectors.setEnabled(not data.why_no_vectors)
        self.vectors.setToolTip(data.why_no_vectors or VECTORS)
        self.set_method(data.method)
        self._grey()
        self.set_places(data.folder, data.most_workers, data.why_one)

    def set_file(self, path: str) -> None:
        self.file.setText(path)
        self.of_file.setChecked(True)

    def asked(self) -> Asked:
        of_task = self.of_task.isChecked()
        return Asked(
            str(self.task.currentData() or "") if of_task else "",
            "" if of_task else self.file.text().strip(),
            self.pairs.value(),
            self.seed.value(),
            self.workers.value(),
            self.folder.text().strip(),
            self.vectors.isEnabled() and self.vectors.isChecked(),
        )

    def _grey(self) -> None:
        """How many pairs there are, and their seed, are of a task."""
        of_task = self.of_task.isChecked()
        for widget in (self.task, self.pairs):
            widget.setEnabled(of_task)
        self.pairs.setToolTip("How many pairs are drawn" if of_task else "Of a file all rows are taken")
