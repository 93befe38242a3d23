"""How many pairs of a run came before: a task's pairs are drawn shard by shard, and no two of a shard have the same A,
but those of two shards may."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from core.sharded.file_names import PAIRS_FOLDER
from core.sharded.pair_rows import read_rows

BYTES = 8  # of what is kept of a text: among a million the chance that two different ones are alike is 3 in 10^8


def repeated_pairs(folder: str | Path) -> int:
    """Of the pairs that are done, those whose A is that of another one before. A shard's texts are in memory at a time,
    and BYTES of each pair. Raises what `read_rows` raises."""
    of_shards = [np.empty(0, dtype=np.uint64)]
    for path in sorted((Path(folder) / PAIRS_FOLDER).glob("*.parquet")):
        texts = read_rows(path, ["clean"]).column("clean").to_pylist()
        digests = b"".join(
            hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=BYTES).digest() for text in texts
        )
        of_shards.append(np.frombuffer(digests, dtype=np.uint64))
    every = np.concatenate(of_shards)
    return int(every.size - np.unique(every).size)
