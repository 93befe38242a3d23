"""From the lenses' results to what the inspector's sections draw."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from app.worker.session_cache import SessionCache
from core.formatting import number, visible_token
from core.lens.heads import Trait
from core.lens.logit_lens import LensReading
from views.panels.inspector.data import ByPositionData, ByPositionRow, LogitLensRow, TraitChip

ALL_LISTED = 24  # positions up to which all are listed
LISTED = 12  # the strongest of more
NOTHING = 1e-3  # of the strongest: what is not worth a row
STRONG = 0.5  # a trait that stands out
SHOWN_FROM = 0.2
MOST_CHIPS = 3
LOCAL = 0.6  # of the mean distance of even attention


def position_label(cache: SessionCache, position: int) -> str:
    """A position in a list: its token, CLS, "patch 2, 3"."""
    label = cache.session.pair.clean.labels[position]
    if cache.session.pair.grid is None or position < cache.session.pair.prefix:
        return label
    return f"patch {label.replace(',', ', ')}"


def position_name(cache: SessionCache, position: int) -> str:
    """A position in a sentence: “to”, CLS, patch 2, 3."""
    label = position_label(cache, position)
    return label if cache.session.pair.grid is not None else f"“{visible_token(label)}”"


def logit_lens_rows(reading: LensReading, asked: Collection[int]) -> tuple[LogitLensRow, ...]:
    return tuple(LogitLensRow(row.label, row.value, row.index in asked) for row in reading.rows)


def by_position_data(
    cache: SessionCache,
    norms: NDArray[np.float64],
    effects: NDArray[np.float64],
    measured: bool,
    kind_words: str,
    direction: int | None,
) -> ByPositionData:
    """direction: A's. norms, effects: [position]; of many positions only the strongest are listed, strongest first."""
    count = min(len(norms), len(effects))

    def rows(size: NDArray[np.float64]) -> tuple[ByPositionRow, ...]:
        listed = list(range(count))
        if count > ALL_LISTED:
            order = np.argsort(-size[:count], kind="stable")[:LISTED]
            listed = [int(p) for p in order if size[p] > NOTHING * size[order[0]]] or [int(order[0])]
        return tuple(ByPositionRow(p, _in_list(cache, p), float(norms[p]), float(effects[p])) for p in listed)

    every = tuple(effects[:count].tolist())
    listed = rows(np.abs(effects)), rows(norms)
    return ByPositionData(*listed, count, measured, kind_words, direction=direction, effects=every)


def _in_list(cache: SessionCache, position: int) -> str:
    label = position_label(cache, position)
    return visible_token(label) if cache.session.pair.grid is None else label


def trait_chips(traits: Sequence[Trait]) -> tuple[TraitChip, ...]:
    """The scores that stand out, the strongest first; of pictures also whether the head is local or global."""
    chips = []
    for trait in traits:
        tip = f"{trait.words}: {number(trait.value, 3)}, mean over {trait.over} positions ({trait.source})"
        if trait.name == "distance":
            name = "local" if trait.value < LOCAL else "global"
            chips.append(TraitChip(f"{name}, distance {_short(trait.value)}", tip, trait.value < LOCAL))
        elif trait.value >= SHOWN_FROM and len(chips) < MOST_CHIPS:
            chips.append(TraitChip(f"{trait.name} {_short(trait.value)}", tip, trait.value >= STRONG))
    return tuple(chips)


def _short(value: float) -> str:
    """ ".81", "1.2" """
    return f"{value:.2f}".removeprefix("0") if value < 1 else f"{value:.1f}"
