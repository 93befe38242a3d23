"""The models that come with Wirescope. Imports no torch, so that menus can ask."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from core.errors import ArgumentError


def bundled_models() -> list[str]:
    """Names of the bundled models."""
    folder = resources.files("resources") / "models"
    return sorted(entry.name for entry in folder.iterdir() if (entry / "model.safetensors").is_file())


def bundled_folder(name: str) -> Path:
    """The folder of a bundled model. Raises ArgumentError for an unknown one."""
    if name not in bundled_models():
        raise ArgumentError(f"There is no bundled model {name!r}.", f"There are: {', '.join(bundled_models())}.")
    return Path(str(resources.files("resources") / "models" / name))
