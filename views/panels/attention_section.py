"""The attention part of the inspector: on the picture or as a matrix, with one line that says what is under
the pointer."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from views.data import NodeInspection
from views.panels.attention import AttentionView
from views.panels.patch_attention import PatchAttention
from views.widgets.buttons import LinkButton
from views.widgets.text import ElidedLabel, dim, heading

# As much as there is room for: half a sentence would not help.
_MATRIX_WORDS = ("row asks · column offers", "row asks", "")
_PICTURE_WORDS = ("click a patch to ask from it", "click a patch to ask", "click a patch", "")


class AttentionSection(QWidget):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._has_picture = False
        self._as_matrix = False
        self.hint = ElidedLabel("", "muted")
        self.hint.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.hint.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)  # gives way first
        self.toggle = LinkButton("matrix")
        self.toggle.setToolTip("Show the attention as a matrix, or on the picture")
        self.toggle.clicked.connect(self._switch)
        self.matrix = AttentionView()
        self.patches = PatchAttention()
        self.line = ElidedLabel("", "muted")
        self.matrix.described.connect(lambda text: self._say(text, matrix=True))
        self.patches.described.connect(lambda text: self._say(text, matrix=False))

        header = QHBoxLayout()
        header.addWidget(heading("Attention"))
        header.addWidget(self.hint, 1)
        header.addWidget(self.toggle)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(header)
        layout.addWidget(self.matrix)
        layout.addWidget(self.patches)
        layout.addWidget(self.line)

    def show_attention(self, data: NodeInspection) -> None:
        self.setVisible(data.attention is not None)
        if data.attention is None:
            return
        self._has_picture = data.image is not None and data.grid is not None
        if data.image is not None and data.grid is not None:
            self.patches.set_pattern(data.attention, data.labels, data.image, data.grid, data.prefix)
            names = [self.patches.name_of(i) for i in range(data.attention.shape[0])]
            self.matrix.set_pattern(data.attention, [name.removeprefix("patch ") for name in names], tokens=False)
        else:
            self.matrix.set_pattern(data.attention, data.labels)
        self._arrange()

    def set_stale(self, stale: bool) -> None:
        self.matrix.set_stale(stale)
        self.patches.set_stale(stale)
        dim(self.line, stale)

    def shows_matrix(self) -> bool:
        return self._as_matrix or not self._has_picture

    def _switch(self) -> None:
        self._as_matrix = not self._as_matrix
        self._arrange()

    def _arrange(self) -> None:
        matrix = self.shows_matrix()
        self.matrix.setVisible(matrix)
        self.patches.setVisible(not matrix)
        self.toggle.setVisible(self._has_picture)
        self.toggle.setText("picture" if matrix else "matrix")
        self.hint.setText(*(_MATRIX_WORDS if matrix else _PICTURE_WORDS))
        if self._has_picture:
            (self.matrix if matrix else self.patches).describe()

    def _say(self, text: str, matrix: bool) -> None:
        if matrix == self.shows_matrix():
            self.line.setText(text)
