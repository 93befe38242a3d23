"""What the user can choose of the look."""

from __future__ import annotations

from typing import Literal

ThemeChoice = Literal["system", "dark", "light"]
SMALLEST, LARGEST = 80, 150  # percent: how far text can be made smaller and larger
MotionChoice = Literal["system", "full", "reduced"]
