"""The window and `wirescope trace` with a long prompt, from their start to the first live circuit and to the end of a
trace by EAP, each in a process of its own.

The prompt is of words that are one token each; B differs from A in the fourth, so that almost no row of the one run is
that of the other. Seconds are the processor's, on one thread, so that other work on the machine counts little.
"""

from __future__ import annotations

import os
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

from core.inputs.generators.lexicon import OBJECTS, PLACES
from core.models import packs
from tests.benchmarks.long import run
from tests.benchmarks.start import opened_window
from tests.benchmarks.table import Table

WORDS = (14, 2000, 5999)  # of the prompt
MODEL = "smollm2"
COMMAND = """
import sys, time
from app.__main__ import main
from tests.process_memory import peak
code = main(sys.argv[1:])
print(time.process_time(), peak() / 2**30)
sys.exit(code)
"""


def tables() -> Iterator[Table]:
    if not packs.is_installed(MODEL):
        return
    rows = []
    for number, words in enumerate((WORDS[0], *WORDS)):
        clean, counterfactual = prompts(words)
        with patch.dict(os.environ, OMP_NUM_THREADS="1"):
            opened = opened_window(f"pack:{MODEL}", clean, counterfactual)
        if number == 0:
            continue  # it warms the files
        command = traced(clean, counterfactual)
        rows.append([f"{opened.tokens:,}", f"{opened.live_processor:.1f}", f"{opened.peak:.2f}", *command])
    heads = ("tokens of A", "window: seconds", "window: peak, GB", "command: seconds", "command: peak, GB")
    title = (
        "SmolLM2-135M by the length of the prompt, on one thread: the window to its first live circuit, and `wirescope "
        "trace` by EAP; seconds of the processor"
    )
    yield Table(title, heads, rows)


def prompts(words: int) -> tuple[str, str]:
    """A and B."""
    draw = random.Random(0)
    clean = draw.choices((*PLACES, *OBJECTS), k=words)
    other = draw.choice([word for word in PLACES if word != clean[3]])
    return " ".join(clean), " ".join([*clean[:3], other, *clean[4:]])


def traced(clean: str, counterfactual: str) -> tuple[str, str]:
    """Seconds and gigabytes of the command."""
    with tempfile.TemporaryDirectory() as directory:
        given = ("--clean", clean, "--counterfactual", counterfactual, "--out", str(Path(directory) / "scores"))
        seconds, most = run(COMMAND, "trace", "--model", f"pack:{MODEL}", "--method", "eap", *given)[-1].split()
    return f"{float(seconds):.1f}", f"{float(most):.2f}"
