"""The edited model as a folder: opened in another process without Wirescope, it gives what the session gives."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

import wirescope as ws
from core.models.bundled import bundled_folder
from tests.small_models import small_text_model

PROMPT = "When Mary and John went to the store, John gave a drink to"
OTHER = "When Tom and John went to the store, John gave a drink to"
HELD = [ws.Edit("a2.h3", "zero"), ws.Edit("m1", "scale", value=0.5), ws.Edit("a1.h0", "mean", strength=0.7)]
HELD += [ws.Edit("m0.n3", "mean"), ws.Edit("m2.n7", "zero")]
BESIDE = [
    *HELD,
    ws.Edit("a1.h2->m2", "patch"),
    ws.Edit("m0->a3.h1<q>", "zero"),
    ws.Edit("m2.n5", "patch"),
    ws.Edit("->a2.h0<k>", "mean"),
    ws.Edit("m2", "patch", positions=[2, -1], strength=0.5),
    ws.Edit("m0->m3", "project", value=[*[0.3, -0.2] * 128, *[0.1, -0.1] * 128, 0.4], strength=0.9),
]

TEXT = """
import json, sys
import torch, transformers
held, beside, ids, out = sys.argv[1:]
ids = torch.tensor(json.loads(ids))
plain = transformers.AutoModelForCausalLM.from_pretrained(held).eval()
assert transformers.AutoTokenizer.from_pretrained(held).decode(ids[0]).startswith("When Mary")
sys.path.insert(0, beside)
from edited_model import load
hooked = load(beside)
found = []
with torch.no_grad():
    for model in (plain, hooked):
        found.append([model(ids).logits.tolist(), model.generate(ids, max_new_tokens=6, do_sample=False).tolist()])
    hooked.edits.remove()
    found.append(hooked(ids).logits.tolist())
assert not {name.partition(".")[0] for name in sys.modules} & {"wirescope", "core", "app"}
json.dump(found, open(out, "w"))
"""
IMAGE = """
import json, sys
import timm, torch
held, beside, pixels, out = sys.argv[1:]
pixels = torch.load(pixels)
plain = timm.create_model(f"local-dir:{held}", pretrained=True).eval()
sys.path.insert(0, beside)
from edited_model import load
with torch.no_grad():
    found = [plain(pixels).tolist(), load()(pixels).tolist()]
assert not {name.partition(".")[0] for name in sys.modules} & {"wirescope", "core", "app"}
json.dump(found, open(out, "w"))
"""


def elsewhere(code: str, out: Path, *arguments: str) -> Any:
    """What code gives in a process that does not see this repository."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment["HF_HUB_OFFLINE"] = "1"
    command = [sys.executable, "-P", "-c", code, *arguments, str(out)]
    subprocess.run(command, check=True, capture_output=True, cwd=out.parent, env=environment, timeout=100)
    return json.loads(out.read_text())


def test_a_language_model_leaves(tmp_path: Path) -> None:
    model = ws.load_model("bundled:names")
    session = ws.Session(model, model.pair(PROMPT, OTHER), mean_over_positions=True)
    held, beside = tmp_path / "held", tmp_path / "beside"
    assert ws.export_model(model, HELD, held, session).form == "weights"
    found = ws.export_model(model, BESIDE, beside, session)
    assert (found.form, len(found.reasons)) == ("hooks", 6)
    ids = session.pair.clean.tensor
    plain, hooked, removed = elsewhere(TEXT, tmp_path / "out.json", str(held), str(beside), json.dumps(ids.tolist()))
    for (logits, text), edits in ((plain, HELD), (hooked, BESIDE)):
        expected = session.run(edits, positions="all").logits
        assert (torch.tensor(logits) - expected).abs().max() <= 1e-4
        # A whole run gives the first new token; those after it are in the tests of `apply`.
        assert text[0][ids.shape[1]] == int(expected[0, -1].argmax())
    assert (torch.tensor(removed) - session.run(positions="all").logits).abs().max() <= 1e-4
    card = (beside / "README.md").read_text(encoding="utf-8")
    for part in (
        "| `a1.h2->m2=patch` | replaced from B |",
        "without the edits",
        "a1.h2->m2 is an edge",
        "| without its part along a direction |",
    ):
        assert part in card
    card = (held / "README.md").read_text(encoding="utf-8")
    for part in ("`transformer.h.2.attn.c_proj.weight`", "scale 0.5"):
        assert part in card
    assert ws.load_model(str(held)).pair(PROMPT).clean.labels == session.pair.clean.labels


def test_a_vision_model_leaves(tmp_path: Path) -> None:
    model = ws.load_model("bundled:shapes")
    generator = torch.Generator().manual_seed(0)
    a, b = (torch.randn(1, 3, 64, 64, generator=generator) for _ in range(2))
    session = ws.Session(model, model.pair(a, b), mean_over_positions=True)
    held = [ws.Edit("a1.h0", "zero"), ws.Edit("m0", "mean")]
    beside = [*held, ws.Edit("input->a2.h1<v>", "patch"), ws.Edit("a0.h1", "zero", positions=[3, 4])]
    for name, edits in (("held", held), ("beside", beside)):
        ws.export_model(model, edits, tmp_path / name, session)
    torch.save(a, tmp_path / "pixels.pt")
    paths = [str(tmp_path / name) for name in ("held", "beside", "pixels.pt")]
    found = elsewhere(IMAGE, tmp_path / "out.json", *paths)
    for answer, edits in zip(found, (held, beside), strict=True):
        assert (torch.tensor(answer) - session.run(edits).answer).abs().max() <= 1e-4
    assert (tmp_path / "held" / "config.json").read_bytes() == (bundled_folder("shapes") / "config.json").read_bytes()


def test_a_folder_is_whole_or_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module, tokenizer = small_text_model()
    model = ws.load_model((module, tokenizer))
    baked = ws.bake(model, [ws.Edit("m0", "zero")])
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "notes.txt").write_text("the user's", encoding="utf-8")
    with pytest.raises(ws.WirescopeError, match="is not empty"):
        baked.save(mine)
    assert [entry.name for entry in mine.iterdir()] == ["notes.txt"]

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(type(module), "save_pretrained", full)
        with pytest.raises(ws.WirescopeError, match="No space left"):
            baked.save(tmp_path / "new")
    assert [entry.name for entry in tmp_path.iterdir()] == ["mine"]
    baked.save(tmp_path / "new")
    assert (
        len({path.stat().st_mode for path in (tmp_path / "new").iterdir()}) == 1
    )  # others may read all of it, or none
    assert (ws.load_model(str(tmp_path / "new")).adapter.blocks[0].mlp.c_proj.weight == 0).all()
