"""Series of checkpoints: which folders are one, and what is refused by name."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from core.checkpoints.series import folder_of, is_series, open_series, step_of
from core.errors import InputError, ModelError
from core.models.loading import load_model
from tests.small_series import small_series


@pytest.mark.parametrize(
    ("name", "step"),
    [
        ("checkpoint-100", 100),
        ("step_100", 100),
        ("step1000-tokens4B", 1000),
        ("step-00000512-ckpt", 512),
        ("iter_0002000", 2000),
        ("step10k", 10_000),
        ("0100", 100),
        ("epoch=3-step=200", 200),
        ("final", None),
    ],
)
def test_the_step_is_the_number_in_the_name(name: str, step: int | None):
    assert step_of(name) == step


def test_checkpoints_are_sorted_by_step_and_not_by_name(tmp_path: Path):
    small_series(tmp_path, ("checkpoint-20", "checkpoint-3", "checkpoint-100"))
    (tmp_path / "runs").mkdir()  # what else lies there
    series = open_series(tmp_path)
    assert series.steps == (3, 20, 100)
    assert series.swaps
    assert is_series(tmp_path)
    assert folder_of(series.checkpoints[0].name) == tmp_path
    assert series.index(str(tmp_path / "checkpoint-20")) == 1
    with pytest.raises(InputError, match="no checkpoint of step 4"):
        series.at(4)


def test_what_is_no_series_is_said(tmp_path: Path):
    with pytest.raises(InputError, match="holds no checkpoints"):
        open_series(tmp_path)
    small_series(tmp_path, ("checkpoint-1",))
    with pytest.raises(InputError, match="holds one checkpoint, checkpoint-1"):
        open_series(tmp_path)
    assert not is_series(tmp_path)
    with pytest.raises(InputError, match="is one model"):
        open_series(tmp_path / "checkpoint-1")
    small_series(tmp_path, ("step_1",))
    with pytest.raises(InputError, match=r"are both of step 1\."):
        open_series(tmp_path)


def test_checkpoints_of_different_shapes_are_refused_by_name(tmp_path: Path):
    small_series(tmp_path, ("checkpoint-1", "checkpoint-2"))
    file = tmp_path / "checkpoint-2" / "model.safetensors"
    weights = load_file(file)
    whole = dict(weights)
    weights["transformer.wpe.weight"] = np.zeros((5, 8), dtype=np.float32)
    save_file(weights, file)
    with pytest.raises(InputError, match=r"checkpoint-2, transformer\.wpe\.weight is 5 x 8 and not 24 x 8"):
        open_series(tmp_path)
    del weights["transformer.wpe.weight"]
    save_file(weights, file)
    with pytest.raises(InputError, match=r"there is no transformer\.wpe\.weight"):
        open_series(tmp_path)
    save_file(whole, file)
    words = tmp_path / "checkpoint-2" / "tokenizer.json"
    vocabulary = json.loads(words.read_text(encoding="utf-8"))
    words.write_text(json.dumps(vocabulary | {"truncation": None}), encoding="utf-8")  # a setting, no vocabulary
    assert open_series(tmp_path).steps == (1, 2)
    vocabulary["model"]["vocab"].reverse()
    words.write_text(json.dumps(vocabulary), encoding="utf-8")
    with pytest.raises(InputError, match="its tokenizer has another vocabulary"):
        open_series(tmp_path)
    (tmp_path / "checkpoint-1" / "tokenizer.json").unlink()  # of many trainings the last checkpoint alone has one
    assert open_series(tmp_path).steps == (1, 2)
    file.unlink()
    with pytest.raises(ModelError, match="checkpoint-2 has no weights"):
        open_series(tmp_path)


def test_other_settings_are_opened_anew_and_another_architecture_is_refused(tmp_path: Path):
    small_series(tmp_path, ("checkpoint-1", "checkpoint-2"))
    path = tmp_path / "checkpoint-2" / "config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(config | {"layer_norm_epsilon": 1e-3}), encoding="utf-8")
    assert not open_series(tmp_path).swaps  # other arithmetic: weights alone would be another model
    path.write_text(json.dumps(config | {"architectures": ["LlamaForCausalLM"]}), encoding="utf-8")
    with pytest.raises(InputError, match="it is a LlamaForCausalLM, and not a GPT2LMHeadModel"):
        open_series(tmp_path)


def test_revisions_of_the_hub_are_sorted_by_step():
    series = open_series("EleutherAI/pythia-70m", ["step1000", "step512"])
    assert [each.name for each in series.checkpoints] == [
        "EleutherAI/pythia-70m@step512",
        "EleutherAI/pythia-70m@step1000",
    ]
    for revisions, words in (([], "revisions must be named"), (["main", "step1"], "'main' has no step")):
        with pytest.raises(InputError, match=words):
            open_series("EleutherAI/pythia-70m", revisions)
    with pytest.raises(InputError, match="no folder"):
        open_series("./not/there")


def test_a_revision_is_asked_of_the_hub(monkeypatch: pytest.MonkeyPatch):
    asked: list[tuple[str, str]] = []

    def from_pretrained(name: str, revision: str, trust_remote_code: bool) -> None:
        asked.append((name, revision))
        raise OSError("offline")

    monkeypatch.setattr("transformers.AutoConfig.from_pretrained", from_pretrained)
    for name in ("EleutherAI/pythia-70m@step512", "EleutherAI/pythia-70m"):
        with pytest.raises(ModelError, match="could not be had from the Hub: offline"):
            load_model(name)
    assert asked == [("EleutherAI/pythia-70m", "step512"), ("EleutherAI/pythia-70m", "main")]
