"""On how many of the processor's threads torch works: a small model on one.

A layer of a small model takes some hundredths of a millisecond, and torch shares it out among its threads all the same.
They wait for each other at the end of every operation, and that is longer than what they save: where other programs
work too, a scan of all edges of the bundled models took ten times as long on two threads as on one. Larger models keep
what torch, or OMP_NUM_THREADS, has set.

The number belongs to a model and not to a run: another number of threads adds up in another order, and the same run
would not give the same bits.
"""

from __future__ import annotations

import torch

from core.models.model import Model

SMALL = 10_000_000  # parameters; the bundled models have 1 and 4 million, the smallest pack 22 million
BUNDLED = "bundled:"  # small, as is known before they are opened

_usual = torch.get_num_threads()


def threads_to_open(name: str) -> int:
    """On how many threads a model of this name is read."""
    return 1 if name.startswith(BUNDLED) else _usual


def threads_for(model: Model) -> int:
    """On how many threads a model runs."""
    small = sum(part.numel() for part in model.adapter.module.parameters()) <= SMALL
    return 1 if small else _usual


def use_threads(number: int) -> None:
    """Let torch work on so many threads from now on, in the thread that calls and in those made later."""
    if torch.get_num_threads() != number:
        torch.set_num_threads(number)
