"""The edited model as a folder that opens without Wirescope.

Where weights hold all edits: an ordinary checkpoint (`save_baked`). Else the original weights with `edited_model.py`,
which is `core/edited/hooks.py` as it is, edits.json and edits.safetensors (`save_hooked`). Both with what reads the
inputs and a card. A folder is written beside its place and renamed: there is a whole one or none.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from torch import nn

from core.edited import hooks
from core.edited.card import baked_card, hooked_card
from core.edited.classifier import CLASSIFIERS, as_classifier
from core.edited.plan import PlannedEdits, layout_of
from core.errors import ModelError, WirescopeError
from core.models.class_texts import base_name
from core.models.eight_bit import check_whole
from core.models.family import adapt
from core.models.model import Model
from core.models.probed import Probed
from core.models.tokenizer_loading import TOKENIZERS

TOKENIZER_FILES = (*TOKENIZERS, "special_tokens_map.json", "added_tokens.json", "chat_template*")
BESIDE = ("generation_config.json", "preprocessor_config.json", "processor_config.json")  # of a checkpoint, taken over


def save_baked(model: Model, module: Any, edits: Sequence[str], changed: Sequence[str], folder: Path) -> None:
    """A checkpoint. module: with the edits in its weights; changed: the parameters that are other ones than the
    model's. With a probe it is its library's classifier. Raises WirescopeError."""
    if isinstance(module, Probed):
        body = CLASSIFIERS.get(type(module.encoder).__name__, ("", ""))[1]
        changed = [f"{body}.{name.removeprefix('encoder.')}" for name in changed]
        model, module = _classifying(model, module)

    def write(place: Path) -> None:
        _save_checkpoint(module, model, place)
        write_text(place / "README.md", baked_card(model, edits, changed))

    new_folder(folder, write)


def save_hooked(model: Model, planned: PlannedEdits, folder: Path, reasons: Sequence[str]) -> None:
    """The original weights, and the edits as a plan with the file that puts them in. With a probe it is its library's
    classifier. Raises WirescopeError."""
    from safetensors.torch import save_file

    check_whole(model.adapter.module, "A checkpoint")
    if isinstance(model.adapter.module, Probed):
        model, _ = _classifying(model, model.adapter.module)
        planned = replace(planned, plan={**planned.plan, **layout_of(model.adapter)})

    def write(place: Path) -> None:
        _save_checkpoint(model.adapter.module, model, place)
        document = {"format": "wirescope edited model", "version": 1, "model": model.name, "edits": planned.edits}
        write_text(place / "edits.json", json.dumps({**document, **planned.plan}, indent=1))
        save_file(planned.values, place / "edits.safetensors", metadata={"format": "pt"})
        shutil.copyfile(hooks.__file__, place / "edited_model.py")
        write_text(place / "README.md", hooked_card(model, planned.edits, reasons))

    new_folder(folder, write)


def _classifying(model: Model, module: Probed) -> tuple[Model, Any]:
    """The library's classifier in the place of a model with a probe. Raises ModelError where there is none."""
    made = as_classifier(module)
    return replace(model, adapter=adapt(made)), made


def check_new_folder(folder: Path) -> Path:
    """Where a folder is to be written. Raises WirescopeError where it cannot be: to be asked before the work whose
    result it is."""
    place = Path(os.path.abspath(folder.expanduser()))
    try:
        with suppress(FileNotFoundError):
            place.lstat()  # tells a name that is too long, and a file on the way
        if place.exists() and (not place.is_dir() or any(place.iterdir())):
            raise WirescopeError(f"{folder} is not empty.", "Name a folder that is not there yet.")
        above = next(parent for parent in place.parents if parent.exists())
        os.rmdir(tempfile.mkdtemp(prefix=".wirescope-", dir=above))
    except OSError as error:
        raise _refused(folder, error) from None
    return place


def _refused(folder: Path, error: OSError) -> WirescopeError:
    return WirescopeError(f"{folder} cannot be written: {error.strerror or error}.", "Choose another one.")


def new_folder(folder: Path, write: Any) -> None:
    """Write a folder whole or not at all. Raises WirescopeError."""
    place = check_new_folder(folder)
    temporary = None
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=".wirescope-", dir=place.parent))
        inside = temporary / "model"  # with the mode that the user's folders have
        inside.mkdir()
        write(inside)
        mode = (inside / "README.md").stat().st_mode
        for path in inside.rglob("*"):  # safetensors writes files that their owner alone reads
            if path.is_file():
                path.chmod(mode)
        if place.exists():
            place.rmdir()
        inside.replace(place)
    except OSError as error:
        raise _refused(folder, error) from None
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)


def write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _save_checkpoint(module: Any, model: Model, place: Path) -> None:
    """Weights, configuration, and what reads the inputs."""
    source = source_folder(model.name)
    if hasattr(module, "save_pretrained"):
        _save_pretrained(module, model, place)
    else:
        _save_timm(module, source, place)
    for name in BESIDE:
        if source is not None and (source / name).is_file() and not (place / name).exists():
            shutil.copyfile(source / name, place / name)


def _save_pretrained(module: Any, model: Model, place: Path) -> None:
    if type(module).__module__.startswith("transformers."):  # a bundled model needs no library to be written
        import transformers

        transformers.utils.logging.disable_progress_bar()
    module.save_pretrained(place)
    source = source_folder(model.name)
    if model.tokenizer is not None:
        files = [] if source is None else [path for pattern in TOKENIZER_FILES for path in source.glob(pattern)]
        for path in files:
            shutil.copyfile(path, place / path.name)
        if not files:
            model.tokenizer.save_pretrained(place)
    if not model.is_text and model.processing is not None and source is None:
        import transformers

        name = base_name(model.name).removeprefix("vision:")
        try:
            transformers.AutoImageProcessor.from_pretrained(name, local_files_only=True).save_pretrained(place)
        except (OSError, ValueError):
            return  # a module in memory: its processor is the user's


def _save_timm(module: nn.Module, source: Path | None, place: Path) -> None:
    """A folder that timm opens as `local-dir:`. Raises ModelError for a model that timm cannot build by its name."""
    from safetensors.torch import save_file

    config = None if source is None else source / "config.json"
    if config is not None and config.is_file():
        shutil.copyfile(config, place / "config.json")
        weights = {name: part.contiguous() for name, part in module.state_dict().items()}
        save_file(weights, place / "model.safetensors", metadata={"format": "pt"})
        return
    if not getattr(module, "pretrained_cfg", None):
        raise ModelError(
            f"This {type(module).__name__} says of itself no name by which timm builds it again.",
            "Make it with timm.create_model, or open it by its name: timm:NAME.",
        )
    from timm.models import save_for_hf

    save_for_hf(module, str(place), safe_serialization=True)


def source_folder(name: str) -> Path | None:
    """The folder that a model was opened from; None where it was not from one."""
    from core.models import packs
    from core.models.bundled import bundled_folder

    name = base_name(name)
    kind, _, rest = name.partition(":")
    if kind == "bundled":
        return bundled_folder(rest)
    if kind == "pack":
        return Path(packs.pack_folder(rest))
    path = Path(rest if kind in ("vision", "text") else name).expanduser()
    return path if path.is_dir() else None
