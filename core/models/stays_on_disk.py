"""Whether a model's weights can be read from where they lie, one after the other, as far as its folder tells before it
is opened."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.models.checkpoint import ADAPTER_CONFIG, INDEX
from core.models.family import family_of
from core.models.tokenizer_loading import at_revision

if TYPE_CHECKING:
    from core.models.adapter import InputKind


def stays_on_disk(folder: Path) -> bool:
    """False of a model with an adapter to merge, and of weights that are not stored as the numbers that they stand
    for."""
    config = _config(folder)
    return config is not None and not config.get("quantization_config") and not (folder / ADAPTER_CONFIG).exists()


def input_kind(folder: Path, tower: str = "") -> InputKind:
    """What the model in a folder reads; text where it does not say. tower: `vision` or `text`, for one of a pair."""
    config = _config(folder) or {}
    if tower in ("vision", "text"):
        return "image" if tower == "vision" else "text"
    if "architecture" in config:  # timm's
        return "image"
    family = family_of(str((config.get("architectures") or [""])[0]))
    return "text" if family is None else family.reads


def _config(folder: Path) -> dict[str, Any] | None:
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):  # it is said where the model is opened
        return None
    return config if isinstance(config, dict) else None


def cached_folder_of_hub(name: str) -> Path | None:
    """Where the Hub's library keeps a model's weights already; None where it has none. Nothing is fetched."""
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        hub_id, revision = at_revision(name)
        kept = [try_to_load_from_cache(hub_id, file, revision=revision) for file in ("model.safetensors", INDEX)]
    except HFValidationError:  # no such name
        return None
    return next((Path(each).parent for each in kept if isinstance(each, str)), None)
