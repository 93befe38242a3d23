"""Adapters (LoRA and its kin) that lie in a model's folder, beside the weights or alone: peft merges them into the
weights, or they are refused. A model without its adapter is another model.
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import torch
from torch import nn

from core.errors import ModelError
from core.models.checkpoint import ADAPTER_CONFIG, ADAPTER_WEIGHTS, is_pickle
from core.models.tokenizer_loading import at_revision
from core.optional_packages import is_installed

MERGE = (
    "install peft (pip install peft) in Wirescope's environment, or merge it where peft is: "
    "PeftModel.from_pretrained(model, FOLDER).merge_and_unload().save_pretrained(NEW)."
)
CORRECT = f"Correct base_model_name_or_path in its {ADAPTER_CONFIG}."


def adapter_config(folder: Path) -> dict[str, Any] | None:
    """The configuration of the adapter that lies in a folder; None where there is none. Raises ModelError for one that
    cannot be read."""
    if not (folder / ADAPTER_CONFIG).is_file():
        if (folder / ADAPTER_WEIGHTS).is_file():
            raise ModelError(
                f"{folder} holds an adapter's weights ({ADAPTER_WEIGHTS}) without its {ADAPTER_CONFIG}.",
                "Get that file too, or, to open the model without its adapter, move the weights elsewhere.",
            )
        return None
    try:
        config = json.loads((folder / ADAPTER_CONFIG).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"The {ADAPTER_CONFIG} in {folder} cannot be read: {error}") from None
    if not isinstance(config, dict):
        raise ModelError(f"The {ADAPTER_CONFIG} in {folder} describes no adapter.")
    return config


def check_adapter(folder: Path, config: dict[str, Any], *, alone: bool) -> None:
    """Raise ModelError, with how to merge it, for an adapter that cannot be applied here."""
    kind = config.get("peft_type")
    without = "" if alone else " To open the model without it, move adapter_config.json elsewhere."
    if not isinstance(kind, str):
        raise ModelError(
            f"{folder} holds an adapter that is not peft's, and Wirescope cannot apply it.",
            f"Merge it with the library that made it, and open the result.{without}",
        )
    if not is_installed("peft"):
        what = "is an adapter" if alone else "holds an adapter beside the weights"
        raise ModelError(
            f"{folder} {what} ({kind}), which changes the model, and peft, which applies it, is not installed.",
            f"To apply it, {MERGE}{without}",
        )
    if not (folder / ADAPTER_WEIGHTS).is_file():
        if (folder / "adapter_model.bin").is_file():
            raise is_pickle("adapter_model.bin")
        raise ModelError(f"The adapter in {folder} lacks its weights: {ADAPTER_WEIGHTS}.", "Is its download complete?")


def check_hub(name: str) -> None:
    """Raise ModelError for a Hub id with an adapter beside its weights, OSError where the Hub does not answer."""
    from transformers.utils import cached_file

    quiet = {"_raise_exceptions_for_missing_entries": False, "_raise_exceptions_for_connection_errors": False}
    hub_id, revision = at_revision(name)
    if cached_file(hub_id, ADAPTER_CONFIG, revision=revision, **quiet) is not None:
        raise ModelError(
            f"{name} has an adapter beside its weights, which changes the model.",
            "Download it (hf download) and open its folder: peft then merges the adapter.",
        )


def base_name(folder: Path, config: dict[str, Any]) -> str:
    """The folder or Hub id of the model that an adapter is for. Raises ModelError where it is named nowhere, or is
    not there."""
    name = config.get("base_model_name_or_path")
    if not isinstance(name, str) or not name.strip():
        raise ModelError(
            f"{folder} is an adapter, and its {ADAPTER_CONFIG} does not say of which model.",
            "Write the model's folder there, as base_model_name_or_path.",
        )
    for path in (Path(name).expanduser(), folder / name):
        if path.is_dir():
            if path.resolve() == folder.resolve() and not (folder / "config.json").exists():
                raise ModelError(f"{folder} is an adapter that names itself as its model.", CORRECT)
            return str(path.resolve())
    if name.startswith((".", "/", "~")) or name.count("/") > 1 or "\\" in name:
        raise ModelError(
            f"{folder} is an adapter for {name}, which is not there.",
            CORRECT,
        )
    return name


def merge(module: nn.Module, folder: Path, kind: str) -> nn.Module:
    """The module with an adapter merged into its weights, by peft. Raises ModelError for one that is for another model
    or is none that weights can hold."""
    import peft
    from safetensors.torch import load_file

    stored = load_file(folder / ADAPTER_WEIGHTS)
    try:
        with warnings.catch_warnings():  # of missing keys, which are asked about below, and of what peft calls
            warnings.simplefilter("ignore")
            adapted = peft.PeftModel.from_pretrained(module, folder, is_trainable=False)
        taken = peft.get_peft_model_state_dict(adapted)
    except Exception as error:  # peft raises almost anything for an adapter of another model
        words = str(error).strip().splitlines() or [type(error).__name__]
        raise ModelError(
            f"The adapter in {folder} does not fit the model: {words[0]}", "Is it for this model, and complete?"
        ) from error
    missed = sorted(name for name in stored if name not in taken or not _same(stored[name], taken[name]))
    if missed or not stored:
        names = ", ".join(missed[:3]) or "it has no weights"
        raise ModelError(f"The adapter in {folder} is not for this model: {names}.", "Open it with its own model.")
    if not hasattr(adapted.base_model, "merge_and_unload"):
        raise ModelError(
            f"The adapter in {folder} ({kind}) adds to the prompt or the pass and cannot be merged into weights.",
            "Adapters that change weights can be: LoRA, IA3 and their kin.",
        )
    merged: nn.Module = adapted.merge_and_unload()
    return merged.eval()


def _same(stored: torch.Tensor, taken: torch.Tensor) -> bool:
    return stored.shape == taken.shape and torch.equal(stored.to(taken.dtype), taken.detach().cpu())
