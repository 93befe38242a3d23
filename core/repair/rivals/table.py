"""All rivals, in the order of the table."""

from __future__ import annotations

from core.repair.rivals import (
    deletion,
    fine_pruning,
    fine_tuning,
    heads,
    lora,
    nothing,
    pictures,
    probe,
    pure,
    random_edges,
    steering,
)
from core.repair.rivals.rival import Rival

RIVALS: dict[str, Rival] = {
    rival.name: rival
    for rival in (
        nothing.RIVAL,
        random_edges.RIVAL,
        heads.RIVAL,
        fine_tuning.CLEAN,
        fine_tuning.HIGH,
        fine_tuning.BOTH,
        fine_tuning.MADE,
        lora.RIVAL,
        fine_pruning.RIVAL,
        pure.RIVAL,
        steering.RIVAL,
        probe.RIVAL,
        deletion.RIVAL,
        pictures.BLUR,
        pictures.MASK,
    )
}
