"""What the parts of a project file's schema have in common: numbers, names and hashes, and the most of each."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

Number = Annotated[int, Meta(ge=0, le=2**31)]
Place = Annotated[int, Meta(ge=-1, le=2**31)]  # -1: none
Name = Annotated[str, Meta(max_length=4096)]
ModelName = Annotated[str, Meta(max_length=2**17)]  # with its class texts (`core.models.class_texts`)
Hash = Annotated[str, Meta(pattern=r"\A(?:[0-9a-f]{64})?\Z")]  # SHA-256; empty: none
# The most of each, so that a file that says little cannot ask for much memory and time.
MOST_STEPS, MOST_EDITS, MOST_INPUTS, MOST_LISTED = 100_000, 100_000, 200_000, 10_000
MOST_POINTS = 1_000  # of a curve
Figure = float | Literal["nan", "inf", "-inf"]  # JSON has no such numbers
Share = Annotated[float, Meta(ge=0, le=1)]
