"""Boxes for numbers. A style sheet's padding does not reach what stands in a spin box, so its margin is set here."""

from __future__ import annotations

from PySide6.QtWidgets import QDoubleSpinBox, QSpinBox, QWidget

INSET = 8  # pixels, as in other fields


class NumberBox(QSpinBox):
    """For a whole number."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lineEdit().setTextMargins(INSET, 0, 0, 0)


class DecimalBox(QDoubleSpinBox):
    """For a number with decimals."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lineEdit().setTextMargins(INSET, 0, 0, 0)
