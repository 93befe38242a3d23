"""Sources of the document as the model takes them, and why they cannot be. Runs in the worker's thread; imports
torch."""

from __future__ import annotations

from dataclasses import replace

from core.errors import WirescopeError
from core.inputs.image_corruption import corrupted_side
from core.inputs.pair import Side
from core.models.model import Model
from core.project.document import Source, unfit


def read_source(model: Model, source: Source | None) -> tuple[Side | None, str]:
    """An input as the model takes it, called as the document calls it, or why it cannot be taken; neither where there
    is none."""
    if source is None:
        return None, ""
    problem = unfit(source, model.title, model.is_text)
    if problem:
        return None, problem
    try:
        side = model.side(source.text if source.kind == "text" else (source.data or source.path))
        if source.corruption is not None:
            side = corrupted_side(model, side, source.corruption, source.data or source.path)
        if source.kind == "image" and source.words:  # bytes have no name of their own
            side = replace(side, text=source.words)
        return side, ""
    except WirescopeError as error:
        return None, str(error)


def misfit(model: Model, a: Side, b: Side) -> str:
    """Why B cannot stand beside A; empty where it can."""
    try:
        model.check_aligned(a, b)
    except WirescopeError as error:
        return str(error)
    return ""
