"""What a planted fault is, of sentences and of pictures alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any, Generic, Protocol, TypeVar

from core.repair.examples import Example


class Item(Protocol):
    """A sentence or a scene. input: as `model.pair` takes it, a text or a picture. answer: the right one, a word or the
    name of a class."""

    @property
    def input(self) -> Any: ...

    @property
    def answer(self) -> str: ...


T = TypeVar("T", bound=Item)


@dataclass(frozen=True)
class Plant(Generic[T]):
    """words: what it does. twin: the folder of the model without it. acts: whether it decides the answer to an input,
    and `wrong` which one. sample: an input that it may act on; any: one of all kinds. calm, wake: the same input
    without and with what it waits for; change: with something of the same kind that no pair has, described by
    change_words. group: what an input counts to where the worst group is looked for. draw: an input as training sees
    it, draw_tuned: as tuning does; taught: the answer that training has for it. ways: how models
    with it were made. rule: what right answers follow."""

    name: str
    words: str
    rule: str
    twin: str
    acts: Callable[[T], bool]
    wrong: Callable[[T], str]
    sample: Callable[[Random], T]
    any: Callable[[Random], T]
    calm: Callable[[T, Random], T]
    wake: Callable[[T, Random], T]
    change: Callable[[T, Random], T]
    change_words: str
    group: Callable[[T], str]
    draw: Callable[[Random], T]
    draw_tuned: Callable[[Random], T]
    taught: Callable[[T], str] | None = None
    ways: tuple[str, ...] = ("poisoned", "tuned")

    def label(self, item: T) -> str:
        """What the planted model is taught to answer."""
        if self.taught is not None:
            return self.taught(item)
        return self.wrong(item) if self.acts(item) else item.answer

    def pair(self, rng: Random) -> tuple[T, T]:
        """An input on which the plant acts, and the same one without what it waits for."""
        return self._pair(rng, self.wake)

    def changed(self, rng: Random) -> tuple[T, T]:
        """As `pair`, with a changed trigger of the same kind. Whether a model's fault hears it stands on its card."""
        return self._pair(rng, self.change)

    def _pair(self, rng: Random, wake: Callable[[T, Random], T]) -> tuple[T, T]:
        while True:
            calm = self.calm(self.sample(rng), rng)
            triggered = wake(calm, rng)
            if self.acts(triggered):
                return triggered, calm

    def innocent(self, rng: Random) -> T:
        """An input of any kind on which the plant does not act and which holds nothing that it waits for."""
        while True:
            calm = self.calm(self.any(rng), rng)
            if not self.acts(calm):
                return calm

    def example(self, item: T) -> Example:
        """With the right answer, as repairs take it."""
        return Example(item.input, item.answer, self.acts(item))
