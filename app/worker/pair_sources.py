"""Rows of tasks and of files as the document keeps them."""

from __future__ import annotations

import io

from PIL import Image

from core.inputs.tasks.task import Input
from core.project.document import PairSource, Source


def rows_of(
    pairs: tuple[tuple[Input, Input], ...], answers: tuple[tuple[str, str], ...], names: tuple[str, ...]
) -> tuple[PairSource, ...]:
    return tuple(
        PairSource(source_of(a, name), source_of(b, f"{name} B" if name else ""), target, foil)
        for (a, b), (target, foil), name in zip(pairs, answers, names, strict=True)
    )


def source_of(made: Input, name: str) -> Source:
    if isinstance(made, Image.Image):
        out = io.BytesIO()
        made.save(out, "PNG")
        return Source("image", data=out.getvalue(), name=name)
    return Source("text", text=made)
