"""Weights that a file holds and the opened model does not: refused by name, since the model computes without them.

The libraries drop them without a word, and parity cannot see it: the engine is compared with the same module. What no
output reads is left aside: buffers of older versions, another tower, a pooler; of heads that the class does not have
there is a note.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from core.errors import ModelError
from core.models.checkpoint import StoredWeight, weight_files

_PLACES = re.compile(
    r"rotary_emb(eddings)?\.inv_freq$|(^|\.)position_ids$|num_batches_tracked$|relative_position_index$"
)
_MASKS = re.compile(r"attn(\.attention)?\.(masked_)?bias$|attention\.(masked_)?bias$|attn\.causal_mask$")
_POOLED = re.compile(r"(^|\.)pooler\.dense\.|(^|\.)mask_token$")
_LOSSES = re.compile(r"(^|\.)(logit_scale|logit_bias)$")
_TEXT_TOWER = re.compile(r"^text_model\.|^text_projection\.")
_VISION_TOWER = re.compile(r"^vision_model\.|^visual_projection\.")
_HEADS = re.compile(
    r"^(v_head|value_head|score|classifier|cls_classifier|distillation_classifier|qa_outputs|reward_head|regression_head)"
    r"\.|^(visual|text)_projection\."
)
_TRAINED_HEADS = re.compile(r"^(lm_head|head)\.")
_LAYER = re.compile(r"(?:^|\.)(?:layers|layer|h|blocks|block)\.(\d+)\.")
_ADAPTED = re.compile(r"lora_|\.base_layer\.|base_model\.model\.|\.(ada|hada|loha|oft|vera|ia3)_")
NAMED = 3  # weights that a refusal names


def check_unread(
    title: str,
    module: nn.Module,
    unread: Collection[str],
    stored: Mapping[str, StoredWeight],
    reads: str,
    has_head: bool,
) -> tuple[str, ...]:
    """Raise ModelError for weights that change what the model says; notes for heads that its class does not have.

    unread: names of the file's weights that the module did not take. reads: "text" or "image". has_head: whether the
    output is scores.
    """
    missed = sorted(name for name in unread if not _unused(name, stored.get(name), type(module).__name__, reads))
    heads = [name for name in missed if _HEADS.search(name) or (not has_head and _TRAINED_HEADS.search(name))]
    dropped = [name for name in missed if name not in heads]
    if dropped:
        raise _refusal(title, module, dropped)
    if not heads:
        return ()
    return (
        f"The file also has a head that {type(module).__name__} does not have ({listed(heads)}): it is not part of "
        "what is shown.",
    )


def _unused(name: str, weight: StoredWeight | None, class_name: str, reads: str) -> bool:
    """Whether no output of the class can depend on a weight of the file."""
    if _PLACES.search(name) or _POOLED.search(name) or _LOSSES.search(name):
        return True
    if _MASKS.search(name):  # a mask, not a bias: [1, 1, position, position], and the one number that it puts in
        return weight is None or len(weight.shape) in (0, 4)
    other = _TEXT_TOWER if reads == "image" else _VISION_TOWER
    return bool(other.search(name)) and class_name.startswith(("CLIP", "Siglip"))


def _refusal(title: str, module: nn.Module, dropped: list[str]) -> ModelError:
    class_name = type(module).__name__
    said = f"The file of {title} holds weights that {class_name}, as config.json describes it, does not take: "
    said += f"{listed(dropped)}."
    config = getattr(module, "config", None)
    layers = getattr(config, "num_hidden_layers", None)
    beyond = [int(match[1]) for name in dropped if (match := _LAYER.search(name))]
    if any(_ADAPTED.search(name) for name in dropped):
        return ModelError(
            f"{said} They are those of an adapter that is not merged.",
            "Merge it with peft, merge_and_unload(), save the result and open that.",
        )
    if isinstance(layers, int) and beyond and max(beyond) >= layers:
        return ModelError(
            f"{said} It has {max(beyond) + 1} layers, and config.json says {layers}.",
            "Correct num_hidden_layers in config.json, or get the config.json that belongs to these weights.",
        )
    if all(name.endswith("bias") for name in dropped):
        options = [name for name in ("attention_bias", "mlp_bias", "qkv_bias", "use_bias") if hasattr(config, name)]
        words = f" ({' or '.join(options)})" if options else ""
        return ModelError(
            f"{said} They are biases, and config.json says that there are none.",
            f"Without them it would be another model. Turn them on in config.json{words}, or get the one that belongs "
            "to these weights.",
        )
    return ModelError(
        f"{said} Without them it would be another model.",
        "Get the config.json that belongs to these weights: it names another class, or other options.",
    )


def listed(names: list[str]) -> str:
    """The first few names, and how many more."""
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")


def check_sizes(title: str, mismatched: Collection[Any]) -> None:
    """Raise ModelError for weights of another size than config.json says. mismatched: name, size in the file, size of
    the model."""
    if not mismatched:
        return
    name, stored, wanted = sorted(mismatched, key=lambda row: str(row[0]))[0]
    more = f" ({len(mismatched) - 1} more do not fit either)" if len(mismatched) > 1 else ""
    key = "vocab_size" if "embed" in name or "lm_head" in name or "wte" in name else "its sizes"
    raise ModelError(
        f"The weight {name} of {title} is {_size(stored)} in the file, and config.json makes it {_size(wanted)}{more}.",
        f"config.json belongs to another model, or was changed: correct {key} in it.",
    )


def _size(shape: Any) -> str:
    return " x ".join(str(n) for n in shape)


# ---- timm ----


def check_timm_file(title: str, module: nn.Module, folder: Path) -> tuple[str, ...]:
    """Compare a module that timm loaded from a folder with the file itself. Raises ModelError for weights of the file
    that it did not take and for its own that it did not get from there; notes for what timm resized.

    A file of another library's names, which timm translates, is left to timm: it loads those strictly.
    """
    from safetensors.torch import load_file

    path = next(weight_files(folder), None)
    if path is None:
        return ()
    stored, weights = load_file(path), module.state_dict()
    if sum(name in weights for name in stored) * 2 < len(stored):
        return ()
    unread = [name for name in stored if name not in weights]
    sizes = {name: StoredWeight("", tuple(stored[name].shape)) for name in unread}
    unread = [name for name in unread if "pre_logits" not in name]
    notes = check_unread(title, module, unread, sizes, "image", int(getattr(module, "num_classes", 0)) > 0)
    resized = [name for name in stored if name in weights and stored[name].shape != weights[name].shape]
    places = [name for name in resized if name.endswith("pos_embed") or "rel_pos" in name]
    misfits = [(name, tuple(stored[name].shape), tuple(weights[name].shape)) for name in resized if name not in places]
    check_sizes(title, misfits)
    missing = sorted(name for name in weights if name not in stored and name in dict(module.named_parameters()))
    loaded = [name for name in stored if name in weights and name not in resized]
    fresh = [name for name in loaded if not torch.equal(stored[name].to(weights[name].dtype), weights[name])]
    if missing or fresh:
        raise ModelError(
            f"{title} would have numbers that are not those of its file: {listed([*missing, *fresh])}.",
            "Is its download complete, and does config.json belong to it (num_classes)?",
        )
    if places:
        notes += (f"timm resized {listed(places)}: config.json asks for pictures of another size than the file's.",)
    return notes
