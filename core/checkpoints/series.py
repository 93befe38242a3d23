"""A series of checkpoints: one model at several steps of its training, from a folder of folders or from the Hub.

A checkpoint is a name that `load_model` opens: a folder, or `HUB/ID@REVISION`. Its step is the number in what it is
called: after `step`, `checkpoint`, `ckpt`, `iter` or `epoch` where one of these is there (`checkpoint-100`,
`step1000-tokens4B`), else the last one (`0100`). Imports no torch: windows and menus ask.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from core.errors import InputError, ModelError
from core.models.checkpoint import StoredWeight, stored_weights, weight_files

BEFORE_STEP = ("step|checkpoint|ckpt|iter", "epoch")  # those that come first count first
STEPS = tuple(re.compile(rf"(?:{words})s?[-_=]?0*(\d+)(k?)(?![\d.])") for words in BEFORE_STEP)
ANY_NUMBER = re.compile(r"(\d+)(?!.*\d)")
FEWEST = 2
# Of a configuration, what may differ between checkpoints of one training.
INCIDENTAL = ("transformers_version", "torch_dtype", "dtype", "_name_or_path", "use_cache")


@dataclass(frozen=True)
class Checkpoint:
    """step: of the training. name: how to open it. title: what it is called."""

    step: int
    name: str
    title: str


@dataclass(frozen=True)
class Series:
    """source: the folder, or the Hub id. checkpoints: by step, rising. swaps: whether one's weights can stand in
    another's module, for their configurations are the same. revisions: of a Hub id, by step; of a folder none."""

    source: str
    title: str
    checkpoints: tuple[Checkpoint, ...]
    swaps: bool = True
    revisions: tuple[str, ...] = ()

    @property
    def steps(self) -> tuple[int, ...]:
        return tuple(each.step for each in self.checkpoints)

    def at(self, step: int) -> Checkpoint:
        """Raises InputError for a step that has no checkpoint."""
        checkpoint = next((each for each in self.checkpoints if each.step == step), None)
        if checkpoint is None:
            raise InputError(
                f"{self.title} has no checkpoint of step {step:,}.",
                f"It has: {', '.join(f'{each:,}' for each in self.steps)}.",
            )
        return checkpoint

    def index(self, name: str) -> int | None:
        """The place of a model among the checkpoints; None where it is none of them."""
        return next((place for place, each in enumerate(self.checkpoints) if each.name == name), None)


def step_of(title: str) -> int | None:
    """The step in a checkpoint's name; None where it has no number."""
    for pattern in STEPS:
        match = pattern.search(title.lower())
        if match is not None:
            return int(match[1]) * (1000 if match[2] else 1)
    match = ANY_NUMBER.search(title)
    return None if match is None else int(match[1])


def is_series(folder: Path) -> bool:
    """Whether a folder holds checkpoints and is no model: what is dropped on the window."""
    try:
        return folder.is_dir() and not (folder / "config.json").is_file() and len(_models_by_step(folder)) >= FEWEST
    except OSError:
        return False


def folder_of(name: str) -> Path | None:
    """The folder of checkpoints that a model is one of; None where it is none."""
    folder = Path(name)
    if not folder.is_absolute() or step_of(folder.name) is None or not folder.is_dir():
        return None
    return folder.parent if (folder.parent.is_dir() and len(_models_by_step(folder.parent)) >= FEWEST) else None


def series_around(name: str) -> Series | None:
    """The series that a model is a checkpoint of; None where it is none. Raises what `open_series` does."""
    folder = folder_of(name)
    return None if folder is None else open_series(folder)


def open_series(source: str | Path, revisions: Sequence[str] = ()) -> Series:
    """The checkpoints in a folder, or of a Hub id at some revisions.

    revisions: of a Hub id, branches or tags, whose names have the step in them (`step1000`).
    Raises InputError for a folder with fewer than two checkpoints, two of one step, and checkpoints of different
    shapes, vocabularies or architectures, which are named; ModelError for weights that cannot be read.
    """
    folder = Path(source).expanduser()
    if not folder.is_dir():
        return _of_hub(str(source), revisions)
    if revisions:
        raise InputError(f"{folder} is a folder, and revisions are of a Hub id.", "Leave the revisions out.")
    folder = folder.resolve()
    models = _models_by_step(folder)
    if len(models) < FEWEST:
        raise _too_few(folder, models)
    checkpoints = [Checkpoint(step, str(path), path.name) for step, path in models]
    _check_steps(checkpoints)
    return Series(str(folder), folder.name, tuple(checkpoints), _check_alike([path for _, path in models]))


def _models_by_step(folder: Path) -> list[tuple[int, Path]]:
    """The models in a folder whose names have a step, by it."""
    paths = [path for path in folder.iterdir() if (path / "config.json").is_file()]
    steps = [(step_of(path.name), path) for path in paths]
    return sorted((step, path) for step, path in steps if step is not None)


def _too_few(folder: Path, models: Sequence[tuple[int, Path]]) -> InputError:
    if models:
        what = f"{folder} holds one checkpoint, {models[0][1].name}; a series has {FEWEST} or more."
    elif (folder / "config.json").is_file():
        what = f"{folder} is one model, and holds no checkpoints."
    else:
        what = f"{folder} holds no checkpoints: no folder with a config.json in it whose name has a step."
    return InputError(
        what, "Give the folder that holds checkpoint-100, checkpoint-200 and so on, or step_100, step_200."
    )


def _check_steps(checkpoints: Sequence[Checkpoint]) -> None:
    for one, other in pairwise(checkpoints):
        if one.step == other.step:
            raise InputError(
                f"{one.title} and {other.title} are both of step {one.step:,}.", "Move one of them elsewhere."
            )


def _of_hub(name: str, revisions: Sequence[str]) -> Series:
    if not re.fullmatch(r"[\w.-]+(/[\w.-]+)?", name) or name.startswith("."):
        raise InputError(f"There is no folder {name}.", "Give a folder of checkpoints, or a Hub id with --revisions.")
    if not revisions:
        raise InputError(
            f"There is no folder {name}, and of a Hub id the revisions must be named.",
            "Name them with commas between: step512,step1000,step143000 (--revisions).",
        )
    steps = [(step_of(revision), revision) for revision in revisions]
    unknown = next((revision for step, revision in steps if step is None), None)
    if unknown is not None:
        raise InputError(f"The revision {unknown!r} has no step in its name.", "Name revisions such as step1000.")
    if len(steps) < FEWEST:
        raise InputError(f"A series has {FEWEST} revisions or more.", "Name more of them.")
    checkpoints = sorted(
        (Checkpoint(step, f"{name}@{revision}", revision) for step, revision in steps if step is not None),
        key=lambda each: each.step,
    )
    _check_steps(checkpoints)
    of_step = tuple(each.title for each in checkpoints)
    return Series(name, name.rpartition("/")[2], tuple(checkpoints), swaps=False, revisions=of_step)


def revisions_in(text: str) -> list[str]:
    """The names in a list with commas, as users write it."""
    return [name.strip() for name in text.split(",") if name.strip()]


# ---- alike ----


def _check_alike(paths: Sequence[Path]) -> bool:
    """Whether all configurations are the same. Raises InputError for checkpoints that are no states of one model."""
    configs = [_config(path) for path in paths]
    first, weights = paths[0], stored_weights(paths[0])
    words = _vocabulary(first)
    for path, config in zip(paths, configs, strict=True):
        if not any(weight_files(path)):
            raise ModelError(
                f"{path.name} has no weights: no *.safetensors file.", "Is it whole? Else move it elsewhere."
            )
        kinds = [each.get("architectures") or [each.get("architecture")] for each in (configs[0], config)]
        if kinds[0] != kinds[1]:
            raise _unlike(path, first, f"it is a {kinds[1][0]}, and not a {kinds[0][0]}")
        difference = _difference(weights, stored_weights(path))
        if difference:
            raise _unlike(path, first, difference)
        of_path = _vocabulary(path)
        if None not in (of_path, words) and of_path != words:
            raise _unlike(path, first, "its tokenizer has another vocabulary")
        words = of_path if words is None else words
    return all(_lasting(config) == _lasting(configs[0]) for config in configs)


def _unlike(path: Path, first: Path, how: str) -> InputError:
    return InputError(
        f"{path.name} and {first.name} are not checkpoints of one training: of {path.name}, {how}.",
        f"Move {path.name} elsewhere, or open the folder of one training.",
    )


def _difference(first: dict[str, StoredWeight], other: dict[str, StoredWeight]) -> str:
    for name in first:
        if name not in other:
            return f"there is no {name}"
        if first[name].shape != other[name].shape:
            return f"{name} is {_shape(other[name])} and not {_shape(first[name])}"
    more = next((name for name in other if name not in first), None)
    return "" if more is None else f"there is {more} too"


def _shape(weight: StoredWeight) -> str:
    return " x ".join(str(size) for size in weight.shape) or "one number"


def _config(path: Path) -> dict[str, Any]:
    try:
        config = json.loads((path / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"The config.json of {path.name} cannot be read: {error}", "Move it elsewhere.") from None
    if not isinstance(config, dict):
        raise ModelError(f"The config.json of {path.name} describes no model.", "Move it elsewhere.")
    return config


def settings_of(path: Path) -> dict[str, Any]:
    """What a checkpoint's config.json says of its arithmetic. Raises ModelError for one that cannot be read."""
    return _lasting(_config(path))


def _lasting(config: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in config.items() if name not in INCIDENTAL}


def _vocabulary(path: Path) -> Any:
    """What tells tokenizers apart; None where there is no tokenizer.json, as in many checkpoints but the last."""
    try:
        content = (path / "tokenizer.json").read_bytes()
        return hash_of_vocabulary(content)
    except OSError:
        return None


def hash_of_vocabulary(content: bytes) -> int | None:
    """Of a tokenizer.json, by what its tokens are: settings beside them may differ."""
    try:
        parts = json.loads(content)
        return hash(json.dumps([parts["model"]["vocab"], parts.get("added_tokens")], sort_keys=True))
    except (ValueError, KeyError, TypeError, RecursionError):
        return hash(content)
