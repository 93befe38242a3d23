"""A list of a run's tensors, an entry a layer, of which some are made when asked for (`core.engine.remade`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import SupportsIndex, overload

from torch import Tensor

Make = Callable[[], Tensor]


class Tensors(list[Tensor]):
    """A list of which some entries are made when they are asked for, each time anew."""

    def __init__(self, tensors: Iterable[Tensor] = (), makers: dict[int, Make] | None = None) -> None:
        super().__init__(tensors)
        self._makers = makers or {}

    def remake(self, place: int, make: Make) -> None:
        """Let an entry go, and have it made by `make` from now on."""
        super().__setitem__(place, list.__getitem__(self, place).new_empty(0))
        self._makers[place] = make

    @property
    def held(self) -> list[Tensor]:
        """The entries that are there."""
        return [tensor for place, tensor in enumerate(super().__iter__()) if place not in self._makers]

    @overload
    def __getitem__(self, place: SupportsIndex) -> Tensor: ...
    @overload
    def __getitem__(self, place: slice) -> list[Tensor]: ...
    def __getitem__(self, place: SupportsIndex | slice) -> Tensor | list[Tensor]:
        if isinstance(place, slice):
            numbers = range(*place.indices(len(self)))
            makers = {new: self._makers[old] for new, old in enumerate(numbers) if old in self._makers}
            return Tensors(super().__getitem__(place), makers)
        number = range(len(self))[place]
        return self._makers[number]() if number in self._makers else super().__getitem__(number)

    def __setitem__(self, place, value):  # type: ignore[no-untyped-def]
        assert not isinstance(place, slice)
        self._makers.pop(range(len(self))[place], None)
        super().__setitem__(place, value)

    def __iter__(self) -> Iterator[Tensor]:
        return (self[place] for place in range(len(self)))
