"""What is hung on a part of a model that lies on another device than the rest. It is a hook of accelerate, which is
imported where a model is spread."""

from __future__ import annotations

import threading
from typing import Any

import torch
from accelerate.hooks import AlignDevicesHook
from torch import nn

CACHES = ["past_key_values", "cache"]  # of keys, which lie where each layer does


class Elsewhere(AlignDevicesHook):  # type: ignore[misc]
    """A part's input goes to the part's place, and what it makes goes back where the input was."""

    def __init__(self, place: torch.device) -> None:
        self._came_from: dict[int, Any] = {}
        super().__init__(place, io_same_device=True, skip_keys=CACHES)

    def init_hook(self, module: nn.Module) -> nn.Module:
        """The part lies there already."""
        return module

    @property
    def input_device(self) -> Any:
        """Of each thread: two may call a part at once."""
        return self._came_from.get(threading.get_ident())

    @input_device.setter
    def input_device(self, device: Any) -> None:
        self._came_from[threading.get_ident()] = device
