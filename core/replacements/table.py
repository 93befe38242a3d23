"""The table of replacements, by the kinds of `core.edit_kinds`."""

from __future__ import annotations

from core.edit_kinds import ABLATIONS
from core.errors import ArgumentError
from core.replacements.mean import Mean
from core.replacements.noise import Noise
from core.replacements.optimal import Optimal
from core.replacements.patch import Patch
from core.replacements.replacement import Ablation, Replacement
from core.replacements.resample import Resample
from core.replacements.scale import Scale
from core.replacements.steer import Steer
from core.replacements.zero import Zero

REPLACEMENTS: dict[str, Replacement] = {
    "patch": Patch(),
    "zero": Zero(),
    "mean": Mean(),
    "optimal": Optimal(),
    "scale": Scale(),
    "resample": Resample(),
    "noise": Noise(),
    "steer": Steer(),
}


def ablation(kind: str) -> Ablation:
    """What removed edges carry. Raises ArgumentError for a kind that circuits are not run with."""
    row = REPLACEMENTS.get(kind)
    if not isinstance(row, Ablation):
        raise ArgumentError(f"Removed edges cannot carry {kind!r}.", f"There are: {', '.join(ABLATIONS)}.")
    return row
