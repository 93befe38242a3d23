"""Peak memory of tracing SmolLM2 over many pairs, above the loaded model: each row in a process of its own.

    python -m tests.benchmarks pairs

Linux alone tells the peak since a moment; elsewhere the table is empty.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

from core.models import packs
from tests.benchmarks.table import Table

METHODS = ("eap", "eap-ig", "random")
PAIRS = (1, 25, 100)

PROGRAM = """
import gc, sys
import torch
import wirescope as ws
from core.memory import give_back
from tests.benchmarks.tracing import dataset_of
from tests.process_memory import forget_peak, peak_since, resident
torch.set_num_threads(1)
model = ws.load_model("pack:smollm2")
session, dataset = dataset_of(model, "ioi", int(sys.argv[2]))
gc.collect()
give_back()
forget_peak()
before = resident()
ws.trace(session, sys.argv[1], dataset=dataset, options=ws.Options(steps=5))
print((peak_since() - before) / 2**20)
"""


def tables() -> Iterator[Table]:
    if not sys.platform.startswith("linux"):
        return
    if not packs.is_installed("smollm2"):
        print("pack:smollm2 is not installed: wirescope models get smollm2", file=sys.stderr)
        return
    rows = [[method, *(f"{measure(method, pairs):,.0f} MB" for pairs in PAIRS)] for method in METHODS]
    title = "SmolLM2, indirect objects: peak memory of tracing over the loaded model, a process each"
    yield Table(
        title, ("method", *(f"{pairs} pairs" for pairs in PAIRS)), [*rows, ["limit", *["1,000 MB"] * len(PAIRS)]]
    )


def measure(method: str, pairs: int) -> float:
    """Megabytes."""
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    process = subprocess.run(
        [sys.executable, "-c", PROGRAM, method, str(pairs)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return float(process.stdout.split()[-1])
