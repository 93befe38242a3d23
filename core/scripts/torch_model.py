"""How a script in plain PyTorch opens a model, and asks it for its answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from core.errors import ArgumentError
from core.models import lora, packs
from core.models.bundled import bundled_folder
from core.models.class_texts import base_name
from core.models.family import adapt
from core.models.model import Model
from core.models.probe_store import keep, probes_folder
from core.models.probed import Probed
from core.models.zero_shot import CLIPModel, ZeroShot
from core.scripts import literals as py

OTHER_WAY = "Take ws.apply, or Copy as Python, which needs Wirescope."
CLASSES = {"Gpt2": "GPT2LMHeadModel"}  # what Wirescope reads itself, by transformers' names


def no_script(why: str) -> ArgumentError:
    return ArgumentError(f"This cannot be a script in plain PyTorch: {why}.", OTHER_WAY)


@dataclass(frozen=True)
class Opened:
    """lines: that open the model as `model`. place: the folder or name that a tokenizer is opened by too."""

    library: str
    lines: tuple[str, ...]
    place: str = ""


def opening(model: Model) -> Opened:
    """How a model is opened by its library alone. Raises ArgumentError where it cannot be."""
    if isinstance(model.adapter.module, Probed):
        return _probed(model, model.adapter.module)
    place = base_name(model.name)
    kind, _, rest = place.partition(":")
    if kind == "timm":
        return _timm(rest)
    tower = kind if kind in ("vision", "text") else ""
    if kind == "bundled":
        place = str(bundled_folder(rest))
    elif kind == "pack":
        place = str(packs.pack_folder(rest))
    elif tower:
        place = rest
    folder = Path(place).expanduser()
    if not folder.is_dir() and "/" not in place:
        raise no_script("nobody can open the model by its name")
    if folder.is_dir():
        if lora.adapter_config(folder) is not None:
            raise no_script("an adapter is merged into the weights of the model")
        if '"architecture"' in (folder / "config.json").read_text(encoding="utf-8") and not tower:
            return _timm(f"local-dir:{place}")
    return Opened("transformers", tuple(_transformers(model, place, tower)), place)


def _probed(model: Model, module: Probed) -> Opened:
    """The encoder, opened as `model.encoder`, and the lines that read the probe's file. Raises ArgumentError."""
    opened = opening(_bare(model, module))
    place = probes_folder() / f"{keep(module.probe)}.probe"
    if not place.is_file():
        raise no_script("the probe could not be kept in the user's data folder")
    lines = [f"model.encoder = {each.removeprefix('model = ')}" if each.startswith("model = ") else each
             for each in opened.lines]  # fmt: skip
    return replace(
        opened,
        lines=(
            "from safetensors.torch import load_file",
            "model = torch.nn.Module()",
            *lines,
            f"PROBE = load_file({py.quoted(str(place))})",
            "",
            *_class_and_mean(model),
            "def scores(features):",
            '    return F.linear(features, PROBE["weight"].to(features), PROBE["bias"].to(features))',
            "",
        ),
    )


def _class_and_mean(model: Model) -> list[str]:
    if model.adapter.module.probe.reads == "output":
        return []
    mean = f"tokens[:, {model.adapter.prefix}:].mean(1)"
    return ["def class_and_mean(tokens):", f"    return torch.cat([tokens[:, 0], {mean}], dim=1)", ""]


def _bare(model: Model, module: Probed) -> Model:
    return replace(model, name=base_name(model.name), adapter=adapt(module.encoder))


def _timm(name: str) -> Opened:
    return Opened("timm", (f"model = timm.create_model({py.quoted(name)}, pretrained=True)",))


def _transformers(model: Model, place: str, tower: str) -> list[str]:
    module = model.adapter.module
    name = type(module).__name__
    function = f"transformers.{CLASSES.get(name, name)}.from_pretrained"
    lines, config = [], None
    if tower:  # the pair's own configuration says how wide the space is that both write to
        config = "config"
        lines = [
            f"pair = transformers.AutoConfig.from_pretrained({py.quoted(place)})",
            f"config = pair.{tower}_config",
        ]
        if hasattr(module.config, "projection_dim"):
            lines.append("config.projection_dim = pair.projection_dim")
    opened = f"model = {py.call(function, py.quoted(place), config=config, dtype='torch.float32')}"
    texts = _zero_shot(module, place) if isinstance(module, ZeroShot) else []
    return [*lines, opened, *texts]


def _zero_shot(module: ZeroShot, place: str) -> list[str]:
    """The lines that make the classes' vectors of their texts, and `scores`, what is read of the model."""
    clip = isinstance(module, CLIPModel)
    seen = "model.vision_model(pixel_values=x).pooler_output"
    seen = f"model.visual_projection({seen})" if clip else seen
    if module.texts is None:
        return ["", "def scores(x):", f"    return {seen}", ""]
    read = "model.text_model(input_ids=ids).pooler_output"
    read = f"model.text_projection({read})" if clip else read
    padded = f', padding="max_length", max_length={module.config.text_config.max_position_embeddings}'
    lower = "" if clip else ".lower()"
    bias = "" if clip else " + model.logit_bias"
    return [
        f"tokenizer = transformers.AutoTokenizer.from_pretrained({py.quoted(place)})",
        f"CLASSES = {py.listed([py.quoted(name) for name in module.texts.classes])}",
        f"TEMPLATES = {py.listed([py.quoted(template) for template in module.texts.templates])}",
        "",
        "def sentence_vector(text):",
        f"    ids = tokenizer(text{lower}, return_tensors='pt'{'' if clip else padded})['input_ids']",
        f"    return F.normalize({read}, dim=-1)[0]",
        "",
        "def class_vector(name):",
        "    rows = [sentence_vector(template.replace('{}', name)) for template in TEMPLATES]",
        "    return F.normalize(torch.stack(rows).mean(0), dim=-1)",
        "",
        "VECTORS = torch.stack([class_vector(name) for name in CLASSES])",
        "",
        "def scores(x):",
        f"    pictures = F.normalize({seen}, dim=-1)",
        f"    return pictures @ VECTORS.to(pictures.dtype).T * model.logit_scale.exp(){bias}",
        "",
    ]


def answer(model: Model, inputs: Tensor, library: str) -> str:
    """The expression of what is read of the model's output, for inputs `x`. Raises ArgumentError where the model
    itself does not give it."""
    module = model.adapter.module
    if isinstance(module, Probed):
        if module.probe.reads == "class+mean":
            return "scores(class_and_mean(model.encoder(pixel_values=x).last_hidden_state))"
        return f"scores({answer(_bare(model, module), inputs, library).replace('model(', 'model.encoder(', 1)})"
    kind = model.adapter.shape.output_kind
    argument = "input_ids" if model.is_text else "pixel_values"
    if library == "timm":
        return "model(x)"
    if isinstance(model.adapter.module, ZeroShot):
        return "scores(x)"
    if kind != "embedding":
        return f"model({argument}=x).logits{'[:, -1]' if kind == 'next token' else ''}"
    with torch.no_grad():
        outputs, expected = model.adapter.module(**{argument: inputs}), model.adapter.own_forward(inputs)
    for path, read in _EMBEDDINGS.items():
        read_back = read(outputs)
        if read_back is not None and read_back.shape == expected.shape and torch.equal(read_back, expected):
            return f"model({argument}=x){path}"
    raise no_script("the model itself does not give what is read of it")


_EMBEDDINGS: dict[str, Callable[[Any], Tensor | None]] = {
    ".image_embeds": lambda outputs: getattr(outputs, "image_embeds", None),
    ".text_embeds": lambda outputs: getattr(outputs, "text_embeds", None),
    ".pooler_output": lambda outputs: getattr(outputs, "pooler_output", None),
    ".last_hidden_state[:, 0]": lambda outputs: outputs.last_hidden_state[:, 0],
    ".last_hidden_state.mean(1)": lambda outputs: outputs.last_hidden_state.mean(1),
}


def label(model: Model, opened: Opened) -> list[str]:
    """The line that makes `label`, from the number of an answer to its name."""
    if model.is_text and model.tokenizer is not None and opened.place:
        return [
            f"tokenizer = transformers.AutoTokenizer.from_pretrained({py.quoted(opened.place)})",
            "label = lambda index: tokenizer.decode([index])",
        ]
    module = model.adapter.module
    if isinstance(module, ZeroShot) and module.texts is not None:
        return ["label = CLASSES.__getitem__"]
    if 0 < len(model.class_names) <= 20 or isinstance(module, Probed):
        return [f"label = {py.listed([py.quoted(name) for name in model.class_names])}.__getitem__"]
    if model.class_names and opened.library == "transformers":
        return ["label = model.config.id2label.__getitem__"]
    return ["label = int"]
