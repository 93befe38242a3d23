"""The ways to make B from A, by name: what the window and the document share. Imports no model library."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, get_args

from core.errors import ArgumentError

TextKind = Literal["names", "swap", "shuffle", "mask"]
TEXT_KINDS: tuple[TextKind, ...] = get_args(TextKind)

ImageKind = Literal["other", "blur", "mean", "noise", "shuffle", "inpaint", "word"]
IMAGE_KINDS: tuple[ImageKind, ...] = get_args(ImageKind)

Place = Literal[
    "centre", "top", "bottom", "left", "right", "top left", "top right", "bottom left", "bottom right"
]  # where a word is printed
PLACES: tuple[Place, ...] = get_args(Place)
MOST_STEPS = 10  # changes of one picture after another
WORD_SIZE = 0.2  # of the picture's height

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
    "inpaint": "inpainted",
    "word": "a printed word",
}


@dataclass(frozen=True)
class ImageCorruption:
    """How B is made from a picture.

    What changes: patches, indices of the patch grid, row by row; or the light part of a mask, a path or the bytes of a
    picture file of the size of A's; without both the whole picture. other: the other picture, a path or the bytes of a
    file, for `other`. Of `word`: text; size, of its font as a share of the picture's height, about from the top of a
    `d` to the bottom of a `g`; place, where there are no patches and no mask; sticker, whether black on a white box,
    else the letters alone. earlier: what was done to the picture before.

    Raises ArgumentError for an unknown kind or place, a size that is not between 0 and 1, a seed of over 64 bits,
    patches beside a mask, and more than `MOST_STEPS` changes one after another.
    """

    kind: ImageKind
    patches: tuple[int, ...] = ()
    seed: int = 0
    other: str | bytes = b""
    mask: str | bytes = b""
    text: str = ""
    size: float = WORD_SIZE
    place: Place = "centre"
    sticker: bool = True
    earlier: ImageCorruption | None = None

    def __post_init__(self) -> None:
        for what, value, known in (("corruption of pictures", self.kind, IMAGE_KINDS), ("place", self.place, PLACES)):
            if value not in known:
                raise ArgumentError(f"There is no {what} called {value!r}.", f"There are: {', '.join(known)}.")
        if not -(2**63) <= self.seed < 2**63:
            raise ArgumentError(f"The seed {self.seed} is too large.", "Give one of at most 18 digits.")
        if not 0 < self.size <= 1:
            raise ArgumentError(
                f"A word's size is {self.size}.", "It is a share of the picture's height: 0.2 is usual."
            )
        if self.patches and self.mask:
            raise ArgumentError("A region is both brushed and given as a mask.", "Give patches or a mask, not both.")
        if len(self.steps) > MOST_STEPS:
            raise ArgumentError(
                f"The picture was changed {MOST_STEPS} times already.", "Begin with a picture as it is."
            )

    @property
    def steps(self) -> tuple[ImageCorruption, ...]:
        """All that was done to the picture, one after another."""
        return (self,) if self.earlier is None else (*self.earlier.steps, replace(self, earlier=None))

    def words(self) -> str:
        """ "blurred", "noise in 3 patches", "“dog” on a sticker, blurred" """
        count = len(self.patches)
        where = f" in {count} patch{'es' * (count != 1)}" if count else " in a mask" if self.mask else ""
        before = "" if self.earlier is None else f"{self.earlier.words()}, "
        if self.kind == "word":
            return f"{before}“{self.text}” {'on a sticker' if self.sticker else 'printed'}{where}"
        return before + IMAGE_WORDS[self.kind] + where
