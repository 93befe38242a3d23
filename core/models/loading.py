"""Opening a model: bundled, from a pack, a folder, timm, the Hub, or a module in memory.

Weights come from safetensors alone, never from a pickle, and code that comes with a model is never run. Everything
is loaded in fp32, and turned into bf16 only for a GPU: half precision on a CPU can give gibberish.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from safetensors import SafetensorError
from torch import Tensor, nn

from core.errors import ArgumentError, ModelError, WirescopeError
from core.models import packs
from core.models.bundled import bundled_folder
from core.models.families import TOWERS, adapt, family_of, unsupported
from core.models.health import check_weights, placement
from core.models.model import ImageProcessing, Model

PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")
UNREAD = ("pooler.dense.", "mask_token")  # weights that no output of ours reads: a checkpoint may lack them


def load_model(source: Any, processor: Any = None, *, device: str | torch.device = "cpu", dtype: str = "fp32") -> Model:
    """Open a model.

    source: `bundled:NAME`, `pack:NAME`, `timm:NAME`, a folder, a Hub id, an nn.Module, or (nn.Module, processor).
    Of a folder or Hub id with a pair of towers, as CLIP is: `vision:` or `text:` before it.
    processor: for a module: its tokenizer or image processor; without one, only tensors are taken as inputs.
    device: where it computes: "cpu", "cuda", "mps". dtype: "fp32", or "bf16" on a GPU. A module of the user's stays
    where and as it is.
    Raises ModelError for what cannot be opened and for weights that are not finite or on several devices, ArgumentError
    for an unknown bundled model, pack, device or precision.
    """
    if isinstance(source, tuple):
        source, processor = source
    where = placement(device, dtype)
    if isinstance(source, nn.Module):
        check_weights(source, type(source).__name__)
        model = _from_module(source, processor, type(source).__name__, type(source).__name__)
        if source.training:  # a module of the user's is never changed here
            raise ModelError("The model is in training mode, where dropout changes it.", "Call its eval() first.")
        return model
    if not isinstance(source, str | Path):
        raise ArgumentError(f"A model is named by text, a path or a module, not by {type(source).__name__}.")
    name = str(source)
    kind, _, rest = name.partition(":")
    if kind == "bundled":
        model = _from_folder(bundled_folder(rest), name, rest)
    elif kind == "pack":
        model = _from_folder(_pack_folder(rest), name, packs.PACKS[rest].title)
    elif kind == "timm":
        model = _from_timm(rest, name)
    else:
        model = _from_folder_or_hub(rest, kind) if kind in ("vision", "text") else _from_folder_or_hub(name)
    check_weights(model.adapter.module, model.title)
    if where == (model.adapter.device, model.adapter.dtype):
        return model
    return replace(model, adapter=adapt(model.adapter.module.to(*where)))


def _pack_folder(name: str) -> Path:
    if name not in packs.PACKS:
        raise ArgumentError(f"There is no model pack {name!r}.", f"There are: {', '.join(packs.PACKS)}.")
    if not packs.is_installed(name):
        raise ModelError(f"The model pack {name} is not installed.", f"Get it with: wirescope models get {name}")
    return packs.pack_folder(name)


def _from_folder_or_hub(name: str, tower: str = "") -> Model:
    """tower: `vision` or `text`, for one of a pair; empty for a whole model."""
    if not Path(name).expanduser().exists():
        return _from_hub(name, tower)
    folder = Path(name).expanduser().resolve()
    return _from_folder(folder, f"{tower}:{folder}" if tower else str(folder), folder.name, tower)


def _from_folder(folder: Path, name: str, title: str, tower: str = "") -> Model:
    if folder.is_file():
        raise ModelError(f"{folder.name} is a file; a model is a folder.", "Open the folder with config.json in it.")
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelError(
            f"{folder} is no model: it has no config.json.",
            "Choose a folder with config.json and model.safetensors, as Hugging Face and timm save them.",
        ) from None
    except (OSError, ValueError) as error:
        raise ModelError(f"The config.json in {folder} cannot be read: {error}") from None
    if not isinstance(config, dict) or not ("architectures" in config or "architecture" in config):
        raise ModelError(f"The config.json in {folder} does not say which architecture it is.")
    architecture = "" if "architecture" in config and not tower else _architecture(config, tower)
    _require_safetensors(folder)
    try:
        if "architecture" in config:
            return _timm_model(f"local-dir:{folder}", name, title, tuple(config.get("label_names") or ()))
        return _hugging_face_model(str(folder), architecture, name, title, tower, local=True)
    except WirescopeError:
        raise
    except Exception as error:  # a damaged folder makes the libraries raise almost anything
        raise ModelError(f"{title} cannot be loaded: {_first_line(error)}", "Is its folder complete?") from error


def _architecture(config: dict[str, Any], tower: str) -> str:
    """The class to open: the one that a configuration names, or a tower of it. Raises ModelError for one that is not
    supported."""
    name = str((config.get("architectures") or ["an unknown architecture"])[0])
    if not tower:
        if family_of(name) is None:
            raise unsupported(name)
        return name
    if name not in TOWERS:
        raise ModelError(f"{name} is no pair of towers.", f"Open it without {tower}: before its name.")
    return TOWERS[name][tower]


def _require_safetensors(folder: Path) -> None:
    if any(folder.glob("*.safetensors")):
        return
    found = next((path.name for pattern in PICKLES for path in folder.glob(pattern)), None)
    if found is not None:
        raise ModelError(
            f"{found} is a pickle checkpoint, and opening one can run any code that somebody put in it.",
            "Save the model again with save_pretrained(..., safe_serialization=True), which writes safetensors.",
        )
    raise ModelError(f"{folder} has no weights: no *.safetensors file.", "Is its download complete?")


def _from_hub(name: str, tower: str) -> Model:
    if name.startswith((".", "/", "~")) or name.count("/") > 1 or not name.strip() or "\\" in name:
        raise ModelError(
            f"There is no folder {name}.", "Give a model's folder, bundled:names, pack:smollm2 or a Hub id."
        )
    from transformers import AutoConfig

    try:
        config = AutoConfig.from_pretrained(name, trust_remote_code=False)
        architecture = _architecture(config.to_dict(), tower)
        whole = f"{tower}:{name}" if tower else name
        return _hugging_face_model(name, architecture, whole, name.rpartition("/")[2], tower, local=False)
    except (OSError, ValueError, SafetensorError) as error:
        raise ModelError(
            f"{name} is no folder here, and it could not be had from the Hub: {_first_line(error)}",
            "Check the name and the network. Offline there are bundled:names, bundled:shapes and the model packs.",
        ) from error


def _from_timm(timm_name: str, name: str) -> Model:
    import timm

    if not timm.is_model(timm_name):
        near = timm.list_models(f"*{timm_name.split('.')[0][:12]}*")[:3]
        hint = f"Near it: {', '.join(near)}." if near else "See timm.list_models()."
        raise ArgumentError(f"timm has no model {timm_name!r}.", hint)
    try:
        return _timm_model(timm_name, name, timm_name, ())
    except (OSError, RuntimeError, ValueError, SafetensorError) as error:
        raise ModelError(
            f"The weights of {timm_name} could not be had: {_first_line(error)}",
            "timm takes them from the Hub: check the network. Offline there is bundled:shapes.",
        ) from error


def _hugging_face_model(path: str, architecture: str, name: str, title: str, tower: str, *, local: bool) -> Model:
    import transformers

    transformers.utils.logging.disable_progress_bar()
    cls = getattr(transformers, architecture)
    options = {"trust_remote_code": False, "local_files_only": local}
    own = {"config": _tower_config(path, tower, options)} if tower else {}
    verbosity = transformers.utils.logging.get_verbosity()
    transformers.utils.logging.set_verbosity_error()  # its report of a tower lists all weights of the other one
    try:
        module, found = cls.from_pretrained(
            path, dtype=torch.float32, use_safetensors=True, output_loading_info=True, **own, **options
        )
    finally:
        transformers.utils.logging.set_verbosity(verbosity)
    missing = sorted(key for key in found["missing_keys"] if not any(part in key for part in UNREAD))
    if missing:  # the library would fill them with random numbers
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise ModelError(f"The checkpoint of {title} lacks weights: {missing[0]}{more}.", "Is its download complete?")
    processor: Any
    family = family_of(architecture)
    assert family is not None  # it was asked before the weights were loaded
    if family.reads == "image":
        try:
            processor = transformers.AutoImageProcessor.from_pretrained(path, **options)
        except OSError:
            processor = None
    else:
        processor = transformers.AutoTokenizer.from_pretrained(path, **options)
        if len(processor) <= len(processor.all_special_ids):  # the library makes an empty one where there are no files
            raise ModelError(f"{title} has no tokenizer.", "Save its tokenizer in the same folder.")
    return _from_module(module, processor, name, title)


def _tower_config(path: str, tower: str, options: dict[str, Any]) -> Any:
    """The configuration of one tower, with the width of the space that the pair shares: the pair's own counts."""
    from transformers import AutoConfig

    pair = AutoConfig.from_pretrained(path, **options)
    config = getattr(pair, f"{tower}_config")
    if hasattr(config, "projection_dim"):
        config.projection_dim = pair.projection_dim
    return config


def _timm_model(timm_name: str, name: str, title: str, class_names: tuple[str, ...]) -> Model:
    import timm
    from timm.data import create_transform, resolve_data_config

    # The class is checked on an empty model first, so that a refusal needs no download.
    if not timm_name.startswith("local-dir:"):
        with torch.device("meta"):
            adapt(timm.create_model(timm_name, pretrained=False))
    module = timm.create_model(timm_name, pretrained=True).float().eval()
    config = resolve_data_config({}, model=module)
    transform = create_transform(**config)
    processing = ImageProcessing(transform, tuple(config["mean"]), tuple(config["std"]))
    names = class_names or _timm_class_names(module)
    return Model(name, title, adapt(module), processing=processing, class_names=names)


def _timm_class_names(module: nn.Module) -> tuple[str, ...]:
    from timm.data import ImageNetInfo

    if getattr(module, "num_classes", 0) != 1000:
        return ()
    info = ImageNetInfo()
    return tuple(info.index_to_description(index) for index in range(1000))


def _from_module(module: nn.Module, processor: Any, name: str, title: str) -> Model:
    adapter = adapt(module)
    if adapter.shape.input_kind == "text":
        return Model(name, title, adapter, tokenizer=processor)
    labels = getattr(getattr(module, "config", None), "id2label", None) or {}
    names = tuple(str(labels[index]) for index in sorted(labels)) if adapter.shape.output_kind == "classes" else ()
    return Model(name, title, adapter, processing=_processing(processor), class_names=names)


def _processing(processor: Any) -> ImageProcessing | None:
    if processor is None or isinstance(processor, ImageProcessing):
        return processor

    def to_pixels(image: Image.Image) -> Tensor:
        pixels: Tensor = processor(images=image, return_tensors="pt")["pixel_values"][0]
        return pixels

    return ImageProcessing(to_pixels, tuple(processor.image_mean), tuple(processor.image_std))


def _first_line(error: BaseException) -> str:
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__
