"""What is asked of a model's weights and of the place where it computes, before anything runs."""

from __future__ import annotations

import textwrap

import torch
from torch import nn

from core.errors import ArgumentError, ModelError
from core.models.mapped_files import give_back
from core.precision import PRECISIONS

KNOWN_DEVICES = "There are: cpu, mps, cuda, cuda:1 and so on, several of them (cuda:0,cuda:1,cpu), and auto."


def placement(device: str | torch.device, dtype: str) -> tuple[torch.device, torch.dtype]:
    """Where a model computes, and in which precision. A device has one name: cuda without a number is the current GPU
    with its number, and the CPU and MPS have none. Raises ArgumentError for names that mean nothing, ModelError for a
    device that this machine does not have and for fp64 where there is none."""
    if dtype not in PRECISIONS:
        raise ArgumentError(f"There is no precision {dtype!r}.", f"There are: {', '.join(PRECISIONS)}.")
    try:
        where = torch.device(device)
    except RuntimeError:
        raise ArgumentError(f"There is no device {device!r}.", KNOWN_DEVICES) from None
    here = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if not here.get(where.type, False):
        raise ModelError(f"This machine has no {where.type} device that PyTorch can use.", "Compute on the cpu.")
    if where.type == "cuda" and where.index is not None and where.index >= torch.cuda.device_count():
        count = torch.cuda.device_count()
        raise ModelError(f"This machine has no {where}: its GPUs are cuda:0 to cuda:{count - 1}.", "Take one of these.")
    if where.type == "mps" and dtype == "fp64":
        raise ModelError("Apple's GPUs have no fp64.", "Compute in fp32 there, or in fp64 on the cpu.")
    index = where.index
    if where.type == "cuda" and index is None:
        index = torch.cuda.current_device()
    return torch.device("cuda", index) if where.type == "cuda" else torch.device(where.type), PRECISIONS[dtype]


def check_mode(module: nn.Module) -> None:
    """Raise ModelError, by name, for a module of which a part is in training mode."""
    parts = training_parts(module)
    if parts:
        subject = "The model" if parts[0] == "" else f"A part of the model, {parts[0]},"
        raise ModelError(f"{subject} is in training mode, where dropout changes it.", "Call its eval() first.")


def training_parts(module: nn.Module) -> list[str]:
    """The names of parts in training mode, the outermost first; "" is the whole. A norm or a projection that was put
    in later is none: its forward does not ask for the mode."""
    return [name for name, part in module.named_modules() if part.training and _asks_for_mode(part)]


def _asks_for_mode(part: nn.Module) -> bool:
    if next(part.children(), None) is not None:
        return True
    code = getattr(type(part).forward, "__code__", None)
    return code is None or "training" in code.co_names


def check_weights(module: nn.Module, title: str) -> None:
    """Raise ModelError, by name, for a weight that is not finite or holds no numbers."""
    for name, weight in module.named_parameters():
        if weight.is_meta:
            raise ModelError(
                f"The weight {name} of {title} is on the meta device: it has a size and no numbers.",
                "Load the weights (from_pretrained, without a device_map that leaves parts on the disk), then give the "
                "model.",
            )
        if weight.is_floating_point() and not _is_finite(weight.detach()):
            bad = int((~torch.isfinite(weight)).sum())
            raise ModelError(
                f"The weight {name} of {title} holds {bad} numbers that are not finite (NaN or infinity).",
                "The file may be damaged, or training diverged. Get it again.",
            )
        give_back([weight])


def _is_finite(weight: torch.Tensor) -> bool:
    """Whether all numbers are finite. A finite sum tells so, and one that overflowed is taken again in fp64, where it
    cannot (slower, and MPS has none)."""
    if bool(torch.isfinite(weight.sum())):
        return True
    if weight.device.type == "mps":
        return bool(torch.isfinite(weight).all())
    return bool(torch.isfinite(weight.sum(dtype=torch.float64)))


def first_line(error: BaseException) -> str:
    """What a library says is wrong, in one line."""
    lines = [line.strip() for line in str(error).strip().splitlines()]
    if lines and lines[0].startswith("Error(s) in loading state_dict"):  # PyTorch names them in the next one
        lines = [textwrap.shorten(line, 200, placeholder=" …") for line in lines[1:]] or lines
    return lines[0] if lines else type(error).__name__
