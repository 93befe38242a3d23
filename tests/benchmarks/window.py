"""The window with a long prompt: what it takes to the first live circuit, each in a process of its own.

The prompt is of words that are one token each; B differs from A in the fourth, so that almost no row of the one run is
that of the other. Seconds are the processor's, on one thread, so that other work on the machine counts little.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from unittest.mock import patch

from core.inputs.generators.lexicon import OBJECTS, PLACES
from core.models import packs
from tests.benchmarks.start import opened_window
from tests.benchmarks.table import Table

WORDS = (None, 2000)  # of the prompt; None: the model's example
MODEL = "smollm2"


def tables() -> Iterator[Table]:
    if not packs.is_installed(MODEL):
        return
    rows = []
    for number, words in enumerate((None, *WORDS)):
        with patch.dict(os.environ, OMP_NUM_THREADS="1"):
            opened = opened_window(f"pack:{MODEL}", *(() if words is None else prompts(words)))
        if number == 0:
            continue  # it warms the files
        rows.append([f"{opened.tokens:,}", f"{opened.live_processor:.1f}", f"{opened.peak:.2f}"])
    heads = ("tokens of A", "seconds of the processor", "most memory of the process, GB")
    yield Table("From the start of the window to the first live circuit of SmolLM2-135M, on one thread", heads, rows)


def prompts(words: int) -> tuple[str, str]:
    """A and B."""
    draw = random.Random(0)
    clean = draw.choices((*PLACES, *OBJECTS), k=words)
    other = draw.choice([word for word in PLACES if word != clean[3]])
    return " ".join(clean), " ".join([*clean[:3], other, *clean[4:]])
