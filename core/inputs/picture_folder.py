"""A folder of pictures as a dataset: one row a picture, in the order of their names. Only names are read here, so that
fifty thousand are listed at once; a picture is opened when somebody needs it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from core.errors import InputError
from core.formatting import counted

ENDINGS = (".png", ".jpg", ".jpeg", ".jfif", ".webp", ".tif", ".tiff", ".gif", ".bmp")
MOST = 200_000  # pictures, as many as a project's file holds
DEEPEST = 6  # folders within each other
LOOKED_AT = 2_000  # files, to tell whether a folder holds pictures
_DIGITS = re.compile(r"(\d+)")


def pictures_in(folder: str | Path) -> tuple[list[str], tuple[str, ...]]:
    """The paths of the pictures in a folder and the folders in it, and what should be told. Hidden files are left
    aside, and links to folders are not followed. Raises InputError where there are none, or too many."""
    paths, others = [], 0
    for entry in _files(os.path.abspath(folder)):
        if is_picture(entry.name):
            paths.append(entry.path)
        else:
            others += 1
        if len(paths) > MOST:
            raise InputError(f"{Path(folder).name} holds more than {MOST:,} pictures.", "Open a folder within it.")
    if not paths:
        raise InputError(f"{Path(folder).name} holds no pictures.", f"Their endings are {', '.join(ENDINGS)}.")
    paths.sort(key=natural)
    told = f"{counted(others, 'other file')} in {Path(folder).name} {'is' if others == 1 else 'are'} left aside."
    return paths, (told,) if others else ()


def holds_pictures(folder: str | Path) -> bool:
    """Whether a picture is among a folder's first files. It looks at a few names, so that a window may ask."""
    try:
        for number, entry in enumerate(_files(str(folder))):
            if is_picture(entry.name):
                return True
            if number >= LOOKED_AT:
                return False
    except InputError:
        pass
    return False


def classes_of(paths: Iterable[str], folder: str | Path, classes: Iterable[str]) -> list[str]:
    """Which of some classes each picture in a folder is of, by the name of the nearest folder around it, up to the
    folder itself: `two_words` is the class "two words". Empty where none is called so."""
    known = {_plain(name): name for name in reversed(list(classes))}
    root, by_folder = Path(os.path.abspath(folder)), dict[str, str]()
    parents = [os.path.dirname(os.path.abspath(path)) for path in paths]
    for parent in dict.fromkeys(parents):  # of many pictures in few folders
        around = (Path(parent), *Path(parent).parents)
        names = (_plain(place.name) for place in around if place == root or root in place.parents)
        by_folder[parent] = next((known[name] for name in names if name in known), "")
    return [by_folder[parent] for parent in parents]


def _plain(name: str) -> str:
    return " ".join(name.replace("_", " ").replace("-", " ").casefold().split())


def is_picture(name: str) -> bool:
    """By its ending."""
    return name.lower().endswith(ENDINGS)


def natural(path: str) -> list[str | int]:
    """A key to sort by, in which `2.png` comes before `10.png`."""
    return [int(part) if number % 2 else part.lower() for number, part in enumerate(_DIGITS.split(path))]


def _files(folder: str, depth: int = 0) -> Iterator[os.DirEntry[str]]:
    """Files, as the system lists them. Raises InputError for a folder that cannot be read; one within it is passed
    over."""
    try:
        listing = os.scandir(folder)
    except OSError as error:
        if depth:
            return
        raise InputError(f"{folder} cannot be read: {error.strerror}.", "Check the path and its rights.") from None
    with listing:
        for entry in listing:
            if entry.name.startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False):
                if depth < DEEPEST:
                    yield from _files(entry.path, depth + 1)
            elif entry.is_file():
                yield entry
