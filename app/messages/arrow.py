"""An arrow of attention that is chosen, on the second level or in the inspector."""

from __future__ import annotations

from dataclasses import dataclass

from core.graph import Entries


@dataclass(frozen=True)
class Arrow:
    """Weights of a head's attention: of its entries for some keys, at some queries. armed: what cuts and patches the
    selection does so to these."""

    entries: Entries
    queries: tuple[int, ...]
    armed: bool = False
