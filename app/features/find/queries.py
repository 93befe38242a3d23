"""What goes between the window and the worker's thread to find the heads that read a place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.messages.request import Query
from core.graph import Node


@dataclass(frozen=True)
class HeadsReading(Query):
    """How much every head attends to some positions. queries: from where; none means where the output reads."""

    keys: tuple[int, ...]
    queries: tuple[int, ...] = ()


@dataclass(frozen=True)
class TraitsQuery(Query):
    """What every head does on A, as the inspector's chips have it."""


@dataclass(frozen=True, eq=False)
class TraitsFound:
    """Of every head the names of what it does and the scores, the highest first."""

    number: int
    traits: Mapping[Node, tuple[tuple[str, float], ...]]


@dataclass(frozen=True)
class AttentionTo:
    """Shares of attention [layers, heads]. queries: the positions that they are averaged over."""

    number: int
    query: HeadsReading
    queries: tuple[int, ...]
    shares: NDArray[np.float32]
