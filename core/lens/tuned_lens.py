"""Tuned lenses: an affine map for each layer that brings the stream before it into the space that the head reads.

    answers(h, i) = head(norm(h + W_i h + b_i)),   h the stream before layer i

(Belrose et al. 2023, "Eliciting Latent Predictions from Transformers with the Tuned Lens", section 3; the identity is
added to what a file holds, as the published code does.) A lens with W = 0 and b = 0 is the logit lens. The stream after
the last layer is what the head reads, so nothing maps it; inside a layer, after its attention, there is no map either.

A file is read as it is published: a folder of `config.json` (d_model, num_hidden_layers) and `params.pt`, or
`params.safetensors` in its place, with the tensors "0.weight" [width, width] and "0.bias" [width], "1.weight" and so
on. Only tensors are read of a `params.pt` (weights_only): no code runs.
"""

from __future__ import annotations

import json
import pickle
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from core.errors import InputError
from core.inputs.real_files import check_real_file
from core.models.model import Model
from core.precision import widened
from core.text_files import read_text

PARAMETERS, CONFIG = ("params.safetensors", "params.pt"), "config.json"
ENDINGS = (".safetensors", ".pt", ".bin")
MOST_MEGABYTES = 8192  # of a file: 80 layers of width 5120 in fp32 are some 8 GB
_KEY = re.compile(r"(?:layer_translators\.)?(\d+)\.(weight|bias)")


@dataclass(frozen=True, eq=False)
class TunedLens:
    """name: of its file. weights: [layer] of [width, width]; biases: [layer] of [width], or None. trained_on: the model
    that it says it was trained for, "" where it says none."""

    name: str
    weights: tuple[Tensor, ...]
    biases: tuple[Tensor | None, ...]
    trained_on: str = ""

    def translate(self, layer: int, stream: Tensor) -> Tensor:
        """The stream [..., width] before a layer as the head would read it, in the stream's precision."""
        x = widened(stream)
        weight, bias = self.weights[layer].to(x), self.biases[layer]
        moved = x + x @ weight.T
        return (moved if bias is None else moved + bias.to(x)).to(stream.dtype)


def read_tuned_lens(path: str | Path, model: Model) -> TunedLens:
    """A lens from its folder or its file of tensors.

    Raises InputError where it cannot be read, and where it is of another width or another number of layers than the
    model.
    """
    file, config = _places(Path(path))
    tensors = _tensors(file)
    described = _described(config)
    by_layer: dict[int, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        match = _KEY.fullmatch(key)
        if match is None:
            raise InputError(
                f"{file.name} holds {key!r}, which is no part of a tuned lens.",
                'Its tensors are called "0.weight", "0.bias", "1.weight" and so on.',
            )
        by_layer.setdefault(int(match[1]), {})[match[2]] = tensor
    layers, width = model.adapter.shape.layers, model.adapter.shape.width
    trained_on = str(described.get("base_model_name_or_path") or "")
    of = f"{file.name} is a tuned lens{f' of {trained_on}' if trained_on else ''}"
    told = described.get("num_hidden_layers"), described.get("d_model")
    has = sorted(by_layer)
    if has != list(range(layers)) or told[0] not in (None, layers):
        count = told[0] if told[0] not in (None, layers) else len(has)
        raise InputError(
            f"{of} for {count} layers, and {model.title} has {layers}.",
            "Take the lens that was trained for this model.",
        )
    for number in has:
        weight, bias = by_layer[number].get("weight"), by_layer[number].get("bias")
        shape = None if weight is None else list(weight.shape)
        if told[1] not in (None, width) or shape != [width, width] or (bias is not None and bias.shape != (width,)):
            wide = told[1] if told[1] not in (None, width) else shape and shape[-1]
            raise InputError(
                f"{of} for streams of width {wide}, and those of {model.title} have {width}."
                if shape
                else f"{of} without a weight for layer {number}.",
                "Take the lens that was trained for this model.",
            )
        if not all(bool(torch.isfinite(tensor).all()) for tensor in by_layer[number].values()):
            raise InputError(f"{of} whose numbers for layer {number} are not all finite.", "Download it again.")
    device = model.adapter.device
    return TunedLens(
        file.parent.name if file.name in PARAMETERS else file.name,
        tuple(by_layer[number]["weight"].detach().to(device) for number in has),
        tuple(None if (bias := by_layer[number].get("bias")) is None else bias.detach().to(device) for number in has),
        trained_on,
    )


def _places(path: Path) -> tuple[Path, Path]:
    """The file of tensors and its description, which may not be there. Raises InputError."""
    file = path
    if path.is_dir():
        there = [path / name for name in PARAMETERS if (path / name).is_file()]
        if not there:
            raise InputError(
                f"There is no tuned lens in {path.name}: it has neither {' nor '.join(PARAMETERS)}.",
                "Give the folder that a tuned lens was saved in.",
            )
        file = there[0]
    elif not path.exists():
        raise InputError(f"There is no file {path}.", "Give the folder of a tuned lens, or its params.pt.")
    elif path.suffix.lower() not in ENDINGS:
        raise InputError(
            f"{path.name} is no file of a tuned lens: those end with {', '.join(ENDINGS)}.",
            "Give the folder of a tuned lens, or its params.pt.",
        )
    check_real_file(file, MOST_MEGABYTES)
    return file, file.parent / CONFIG


def _tensors(file: Path) -> dict[str, Tensor]:
    """Raises InputError where it cannot be read, or is anything else than tensors by name."""
    try:
        if file.suffix.lower() == ".safetensors":
            loaded: dict[str, Tensor] = load_file(file)
            return loaded
        held: Any = torch.load(file, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, ValueError, EOFError, KeyError, pickle.UnpicklingError, SafetensorError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(
            f"{file.name} cannot be read as the tensors of a tuned lens: {reason[:160]}", "Download it again."
        ) from None
    if not isinstance(held, dict) or not held or not all(isinstance(tensor, Tensor) for tensor in held.values()):
        raise InputError(f"{file.name} holds no tensors by name.", "Give the params.pt of a tuned lens.")
    return {str(key): tensor for key, tensor in held.items()}


def _described(file: Path) -> dict[str, Any]:
    """What `config.json` says; nothing where there is none. Raises InputError where it is no JSON object."""
    if not file.is_file():
        return {}
    check_real_file(file, 1)
    try:
        described = json.loads(read_text(file))
    except ValueError:
        described = None
    if not isinstance(described, dict):
        raise InputError(f"The {CONFIG} of this tuned lens is not readable.", "Download it again.")
    return described
