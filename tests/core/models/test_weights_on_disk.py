"""Weights that stay on disk give the same bits as the same weights in memory, and no copy of all of them is made."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import timm
import torch
from timm.models import save_for_hf

import wirescope as ws
from core.errors import ArgumentError, ModelError
from core.models import kept_weights, weights_place
from core.models.mapped_files import give_back, mapped_tensors, on_disk
from core.models.streamed import is_streamed
from tests.small_models import small_input, small_model

FAMILIES = ("llama-grouped", "gpt2", "olmo2", "gemma2", "gpt-neox", "dinov2")
TIMM = {"img_size": 12, "patch_size": 4, "embed_dim": 16, "depth": 2, "num_heads": 4}


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WIRESCOPE_DATA", str(tmp_path / "data"))


def saved(family: str, folder: Path, dtype: torch.dtype = torch.float32) -> str:
    if family == "timm":
        module = timm.create_model("vit_tiny_patch16_224", num_classes=5, **TIMM)
        save_for_hf(module, str(folder), model_args=TIMM, safe_serialization=True)
        return str(folder)
    small_model(family).to(dtype).save_pretrained(folder)  # type: ignore[operator]
    return str(folder)


def session_of(family: str, folder: str, weights: str) -> ws.Session:
    model = ws.load_model(folder, weights=weights)
    return ws.Session(model, model.pair(*(small_input(family, seed) for seed in (0, 1))))


def figures(session: ws.Session) -> list[Any]:
    graph = session.graph
    scores = [ws.trace(session, method) for method in ("eap", "eap-ig")]
    runs = [session.clean, session.run([ws.Edit(graph.edge(graph.n_edges // 2), "patch")])]
    runs.append(session.run_circuit(scores[0].top(graph.n_edges // 3)))
    return [*(run.logits for run in runs), *(torch.as_tensor(each.values) for each in scores)]


@pytest.mark.parametrize("family", FAMILIES)
def test_the_same_bits(family: str, tmp_path: Path) -> None:
    folder = saved(family, tmp_path / "model")
    memory, disk = (session_of(family, folder, weights) for weights in ("memory", "disk"))
    assert all(on_disk(weight) for weight in disk.model.adapter.module.parameters())
    assert not any(on_disk(weight) for weight in memory.model.adapter.module.parameters())
    for one, other in zip(figures(memory), figures(disk), strict=True):
        assert torch.equal(one, other)


def test_a_folder_of_timm(tmp_path: Path) -> None:
    """Where its numbers begin in the file decides in which order a product is summed: the last bit may differ."""
    folder = saved("timm", tmp_path / "model")
    memory, disk = (session_of("timm", folder, weights) for weights in ("memory", "disk"))
    assert all(on_disk(weight) for weight in disk.model.adapter.module.parameters())
    for one, other in zip(figures(memory), figures(disk), strict=True):
        assert (one - other).abs().max() <= 1e-6 * one.abs().max()


def test_no_layer_is_kept_while_another_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not by the way back of a trace either, which goes through the layers once more."""
    session = session_of("llama-grouped", saved("llama-grouped", tmp_path / "model"), "disk")
    adapter = session.model.adapter
    make, storages, most = type(adapter).attention_weights, [], 0

    def watched(self: Any, layer: int) -> Any:
        nonlocal most
        weights = make(self, layer)
        storages.append(weights.w_qkv.untyped_storage()._weak_ref())
        most = max(most, sum(not torch.UntypedStorage._expired(each) for each in storages))
        return weights

    monkeypatch.setattr(type(adapter), "attention_weights", watched)
    ws.trace(session, "eap")
    assert len(storages) >= 2 * session.graph.layers
    assert most == 1
    session.run([ws.Edit("a0.h0->a1.h1<q>", "patch")])
    assert session.model.adapter.products.bytes == 0  # nothing is packed


@pytest.mark.parametrize(("stored", "dtype"), [(torch.bfloat16, "fp32"), (torch.float32, "bf16")])
def test_another_precision_is_copied_once(stored: torch.dtype, dtype: str, tmp_path: Path) -> None:
    folder = saved("llama-grouped", tmp_path / "model", stored)
    memory, disk = (ws.load_model(folder, weights=place, dtype=dtype) for place in ("memory", "disk"))
    (kept,) = kept_weights.kept_folder().iterdir()
    assert any(str(kept.parent) in note for note in disk.notes)
    for one, other in zip(memory.adapter.module.parameters(), disk.adapter.module.parameters(), strict=True):
        assert on_disk(other)
        assert one.dtype == other.dtype
        assert torch.equal(one, other)
    before = kept.stat().st_mtime_ns
    ws.load_model(folder, weights="disk", dtype=dtype)
    assert [each.stat().st_mtime_ns for each in kept.parent.iterdir()] == [before]
    checkpoint = next(Path(folder).glob("*.safetensors"))
    os.utime(checkpoint, (1, 1))  # a file that was written anew
    ws.load_model(folder, weights="disk", dtype=dtype)
    assert len(list(kept.parent.iterdir())) == 2


def test_by_itself_where_memory_is_short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = saved("gpt2", tmp_path / "model")
    numbers = sum(tensor.numel() for tensor in mapped_tensors(Path(folder) / "model.safetensors").values())
    for free, streams in ((4 * numbers, True), (5 * numbers, False)):
        monkeypatch.setattr(weights_place, "free_bytes", lambda free=free: free)
        model = ws.load_model(folder)
        assert is_streamed(model.adapter) is streams
        assert any("stay on disk" in note for note in model.notes) is streams


def test_what_cannot_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ArgumentError, match="no place 'cloud'"):
        ws.load_model("bundled:names", weights="cloud")
    with pytest.raises(ModelError, match="folder"):
        ws.load_model("bundled:names", weights="disk")
    folder = saved("gpt2", tmp_path / "model", torch.bfloat16)
    monkeypatch.setattr(kept_weights, "ROOM", 2**60)
    with pytest.raises(ModelError, match="GB of disk"):
        ws.load_model(folder, weights="disk")
    assert not list(kept_weights.kept_folder().iterdir())


def test_weights_that_timm_translates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They go into memory; asked to stay on disk, they are refused, with what differs."""
    folder = saved("timm", tmp_path / "model")
    path = tmp_path / "model" / "model.safetensors"
    weights = safetensors.torch.load_file(path)
    weights["pos_embed"] = weights["pos_embed"][:, :5].clone()  # of 2 x 2 patches, where the model has 3 x 3
    safetensors.torch.save_file(weights, path)
    assert any("resized" in note for note in ws.load_model(folder).notes)
    with pytest.raises(ModelError, match=r"pos_embed") as refused:
        ws.load_model(folder, weights="disk")
    assert "timm translates them" in refused.value.hint
    monkeypatch.setattr(weights_place, "free_bytes", lambda: 1000)
    notes = ws.load_model(folder).notes  # nobody asked for the disk
    assert any("pos_embed" in note and "in memory, however short" in note for note in notes)


def test_a_file_that_breaks_off_is_refused(tmp_path: Path) -> None:
    folder = saved("gpt2", tmp_path / "model")
    path = Path(folder) / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-64])
    with pytest.raises(ModelError, match="complete"):
        ws.load_model(folder, weights="disk")


def test_numbers_are_there_again_after_their_memory_went(tmp_path: Path) -> None:
    folder = saved("gpt2", tmp_path / "model")
    tensors = mapped_tensors(Path(folder) / "model.safetensors")
    copies = {name: tensor.clone() for name, tensor in tensors.items()}
    give_back(tensors.values())
    assert all(torch.equal(tensor, copies[name]) for name, tensor in tensors.items())
