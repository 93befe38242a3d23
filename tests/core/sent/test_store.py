"""What a machine takes of a model that it is sent, where it keeps it, and what it refuses."""

from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import save

from core.errors import ModelError
from core.sent.data_files import DataFile
from core.sent.store import ROOM, SentModels, has_files, plain_name, sent_folder

WEIGHTS = save({"weight": torch.arange(12.0).reshape(3, 4)})
CONFIG = b'{"architectures": ["GPT2LMHeadModel"]}'
HELD = {"config.json": CONFIG, "model.safetensors": WEIGHTS}


def announced(data: bytes) -> DataFile:
    return DataFile(len(data), hashlib.sha256(data).hexdigest())


FILES = {name: announced(data) for name, data in HELD.items()}


@pytest.fixture
def store(tmp_path: Path) -> SentModels:
    return SentModels(tmp_path / "sent")


def send(store: SentModels, data: bytes, step: int = 50) -> None:
    file, there = announced(data), 0
    while there < file.size:
        there = store.put(file, there, data[there : there + step])


def test_a_folder_is_whole_when_all_its_parts_have_come_and_is_not_sent_again(store: SentModels) -> None:
    config, weights = (FILES[name].digest for name in HELD)
    assert store.begun(FILES) == {config: 0, weights: 0}
    with pytest.raises(ModelError, match=r"config\.json of the model was not sent"):
        store.folder("qwen", FILES)
    send(store, CONFIG)
    assert store.put(FILES["model.safetensors"], 0, WEIGHTS[:40]) == 40
    assert store.begun(FILES) == {weights: 40}  # and goes on there
    assert store.put(FILES["model.safetensors"], 90, b"x") == 40  # what is between has not come
    assert store.put(FILES["model.safetensors"], 30, WEIGHTS[30:]) == len(WEIGHTS)
    folder = store.folder("qwen", FILES)
    assert folder.name == "qwen"
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == HELD
    assert store.begun(FILES) == {}
    assert SentModels(folder.parents[2]).folder("qwen", FILES) == folder
    assert has_files(folder, {name: len(data) for name, data in HELD.items()})
    assert not has_files(folder, {"config.json": len(CONFIG) + 1})

    # another model with one file of it
    other = {**FILES, "config.json": announced(b"{}")}
    assert store.begun(other) == {announced(b"{}").digest: 0}
    # a file of the folder is removed: it is made again of what is kept
    (folder / "config.json").unlink()
    assert store.folder("qwen", FILES) == folder
    assert (folder / "config.json").read_bytes() == CONFIG


def test_an_empty_file_comes_too(store: SentModels) -> None:
    empty = announced(b"")
    assert store.put(empty, 0, b"") == 0
    assert store.begun({"merges.txt": empty}) == {}


def test_other_bytes_than_announced_are_thrown_away(store: SentModels) -> None:
    file = FILES["model.safetensors"]
    with pytest.raises(ModelError, match="came with other bytes"):
        store.put(file, 0, b"x" * file.size)
    assert store.begun(FILES)[file.digest] == 0
    for begin, data in ((0, WEIGHTS + b"x"), (-1, b"x"), (file.size, b"x"), (file.size + 1, b"")):
        with pytest.raises(ModelError, match="More of a model's file came"):
            store.put(file, begin, data)


@pytest.mark.parametrize(
    "name", ["../config.json", "/etc/config.json", "a/model.safetensors", "model.py", "x.bin", "x.pt"]
)
def test_a_file_of_another_name_is_refused(name: str, store: SentModels) -> None:
    for call in (store.begun, lambda files: store.folder("qwen", files)):
        with pytest.raises(ModelError, match="is no file of a model's data"):
            call({name: announced(b"x")})


@pytest.mark.parametrize("file", [DataFile(1, "../../x"), DataFile(-1, "0" * 64), DataFile(1, "0" * 63), (1, "0" * 64)])
def test_a_file_is_announced_by_its_size_and_hash(file: DataFile, store: SentModels) -> None:
    for call in (lambda: store.begun({"config.json": file}), lambda: store.put(file, 0, b"")):
        with pytest.raises(ModelError, match="was announced without"):
            call()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("config.json", b"{"),
        ("model.safetensors", b"\x80\x02}q\x00."),
        ("model.safetensors", b""),
        ("tokenizer.model", b"\x80\x04}\x94."),
        ("vocab.txt", b"PK\x03\x04"),
    ],
)
def test_a_file_that_is_not_what_its_name_says_is_refused(name: str, data: bytes, store: SentModels) -> None:
    files = {**FILES, name: announced(data)}
    for each in (CONFIG, WEIGHTS):
        send(store, each)
    store.put(announced(data), 0, data)
    with pytest.raises(ModelError, match=f"{name} of the model is not what its name says"):
        store.folder("qwen", files)
    assert not list(store._root.glob("folders/*/*"))


@pytest.mark.parametrize(
    ("name", "plain"), [("qwen", "qwen"), ("../x", "_x"), ("..", "model"), ("", "model"), ("a/b\0c", "a_b_c")]
)
def test_a_folder_is_called_as_it_was_but_never_a_path(name: str, plain: str, store: SentModels) -> None:
    assert plain_name(name) == plain
    for data in HELD.values():
        send(store, data)
    folder = store.folder(name, FILES)
    assert folder.parent.parent == store._root / "folders"


def test_where_no_second_name_of_a_file_can_be_it_is_copied(store: SentModels, monkeypatch) -> None:
    def refuse(*_told: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    for data in HELD.values():
        send(store, data)
    assert (store.folder("qwen", FILES) / "config.json").read_bytes() == CONFIG


def test_a_disk_that_is_full_is_said(store: SentModels, monkeypatch) -> None:
    assert store.free() > 0

    def full(*_told: object, **_more: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(ModelError, match=r"cannot be kept in .*sent: No space left on device\. Free some space there"):
        store.put(FILES["config.json"], 0, CONFIG)
    monkeypatch.setattr("shutil.disk_usage", lambda _folder: SimpleNamespace(free=ROOM - 1))
    assert store.free() == 0


def test_it_lies_in_the_users_cache_or_where_the_user_says(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("WIRESCOPE_DATA", str(tmp_path))
    assert sent_folder() == tmp_path / "sent"
    monkeypatch.delenv("WIRESCOPE_DATA")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert "wirescope" in sent_folder().parts
