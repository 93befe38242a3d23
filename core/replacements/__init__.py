"""What edits put in: a file a kind, but for those that put in nothing; their words are rows of `core.edit_kinds`.
`core.engine.replacement` holds the table that they are rows of."""

from __future__ import annotations

from core.engine.replacement import Replacement
from core.replacements.mean import Mean
from core.replacements.noise import Noise
from core.replacements.of_weights import Force, Knockout
from core.replacements.optimal import Optimal
from core.replacements.patch import Patch
from core.replacements.project import Project
from core.replacements.resample import Resample
from core.replacements.scale import Scale
from core.replacements.steer import Steer
from core.replacements.zero import Zero

ROWS: tuple[Replacement, ...] = (
    Patch(),
    Zero(),
    Mean(),
    Optimal(),
    Scale(),
    Resample(),
    Noise(),
    Steer(),
    Project(),
    Knockout(),
    Force(),
)
