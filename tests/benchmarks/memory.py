"""Peak memory over the model's weights, each piece of work in a process of its own. Linux alone tells the peak since a
moment; elsewhere the tables are empty."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

from tests.benchmarks.models import FOURS, MAKERS
from tests.benchmarks.table import Table

PROGRAM = """
import gc, re, sys
from pathlib import Path
from tests.benchmarks import models
import wirescope as ws
session = {**models.MAKERS, **models.FOURS}[sys.argv[1]]()
def megabytes(what):
    return int(re.search(what + r":\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) / 1024
models.forward(session)
gc.collect()
Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
before = megabytes("VmRSS")
work = sys.argv[2]
if work == "both":
    models.forward_and_backward(session)
elif work == "eap":
    ws.trace(session, "eap")
else:
    edges = session.graph.n_edges
    for step in range(64):
        session.run([ws.Edit(session.graph.edge(step * 7919 % edges), "patch")])
    ws.faithfulness(session, ws.trace(session, "eap"), random_circuits=1)
print(megabytes("VmHWM") - before)
"""


def tables() -> Iterator[Table]:
    rows: list[list[str]] = []
    if not sys.platform.startswith("linux"):
        return
    for name in FOURS:
        both, eap = measure(name, "both"), measure(name, "eap")
        rows.append([name, f"{both:.0f} MB", f"{eap:.0f} MB", f"{eap / both:.2f}"])
    heads = ("model", "forward + backward", "EAP over all edges", "ratio")
    yield Table("Peak memory over the loaded model", heads, [*rows, ["budget", "", "", "1.5"]])
    rows = [[name, f"{measure(name, 'session'):.0f} MB"] for name in MAKERS]
    heads = ("model", "64 toggles, EAP and the faithfulness curve")
    yield Table("Peak memory of a session over the loaded model", heads, [*rows, ["budget, SmolLM2 at 64", "600 MB"]])


def measure(name: str, work: str) -> float:
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    found = subprocess.run(
        [sys.executable, "-c", PROGRAM, name, work], env=environment, capture_output=True, text=True, check=True
    )
    return float(found.stdout.split()[-1])
