"""What a project's file may hold: the names of its parts, and the most bytes of each."""

from __future__ import annotations

import re

from core.errors import InputError

MOST_JSON = 32 << 20
MOST_PICTURE = 64 << 20
MOST_PICTURES = 256 << 20  # of all pictures that a save takes along by their paths
MOST_NUMBERS = 128 << 20  # of one part of numbers
_PICTURE = re.compile(r"pictures/([0-9a-f]{64})", re.ASCII)
_NUMBERS = re.compile(r"vectors\.safetensors|(?:traces|circuits|runs)/(?:0|[1-9]\d{0,4})\.safetensors", re.ASCII)


# What of a project is in a part, by how the part's name begins, and what to do where that is too much.
CONTENTS = {
    "project.json": ("steps, inputs and datasets", "Begin another project, with fewer rows in its dataset."),
    "vectors": ("vectors of its edits", "Begin another project, with fewer edits that add a direction."),
    "traces/": ("scores of one trace", "Begin another project, and trace over fewer positions there."),
    "circuits/": ("edges of one circuit", "Keep fewer edges."),
    "runs/": ("edges of one run's circuit", "Keep fewer edges."),
    "pictures/": ("bytes of one picture", "Give a smaller picture, or this one by its file."),
}


def picture_name(sha256: str) -> str:
    return f"pictures/{sha256}"


def picture_hash(name: str) -> str:
    """The hash that the name of a part says; empty of what is no picture."""
    match = _PICTURE.fullmatch(name)
    return match[1] if match else ""


def check_size(name: str, size: int) -> None:
    """Raise InputError for a part with more bytes than are read again."""
    most = limit(name)
    if most is None or size <= most:
        return
    what, hint = next(words for start, words in CONTENTS.items() if name.startswith(start))
    raise InputError(
        f"The project is too large for one file: the {what} take {size / 2**20:,.1f} MB, of at most {most >> 20:,} MB.",
        hint,
    )


def limit(name: str) -> int | None:
    """The most bytes of a part; None of a name that no part has."""
    if name == "project.json":
        return MOST_JSON
    if _NUMBERS.fullmatch(name):
        return MOST_NUMBERS
    return MOST_PICTURE if picture_hash(name) else None
