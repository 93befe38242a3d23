"""A model from its configuration alone: every part with its sizes, no weight in memory (torch's meta device); or some
of its layers, with random weights, to measure how fast a machine is with it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import torch
from torch import nn

from core.errors import ArgumentError, ModelError
from core.models import packs
from core.models.adapter import Adapter
from core.models.bundled import bundled_folder
from core.models.eight_bit import with_eight_bits
from core.models.family import adapt, family_of
from core.models.health import first_line, placement
from core.models.loading import class_of
from core.models.refused import unsupported
from core.models.unfilled import unfilled
from core.planning.plausible_sizes import OF_TIMM, check_shared_heads, check_sizes

SIZES = "sizes:"  # published models whose configuration comes with Wirescope
FEW_TOKENS = 1024  # of the vocabulary of some layers that are measured
TOKENS = ("pad_token_id", "bos_token_id", "eos_token_id")  # of a configuration, that a small vocabulary lacks
Make = Callable[[int | None], tuple[nn.Module, int]]


@dataclass(frozen=True)
class Sketch:
    """name: of the model. adapter: of it, on the meta device. side: of the pictures that it takes, 0 of text.
    eight_bits: whether the weights of its layers are."""

    name: str
    adapter: Adapter
    side: int
    dtype: torch.dtype
    _make: Make
    eight_bits: bool = False

    def some_layers(self, count: int) -> Adapter:
        """Its first layers with random weights in memory, and of a language model with few tokens."""
        with torch.random.fork_rng():
            module, _ = self._make(count)
        return _adapter(module, self.dtype, self.eight_bits)


def known_sizes() -> list[str]:
    """Names of the published models whose configuration comes with Wirescope."""
    folder = resources.files("resources") / "models" / "sizes"
    return sorted(entry.name.removesuffix(".json") for entry in folder.iterdir() if entry.name.endswith(".json"))


def _adapter(module: nn.Module, dtype: torch.dtype, eight_bits: bool) -> Adapter:
    adapter = adapt(module.to(dtype).requires_grad_(False))
    return adapt(with_eight_bits(adapter.module, list(adapter.blocks), dtype)) if eight_bits else adapter


def sketch(source: str, dtype: str = "fp32", side: int | None = None, eight_bits: bool = False) -> Sketch:
    """source: `sizes:NAME`, `bundled:NAME`, `pack:NAME`, `timm:NAME`, a folder, a config.json or a Hub id. dtype:
    "fp32", "bf16" or "fp64". side: of the pictures in pixels; None: as the configuration says. eight_bits: whether
    the weights of its layers are.

    Raises ArgumentError for an unknown name or precision and for a side that is none, ModelError for a configuration
    that cannot be read or is of a family that Wirescope does not open."""
    _, precision = placement("cpu", dtype)
    make = _maker(source)
    try:
        with unfilled(), torch.device("meta"):
            module, usual_side = make(None)
        adapter = _adapter(module, precision, eight_bits)
    except (ArgumentError, ModelError):
        raise
    except Exception as error:  # sizes that do not fit together make the libraries raise almost anything
        raise ModelError(
            f"No model can be laid out by the configuration of {source}: {first_line(error)}", "Is it whole?"
        ) from error
    if side is not None and adapter.shape.input_kind != "image":
        raise ArgumentError(f"{source} takes no pictures.", "Leave --side out.")
    if side is not None and side < 1:
        usual = f", or leave --side out for {usual_side}" if usual_side else ""
        raise ArgumentError(f"A picture has at least 1 pixel a side, not {side}.", f"Give more{usual}.")
    return Sketch(source, adapter, usual_side if side is None else side, precision, make, eight_bits)


def _maker(source: str) -> Make:
    kind, _, rest = source.partition(":")
    if kind == "timm":
        return lambda layers: _of_timm(rest, {}, layers)
    config = _config(kind, rest, source)
    if "architecture" in config:
        return lambda layers: _of_timm(str(config["architecture"]), config, layers)
    return lambda layers: _of_transformers(config, layers)


def _config(kind: str, rest: str, source: str) -> dict[str, Any]:
    if kind == "bundled":
        return _read(bundled_folder(rest) / "config.json")
    if kind == "pack":
        return _read(packs.installed(rest) / "config.json")
    if kind == "sizes":
        if rest not in known_sizes():
            raise ArgumentError(f"No sizes of {rest!r} come with Wirescope.", f"There are: {', '.join(known_sizes())}.")
        return _read(Path(str(resources.files("resources") / "models" / "sizes" / f"{rest}.json")))
    path = Path(source).expanduser()
    if path.exists():
        return _read(path / "config.json" if path.is_dir() else path)
    return _of_hub(source)


def _read(path: Path) -> dict[str, Any]:
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"{path} cannot be read as a configuration: {first_line(error)}") from None
    if not isinstance(config, dict) or not ("architectures" in config or "architecture" in config):
        raise ModelError(f"{path} does not say which architecture it is.", 'It has "architectures" or "architecture".')
    return config


def _of_hub(name: str) -> dict[str, Any]:
    from transformers import PretrainedConfig

    try:
        config: dict[str, Any] = PretrainedConfig.get_config_dict(name)[0]
    except (OSError, ValueError):
        raise ModelError(
            f"{name} is no folder and no file here, and its configuration could not be had from the Hub.",
            f"Sizes that need no network: {', '.join(SIZES + each for each in known_sizes())}.",
        ) from None
    return config


def _of_transformers(described: dict[str, Any], layers: int | None) -> tuple[nn.Module, int]:
    """layers: of which the model is to have that many, and few tokens; None: as it is."""
    architecture = str((described.get("architectures") or ["an unknown architecture"])[0])
    if family_of(architecture) is None:
        raise unsupported(architecture)
    cls = class_of(architecture)
    check_sizes(described, cls.config_class.attribute_map)
    config = cls.config_class.from_dict(described)
    check_shared_heads(config)
    if layers is not None:
        config.num_hidden_layers = layers
        if getattr(config, "layer_types", None):
            config.layer_types = config.layer_types[:layers]
        if getattr(config, "vocab_size", 0) > FEW_TOKENS:
            config.vocab_size = FEW_TOKENS
            for token in TOKENS:
                setattr(config, token, None)
    module: nn.Module = cls(config).eval()
    side = getattr(config, "image_size", 0) or 0
    return module, max(side) if isinstance(side, list | tuple) else int(side)


def _of_timm(architecture: str, config: dict[str, Any], layers: int | None) -> tuple[nn.Module, int]:
    import timm

    options = dict(config.get("model_args") or {})
    check_sizes(options, OF_TIMM)
    if "num_classes" in config:
        options["num_classes"] = config["num_classes"]
    if layers is not None:
        options["depth"] = layers
    try:
        module: Any = timm.create_model(architecture, pretrained=False, **options).eval()
    except RuntimeError as error:
        raise ArgumentError(f"timm has no model {architecture!r}: {first_line(error)}") from None
    side = options.get("img_size") or module.default_cfg["input_size"][-1]
    return module, max(side) if isinstance(side, list | tuple) else int(side)
