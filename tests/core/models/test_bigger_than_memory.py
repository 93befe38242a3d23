"""A model whose weights are twice what a process may take above its libraries opens, predicts, is edited and traced,
with the same answers as without the limit.

The limit is RLIMIT_DATA, which any user may set and the kernel keeps to: memory of the process's own counts, whether it
is used or not, and pages of a file that are mapped to be read alone do not, since the kernel can take them back at any
time. That it is one is seen by the same process: the weights go into memory without it and do not with it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import json, os, resource, sys, threading
import psutil, torch, transformers
import wirescope as ws
from core.memory import give_back

torch.set_num_threads(1)  # others would not be there after a fork
threading.stack_size(2**19)  # of the threads that a library reads with: they count too
folder = sys.argv[1]
sizes = dict(hidden_size=512, intermediate_size=1408, num_attention_heads=8, num_key_value_heads=4)
config = transformers.LlamaConfig(vocab_size=512, num_hidden_layers=9, max_position_embeddings=64, **sizes)
whole = transformers.LlamaForCausalLM(config)
whole.save_pretrained(folder)
weights = sum(parameter.nbytes for parameter in whole.parameters())
del whole

def figures(where):
    model = ws.load_model(folder, weights=where)
    ids = torch.arange(12)[None] + 3
    session = ws.Session(model, model.pair(ids, ids.flip(1)))
    cut = session.run([ws.Edit("a3.h1->m5", "patch")])
    scores = ws.trace(session, "eap")
    return model.notes, [session.clean.logits, cut.logits, torch.as_tensor(scores.values)]

_, told = figures("memory")
give_back()
base = psutil.Process().memory_info().data
told_first = torch.cat([each.flatten().double() for each in told])
print(json.dumps({"weights": weights}))
sys.stdout.flush()
for where in ("auto", "memory"):
    if os.fork() == 0:
        resource.setrlimit(resource.RLIMIT_DATA, (base + weights // 2,) * 2)
        try:
            notes, told = figures(where)
            apart = torch.cat([each.flatten().double() for each in told]) - told_first
            print(json.dumps({"place": where, "apart": float(apart.abs().max()), "notes": notes}))
        except Exception as error:
            print(json.dumps({"place": where, "refused": str(error)}))
        if where == "memory":
            try:
                torch.zeros(weights // 4)
            except RuntimeError as error:
                print(json.dumps({"place": "no checkpoint", "refused": str(error)}))
        sys.stdout.flush()
        os._exit(0)
    os.wait()
"""


@pytest.mark.slow  # three times a model of 100 MB, and the library that makes it
@pytest.mark.timeout(400)  # where other programs work too
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the limit is kept to on Linux")
def test_twice_the_limit(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "ignore", "-c", PROGRAM, str(tmp_path / "model")]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    first, limited, usual, plain = (json.loads(line) for line in told.splitlines())
    assert first["weights"] > 100 * 2**20
    assert limited["place"] == "auto"
    assert limited["apart"] == 0.0
    assert any("stay on disk" in note for note in limited["notes"])
    assert "--weights disk" in usual["refused"]
    assert "allocate" in plain["refused"]
