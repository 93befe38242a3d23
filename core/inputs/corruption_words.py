"""How B is made from a picture, in words: what the terminal and the cells of datasets hold.

    word text=dog size=0.3 place=top-left plain
    inpaint patches=5-8,13
    other other=dog.jpg mask=cat-mask.png
    word text=dog then blur patches=3

A kind, then what `ImageCorruption` has, NAME=VALUE, split as a shell does, so that `text="a dog"` is one; a backslash
stands for itself, as paths of Windows have it; `plain` is sticker=no. In a dataset's column `counterfactual`, and where
the terminal takes a B, `make:` before it says that B is made from A so.
"""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

from core.errors import ArgumentError
from core.inputs.corruption_kinds import IMAGE_KINDS, PLACES, ImageCorruption
from core.inputs.regions import patch_numbers

THEN = "then"  # between one change and the next of the same picture
MAKE = "make:"  # before it, where a path could stand too
EXAMPLE = 'For example "blur", "word text=dog size=0.3 place=top", "inpaint patches=5-8,13" or "mean mask=mask.png".'
NUMBERS: dict[str, type] = {"seed": int, "size": float}
PATHS = ("other", "mask")


def parse_corruption(words: str, folder: Path | None = None) -> ImageCorruption:
    """Read it. folder: where relative paths begin. Raises ArgumentError."""
    lexer = shlex.shlex(words, posix=True)
    lexer.whitespace_split, lexer.commenters, lexer.escape = True, "", ""
    try:
        parts = list(lexer)
    except ValueError as error:
        raise ArgumentError(f"{words!r} does not say how B is made: {error}.", EXAMPLE) from None
    made: ImageCorruption | None = None
    for step in _steps(parts):
        made = _read(step, folder, made)
    assert made is not None
    return made


def _steps(parts: list[str]) -> list[list[str]]:
    """What is between each `then`."""
    steps: list[list[str]] = [[]]
    for part in parts:
        if part == THEN:
            steps.append([])
        else:
            steps[-1].append(part)
    return steps


def _read(parts: list[str], folder: Path | None, earlier: ImageCorruption | None) -> ImageCorruption:
    if not parts:
        raise ArgumentError("Nothing says how B is made from A.", EXAMPLE)
    kind = parts.pop(0)
    given: dict[str, Any] = {}
    for part in parts:
        name, is_given, value = part.partition("=")
        if part == "plain":
            name, given["sticker"] = "sticker", False
        elif not is_given:
            raise ArgumentError(f"{part!r} is not NAME=VALUE.", EXAMPLE)
        else:
            given[name] = _value(name, value, folder)
    if kind not in IMAGE_KINDS:
        raise ArgumentError(f"There is no way of making B called {kind!r}.", f"There are: {', '.join(IMAGE_KINDS)}.")
    for needed, name in (("word", "text"), ("other", "other")):
        if kind == needed and not given.get(name):
            what = "a picture to take the part of: other other=dog.jpg" if kind == "other" else "a text: word text=dog"
            raise ArgumentError(f"{kind} needs {what}.", EXAMPLE)
    return ImageCorruption(kind, **given, earlier=earlier)


def is_made(cell: str | None) -> bool:
    """Whether a cell, or what the terminal takes as B, says how B is made from A."""
    return bool(cell) and str(cell).startswith(MAKE)


def written(corruption: ImageCorruption) -> str:
    """As `parse_corruption` reads it. Raises ArgumentError for pictures that are held as bytes and not by a path."""
    before = [] if corruption.earlier is None else [written(corruption.earlier), THEN]
    usual, parts = ImageCorruption(corruption.kind), [str(corruption.kind)]
    if corruption.patches:
        parts.append(f"patches={','.join(map(str, corruption.patches))}")
    for name in ("seed", *PATHS, "text", "size", "place"):
        value = getattr(corruption, name)
        if isinstance(value, bytes) and value:
            raise ArgumentError("A picture that was pasted has no path.", "Save it as a file, and make B from that.")
        if value != getattr(usual, name) and value:
            parts.append(f"{name}={str(value).replace(' ', '-') if name == 'place' else value}")
    return " ".join([*before, shlex.join([*parts, *(["plain"] if not corruption.sticker else [])])])


def _value(name: str, text: str, folder: Path | None) -> Any:
    try:
        if name == "patches":
            return patch_numbers(text)
        if name in NUMBERS:
            return NUMBERS[name](text)
    except ValueError:
        raise ArgumentError(f"{name}={text} is no number.", EXAMPLE) from None
    if name in PATHS:
        path = Path(text).expanduser()
        return str(path if folder is None or path.is_absolute() else folder / path)
    if name == "place":
        return next((place for place in PLACES if place == text.replace("-", " ")), text)
    if name == "text":
        return text
    raise ArgumentError(
        f"Nothing of making B is called {name!r}.",
        f"There are: patches, {', '.join((*NUMBERS, *PATHS))}, text, place, plain.",
    )
