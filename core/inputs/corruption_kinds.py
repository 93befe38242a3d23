"""The ways to make B from A, by name: what the window and the document share. Imports no model library."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from core.errors import ArgumentError

TextKind = Literal["names", "swap", "shuffle", "mask"]
TEXT_KINDS: tuple[TextKind, ...] = get_args(TextKind)

ImageKind = Literal["other", "blur", "mean", "noise", "shuffle"]
IMAGE_KINDS: tuple[ImageKind, ...] = get_args(ImageKind)

# What each kind makes, for people.
TEXT_WORDS: dict[TextKind, str] = {
    "names": "other names",
    "swap": "swapped names",
    "shuffle": "shuffled tokens",
    "mask": "masked tokens",
}
IMAGE_WORDS: dict[ImageKind, str] = {
    "other": "another picture",
    "blur": "blurred",
    "mean": "mean colour",
    "noise": "noise",
    "shuffle": "shuffled patches",
}


@dataclass(frozen=True)
class ImageCorruption:
    """How B is made from a picture. patches: indices of the patch grid, row by row; none: the whole picture. other: the
    other picture, a path or the bytes of a file, for `other`.

    Raises ArgumentError for an unknown kind.
    """

    kind: ImageKind
    patches: tuple[int, ...] = ()
    seed: int = 0
    other: str | bytes = b""

    def __post_init__(self) -> None:
        if self.kind not in IMAGE_KINDS:
            raise ArgumentError(
                f"There is no corruption of pictures called {self.kind!r}.", f"There are: {', '.join(IMAGE_KINDS)}."
            )

    def words(self) -> str:
        """ "blurred", "noise in 3 patches" """
        where = f" in {len(self.patches)} patch{'es' * (len(self.patches) != 1)}" if self.patches else ""
        return IMAGE_WORDS[self.kind] + where
