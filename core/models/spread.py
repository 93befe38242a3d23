"""One model over several devices: its blocks lie on GPUs one after the other, and on the CPU where those are full.

Streams, what a run keeps, and all of a model that is in no block are on one device, the first: `Adapter.device`. A part
of a block that lies elsewhere takes its input there and gives what it makes back where that came from (a hook of
accelerate), whoever calls it: the engine, from the first device, or the module's own forward. The two large matrices of
an attention are multiplied where they lie (`at_weight`, `core.models.products`); what else is read of one is on the
first device (`weights_of`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from core.errors import ArgumentError, ModelError
from core.free_memory import free_bytes
from core.models.health import placement
from core.models.mapped_files import give_back, on_disk

AUTO = "auto"
CPU = torch.device("cpu")
SHARE_OF_FREE = 0.9  # of a device, that weights may take

Adapter = Any  # `core.models.adapter.Adapter`, which has these


def devices_of(device: str | torch.device, dtype: str) -> tuple[torch.device, ...]:
    """The devices that a name stands for: of several with commas between these, in their order; of "auto" all GPUs, the
    one with most free memory first, then the CPU; MPS alone where it is. Raises as `placement` does, and ArgumentError
    for a device that is named twice, for "auto" among others, and for the CPU before a GPU."""
    names: Sequence[str | torch.device]
    if device == AUTO:
        gpus = [torch.device("cuda", each) for each in range(torch.cuda.device_count())]
        last = "cpu" if gpus or not torch.backends.mps.is_available() else "mps"
        names = [*sorted(gpus, key=free_on, reverse=True), last]
    else:
        names = [each.strip() for each in device.split(",")] if isinstance(device, str) else [device]
    if AUTO in names:
        raise ArgumentError(
            f"In {device!r}, auto is one of several: it stands alone for all GPUs, then the CPU.",
            "Take auto alone, or name devices: cuda:0,cuda:1,cpu",
        )
    devices = tuple(placement(each, dtype)[0] for each in names)
    if len(set(devices)) < len(devices):
        raise ArgumentError(f"A device is named twice in {device!r}.", "Name each once: cuda:0,cuda:1,cpu")
    if CPU in devices[:-1]:
        order = ",".join(map(str, (*(each for each in devices if each != CPU), CPU)))
        raise ArgumentError(
            f"The CPU is named before a GPU in {device!r}, and takes what does not fit on GPUs.",
            f"Name it last: {order}",
        )
    return devices


def free_on(device: torch.device) -> int:
    """Bytes that are free on a device."""
    on_gpu = device.type == "cuda" and torch.cuda.is_available()
    return torch.cuda.mem_get_info(device)[0] if on_gpu else free_bytes()


def block_places(
    module: nn.Module, blocks: Sequence[nn.Module], devices: Sequence[torch.device], growth: float = 1.0
) -> list[torch.device]:
    """The device of each block of a model: all of them the first where the model fits on it; else evenly over the GPUs,
    and the CPU last. devices: as `devices_of` gives them. growth: how many bytes a weight is to take for each that it
    takes now. Raises ModelError where there is not room enough."""
    from accelerate.utils.modeling import compute_module_sizes, infer_auto_device_map

    stack = nn.ModuleList(blocks)
    sizes = compute_module_sizes(stack)
    total, largest = compute_module_sizes(module)[""], max(sizes[str(layer)] for layer in range(len(blocks)))
    room = {device: int(SHARE_OF_FREE * free_on(device) / growth) for device in devices}
    rest = total - sizes[""]
    room[devices[0]] -= rest
    if sizes[""] <= room[devices[0]]:
        return [devices[0]] * len(blocks)
    keys = {("cpu" if device.type == "cpu" else place): device for place, device in enumerate(devices)}
    free = {key: max(0, room[device]) for key, device in keys.items()}
    kinds = sorted({type(block).__name__ for block in blocks})
    for memory in (_even(free, total, rest, largest), free):  # evenly, unless the last GPU is too small for the rest
        layer_devices = infer_auto_device_map(stack, dict(memory), kinds, clean_result=False)
        if not {"cpu", "disk"} & set(layer_devices.values()):
            break
    if room[devices[0]] < 0 or "disk" in layer_devices.values():
        listed = ", ".join(f"{free_on(device) / 2**30:.3g} GB on {device}" for device in devices)
        raise ModelError(
            f"The model's weights take {total * growth / 2**30:.3g} GB, which do not fit: {listed} are free.",
            "Take more devices, cpu among them, bf16, or weights in 8 bits. The first has what is in no layer too.",
        )
    return [keys[layer_devices[str(layer)]] for layer in range(len(blocks))]


def _even(room: Mapping[int | str, int], total: int, rest: int, largest: int) -> dict[int | str, int]:
    """Of the room for blocks that each device has as much as an even share of a model takes, and all of the last GPU's
    and the CPU's. rest: bytes of what is on the first device beside blocks, which keeps room for one block more. What
    accelerate has for this asks which GPUs are in the machine."""
    gpus = [key for key in room if key != "cpu"]
    share = total // max(1, len(gpus)) + largest // 2
    most = {key: share if place else share - rest + largest for place, key in enumerate(gpus[:-1])}
    return {key: max(0, min(free, most.get(key, free))) for key, free in room.items()}


def spread(
    module: nn.Module,
    blocks: Sequence[nn.Module],
    places: Sequence[torch.device],
    home: torch.device,
    dtype: torch.dtype | None = None,
) -> None:
    """Bring each block of a module to its place and all else home, in place, so that its forward is what it was. dtype:
    of its parameters then, those that are no whole numbers; None: as they are. One after the other, so that weights in
    a file go from there to where they are to be; those for the CPU are copied into memory."""
    from accelerate.hooks import add_hook_to_module

    from core.models.spread_hook import Elsewhere

    of_tensor = {
        id(tensor): place
        for block, place in zip(blocks, places, strict=True)
        for tensor in (*block.parameters(), *block.buffers())
    }

    def moved(tensor: Tensor) -> Tensor:
        casts = dtype is not None and isinstance(tensor, nn.Parameter) and tensor.is_floating_point()
        there = tensor.to(of_tensor.get(id(tensor), home), dtype if casts else tensor.dtype)
        there = there.clone() if on_disk(there) else there
        give_back([tensor])
        return there

    module._apply(moved)  # type: ignore[no-untyped-call]  # as `Module.to` does it
    for block, place in zip(blocks, places, strict=True):
        for part in block.modules() if place != home else ():
            add_hook_to_module(part, Elsewhere(place))


def at_weight(product: Callable[[Tensor, Tensor], Tensor], x: Tensor, weight: Tensor) -> Tensor:
    """A product of x and a weight, made where the weight lies; it is where x is."""
    if weight.device == x.device:
        return product(x, weight)
    return product(x.to(weight.device), weight).to(x.device)


def places_of(adapter: Adapter) -> list[torch.device]:
    """The device of each layer of a model."""
    return [next(block.parameters()).device for block in adapter.blocks]


def name_of_devices(adapter: Adapter) -> str:
    """The devices that a model lies on, as `devices_of` takes them: the first one first, but the CPU last."""
    devices = dict.fromkeys((adapter.device, *places_of(adapter)))
    return ",".join(map(str, sorted(devices, key=lambda device: device == CPU)))


def is_away(adapter: Adapter, layer: int) -> bool:
    """Whether a layer lies on another device than streams do."""
    away: bool = next(adapter.blocks[layer].parameters()).device != adapter.device
    return away


def weights_of(adapter: Adapter, layer: int) -> Any:
    """A layer's attention weights, as they are now: w_qkv and w_o where the layer lies, all else where streams are."""
    weights, home = adapter.attention_weights(layer), adapter.device
    there = weights.w_qkv.device
    if there == home:
        return weights
    small = {name: getattr(weights, name) for name in ("b_qkv", "b_o", "sinks")}
    moved = {name: None if value is None else value.to(home) for name, value in small.items()}
    scale = weights.joint_scale
    if scale is not None:
        moved["joint_scale"] = lambda z, total: scale(z.to(there), total.to(there)).to(home)
    return replace(weights, **moved)
