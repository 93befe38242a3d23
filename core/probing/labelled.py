"""Labelled pictures: one folder with a folder for each class, or a folder for each class."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from core.errors import InputError
from core.inputs.file_kinds import PICTURES
from core.inputs.picture_folder import ENDINGS

LAYOUT = "Give one folder with a folder of pictures for each class, or several folders, one a class."
NO_PICTURES = "These folders hold no pictures."
MOST_CLASSES = 1000
LOOKED_AT, FEW_FOLDERS = 50, 20  # entries and folders, to tell what a folder is


@dataclass(frozen=True)
class Labelled:
    """classes: in the order of their names. pictures: each with the number of its class. empty: folders without any."""

    classes: tuple[str, ...]
    pictures: tuple[tuple[Path, int], ...]
    empty: tuple[str, ...] = ()


def labelled(folders: str | Path | Sequence[str | Path]) -> Labelled:
    """The pictures below folders: files whose endings are those of pictures, in all depths; hidden ones are left out.

    Raises InputError for folders that are not there, without pictures, or of one class.
    """
    given = [folders] if isinstance(folders, str | Path) else list(folders)
    places = [Path(each).expanduser() for each in given]
    wrong = next((place for place in places if not place.is_dir()), None)
    if wrong is not None or not places:
        what = "No folder is given" if wrong is None else f"{wrong} is {'a file' if wrong.exists() else 'not there'}"
        raise InputError(f"{what}, and pictures are taken from folders.", LAYOUT)
    if len(places) == 1:
        places = sorted((each for each in _inside(places[0]) if each.is_dir()), key=lambda each: each.name)
        if not places:
            raise InputError(f"{given[0]} has no folders in it, so its pictures have no classes.", LAYOUT)
    if len({os.path.realpath(place) for place in places}) < len(places):
        raise InputError("The same folder is given twice.", LAYOUT)
    names = _names([place.resolve() for place in places])
    by_class = {name: sorted(_pictures(place)) for name, place in zip(names, places, strict=True)}
    classes = sorted(name for name, pictures in by_class.items() if pictures)
    if not classes:
        raise InputError(
            f"There are no pictures in {', '.join(str(each) for each in given[:3])}.",
            f"Pictures end in {', '.join(ENDINGS)}. {LAYOUT}",
        )
    if len(classes) == 1:
        bare = sorted(set(by_class) - set(classes))
        less = f" ({', '.join(bare[:3])} has none)" if bare else ""
        raise InputError(f"There are pictures of one class alone, {classes[0]}{less}.", f"Two are needed. {LAYOUT}")
    if len(classes) > MOST_CLASSES:
        raise InputError(f"There are {len(classes):,} classes; {MOST_CLASSES:,} are the most.", "Take fewer folders.")
    pictures = tuple((path, place) for place, name in enumerate(classes) for path in by_class[name])
    return Labelled(tuple(classes), pictures, tuple(sorted(set(by_class) - set(classes))))


def _names(places: Sequence[Path]) -> list[str]:
    """What each folder is called: its own name, with so many of those above it that no two are called alike."""
    deepest = max(len(place.parts) for place in places)
    for depth in range(1, deepest):
        names = ["/".join(place.parts[-depth:]) for place in places]
        if len(set(names)) == len(names):
            return names
    return [str(place) for place in places]


def hold_pictures(folders: Sequence[str]) -> bool:
    """Whether these are folders of pictures, or of folders of pictures, and none of a model. It looks at some files of
    each alone."""
    return bool(folders) and all(_holds_pictures(Path(folder)) for folder in folders)


def is_model_folder(folder: str) -> bool:
    """Whether a folder is a model's, by one file or another in it."""
    return any(os.path.exists(os.path.join(folder, name)) for name in ("config.json", "adapter_config.json"))


def _holds_pictures(folder: Path) -> bool:
    if not folder.is_dir() or is_model_folder(str(folder)):
        return False
    with suppress(InputError):
        inside = _inside(folder)[:LOOKED_AT]
        below = (each for place in inside[:FEW_FOLDERS] if place.is_dir() for each in _inside(place)[:LOOKED_AT])
        return any(each.name.lower().endswith(PICTURES) for each in (*inside, *below))
    return False


def _inside(folder: Path) -> list[Path]:
    try:
        return [each for each in folder.iterdir() if not each.name.startswith(".")]
    except OSError as error:
        raise InputError(f"{folder} cannot be read: {error.strerror}.", "Choose a folder that you may read.") from None


def _pictures(folder: Path) -> Iterator[Path]:
    for place, inner, files in os.walk(folder):  # links to folders are not followed: they may lead round
        inner[:] = [name for name in inner if not name.startswith(".")]
        for name in files:
            if not name.startswith(".") and name.lower().endswith(PICTURES):
                yield Path(place, name)
