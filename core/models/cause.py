"""Why the engine's pass over a model differs from the model's own, where the module itself shows it: its weights are
only half of what a module computes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from core.errors import ModelError
from core.formatting import percent
from core.models.adapter import Adapter
from core.models.health import training_parts
from core.models.spread import weights_of

PLAIN = ("torch.nn.", "transformers.", "timm.", "core.")  # where parts of models come from
ADAPTED = ("peft.", "adapters.", "loralib.")
QUANTISED = ("bitsandbytes.", "torchao.", "auto_gptq.", "gptqmodel.", "awq.", "hqq.", "quanto.", "optimum.")
NAMED = 2  # parts that a sentence names


def check_autocast(adapter: Adapter) -> None:
    """Raise ModelError inside torch.autocast, where a part of each pass is in half precision."""
    if torch.is_autocast_enabled(adapter.device.type):
        raise ModelError(
            "torch.autocast is on here: a part of each pass would be in half precision.",
            "Leave its `with` block first.",
        )


def causes(adapter: Adapter) -> list[tuple[str, str]]:
    """What could make a pass differ from the model's own: sentences, each with what to do."""
    module = adapter.module
    causes: list[tuple[str, str]] = []
    changed = changed_layers(adapter)
    if changed:
        layers = _listed([f"layer {layer}" for layer in changed])
        why = f"The attention weights of {layers} changed after the model was opened"
        causes.append((why, "open it again (load_model)"))
    training = training_parts(module)
    if training:
        causes.append((f"{_listed([name or 'the model' for name in training])} is in training mode", "call its eval()"))
    foreign = [(name, part) for name, part in module.named_modules() if _origin(part).startswith(ADAPTED)]
    foreign = foreign or [(name, part) for name, part in _projections(module) if not _is_plain(part)]
    if foreign:
        name, part = foreign[0]
        quantised = _origin(part).startswith(QUANTISED)
        what = "is quantised" if quantised else "is no plain projection; an adapter, perhaps"
        todo = "open the model that is not quantised" if quantised else "merge it into the weights (merge_and_unload)"
        causes.append((f"{name} ({type(part).__name__}) {what}", todo))
    hooked = [f"{name or 'the model'} ({_hook(part)})" for name, part in module.named_modules() if _hook(part)]
    if hooked:
        causes.append((f"Hooks are on {_listed(hooked)}", "remove them: edits are made without hooks here"))
    dtypes = weight_dtypes(module)
    if len(dtypes) > 1:
        listed = " and ".join(f"{str(dtype).removeprefix('torch.')} ({name})" for dtype, name in dtypes.items())
        causes.append((f"Its weights are of several precisions, {listed}", "bring them to one: model.float()"))
    return causes


def weight_dtypes(module: nn.Module) -> dict[torch.dtype, str]:
    """The precisions of a module's weights, each with the first weight of it."""
    dtypes: dict[torch.dtype, str] = {}
    for name, weight in module.named_parameters():
        if weight.is_floating_point():
            dtypes.setdefault(weight.dtype, name)
    return dtypes


def changed_layers(adapter: Adapter) -> list[int]:
    """The layers whose attention weights are no longer those that the adapter took at first."""
    if "attention" not in vars(adapter):
        return []
    with torch.no_grad():
        return [layer for layer, taken in enumerate(adapter.attention) if not _same(taken, weights_of(adapter, layer))]


def _same(taken: Any, now: Any) -> bool:
    pairs = ((getattr(taken, name), getattr(now, name)) for name in ("w_qkv", "b_qkv", "w_o", "b_o", "sinks"))
    return all(
        torch.equal(a, b) if isinstance(a, Tensor) and isinstance(b, Tensor) else a is None and b is None
        for a, b in pairs
    )


def disagreement(adapter: Adapter, title: str, difference: float, relative: float, limit: float) -> ModelError:
    """The refusal of a model whose own pass is another than the engine's, with the cause where one is seen."""
    said = (
        f"Wirescope's pass over {title} differs from the model's own by {difference:.2g} ({percent(relative, 2)} of "
        f"the range of its outputs; {percent(limit, 2)} is let pass), so its edits could not be trusted."
    )
    seen = causes(adapter)
    if not seen:
        return ModelError(said, "The model's file may be damaged, or it uses an option that Wirescope does not know.")
    if len(seen) == 1:
        why, todo = seen[0]
        return ModelError(f"{said} {why}.", f"{todo[0].upper()}{todo[1:]}.")
    whys = "; ".join(why for why, _ in seen)
    return ModelError(
        f"{said} Any of these can be why: {whys}.", f"{'; '.join(todo for _, todo in seen)}.".capitalize()
    )


@contextmanager
def naming_cause(adapter: Adapter, title: str) -> Iterator[None]:
    """Give a failure inside PyTorch the cause that the module shows, as a ModelError; leave it as it is where there is
    none."""
    try:
        yield
    # RuntimeError: other precisions and devices, and weights without numbers (NotImplementedError is one of these).
    # TypeError, AttributeError: a hook or a forward from outside that takes or gives something else.
    except (RuntimeError, TypeError, AttributeError) as error:
        seen = [] if isinstance(error, torch.OutOfMemoryError) else causes(adapter)
        if not seen:
            raise
        why, todo = seen[-1] if len(weight_dtypes(adapter.module)) > 1 else seen[0]
        first = str(error).strip().splitlines() or [type(error).__name__]
        raise ModelError(f"{title} cannot run: {why} ({first[0]}).", f"{todo[0].upper()}{todo[1:]}.") from error


def _projections(module: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """Parts with a weight matrix."""
    for name, part in module.named_modules():
        weight = getattr(part, "weight", None)
        if isinstance(weight, Tensor) and weight.ndim >= 2:
            yield name, part


def _is_plain(part: nn.Module) -> bool:
    return isinstance(part, nn.Linear | nn.Embedding) or _origin(part).startswith(PLAIN)


def _origin(part: nn.Module) -> str:
    return f"{type(part).__module__}."


def _hook(part: nn.Module) -> str:
    """What hooks a part has; empty for none."""
    kinds = {"a forward hook": part._forward_hooks, "a forward pre-hook": part._forward_pre_hooks}
    present = [words for words, hooks in kinds.items() if hooks]
    if not present and "forward" in vars(part):  # as accelerate and notebooks do it
        present = ["a forward of its own"]
    return ", ".join(present)


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
