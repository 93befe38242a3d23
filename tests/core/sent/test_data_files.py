"""What of a model's folder is sent to another machine, and what is refused before anything is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from core.errors import Cancelled, ModelError
from core.sent.data_files import Digests, check_whole, folder_of_model, is_data_name, part_of, sizes_of

CONFIG = json.dumps({"architectures": ["GPT2LMHeadModel"]})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text(CONFIG)
    save_file({"weight": torch.zeros(3, 4)}, folder / "model.safetensors")
    return folder


def test_weights_configurations_and_tokenizers_go_and_nothing_else(folder: Path) -> None:
    for name in ("tokenizer.json", "vocab.txt", "merges.txt", "spiece.model", "preprocessor_config.json"):
        (folder / name).write_text("{}")
    for name in ("pytorch_model.bin", "modeling_gpt2.py", "training_args.bin", "optimizer.pt", "secrets.json", ".env"):
        (folder / name).write_text("x")
    save_file({"weight": torch.zeros(1)}, folder / "consolidated.safetensors")  # the same again, for another library
    (folder / "onnx").mkdir()
    (folder / "onnx" / "config.json").write_text(CONFIG)
    sent = ["config.json", "merges.txt", "model.safetensors", "preprocessor_config.json", "spiece.model"]
    assert list(sizes_of(folder)) == [*sent, "tokenizer.json", "vocab.txt"]
    assert sizes_of(folder)["model.safetensors"] == (folder / "model.safetensors").stat().st_size


@pytest.mark.parametrize(
    "name",
    ["../x.safetensors", "a/b.json", "x.py", "x.bin", "x.pt", "x.json", "", "..", ".x.model", "x.pkl", "c:x.model"],
)
def test_names_that_are_none_of_a_models_data(name: str) -> None:
    assert not is_data_name(name)


def leave_pickle(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def name_a_path(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder.parent / "other.safetensors")
    index = {"weight_map": {"weight": "../other.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))


def leave_adapter(folder: Path) -> None:
    base = folder.parent / "base"
    base.mkdir()
    (folder / "config.json").unlink()
    (folder / "model.safetensors").rename(folder / "adapter_model.safetensors")
    (folder / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": str(base)}))


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (leave_pickle, r"pytorch_model\.bin is a pickle checkpoint.*writes safetensors"),
        (name_a_path, r"\.\./other\.safetensors of .* is not sent"),
        (leave_adapter, r"is an adapter for the model in .*base, and one folder is what is sent"),
        (lambda folder: (folder / "config.json").unlink(), r"it has no config\.json"),
        (lambda folder: (folder / "config.json").write_text("{"), r"config\.json in .* cannot be read"),
    ],
)
def test_a_folder_that_does_not_open_is_refused_before_it_is_sent(
    spoil: Callable[[Path], object], words: str, folder: Path
) -> None:
    def look() -> None:
        check_whole(folder)
        sizes_of(folder)

    look()
    spoil(folder)
    with pytest.raises(ModelError, match=words):
        look()


def test_a_models_name_has_its_folder_between_its_tower_and_its_classes(folder: Path, monkeypatch) -> None:
    monkeypatch.chdir(folder.parent)
    for name in (f"{folder}", f"vision:{folder}", f"towers:{folder}", f"towers:vision:{folder}?class=a&class=b"):
        assert folder_of_model(name) == str(folder)
    assert folder_of_model("model") == "model"
    for name in ("bundled:names", "pack:smollm2", "org/model", "", "timm:vit", "\0", str(folder / "config.json")):
        assert folder_of_model(name) == ""


def test_what_is_in_a_file_is_found_once_and_anew_where_it_has_changed(folder: Path) -> None:
    digests, read = Digests(), []
    sizes = sizes_of(folder)
    files = digests.of(folder, sizes, read.append)
    for name, file in files.items():
        assert file.digest == hashlib.sha256((folder / name).read_bytes()).hexdigest()
    assert read[-1] == sum(sizes.values())
    read.clear()
    assert digests.of(folder, sizes, read.append) == files
    assert read == []
    (folder / "config.json").write_text(CONFIG.replace("GPT2", "Gpt2"))  # of the same size
    assert digests.of(folder, sizes_of(folder), read.append) != files

    def give_up(done: int) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        Digests().of(folder, sizes, give_up)


def test_a_file_that_is_shorter_than_it_was_is_said(folder: Path) -> None:
    assert part_of(folder / "config.json", 1, 3) == CONFIG.encode()[1:4]
    with pytest.raises(ModelError, match=r"config\.json .* has become shorter"):
        part_of(folder / "config.json", 1, len(CONFIG))
    with pytest.raises(ModelError, match=r"gone\.json cannot be read"):
        part_of(folder / "gone.json", 0, 1)
