"""Whether a model's weights can be read from where they lie, a layer at a time, as far as its folder tells before it is
opened."""

from __future__ import annotations

import json
from pathlib import Path

from core.models.checkpoint import ADAPTER_CONFIG, INDEX
from core.models.tokenizer_loading import at_revision


def stays_on_disk(folder: Path) -> bool:
    """False of a model with an adapter to merge, and of weights that are not stored as the numbers that they stand
    for."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):  # it is said where the model is opened
        return False
    return isinstance(config, dict) and not config.get("quantization_config") and not (folder / ADAPTER_CONFIG).exists()


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
