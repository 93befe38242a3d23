"""The files of a model's folder that are sent to another machine: weights in safetensors, configurations, tokenizers.

Nothing else is: no pickle and no code, whatever a folder holds beside them. Imports no torch.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from core.errors import ModelError
from core.models.checkpoint import (
    ADAPTER_CONFIG,
    ADAPTER_WEIGHTS,
    INDEX,
    check_folder,
    check_pointers,
    no_config,
    no_weights,
    weight_files,
)
from core.models.class_texts import BOTH, base_name

WEIGHTS = "*.safetensors"
BESIDE = (
    "config.json",
    ADAPTER_CONFIG,
    INDEX,
    "generation_config.json",
    "preprocessor_config.json",
    "processor_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "vocab.txt",
    "merges.txt",
    "tekken.json",
    "*.tiktoken",
    "*.model",  # of SentencePiece
)
PLAIN_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,199}")
TOWER = re.compile(r"(vision|text):")
KIND = re.compile(r"(bundled|pack|timm):")
BLOCK = 16 << 20  # bytes that are read at a time


@dataclass(frozen=True)
class DataFile:
    """size: in bytes. digest: the SHA-256 of them."""

    size: int
    digest: str


def is_data_name(name: str) -> bool:
    """Whether a file of this name may be sent: it lies in the folder itself, and is of a kind that is data."""
    return PLAIN_NAME.fullmatch(name) is not None and any(fnmatchcase(name, each) for each in (WEIGHTS, *BESIDE))


def folder_of_model(name: str) -> str:
    """The folder that a model's name, as `load_model` takes it, names on this machine; empty where it names none."""
    path = _named_by(name)
    try:
        return path if path and Path(path).expanduser().is_dir() else ""
    except (OSError, ValueError):  # too long for a path, or no text that one may have
        return ""


def names_missing_folder(name: str) -> bool:
    """Whether a model's name is of a folder that this machine has not. What has the form of a Hub id is none."""
    path = _named_by(name)
    is_path = path.startswith((".", "/", "~")) or "\\" in path or path.count("/") > 1
    return is_path and not KIND.match(path) and not folder_of_model(name)


def _named_by(name: str) -> str:
    return TOWER.sub("", base_name(name).removeprefix(BOTH), count=1)


def sizes_of(folder: Path) -> dict[str, int]:
    """The files of a model's folder that are sent, by name, and their bytes. Raises ModelError for a folder that does
    not open anywhere, in the words of this, and for one whose model is not in it alone."""
    try:
        check_pointers(folder)
        _check_opens(folder)
        weights = [path.relative_to(folder).as_posix() for path in weight_files(folder)]
        adapted = [ADAPTER_WEIGHTS] if (folder / ADAPTER_WEIGHTS).is_file() else []
        if not weights and not adapted:
            raise no_weights(folder)
        wrong = next((name for name in weights if not is_data_name(name)), None)
        if wrong is not None:
            raise ModelError(
                f"{wrong} of {folder} is not sent to another machine: weights are to lie in the folder itself, in "
                "files with names of letters, digits, _ . + and -.",
                "Save the model again with save_pretrained.",
            )
        beside = [path.name for path in folder.iterdir() if path.is_file() and _is_beside(path.name)]
        return {name: (folder / name).stat().st_size for name in sorted({*weights, *adapted, *beside})}
    except OSError as error:
        raise _unreadable(folder, error) from None


def _is_beside(name: str) -> bool:
    return is_data_name(name) and not fnmatchcase(name, WEIGHTS)


def check_whole(folder: Path) -> None:
    """Raise ModelError for an adapter alone, whose model lies in another folder of this machine."""
    adapter = None if (folder / "config.json").exists() else _json_of(folder / ADAPTER_CONFIG)
    base = None if adapter is None else adapter.get("base_model_name_or_path")
    if isinstance(base, str) and base and any(each.is_dir() for each in (Path(base).expanduser(), folder / base)):
        raise ModelError(
            f"{folder} is an adapter for the model in {base}, and one folder is what is sent to another machine.",
            "Put the adapter's files beside that model's, or merge it and save the result.",
        )


def _check_opens(folder: Path) -> None:
    """Raise ModelError for what is refused wherever it is opened, before it is sent."""
    config = _json_of(folder / "config.json")
    if config is not None:
        check_folder(folder, config)
    elif not (folder / ADAPTER_CONFIG).exists():
        raise no_config(folder)


def _json_of(path: Path) -> dict[str, Any] | None:
    """Raises ModelError for a file that is no configuration."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (ValueError, RecursionError) as error:
        raise ModelError(f"The {path.name} in {path.parent} cannot be read: {error}") from None
    if not isinstance(told, dict):
        raise ModelError(f"The {path.name} in {path.parent} describes no model.")
    return told


class Digests:
    """What is in files that do not change is found once."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int, int], str] = {}

    def of(self, folder: Path, sizes: Mapping[str, int], tell: Callable[[int], None]) -> dict[str, DataFile]:
        """tell: how many bytes have been read by now; it may raise to end this. Raises ModelError where a file cannot
        be read, or is not as large as it was."""
        files, before = {}, 0
        for name, size in sizes.items():
            files[name] = self._of_file(folder / name, size, before, tell)
            before += size
        return files

    def _of_file(self, path: Path, size: int, before: int, tell: Callable[[int], None]) -> DataFile:
        try:
            stat = path.stat()
            key = str(path), stat.st_size, stat.st_mtime_ns
            if key not in self._known:
                digest, read = hashlib.sha256(), 0
                with path.open("rb") as file:
                    while block := file.read(BLOCK):
                        digest.update(block)
                        read += len(block)
                        tell(before + read)
                if read != size:
                    raise ModelError(f"{path.name} in {path.parent} changes while it is read.", "Try again.")
                self._known[key] = digest.hexdigest()
            return DataFile(size, self._known[key])
        except OSError as error:
            raise _unreadable(path, error) from None


def part_of(path: Path, begin: int, size: int) -> bytes:
    """Some bytes of a file. Raises ModelError where it cannot be read, or is not as long."""
    try:
        with path.open("rb") as file:
            file.seek(begin)
            data = file.read(size)
    except OSError as error:
        raise _unreadable(path, error) from None
    if len(data) != size:
        raise ModelError(f"{path.name} in {path.parent} has become shorter while it was sent.", "Try again.")
    return data


def _unreadable(path: Path, error: OSError) -> ModelError:
    return ModelError(
        f"{path} cannot be read: {error.strerror or error}.", "See whether it is still there, and may be read."
    )
