"""Opening a model: bundled, from a pack, a folder, timm, the Hub, or a module in memory.

Weights come from safetensors alone, never from a pickle, and code that comes with a model is never run. Everything
is loaded in fp32; for another precision the weights alone are cast, as the libraries do it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from safetensors import SafetensorError
from torch import Tensor, nn

from core.errors import ArgumentError, ModelError, WirescopeError
from core.inputs.images import ImageProcessing
from core.models import lora, packs
from core.models.bundled import bundled_folder
from core.models.checkpoint import (
    check_folder,
    check_pointers,
    check_quantisation,
    is_no_folder,
    no_config,
    stored_weights,
    weight_files,
)
from core.models.class_texts import BOTH, base_name, texts_in
from core.models.family import adapt, family_of
from core.models.gpt2_blocks import is_plain, read_gpt2
from core.models.health import check_mode, check_weights, first_line
from core.models.kept_weights import precisions, weights_as_stored, weights_on_disk
from core.models.model import Model
from core.models.placed import gathered, placed
from core.models.probe import Probe
from core.models.probed import Probed, as_asked
from core.models.refused import TOWERS, unsupported
from core.models.rounded import in_eight_bits
from core.models.spread import devices_of, spread
from core.models.timm_loading import from_timm, timm_folder
from core.models.token_file import TokenFile
from core.models.tokenizer_loading import NO_TOKENIZER, at_revision, tokenizer_of
from core.models.towers import with_towers
from core.models.unfilled import unfilled
from core.models.unread import check_sizes, check_unread
from core.models.vit_blocks import is_plain_vit, read_vit, vit_processing
from core.models.weights_place import MERGED, WeightsPlace, folder_of_hub, is_short, read_in, too_large
from core.models.zero_shot import ZeroShot, classified
from core.precision import PRECISIONS
from core.precision_words import EIGHT_BITS

UNREAD = ("pooler.dense.", "mask_token")  # weights that no output of ours reads: a checkpoint may lack them
MEMORY = WeightsPlace()
PLAIN_ATTENTION = ("eager", "sdpa", None)  # implementations that are everywhere


def load_model(
    source: Any,
    processor: Any = None,
    *,
    classes: Sequence[str] | str | None = None,
    templates: Sequence[str] | str | None = None,
    probe: Probe | str | Path | None = None,
    towers: bool = False,
    device: str | torch.device = "cpu",
    dtype: str = "fp32",
    weights: str = "auto",
) -> Model:
    """Open a model.

    source: `bundled:NAME`, `pack:NAME`, `timm:NAME`, a folder, a Hub id (`ID@REVISION`: of a branch or tag), an
    nn.Module, or (nn.Module, processor).
    Of a folder or Hub id with a pair of towers, as CLIP is, one alone: `vision:` or `text:` before it. Before any name
    of a pair, `towers:`, which is what `towers` says: both are in its graph, and meet in the similarity.
    processor: for a module: its tokenizer or image processor (of a pair of towers one that has both); without one, only
    tensors are taken as inputs.
    classes, templates: of CLIP and SigLIP with both towers, which are then classifiers of pictures: a text each, and
    sentences with {} where the class goes, over which a class's text is averaged ("a photo of a {}" where config.json
    names none). Without classes: those in the name or in config.json, else the output is the picture's embedding.
    probe: of a vision model without a head, which then has its classes: the file of one (`ws.fit_probe(...).save`).
    device: where it computes: "cpu", "cuda", "cuda:1", "mps". Of several, as "cuda:0,cuda:1,cpu", the first; where it
    does not fit there, its layers lie over all of them. "auto": all GPUs, then the CPU.
    dtype: "fp32", "bf16", or "fp64", which Apple's GPUs do not have. A module of the user's stays where and as it is.
    weights: of a folder, pack or Hub id: "memory", or "disk", where they stay, for the CPU alone: each layer is read
    when it computes, and nobody may write to them. "8bit": in memory, those of the layers' linear maps rounded to 8
    bits; how much that changes answers tells `ws.rounding`. "auto": on disk where the CPU computes alone and the memory
    that is free is too little. On disk in another precision than `dtype`, they are copied once, into the user's cache
    folder.
    Raises ModelError for what cannot be opened or does not fit, and for weights that are not finite, ArgumentError for
    an unknown bundled model, pack, device or precision.
    """
    if isinstance(source, tuple):
        source, processor = source
    if towers or (isinstance(source, str) and source.startswith(BOTH)):
        if weights == EIGHT_BITS:
            raise ArgumentError("Of both towers together weights are not put into 8 bits.", "Open one tower alone.")
        source = source.removeprefix(BOTH) if isinstance(source, str) else source
        asked = {"classes": classes, "templates": templates, "probe": probe, "device": device, "dtype": dtype}
        asked["weights"] = weights
        return with_towers(load_model(source, processor, **asked))  # type: ignore[arg-type]
    devices = devices_of(device, dtype)
    place = WeightsPlace(weights, PRECISIONS[dtype], devices)
    if isinstance(source, nn.Module):
        place.check_in_memory("A module of yours stays as it is, where it is.")
        check_weights(source, type(source).__name__)
        model = gathered(_from_module(source, processor, type(source).__name__, type(source).__name__))
        check_mode(source)  # a module of the user's is never changed here
        return as_asked(classified(model, classes, templates), probe)
    if not isinstance(source, str | Path):
        raise ArgumentError(f"A model is named by text, a path or a module, not by {type(source).__name__}.")
    named, name = texts_in(str(source)), base_name(str(source))
    if named is not None and not classes:
        classes, templates = named.classes, templates or named.templates
    kind, _, rest = name.partition(":")
    if kind in ("bundled", "timm"):
        place.check_in_memory("Weights stay on disk, or are rounded from there, of a folder, a pack or a Hub model.")
        model = _bundled(name, rest) if kind == "bundled" else from_timm(rest, name)
    elif kind == "pack":
        model = _from_folder(packs.installed(rest), name, packs.PACKS[rest].title, place=place)
    else:
        tower = kind if kind in ("vision", "text") else ""
        model = _from_folder_or_hub(rest if tower else name, tower, place=place)
    check_weights(model.adapter.module, model.title)
    model = as_asked(classified(model, classes, templates), probe, str(source))
    model.adapter.module.requires_grad_(False)  # gradients are of streams: those of weights would be kept in vain
    if place.asked == EIGHT_BITS:
        model = in_eight_bits(model, place.dtype)
    return placed(replace(model, weights_place=weights), devices, place.dtype)


def _bundled(name: str, title: str) -> Model:
    """A bundled model without its library, which takes longer to import than all the rest."""
    folder = bundled_folder(title)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    if is_plain(config):
        return Model(name, title, adapt(read_gpt2(folder, config)), tokenizer=TokenFile(folder))
    if is_plain_vit(config):
        names = tuple(config["label_names"])
        module = adapt(read_vit(folder, config))
        return Model(name, title, module, processing=vit_processing(config), class_names=names)
    return _from_folder(folder, name, title)


def _from_folder_or_hub(name: str, tower: str = "", *, adapted: bool = True, place: WeightsPlace = MEMORY) -> Model:
    """tower: `vision` or `text`, for one of a pair; empty for a whole model. adapted: with the adapter that lies beside
    its weights, if one does."""
    if not Path(name).expanduser().exists():
        return _from_hub(name, tower, place)
    folder = Path(name).expanduser().resolve()
    full_name = f"{tower}:{folder}" if tower else str(folder)
    return _from_folder(folder, full_name, folder.name, tower, adapted=adapted, place=place)


def _from_folder(
    folder: Path, name: str, title: str, tower: str = "", *, adapted: bool = True, place: WeightsPlace = MEMORY
) -> Model:
    if not folder.is_dir():
        raise is_no_folder(folder)
    adapter = lora.adapter_config(folder)
    if adapter is not None:
        place.check_in_memory(MERGED)
        place = MEMORY
    if adapter is not None and not (folder / "config.json").exists():
        return _adapted(folder, adapter, name, title, tower)
    config = _config_of(folder)
    architecture = "" if "architecture" in config and not tower else _architecture(config, tower)
    check_folder(folder, config)
    if adapter is not None and adapted:
        lora.check_adapter(folder, adapter, alone=False)
    try:
        if "architecture" in config:
            return timm_folder(folder, name, title, tuple(config.get("label_names") or ()), place)
        place = place.of_stored(config)
        whole = adapter is None
        model = _hugging_face_model(str(folder), architecture, name, title, tower, place, local=True, whole=whole)
        if adapter is None:
            return model
        if not adapted:
            return replace(model, notes=(*model.notes, f"The adapter beside the weights of {title} is not applied."))
        module = lora.merge(model.adapter.module, folder, str(adapter["peft_type"]))
        return replace(
            model, adapter=adapt(module), notes=(*model.notes, "The adapter beside its weights is merged into them.")
        )
    except WirescopeError:
        raise
    except Exception as error:  # a damaged folder makes the libraries raise almost anything
        if not place.reads_layers and is_short(error):
            raise too_large(title, stored_weights(folder)) from error
        raise ModelError(
            f"{title} cannot be loaded: {first_line(error)}",
            "Is its folder complete, and does config.json belong to the weights?",
        ) from error


def _config_of(folder: Path) -> dict[str, Any]:
    """The configuration in a folder. Raises ModelError where it names no architecture."""
    try:
        check_pointers(folder)
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise no_config(folder) from None
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"The config.json in {folder} cannot be read: {error}") from None
    if not isinstance(config, dict) or not ("architectures" in config or "architecture" in config):
        raise ModelError(f"The config.json in {folder} does not say which architecture it is.")
    return config


def _adapted(folder: Path, adapter: dict[str, Any], name: str, title: str, tower: str) -> Model:
    """A model that is named by its adapter's folder: its base, with the adapter merged into the weights."""
    check_pointers(folder)
    lora.check_adapter(folder, adapter, alone=True)
    base = lora.base_name(folder, adapter)
    opened = _from_folder_or_hub(base, tower, adapted=False)
    module = lora.merge(opened.adapter.module, folder, str(adapter["peft_type"]))
    tokenizer = tokenizer_of(str(folder), local=True) if opened.is_text else None
    notes = (*opened.notes, f"The adapter {title} is merged into {opened.title}.")
    return replace(
        opened, name=name, title=title, adapter=adapt(module), tokenizer=tokenizer or opened.tokenizer, notes=notes
    )


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


def _from_hub(name: str, tower: str, place: WeightsPlace) -> Model:
    if name.startswith((".", "/", "~")) or name.count("/") > 1 or not name.strip() or "\\" in name:
        raise ModelError(
            f"There is no folder {name}.", "Give a model's folder, bundled:names, pack:smollm2 or a Hub id."
        )
    from transformers import AutoConfig

    try:
        hub_id, revision = at_revision(name)
        config = AutoConfig.from_pretrained(hub_id, revision=revision, trust_remote_code=False)
        described = config.to_dict()
        architecture = _architecture(described, tower)
        check_quantisation(described)
        lora.check_hub(name)
        place = place.of_stored(described)
        full_name = f"{tower}:{name}" if tower else name
        title = name.rpartition("/")[2]
        return _hugging_face_model(name, architecture, full_name, title, tower, place, local=False)
    except (OSError, ValueError, SafetensorError) as error:
        raise ModelError(
            f"{name} is no folder here, and it could not be had from the Hub: {first_line(error)}",
            "Check the name and the network. Offline there are bundled:names and others (wirescope models), and packs.",
        ) from error


def _hugging_face_model(
    path: str,
    architecture: str,
    name: str,
    title: str,
    tower: str,
    place: WeightsPlace,
    *,
    local: bool,
    whole: bool = True,
) -> Model:
    """whole: all that is there is the model; else an adapter lies beside the weights, which the library would put into
    the module by itself."""
    import transformers

    transformers.utils.logging.disable_progress_bar()
    cls = class_of(architecture)
    named, (path, revision) = path, (path, "main") if local else at_revision(path)
    options: dict[str, Any] = {"trust_remote_code": False, "local_files_only": local, "revision": revision}
    family = family_of(architecture)
    assert family is not None  # it was asked before the weights were loaded
    config = _tower_config(path, tower, options) if tower else cls.config_class.from_pretrained(path, **options)
    if (
        getattr(config, "_attn_implementation", None) not in PLAIN_ATTENTION
    ):  # flash attention needs a GPU of some kinds
        config._attn_implementation = "eager"
    from_file = whole and place.from_file(family.reads)
    folder = Path(path) if local else folder_of_hub(path, revision) if place.may_be_disk or from_file else None
    stored = stored_weights(folder) if folder is not None else {}
    on_disk = place.note(stored, family.reads)
    weights = None if whole else _stored_numbers(Path(path))
    if on_disk and folder is not None:
        weights = weights_on_disk(folder, place.dtype)
    elif from_file and folder is not None:
        weights = weights_as_stored(folder)
    reads_in = torch.float32
    if weights is not None and whole:
        reads_in = place.dtype if on_disk else read_in(precisions(weights.values()), place.dtype, family.reads)
    verbosity = transformers.utils.logging.get_verbosity()
    transformers.utils.logging.set_verbosity_error()  # its report of a tower lists all weights of the other one
    try:
        with unfilled():
            module, report = cls.from_pretrained(
                path if weights is None else None,
                config=config,
                state_dict=weights,
                dtype=reads_in,
                use_safetensors=True,
                output_loading_info=True,
                ignore_mismatched_sizes=True,  # they are refused below, by name
                **options,
            )
    finally:
        transformers.utils.logging.set_verbosity(verbosity)
    check_sizes(title, report["mismatched_keys"])
    if whole and weights is not None and not on_disk and place.on_cpu_alone:
        spread(module, (), (), place.devices[0], place.dtype)
    missing = sorted(key for key in report["missing_keys"] if not any(part in key for part in UNREAD))
    has_head = adapt(module).shape.output_kind != "embedding"
    notes = check_unread(title, module, report["unexpected_keys"], stored, family.reads, has_head)
    if missing:  # the library would fill them with random numbers
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise ModelError(f"The checkpoint of {title} lacks weights: {missing[0]}{more}.", "Is its download complete?")
    processor: Any
    if family.reads == "image":
        try:
            processor = transformers.AutoImageProcessor.from_pretrained(path, **options)
        except OSError:
            processor = None
    else:
        processor = tokenizer_of(named, local=local)
        notes += () if processor is not None else (NO_TOKENIZER,)
    model = _from_module(module, processor, name, title)
    if isinstance(model.adapter.module, ZeroShot):
        model = replace(model, tokenizer=tokenizer_of(named, local=local))
    return replace(model, notes=(*notes, on_disk) if on_disk else notes)


def class_of(architecture: str) -> Any:
    """A class of transformers by its name. It is looked up in a thread: of what fails while the library tries its
    parts, it keeps the frames of all who asked, which would keep the model that they open until the collector runs."""
    import transformers

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(getattr, transformers, architecture).result()


def _stored_numbers(folder: Path) -> dict[str, Tensor]:
    """All weights in a folder's files."""
    from safetensors.torch import load_file

    return {name: tensor for path in weight_files(folder) for name, tensor in load_file(path).items()}


def _tower_config(path: str, tower: str, options: dict[str, Any]) -> Any:
    """The configuration of one tower, with the width of the space that the pair shares: the pair's own counts."""
    from transformers import AutoConfig

    pair = AutoConfig.from_pretrained(path, **options)
    config = getattr(pair, f"{tower}_config")
    if hasattr(config, "projection_dim"):
        config.projection_dim = pair.projection_dim
    return config


def _from_module(module: nn.Module, processor: Any, name: str, title: str) -> Model:
    adapter = adapt(module)
    if adapter.shape.input_kind == "text":
        return Model(name, title, adapter, tokenizer=processor)
    tokenizer = None
    labels = getattr(getattr(module, "config", None), "id2label", None) or {}
    if isinstance(adapter.module, ZeroShot):
        tokenizer, processor = getattr(processor, "tokenizer", None), getattr(processor, "image_processor", processor)
        labels = {}  # its classes are texts: those of the configuration are the library's usual ones
    if isinstance(adapter.module, Probed):
        return Model(name, title, adapter, None, _processing(processor), adapter.module.probe.classes)
    names = tuple(str(labels[index]) for index in sorted(labels)) if adapter.shape.output_kind == "classes" else ()
    return Model(name, title, adapter, tokenizer, _processing(processor), class_names=names)


def _processing(processor: Any) -> ImageProcessing | None:
    if processor is None or isinstance(processor, ImageProcessing):
        return processor

    def to_pixels(image: Image.Image) -> Tensor:
        pixels: Tensor = processor(images=image, return_tensors="pt")["pixel_values"][0]
        return pixels

    return ImageProcessing(to_pixels, tuple(processor.image_mean), tuple(processor.image_std))
