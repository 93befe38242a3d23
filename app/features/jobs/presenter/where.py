"""On which machine jobs run: this one, wherever the window's work is done."""

from __future__ import annotations

from pathlib import Path

from app.presenters.homes import on_place
from app.presenters.plan_words import size_words
from core.errors import InputError, WirescopeError
from core.models.class_texts import base_name
from core.models.packs import installed
from core.project.step_names import model_words
from core.sent.data_files import folder_of_model, names_missing_folder, sizes_of


def where_words(model: str, place: str, size: int | None = None) -> str:
    """model: that a job opens; empty for several. place: where the window's work is done, in a few words, where that is
    not this process. size: of the model's files, in bytes."""
    if not place:
        return "Jobs run on this machine."
    held = "" if size is None else f" ({size_words(size)} of files)"
    what = f"{model_words(model)}{held} is" if model else "its models are"
    return f"Jobs run on this machine: {what} opened here, not{on_place(place)}."


def bytes_here(model: str) -> int | None:
    """The size of a model's files, where it is a folder or a pack of this machine. Reads the folder."""
    try:
        folder = _folder(model)
        return sum(sizes_of(Path(folder).expanduser()).values()) if folder else None
    except WirescopeError:  # it is said where the model is opened
        return None


def check_model_here(model: str, place: str) -> None:
    """Raise InputError for a model in a folder that this machine has not, ModelError for a pack that it has not."""
    _folder(model)
    if names_missing_folder(model):
        terminal = f"in a terminal{on_place(place)}: wirescope trace --cluster ADDRESS"
        raise InputError(
            f"{model_words(model)} is not on this machine, where jobs run.",
            f"Put its folder at the same path here, or {terminal}.",
        )


def _folder(model: str) -> str:
    """Empty for a model that is in none. Raises ModelError for a pack that is not here."""
    kind, _, rest = base_name(model).partition(":")
    return str(installed(rest)) if kind == "pack" else folder_of_model(model)
