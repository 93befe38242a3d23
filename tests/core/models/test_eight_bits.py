"""Weights in 8 bits: the engine computes with just the rounded numbers, which take a byte each and are never all there
in full; what that changes is measured; and nothing writes them to a file."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
import transformers
from torch import Tensor, nn

import wirescope as ws
from app.cli.snapshot import take_snapshot
from app.presenters.exported_circuit import about_work
from app.worker.service import WorkerService
from core.checkpoints.opened import SeriesModel
from core.checkpoints.series import open_series
from core.errors import ArgumentError, Cancelled, ModelError
from core.models import rounded as rounding_module
from core.models.bundled import bundled_folder
from core.models.class_texts import class_texts
from core.models.eight_bit import EightBit, holds_eight_bits
from core.models.family import adapt
from core.models.mapped_files import on_disk
from core.models.rounded import of_whole
from core.models.zero_shot import with_class_texts
from core.planning.memory import weight_bytes
from core.precision_words import document_precision
from core.progress import watched
from core.project.document import Document, Source
from core.sharded.preview import ref_of
from core.sharded.worker import opened
from core.tracing.method import METHODS
from tests.app.command_line import code_of
from tests.core.models.test_weights_on_disk import _own_cache, figures, saved, session_of  # noqa: F401
from tests.small_models import save_pair, small_text_model
from tests.small_series import small_series
from tests.small_vision import save_encoder, write_colours

FAMILIES = ("llama", "gpt2", "olmo2", "gemma2", "gpt-neox", "dinov2", "mixtral", "timm")
MAPS = 7  # linear maps of a layer of Llama


def by_hand(weight: Tensor, outputs: int) -> Tensor:
    """A weight rounded to 8 bits, with one scale for each output, which its axis of that number counts."""
    rows = weight.movedim(outputs, 0)
    rounded = [(row / (row.abs().max() / 127)).round().clamp(-127, 127) * (row.abs().max() / 127) for row in rows]
    return torch.stack(rounded).movedim(0, outputs)


def rounded_in_memory(session: ws.Session, folder: str) -> ws.Session:
    """The same with a model in memory whose linear maps were rounded by hand."""
    model = ws.load_model(folder, weights="memory")
    for block in model.adapter.blocks:
        for part in block.modules():
            if type(part) is nn.Linear or type(part).__name__ == "Conv1D":
                part.weight.data = by_hand(part.weight.data, 0 if isinstance(part, nn.Linear) else 1)
    return ws.Session(replace(model, adapter=adapt(model.adapter.module)), session.pair)


@pytest.mark.parametrize("family", FAMILIES)
def test_it_computes_with_the_rounded_numbers(family: str, tmp_path: Path) -> None:
    """Runs, edits, circuits, gradients and whole scans, where products are also taken in other ways."""
    folder = saved(family, tmp_path / "model")
    session = session_of(family, folder, "8bit")
    other = rounded_in_memory(session, folder)
    assert session.parity.relative < 1e-5
    assert sum(isinstance(part, EightBit) for part in session.model.adapter.module.modules()) > 0
    scans = [torch.as_tensor(ws.Scan(each, each.graph.edges[::5], "patch").run()) for each in (other, session)]
    for one, rounded in zip([*figures(other), scans[0]], [*figures(session), scans[1]], strict=True):
        assert (one - rounded).abs().max() <= 3e-6 * one.abs().max()


@pytest.mark.parametrize("method", ["integrated-edges", "eap-ig-activations", "atp-star", "relp", "flow-routes"])
def test_methods_trace_the_rounded_model(method: str, tmp_path: Path) -> None:
    folder = saved("llama", tmp_path / "model")
    session = session_of("llama", folder, "8bit")
    level = METHODS[method].levels[0]
    one, rounded = (ws.trace(each, method, level=level) for each in (rounded_in_memory(session, folder), session))
    assert np.abs(one.values).max() > 0
    assert np.abs(one.values - rounded.values).max() <= 1e-5 * np.abs(one.values).max()


def test_neurons_are_those_of_the_rounded_model(tmp_path: Path) -> None:
    folder = saved("gpt2", tmp_path / "model")
    session = session_of("gpt2", folder, "8bit")
    one, rounded = (
        ws.neurons(each, "m1", 2, replacement="zero") for each in (rounded_in_memory(session, folder), session)
    )
    assert torch.allclose(torch.as_tensor(one.estimated), torch.as_tensor(rounded.estimated), rtol=1e-4, atol=1e-6)
    assert one.measured == pytest.approx(rounded.measured, rel=1e-4, abs=1e-6)


def test_a_weight_takes_a_byte_and_is_made_for_its_layer_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not by what autograd keeps for the way back of a trace either."""
    session = session_of("llama-grouped", saved("llama-grouped", tmp_path / "model"), "8bit")
    adapter = session.model.adapter
    maps = [part for block in adapter.blocks for part in block.modules() if isinstance(part, EightBit)]
    assert len(maps) == MAPS * session.graph.layers
    held = {id(part._parameters["weight"]) for part in maps}
    others = sum(each.nbytes for each in adapter.module.parameters() if id(each) not in held)
    assert weight_bytes(adapter) == others + sum(part.in_features * part.out_features for part in maps)
    assert not any(on_disk(each) for each in adapter.module.parameters())
    assert adapter.module.model.embed_tokens.weight.dtype == torch.float32
    assert all(on_disk(each) for each in session.model.unrounded.module.parameters())

    make, storages, most = EightBit.weight.fget, [], 0

    def watched(self: EightBit) -> Tensor:
        nonlocal most
        weight = make(self)
        storages.append(weight.untyped_storage()._weak_ref())
        most = max(most, sum(not torch.UntypedStorage._expired(each) for each in storages))
        return weight

    monkeypatch.setattr(EightBit, "weight", property(watched))
    ws.trace(session, "eap")
    session.run([ws.Edit("a0.h0->a1.h1<q>", "patch")])
    assert len(storages) >= 2 * MAPS * session.graph.layers
    assert most <= MAPS
    assert adapter.products.bytes == 0  # nothing is packed


def test_experts_stay_where_they_are(tmp_path: Path) -> None:
    """There is one copy of them, whole, wherever the library has them."""
    model = ws.load_model(saved("mixtral", tmp_path / "model"), weights="8bit")
    mixtures = [each.blocks[0].mlp.experts for each in (model.adapter, model.unrounded)]
    rounded, whole = (list(each.parameters()) for each in mixtures)
    assert rounded[0].ndim == 3
    assert [each.data_ptr() for each in rounded] == [each.data_ptr() for each in whole]


@pytest.mark.parametrize("dtype", ["bf16", "fp64"])
def test_another_precision_computes_with_the_same_integers(dtype: str, tmp_path: Path) -> None:
    folder = saved("gpt2", tmp_path / "model", torch.bfloat16)
    integers = []
    for each in ("fp32", dtype):
        model = ws.load_model(folder, weights="8bit", dtype=each)
        part = model.adapter.blocks[1].mlp.c_fc
        integers.append(part._parameters["weight"])
        assert part.weight.dtype == model.adapter.dtype
        assert part.scales.dtype == (torch.float64 if each == "fp64" else torch.float32)
    assert (integers[0].int() - integers[1].int()).abs().max() <= 1  # a number between two of them
    session = session_of("gpt2", folder, "8bit")
    assert session.parity.relative < 1e-5


def test_what_it_changes_is_measured(tmp_path: Path) -> None:
    """Beside the library's own models of the file's weights and of rounded ones."""
    folder = saved("llama-grouped", tmp_path / "model")
    session = session_of("llama-grouped", folder, "8bit")
    told = ws.rounding(session)
    ids = torch.cat([session.pair.clean.tensor, session.pair.counterfactual.tensor])
    module = transformers.LlamaForCausalLM.from_pretrained(folder)
    with torch.no_grad():
        whole = module(ids).logits[:, -1]
        for part in module.model.layers.modules():
            if isinstance(part, nn.Linear):
                part.weight.copy_(by_hand(part.weight, 0))
        rounded = module(ids).logits[:, -1]
    each = F.kl_div(rounded.log_softmax(-1), whole.log_softmax(-1), log_target=True, reduction="none").sum(-1)
    assert told.difference == pytest.approx(float((whole - rounded).abs().max()), rel=1e-3)
    assert told.divergence == pytest.approx(float(each.max()), rel=1e-2)
    assert ws.rounding(session_of("llama-grouped", folder, "memory")) is None
    picture = session_of("dinov2", saved("dinov2", tmp_path / "vision"), "8bit")
    assert ws.rounding(picture).divergence is None  # an embedding is no distribution
    assert ws.rounding(picture).difference > 0


def test_measuring_it_can_be_cancelled_between_layers(tmp_path: Path) -> None:
    session = session_of("llama", saved("llama", tmp_path / "model"), "8bit")
    asked = []
    with watched(cancelled=lambda: asked.append(1) or len(asked) > 4), pytest.raises(Cancelled):  # type: ignore[func-returns-value]
        ws.rounding(session)
    assert len(asked) == 5
    for adapter in (session.model.adapter, session.model.unrounded):
        assert not any(block._forward_hooks for block in adapter.blocks)
    assert ws.rounding(session) is not None


def test_no_memory_for_8_bits_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 4294967296 bytes.")

    monkeypatch.setattr(rounding_module, "with_eight_bits", full)
    with pytest.raises(ModelError, match="do not fit into memory in 8 bits"):
        ws.load_model(saved("gpt2", tmp_path / "model"), weights="8bit")


def test_the_command_line_says_what_it_changes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    module, tokenizer = small_text_model()
    module.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    asked = ("run", "--model", str(tmp_path), "--clean", "When Mary gave a drink to", "--weights", "8bit")
    assert code_of(*asked) == 0
    said = capsys.readouterr()
    assert "8-bit weights change a logit of these inputs by up to" in said.out
    assert "rounded to 8 bits" in said.err
    assert code_of(*asked, "--json") == 0
    measured = json.loads(capsys.readouterr().out)["rounding"]
    model = ws.load_model(str(tmp_path), weights="8bit")
    told = ws.rounding(ws.Session(model, model.pair("When Mary gave a drink to")))
    assert measured == pytest.approx({"difference": told.difference, "divergence": told.divergence})


def test_scores_of_many_pairs_say_it_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Traced and evaluated in shards, the second time with whole weights."""
    name, folder = str(bundled_folder("names")), tmp_path / "traced"
    pairs = ("--task", "capitals", "--pairs", "3")
    assert (
        code_of("trace", "--model", name, *pairs, "--method", "eap", "--weights", "8bit", "--folder", str(folder)) == 0
    )
    assert "8-bit weights change a logit of the first pairs by up to" in capsys.readouterr().err
    file = folder / "circuit.json"
    assert json.loads(file.read_text())["about"]["weights"] == "8bit"
    for weights, doubted in (("8bit", False), ("memory", True)):
        given = ("evaluate", str(file), *pairs, "--weights", weights, "--folder", str(tmp_path / weights))
        assert code_of(*given) == 0
        said = capsys.readouterr().err
        assert ("scored in fp32 with weights in 8 bits and are evaluated in fp32." in said) is doubted
        assert ("8-bit weights change a logit" in said) is not doubted


def test_files_say_what_the_work_was_done_with(tmp_path: Path) -> None:
    module, tokenizer = small_text_model()
    module.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    document = Document(str(tmp_path), Source("text", "When Mary gave a drink to"))
    abouts = []
    for weights in ("memory", "8bit"):
        asked = replace(document, precision=document_precision("fp32", weights))
        abouts.append(about_work(take_snapshot(WorkerService(), asked)))
    model = ws.load_model(str(tmp_path), weights="8bit")
    told = ws.rounding(ws.Session(model, model.pair("When Mary gave a drink to")))
    assert "weights" not in abouts[0]
    assert abouts[1]["weights"] == "8bit"
    assert float(abouts[1]["rounding"]) == pytest.approx(told.difference, rel=1e-2)


def test_other_class_texts_are_of_the_whole_weights(tmp_path: Path) -> None:
    """As the window changes them in the model that is open."""
    save_pair("CLIP", tmp_path)
    first, other = class_texts("Mary, John", ["{}, gave"]), class_texts("a drink, Tom", ["{}, gave"])
    open_with = {"weights": "8bit", "templates": ["{}, gave"]}
    opened_first = ws.load_model(str(tmp_path), classes=first.classes, **open_with)
    changed = of_whole(opened_first, lambda model: with_class_texts(model, other))
    fresh = ws.load_model(str(tmp_path), classes=other.classes, **open_with)
    pixels = torch.randn(1, 3, 12, 12, generator=torch.Generator().manual_seed(0))
    sessions = [ws.Session(model, model.pair(pixels)) for model in (changed, fresh)]
    assert torch.equal(*(session.clean.answer for session in sessions))
    assert ws.rounding(sessions[0]) == ws.rounding(sessions[1])
    assert changed.class_names == ("a drink", "Tom")


def test_a_shard_is_opened_in_8_bits_too(tmp_path: Path) -> None:
    ref = ref_of(ws.load_model(saved("gpt2", tmp_path / "model"), weights="8bit"))
    assert holds_eight_bits(opened(ref).model.adapter.module)


def test_a_probe_is_of_the_whole_weights(tmp_path: Path) -> None:
    """It is fitted on what the rounded model gives, and fits the model however that is opened."""
    save_encoder(tmp_path / "model")
    folder = write_colours(tmp_path / "colours", {"red": 6, "blue": 5})
    model = ws.load_model(str(tmp_path / "model"), weights="8bit")
    fitted = ws.fit_probe(model, folder)
    assert holds_eight_bits(fitted.model.adapter.module)
    session = ws.Session(fitted.model, fitted.model.pair(folder / "red" / "0.png"))
    assert ws.rounding(session).divergence < 0.1  # of the answers, with the probe on either side
    fitted.save(tmp_path / "colours.probe")
    for weights in ("8bit", "memory"):
        again = ws.load_model(str(tmp_path / "model"), probe=tmp_path / "colours.probe", weights=weights)
        assert again.class_names == ("blue", "red")


def test_nothing_writes_rounded_weights(tmp_path: Path) -> None:
    session = session_of("gpt2", saved("gpt2", tmp_path / "model"), "8bit")
    model, edits = session.model, [ws.Edit("a0.h0", "zero")]
    acts: list[Any] = [
        lambda: ws.bake(model, edits),
        lambda: ws.export_model(model, edits, tmp_path / "new"),
        lambda: ws.export_model(model, [ws.Edit("a0.h0->m1", "zero")], tmp_path / "new"),
    ]
    edited = ws.apply(model, edits)
    ids = session.pair.clean.tensor
    with torch.no_grad():
        logits = edited(ids).logits[:, -1]
    assert (logits - session.run(edits).logits).abs().max() < 1e-5  # edits alone go into a copy that shares the weights
    edited.remove()
    acts.append(lambda: edited.save_pretrained(tmp_path / "new"))
    for act in acts:
        with pytest.raises(ModelError, match="rounded to 8 bits") as refused:
            act()
        assert "--weights disk" in refused.value.hint
    assert not (tmp_path / "new").exists()


def test_checkpoints_are_followed_with_their_whole_weights(tmp_path: Path) -> None:
    series = open_series(small_series(tmp_path))
    first = ws.load_model(series.checkpoints[0].name, weights="8bit")
    follow = SeriesModel(series, opened=first)
    assert not any(holds_eight_bits(follow.at(step).adapter.module) for step in series.steps)


def test_what_cannot_be(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="rounded from there"):
        ws.load_model("bundled:names", weights="8bit")
    with pytest.raises(ModelError, match="of yours"):
        ws.load_model(small_text_model()[0], weights="8bit")
    with pytest.raises(ArgumentError, match="one tower alone") as refused:
        ws.load_model("towers:nowhere", weights="8bit")
    assert refused.value.hint
