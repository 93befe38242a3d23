"""The bundled GPT-2 in blocks of its own: what the library makes of the same files, without the library."""

from __future__ import annotations

import copy
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import transformers

import wirescope as ws
from core.errors import ModelError
from core.inputs.tasks import TASKS, make_task
from core.models.bundled import bundled_folder
from core.models.families.gpt2 import Gpt2Adapter
from core.models.gpt2_blocks import GPT2LMHeadModel, is_plain, read_gpt2
from core.models.loading import _from_folder
from core.models.token_file import TokenFile
from tests.small_models import small_model

ROOT = Path(__file__).resolve().parents[3]
FOLDER = bundled_folder("names")
TEXTS = [
    "When Mary and John went to the store, John gave a drink to",
    " Mary",
    "The capital of France is",
    "naïve café 🙂\n\ttabs",
    "",
    "<|endoftext|>",
]
RUN = """
import sys
import numpy as np
from app.__main__ import main
code = main(["run", "--model", "bundled:names", "--clean", sys.argv[1], "--counterfactual", sys.argv[2],
             "--metric", "logit_difference: Mary: John", "--edit", "a2.h3->logits=patch"])
import wirescope as ws
model = ws.load_model("bundled:names")
session = ws.Session(model, model.pair(sys.argv[1], sys.argv[2]), ws.logit_difference(" Mary", " John"))
ws.trace(session, "eap")  # what the window makes first
model = ws.load_model("bundled:shapes")
pictures = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3), dtype=np.uint8)
session = ws.Session(model, model.pair(*pictures), ws.logit_difference("circle", "star"))
session.run([ws.Edit("a2.h3->logits", "patch")])
ws.trace(session, "eap-ig")
heavy = {"transformers", "timm", "torchvision", "PySide6", "torch._dynamo", "sympy"} & set(sys.modules)
print("imported:", sorted(heavy))
sys.exit(code)
"""


@pytest.fixture(scope="module")
def library() -> ws.Model:
    """The same folder, opened by the library."""
    return _from_folder(FOLDER, "names", "names")


def ids(model: ws.Model, text: str) -> torch.Tensor:
    return model.side(text).tensor


def test_logits_are_the_librarys(library: ws.Model) -> None:
    model = ws.load_model("bundled:names")
    assert isinstance(model.adapter, Gpt2Adapter)
    assert not isinstance(model.adapter.module, transformers.GPT2LMHeadModel)
    before = torch.get_rng_state()
    ws.load_model("bundled:names")
    assert torch.equal(torch.get_rng_state(), before), "the user's random numbers are left alone"
    inputs = ids(model, TEXTS[0])
    assert torch.equal(inputs, ids(library, TEXTS[0]))
    batch = torch.cat([inputs, inputs.flip(1)])
    with torch.no_grad():
        for ours, theirs in (
            (model.adapter.own_forward(batch), library.adapter.own_forward(batch)),
            (model.adapter.own_answer(batch), library.adapter.own_answer(batch)),
        ):
            assert ours.shape == theirs.shape
            assert (ours - theirs).abs().max() <= 1e-5 * theirs.abs().max(), "to the rounding of fp32"
        modules = (read_gpt2(FOLDER, vars(model.adapter.module.config)), copy.deepcopy(library.adapter.module))
        ours, theirs = (module.double()(input_ids=batch).logits for module in modules)
    assert (ours - theirs).abs().max() <= 1e-6


def test_edits_and_scores_are_the_librarys(library: ws.Model) -> None:
    model = ws.load_model("bundled:names")
    found = []
    for each in (model, library):
        pair = each.pair(TEXTS[0], "When Mary and John went to the store, Tom gave a drink to")
        session = ws.Session(each, pair, ws.logit_difference(" Mary", " John"))
        assert session.parity.relative < 1e-5
        found.append((float(session.run([ws.Edit("a2.h3->logits", "patch")]).metric), ws.trace(session, "relp").values))
    assert found[0][0] == pytest.approx(found[1][0], abs=1e-4)
    assert found[0][1] == pytest.approx(found[1][1], abs=1e-4)


def test_the_tokenizer_says_what_the_librarys_says(library: ws.Model) -> None:
    own, theirs = TokenFile(FOLDER), library.tokenizer
    for text in TEXTS:
        for special in (True, False):
            expected = list(theirs(text, add_special_tokens=special)["input_ids"])
            assert list(own(text, add_special_tokens=special)["input_ids"]) == expected, text
        assert own.decode(expected) == theirs.decode(expected)
        assert own.decode(expected, skip_special_tokens=True) == theirs.decode(expected, skip_special_tokens=True)
    everything = range(len(theirs))
    assert len(own) == len(theirs)
    assert [own.decode([token]) for token in everything] == [theirs.decode([token]) for token in everything]
    assert own.convert_ids_to_tokens(list(everything)) == theirs.convert_ids_to_tokens(list(everything))
    names = theirs.convert_ids_to_tokens(list(everything))
    assert own.convert_tokens_to_ids(names) == theirs.convert_tokens_to_ids(names) == list(everything)
    for name in ("no such token", "", " Mary", "<|endoftext|>"):
        assert own.convert_tokens_to_ids(name) == theirs.convert_tokens_to_ids(name), name
    for name in ("eos_token_id", "pad_token_id", "unk_token_id", "bos_token_id", "all_special_ids", "model_max_length"):
        assert getattr(own, name) == getattr(theirs, name), name
    assert own.get_vocab() == theirs.get_vocab(), "what is not here is the library's"
    assert own(["a b", "c"], padding=True)["attention_mask"] == theirs(["a b", "c"], padding=True)["attention_mask"]


def test_tasks_make_the_same_rows(library: ws.Model) -> None:
    model = ws.load_model("bundled:names")
    for name in ("ioi", "induction", "capitals"):
        if name in TASKS:
            assert make_task(name, model, 3).pairs == make_task(name, library, 3).pairs


def test_what_is_saved_opens_in_the_library(tmp_path: Path) -> None:
    model = ws.load_model("bundled:names")
    model.adapter.module.save_pretrained(tmp_path)
    again = transformers.GPT2LMHeadModel.from_pretrained(tmp_path, dtype=torch.float32, output_loading_info=True)
    module, info = again
    assert not info["missing_keys"]
    assert not info["unexpected_keys"]
    inputs = ids(model, TEXTS[0])
    with torch.no_grad():
        assert (module.eval()(input_ids=inputs).logits - model.adapter.own_forward(inputs)).abs().max() < 1e-4


def test_a_configuration_that_asks_for_more_is_the_librarys() -> None:
    plain = {"architectures": ["GPT2LMHeadModel"]}
    assert is_plain(plain)
    assert not is_plain({**plain, "scale_attn_by_inverse_layer_idx": True})
    assert not is_plain({**plain, "activation_function": "relu"})
    assert not is_plain({"architecture": "vit_tiny_patch16_224"})


def test_weights_of_another_shape_are_refused(tmp_path: Path) -> None:
    config = json.loads((FOLDER / "config.json").read_text(encoding="utf-8"))
    shutil.copy(FOLDER / "model.safetensors", tmp_path)
    with pytest.raises(ModelError, match=r"transformer\.h\.4"):
        read_gpt2(tmp_path, {**config, "n_layer": 5})
    assert GPT2LMHeadModel.__name__ == transformers.GPT2LMHeadModel.__name__


def test_a_run_and_the_first_estimates_of_bundled_models_import_no_model_library_and_no_window() -> None:
    command = [sys.executable, "-c", RUN, TEXTS[0], "When Mary and John went to the store, Tom gave a drink to"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, done.stderr
    assert "Mary" in done.stdout
    assert done.stdout.splitlines()[-1] == "imported: []"


@pytest.mark.parametrize("family", ["gpt2", "gpt-neo"])
def test_gelu_by_tanh_is_one_function_unless_somebody_listens(family: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module = small_model(family)
    adapter = ws.load_model((module, None)).adapter
    x = torch.randn(2, 3, adapter.shape.width, dtype=adapter.dtype)
    mlp = adapter.blocks[1].mlp
    expected = mlp(x)
    called = []
    monkeypatch.setattr(type(mlp.act), "forward", lambda act, x: called.append(act) or torch.zeros_like(x))
    assert (adapter.mlp(1, x) - expected).abs().max() <= 1e-14 * expected.abs().max()
    assert not called
    heard = mlp.act.register_forward_hook(lambda *_: None)
    adapter.mlp(1, x)
    heard.remove()
    assert called == [mlp.act]
