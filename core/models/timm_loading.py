"""Opening a model of timm, by its name or from a folder."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError
from torch import nn

from core.errors import ArgumentError, ModelError
from core.inputs.images import ImageProcessing
from core.models.family import adapt
from core.models.health import first_line
from core.models.model import Model
from core.models.unread import check_timm_file


def from_timm(timm_name: str, name: str) -> Model:
    """A model by timm's name. Raises ArgumentError for one that there is not, ModelError where its weights cannot be
    had."""
    import timm

    if not timm.is_model(timm_name):
        near = timm.list_models(f"*{timm_name.split('.')[0][:12]}*")[:3]
        hint = f"Near it: {', '.join(near)}." if near else "See timm.list_models()."
        raise ArgumentError(f"timm has no model {timm_name!r}.", hint)
    try:
        return timm_model(timm_name, name, timm_name, ())
    except (OSError, RuntimeError, ValueError, SafetensorError) as error:
        raise ModelError(
            f"The weights of {timm_name} could not be had: {first_line(error)}",
            "timm takes them from the Hub: check the network. Offline there is bundled:shapes.",
        ) from error


def timm_model(timm_name: str, name: str, title: str, class_names: tuple[str, ...]) -> Model:
    """timm_name: also `local-dir:` and a folder. class_names: (): those of ImageNet where it has as many classes."""
    import timm
    from timm.data import create_transform, resolve_data_config

    # The class is checked on an empty model first, so that a refusal needs no download.
    if not timm_name.startswith("local-dir:"):
        with torch.device("meta"):
            adapt(timm.create_model(timm_name, pretrained=False))
    module = timm.create_model(timm_name, pretrained=True).float().eval()
    _, local, folder = timm_name.partition("local-dir:")
    notes = check_timm_file(title, module, Path(folder)) if local else ()
    config = resolve_data_config({}, model=module)
    transform = create_transform(**config)
    processing = ImageProcessing(transform, tuple(config["mean"]), tuple(config["std"]))
    names = class_names or _class_names(module)
    return Model(name, title, adapt(module), processing=processing, class_names=names, notes=notes)


def _class_names(module: nn.Module) -> tuple[str, ...]:
    from timm.data import ImageNetInfo

    if getattr(module, "num_classes", 0) != 1000:
        return ()
    info = ImageNetInfo()
    return tuple(info.index_to_description(index) for index in range(1000))
