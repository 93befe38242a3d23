"""SmolLM2 with ten heads cut: written to a folder and opened in plain transformers in another process, it writes what
the session writes. By hand: `pytest -m "packs and slow" tests/core/edited`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

import wirescope as ws
from core.models import packs
from tests.core.edited.test_folder import elsewhere

HEADS = [f"a{layer}.h{head}" for layer, head in zip(range(2, 30, 3), (0, 8, 3, 5, 1, 7, 2, 4, 6, 8), strict=True)]
CODE = """
import json, sys
import torch, transformers
folder, ids, out = sys.argv[1:]
ids = torch.tensor(json.loads(ids))
model = transformers.AutoModelForCausalLM.from_pretrained(folder).eval()
with torch.no_grad():
    logits = model(ids).logits.tolist()
    text = model.generate(ids, max_new_tokens=24, do_sample=False).tolist()
assert not {name.partition(".")[0] for name in sys.modules} & {"wirescope", "core", "app"}
json.dump([logits, text], open(out, "w"))
"""


@pytest.mark.packs
@pytest.mark.slow
@pytest.mark.skipif(not packs.is_installed("smollm2"), reason="the pack smollm2 is not installed")
def test_ten_heads_cut(tmp_path: Path) -> None:
    model = ws.load_model("pack:smollm2")
    session = ws.Session(model, model.pair("The capital of France is Paris, and the river that flows through it"))
    edits = [ws.Edit(head, "zero") for head in HEADS]
    assert len(edits) == 10
    assert ws.export_model(model, edits, tmp_path / "cut").form == "weights"
    ids = session.pair.clean.tensor
    logits, text = elsewhere(CODE, tmp_path / "out.json", str(tmp_path / "cut"), json.dumps(ids.tolist()))
    expected = session.run(edits, positions="all").logits
    difference = (torch.tensor(logits) - expected).abs().max()
    print(f"largest difference of any logit: {difference:.2e}")
    assert difference <= 1e-5 * expected.abs().max()  # of fp32 over thirty layers: what it is depends on the processor
    written = [token.index for token in session.generate(24, edits=edits)]
    assert text[0][ids.shape[1] :] == written
    assert written != [token.index for token in session.generate(24)]
