"""Opening a model of timm, by its name or from a folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from torch import Tensor, nn

from core.errors import ArgumentError, ModelError
from core.inputs.images import ImageProcessing
from core.models.checkpoint import stored_weights
from core.models.family import adapt
from core.models.health import first_line
from core.models.kept_weights import precisions, weights_as_stored, weights_on_disk
from core.models.model import Model
from core.models.unfilled import unfilled
from core.models.unread import check_timm_file, listed
from core.models.weights_place import WeightsPlace


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
    """A model whose weights timm has. class_names: (): those of ImageNet where it has as many classes."""
    import timm

    # The class is checked on an empty model first, so that a refusal needs no download.
    with torch.device("meta"):
        adapt(timm.create_model(timm_name, pretrained=False))
    module = timm.create_model(timm_name, pretrained=True).float().eval()
    return _model(module, name, title, class_names, ())


def timm_folder(folder: Path, name: str, title: str, class_names: tuple[str, ...], place: WeightsPlace) -> Model:
    """A model that timm saved. Raises ModelError where its weights are not those of the file, or cannot stay there."""
    import timm

    told, module = place.note(stored_weights(folder), "image"), None
    weights = weights_as_stored(folder) if place.from_file("image") else None
    if told or (weights is not None and precisions(weights.values()) == {torch.float32}):
        try:
            module = _mapped(folder, title, weights_on_disk(folder, place.dtype) if weights is None else weights)
        except ModelError as error:
            if place.reads_layers:
                raise
            told = told and f"{error.message} They are in memory, however short that is."
    notes: tuple[str, ...] = (told,) if told else ()
    if module is None:
        module = timm.create_model(f"local-dir:{folder}", pretrained=True).float().eval()
        notes += check_timm_file(title, module, folder)
    return _model(module, name, title, class_names, notes)


def _mapped(folder: Path, title: str, weights: Mapping[str, Tensor]) -> nn.Module:
    """Its weights lie in the file. timm translates those of other libraries and other sizes, which needs them in
    memory."""
    import timm

    with unfilled(), torch.device("meta"):
        module: nn.Module = timm.create_model(f"local-dir:{folder}", pretrained=False)
    asked = {key: tensor.shape for key, tensor in module.state_dict().items()}
    others = sorted(key for key in {*asked, *weights} if asked.get(key) != getattr(weights.get(key), "shape", None))
    if others:
        raise ModelError(
            f"The weights of {title} cannot stay on disk: the file has others than the model ({listed(others)}).",
            "Let the weights go into memory, where timm translates them.",
        )
    module.load_state_dict(weights, assign=True)
    if any(tensor.is_meta for tensor in module.buffers()):
        raise ModelError(
            f"The weights of {title} cannot stay on disk: it makes numbers that are in no file.",
            "Let the weights go into memory.",
        )
    return module.eval()


def _model(module: nn.Module, name: str, title: str, class_names: tuple[str, ...], notes: tuple[str, ...]) -> Model:
    from timm.data import create_transform, resolve_data_config

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
