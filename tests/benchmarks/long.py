"""Long prompts: what they take as they grow, each in a process of its own. Seconds are the processor's, on one thread,
so that other work on the machine counts little; memory is the peak of the whole process, its libraries and the model's
weights with it.

B differs from A at the fourth token, so that almost no row of the one run is that of the other.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator

from core.models import packs
from tests.benchmarks.repair_outcomes import folder
from tests.benchmarks.table import Table

LENGTHS = (250, 1000, 3000, 6000)
STEPS = 2  # of EAP-IG: the others take as long, and no more memory
WORKS = ("cut", "eap", "eap-ig")
PROMPT = """
import sys, time
import torch
torch.set_num_threads(1)
import wirescope as ws
from tests.benchmarks.long import STEPS
from tests.process_memory import peak
length, work = int(sys.argv[1]), sys.argv[2]
model = ws.load_model("pack:smollm2")
a = torch.randint(1000, 40000, (1, length), generator=torch.Generator().manual_seed(0))
b = a.clone()
b[:, 3] += 1
begun = time.process_time()
def lap():
    global begun
    took, begun = time.process_time() - begun, time.process_time()
    return took
session = ws.Session(model, model.pair(a, b), ws.logit_difference(260, 284))
opened = lap()
if work == "cut":
    session.run([ws.Edit("a15.h4", "patch")])
else:
    ws.trace(session, work, options=ws.Options(steps=STEPS) if work == "eap-ig" else None)
print(opened, lap(), peak() / 2**30)
"""


def tables() -> Iterator[Table]:
    if packs.is_installed("smollm2"):
        yield from prompts()


def prompts() -> Iterator[Table]:
    """What each work takes at each length."""
    heads = (
        "tokens",
        "session",
        "a head's patch",
        "EAP",
        f"EAP-IG, {STEPS} steps",
        "peak: patch",
        "peak: EAP",
        "peak: EAP-IG",
    )
    rows = []
    for length in LENGTHS:
        took = {work: measured(length, work) for work in WORKS}
        seconds = [took["cut"][0], *(each[1] for each in took.values())]
        peaks = [each[2] for each in took.values()]
        rows.append([f"{length:,}", *(f"{each:.1f}" for each in seconds), *(f"{each:.2f}" for each in peaks)])
    title = "SmolLM2-135M by the length of the prompt: seconds of the processor, gigabytes of the whole process"
    yield Table(title, heads, rows, place="prompts")


def measured(length: int, work: str) -> list[float]:
    """Seconds of opening and of the work, and the peak in gigabytes. Long ones take an hour together, so each is kept
    in the user's cache (the folder bench-long, which must go where the engine beneath is another)."""
    kept = folder("long") / f"{length}-{work}-{STEPS}.json"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps([float(number) for number in run(PROMPT, str(length), work)[-1].split()]))
    figures: list[float] = json.loads(kept.read_text())
    return figures


def run(program: str, *arguments: str) -> list[str]:
    """The lines that a program prints in a process of its own."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "QT_QPA_PLATFORM": "offscreen"}
    command = [sys.executable, "-W", "ignore", "-c", program, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()
