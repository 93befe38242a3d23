"""Which pairs a shard has: so many in a row, fixed before the work begins. Nothing here knows of workers."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from core.errors import ArgumentError

FEWEST, MOST = 16, 1024  # pairs of a shard that nobody has chosen
SHARDS = 100  # about, between these


@dataclass(frozen=True)
class Shard:
    """The pairs from `start` up to `stop`, of all that were asked for."""

    number: int
    start: int
    stop: int

    @property
    def size(self) -> int:
        return self.stop - self.start


@dataclass(frozen=True)
class Shards:
    """total: pairs. size: of each shard, in pairs; the last may have fewer. Raises ArgumentError."""

    total: int
    size: int

    def __post_init__(self) -> None:
        if self.size < 1:
            raise ArgumentError(f"A shard has at least 1 pair, not {self.size}.")

    def __len__(self) -> int:
        return -(-self.total // self.size)

    def __iter__(self) -> Iterator[Shard]:
        return (self[number] for number in range(len(self)))

    def __getitem__(self, number: int) -> Shard:
        start = number * self.size
        return Shard(number, start, min(start + self.size, self.total))


def usual_size(total: int) -> int:
    """Pairs of a shard: what a kill loses, and what a worker is given at a time."""
    return max(FEWEST, min(MOST, -(-total // SHARDS)))


def seed_of(seed: int, shard: int) -> int:
    """What is drawn for a shard, by the seed of the run: apart from other shards and other seeds."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{shard}".encode()).digest()[:6], "big")
