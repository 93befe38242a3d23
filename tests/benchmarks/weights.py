"""Where a model's weights are: what they take, and what 8 bits change of SmolLM2's answers and of a trace of it.

Each in a process of its own. Seconds are the processor's, on one thread.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator

from core.models import packs
from tests.benchmarks.table import Table

PAIRS, EDGES = 16, 200
WAYS = (("memory", "fp32"), ("disk", "fp32"), ("8bit", "fp32"), ("memory", "bf16"), ("8bit", "bf16"))
PROGRAM = """
import json, sys, time
import torch
torch.set_num_threads(1)
import wirescope as ws
from core.inputs.tasks import make_task
from core.planning.memory import weight_bytes
place, dtype, pairs, edges = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
model = ws.load_model("pack:smollm2", weights=place, dtype=dtype)
made = make_task("ioi", model, pairs, 0)
pair = model.pair(*(list(side) for side in zip(*made.pairs)))
session = ws.Session(model, pair, ws.logit_difference(*(list(side) for side in zip(*made.answers))))
ws.trace(session, "eap")  # what is loaded and made once is there now
begun = time.process_time()
scores = ws.trace(session, "eap")
seconds = time.process_time() - begun
rounding = ws.rounding(session)
print(json.dumps({
    "bytes": weight_bytes(model.adapter),
    "seconds": seconds,
    "metric": float(session.clean.metric.mean()),
    "changed": None if rounding is None else [rounding.difference, rounding.divergence],
    "edges": scores.top(edges, by_size=True).edges.tolist(),
}))
"""


def tables() -> Iterator[Table]:
    if not packs.is_installed("smollm2"):
        return
    measured = {way: _measured(*way) for way in WAYS}
    whole = set(measured["memory", "fp32"]["edges"])
    rows = []
    for (place, dtype), one in measured.items():
        difference, divergence = one["changed"] or (None, None)
        rows.append([
            place,
            dtype,
            f"{one['bytes'] / 2**20:.0f} MB",
            f"{one['seconds']:.1f} s",
            f"{one['metric']:.3f}",
            "" if difference is None else f"{difference:.2g}",
            "" if divergence is None else f"{divergence:.2g}",
            f"{len(whole & set(one['edges']))} of {EDGES}",
        ])  # fmt: skip
    heads = (
        "`--weights`", "precision", "weights", "EAP", "logit difference, mean", "a logit changes by up to",
        "KL in nats, up to", f"the {EDGES} largest edges, in common with the first row",
    )  # fmt: skip
    yield Table(f"SmolLM2 on {PAIRS} pairs of ioi, opened, run and traced by EAP", heads, rows)


def _measured(place: str, dtype: str) -> dict[str, object]:
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, place, dtype, str(PAIRS), str(EDGES)],
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(ran.stdout.splitlines()[-1])  # type: ignore[no-any-return]
