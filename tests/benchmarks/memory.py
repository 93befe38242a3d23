"""Peak memory over the model's weights, each piece of work in a process of its own. Linux alone tells the peak since a
moment; elsewhere the tables are empty."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

from core.models import packs
from tests.benchmarks.models import FOURS, MAKERS
from tests.benchmarks.table import Table

PROGRAM = """
import gc, sys
from tests.benchmarks import models
from tests.process_memory import forget_peak, peak_since, resident
import wirescope as ws
session = {**models.MAKERS, **models.FOURS}[sys.argv[1]]()
models.forward(session)
gc.collect()
forget_peak()
before = resident()
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
print((peak_since() - before) / 2**20)
"""

# A first round loads what libraries load once, at the first model of a kind: it is not of the model that is left.
LEAVING = """
import sys, tempfile
import torch
torch.set_num_threads(1)
from core.project.document import Document, Source
from app.worker.service import WorkerService
from app.messages.request import Request
from core.models import packs
from tests.process_memory import resident
from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM
folder = tempfile.mkdtemp()
sizes = dict(hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2)
LlamaForCausalLM(LlamaConfig(vocab_size=49152, **sizes)).save_pretrained(folder)
AutoTokenizer.from_pretrained(packs.pack_folder("smollm2")).save_pretrained(folder)
engine = WorkerService()
sides = Source("text", "The cat"), Source("text", "The car")
def use(model, number):
    failed = []
    request = Request(number, Document(model, *sides), recover=False)
    engine.serve(request, lambda answer: failed.append(answer) if "Failed" in type(answer).__name__ else None,
                 lambda: False)
    assert not failed, failed
use(folder, 1)
use("bundled:names", 2)
before = resident()
use(sys.argv[1], 3)
opened = resident()
use("bundled:names", 4)
print(*(each / 2**20 for each in (before, opened, resident())))
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
    if not packs.is_installed("smollm2"):
        return
    before, opened, after = numbers(LEAVING, "pack:smollm2")
    heads = ("model", "before", "open", "left for the one before", "of before")
    row = ["pack:smollm2", f"{before:.0f} MB", f"{opened:.0f} MB", f"{after:.0f} MB", f"{after / before:.2f}"]
    yield Table(
        "Memory of the process when the window's engine leaves a model", heads, [row, ["budget", "", "", "", "1.1"]]
    )


def measure(name: str, work: str) -> float:
    return numbers(PROGRAM, name, work)[0]


def numbers(program: str, *arguments: str) -> list[float]:
    """What a program prints last, run in a process of its own."""
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    process = subprocess.run(
        [sys.executable, "-c", program, *arguments], env=environment, capture_output=True, text=True, check=True
    )
    return [float(word) for word in process.stdout.splitlines()[-1].split()]
