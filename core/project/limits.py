"""What a project's file may hold: the names of its parts, and the most bytes of each."""

from __future__ import annotations

import re

MOST_JSON = 32 << 20
MOST_PICTURE = 64 << 20
MOST_PICTURES = 256 << 20  # of all pictures that a save takes along by their paths
MOST_NUMBERS = 128 << 20  # of one part of numbers
_PICTURE = re.compile(r"pictures/([0-9a-f]{64})", re.ASCII)
_NUMBERS = re.compile(r"vectors\.safetensors|(?:traces|circuits)/(?:0|[1-9]\d{0,4})\.safetensors", re.ASCII)


def picture_name(sha256: str) -> str:
    return f"pictures/{sha256}"


def picture_hash(name: str) -> str:
    """The hash that the name of a part says; empty of what is no picture."""
    found = _PICTURE.fullmatch(name)
    return found[1] if found else ""


def limit(name: str) -> int | None:
    """The most bytes of a part; None of a name that no part has."""
    if name == "project.json":
        return MOST_JSON
    if _NUMBERS.fullmatch(name):
        return MOST_NUMBERS
    return MOST_PICTURE if picture_hash(name) else None
