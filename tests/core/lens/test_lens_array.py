"""The logit lens as a map, plain and tuned, against the modules' own hidden states, norm and head."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

import wirescope as ws
from core.errors import Cancelled, InputError
from tests.core.engine.cases import WIDTH, case

LAYERS = 3


def tensors(scale: float, bias: bool = True) -> dict[str, Tensor]:
    """What a file of a lens holds; scale 0: the lens that changes nothing."""
    made = torch.Generator().manual_seed(5)
    held = {}
    for layer in range(LAYERS):
        held[f"{layer}.weight"] = scale * torch.randn(WIDTH, WIDTH, generator=made, dtype=torch.float64)
        if bias:
            held[f"{layer}.bias"] = scale * torch.randn(WIDTH, generator=made, dtype=torch.float64)
    return held


def saved(folder: Path, held: dict[str, Tensor], **described: object) -> Path:
    folder.mkdir(exist_ok=True)
    torch.save(held, folder / "params.pt")
    config = {"base_model_name_or_path": "tiny", "d_model": WIDTH, "num_hidden_layers": LAYERS, "bias": True}
    (folder / "config.json").write_text(json.dumps({**config, **described}), encoding="utf-8")
    return folder


def test_a_lens_that_maps_nothing_is_the_logit_lens(tmp_path: Path) -> None:
    session = case("gpt2").session()
    lens = ws.read_tuned_lens(saved(tmp_path / "none", tensors(0.0)), session.model)
    assert (lens.name, lens.trained_on) == ("none", "tiny")
    for edits in ((), (ws.Edit("m0", "zero"), ws.Edit("a1.h2", "scale", value=0.5))):  # it is live after edits
        result = session.run(edits, positions="all")
        plain, tuned = ws.logit_lens(result, (3, 5)), ws.logit_lens(result, (3, 5), tuned=lens)
        assert tuned.stages == ("input", "m0", "m1", "m2")
        kept = [plain.stages.index(stage) for stage in tuned.stages]
        assert np.array_equal(tuned.best, plain.best[kept])
        assert np.allclose(tuned.probabilities, plain.probabilities[kept], rtol=0, atol=1e-12)
    assert "tuned lens none" in tuned.picture().svg


@pytest.mark.parametrize("form", ["params.pt", "params.safetensors", "no bias"])
def test_the_map_is_added_to_the_stream_before_norm_and_unembedding(form: str, tmp_path: Path) -> None:
    setup = case("gpt2")
    held = tensors(0.3, bias=form != "no bias")
    folder = saved(tmp_path / "lens", held)
    path = folder
    if form == "params.safetensors":
        (folder / "params.pt").unlink()
        save_file(held, folder / form)
        path = folder / form
    found = ws.logit_lens(setup.session().run(positions="all"), (4,), tuned=ws.read_tuned_lens(path, setup.model))
    with torch.no_grad():
        body = setup.module.transformer
        hidden = body(setup.pair.clean.tensor, output_hidden_states=True).hidden_states
        for layer in range(LAYERS):
            h = hidden[layer][0]
            h = h + torch.einsum("pi,oi->po", h, held[f"{layer}.weight"]) + held.get(f"{layer}.bias", 0.0)
            shares = setup.module.lm_head(body.ln_f(h)).softmax(-1)
            assert found.best[layer].tolist() == shares.argmax(-1).tolist()
            assert found.probabilities[layer, :, 0] == pytest.approx(shares[:, 4].numpy(), abs=1e-7)
    said = setup.session().run(positions="all").logits[0].softmax(-1)
    assert found.best_probabilities[-1] == pytest.approx(said.max(-1).values.numpy(), abs=1e-7)  # no map at the end


def test_lenses_of_other_models_and_other_files_are_refused_in_words(tmp_path: Path) -> None:
    model = case("gpt2").model
    narrow = {name: tensor[..., :8] for name, tensor in tensors(0.1).items()}
    narrow = {name: tensor[:8] if tensor.ndim == 2 else tensor for name, tensor in narrow.items()}
    two = {name: tensor for name, tensor in tensors(0.1).items() if not name.startswith("2")}
    broken = {**tensors(0.1), "1.bias": torch.full((WIDTH,), torch.nan)}
    for held, words in (
        (narrow, "width 8, and those of .* have 16"),
        (two, "for 2 layers, and .* has 3"),
        ({**tensors(0.1), "more": torch.zeros(1)}, "'more', which is no part"),
        ({name: tensor for name, tensor in tensors(0.1).items() if name != "1.weight"}, "without a weight for layer 1"),
        (broken, "layer 1 are not all finite"),
    ):
        with pytest.raises(InputError, match=words):
            ws.read_tuned_lens(saved(tmp_path / "lens", held), model)
    with pytest.raises(InputError, match="tiny for 12 layers"):
        ws.read_tuned_lens(saved(tmp_path / "lens", tensors(0.1), num_hidden_layers=12), model)
    with pytest.raises(InputError, match="width 768"):
        ws.read_tuned_lens(saved(tmp_path / "lens", tensors(0.1), d_model=768), model)
    with pytest.raises(InputError, match="There is no tuned lens in"):
        ws.read_tuned_lens(tmp_path, model)
    with pytest.raises(InputError, match="There is no file"):
        ws.read_tuned_lens(tmp_path / "gone", model)
    for name, content, words in (
        ("code.pt", b"cos\nsystem\n(S'x'\ntR.", "cannot be read"),
        ("text.txt", b"hello", "is no file of a tuned lens"),
        ("half.safetensors", b"\x10\x00", "cannot be read"),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError, match=words):
            ws.read_tuned_lens(tmp_path / name, model)
    (saved(tmp_path / "lens", tensors(0.1)) / "config.json").write_text("{", encoding="utf-8")
    with pytest.raises(InputError, match="is not readable"):
        ws.read_tuned_lens(tmp_path / "lens", model)


def test_the_table_has_every_stage_and_position() -> None:
    session = case("gpt2").session()
    lens = ws.logit_lens(session.run(positions="all"), (3,))
    rows = list(csv.DictReader(io.StringIO(lens.to_csv(session.pair.clean.labels))))
    assert len(rows) == len(lens.stages) * session.pair.length
    last = rows[-1]
    assert (last["stage"], last["position"]) == ("m2", str(session.pair.length - 1))
    assert last["token"] == session.pair.clean.labels[-1]
    assert last["likeliest"] == session.clean.top(1)[0].label
    assert float(last["probability"]) == pytest.approx(session.clean.top(1)[0].probability, rel=1e-5)
    with pytest.raises(Cancelled):
        ws.logit_lens(session.run(positions="all"), cancelled=lambda: True)
