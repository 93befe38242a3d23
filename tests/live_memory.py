"""What is alive at once: the bytes of all tensors that are made inside of it, whatever the C library does with what is
freed."""

from __future__ import annotations

import weakref
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class LiveMemory(TorchDispatchMode):
    """now, most: megabytes, now and at most so far."""

    def __init__(self) -> None:
        super().__init__()
        self._sizes: dict[int, int] = {}
        self._now = self._most = 0

    @property
    def now(self) -> float:
        return self._now / 2**20

    @property
    def most(self) -> float:
        return self._most / 2**20

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self._see((args, kwargs), made=False)  # what was there before, weights among it
        made = function(*args, **(kwargs or {}))
        self._see(made, made=True)
        return made

    def _see(self, tree: Any, made: bool) -> None:
        storages = [leaf.untyped_storage() for leaf in tree_leaves(tree) if isinstance(leaf, torch.Tensor)]
        for storage in storages:
            place = storage._cdata
            if place in self._sizes:
                continue
            self._sizes[place] = storage.nbytes() if made else 0
            self._now += self._sizes[place]
            self._most = max(self._most, self._now)
            weakref.finalize(storage, self._gone, place)

    def _gone(self, place: int) -> None:
        self._now -= self._sizes.pop(place)
