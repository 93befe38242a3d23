"""Convert the ONNX file of the DINOv2 pack into a plain Hugging Face folder.

The file is an image-saliency network exported by PyTorch; its backbone is DINOv2. Export kept the names of
biases, norms and LayerScale ("backbone.encoder.layer.0.norm1.weight") but made constants of the others:

1. linear weights are anonymous second inputs of MatMul nodes, transposed to [in, out]: the node's name says
   whose they are ("/backbone/encoder/layer.0/mlp/fc1/MatMul");
2. the position table is two constants that nodes of the embeddings read, the class token's [1, 1, width] and
   the grid's [1, side * side, width]: put together again, the grid after the class.

The mask token, which only training uses, is not in the file; it is written as zeros. The names written are
those of DINOv2's published checkpoints. The processor is that of facebook/dinov2-small: the shorter edge to
256 (bicubic), the centre 224 x 224, ImageNet's mean and standard deviation. Positions are kept at 37 x 37
(518 pixels); the model itself interpolates them.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import ModelError

Weights = dict[str, NDArray[np.float32]]
HEAD_WIDTH = 64  # in every DINOv2
BACKBONE = "backbone."

MODULES = (
    *(f"attention.attention.{part}" for part in ("query", "key", "value")),
    *("attention.output.dense", "norm1", "norm2", "mlp.fc1", "mlp.fc2"),
)
LAYER_PARTS = (
    *(f"{module}.{kind}" for module in MODULES for kind in ("weight", "bias")),
    *("layer_scale1.lambda1", "layer_scale2.lambda1"),
)
OTHER_PARTS = (
    "embeddings.cls_token",
    "embeddings.patch_embeddings.projection.weight",
    "embeddings.patch_embeddings.projection.bias",
    "class position",
    "grid positions",
    "layernorm.weight",
    "layernorm.bias",
)

PROCESSOR = {
    "image_processor_type": "BitImageProcessor",
    "do_convert_rgb": True,
    "do_resize": True,
    "size": {"shortest_edge": 256},
    "resample": 3,  # bicubic
    "do_center_crop": True,
    "crop_size": {"height": 224, "width": 224},
    "do_rescale": True,
    "rescale_factor": 1 / 255,
    "do_normalize": True,
    "image_mean": [0.485, 0.456, 0.406],
    "image_std": [0.229, 0.224, 0.225],
}


def convert(source: Path, folder: Path, step: Callable[[int, int], None]) -> None:
    """Write the DINOv2 backbone of the ONNX file `source` into `folder`, as a Dinov2Model with its processor.

    `step(done, total)` is called after each tensor and may raise to stop. Raises ModelError when the file has
    no such backbone.
    """
    import onnx
    from onnx.numpy_helper import to_array
    from safetensors.numpy import save_file
    from transformers import Dinov2Config

    graph = onnx.load(source).graph
    places = _places(graph)
    total = len(places) + 1
    weights: Weights = {}
    for tensor in graph.initializer:
        if tensor.name not in places:
            continue
        name, transposed = places[tensor.name]
        values = np.asarray(to_array(tensor), dtype=np.float32)
        weights[name] = np.ascontiguousarray(values.T if transposed else values)
        step(len(weights), total)
    _check_complete(weights)
    config = _config_values(weights)
    weights["embeddings.position_embeddings"] = np.concatenate(
        [weights.pop("class position"), weights.pop("grid positions")], axis=1
    )
    weights["embeddings.mask_token"] = np.zeros((1, config["hidden_size"]), dtype=np.float32)
    Dinov2Config(**config, architectures=["Dinov2Model"], dtype="float32").save_pretrained(folder)
    (folder / "preprocessor_config.json").write_text(json.dumps(PROCESSOR, indent=2) + "\n", encoding="utf-8")
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    step(total, total)


def _places(graph: Any) -> dict[str, tuple[str, bool]]:
    """From the name of an initializer to (name in the checkpoint, whether it has to be transposed)."""
    shapes = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
    places = {name: (name.removeprefix(BACKBONE), False) for name in shapes if name.startswith(BACKBONE)}
    for node in graph.node:
        constants = [name for name in node.input if name in shapes and name not in places]
        if not node.name.startswith("/backbone/") or not constants:
            continue
        if node.op_type == "MatMul" and node.name.endswith("/MatMul"):
            owner = node.name.removeprefix("/backbone/").removesuffix("/MatMul").replace("/", ".")
            places[constants[0]] = (f"{owner}.weight", True)
        elif node.name.startswith("/backbone/embeddings/") and len(shapes[constants[0]]) == 3:
            is_class = shapes[constants[0]][1] == 1
            places[constants[0]] = ("class position" if is_class else "grid positions", False)
    return places


def _layers(weights: Weights) -> int:
    return len({match[1] for name in weights if (match := re.match(r"encoder\.layer\.(\d+)\.", name))})


def _check_complete(weights: Weights) -> None:
    """A tensor that is missing would be loaded as random numbers: refuse it here."""
    layers = range(max(1, _layers(weights)))
    needed = [*OTHER_PARTS, *(f"encoder.layer.{layer}.{part}" for layer in layers for part in LAYER_PARTS)]
    missing = [name for name in needed if name not in weights]
    if missing:
        raise ModelError(f"The ONNX file has no whole DINOv2 backbone: {missing[0]} is missing.")


def _config_values(weights: Weights) -> dict[str, int]:
    """The sizes of the model, read off its weights."""
    width, channels, patch, _ = weights["embeddings.patch_embeddings.projection.weight"].shape
    return {
        "hidden_size": width,
        "num_channels": channels,
        "patch_size": patch,
        "image_size": math.isqrt(weights["grid positions"].shape[1]) * patch,
        "mlp_ratio": weights["encoder.layer.0.mlp.fc1.weight"].shape[0] // width,
        "num_hidden_layers": _layers(weights),
        "num_attention_heads": width // HEAD_WIDTH,
    }
