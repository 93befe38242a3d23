"""Maps over a picture in words."""

from __future__ import annotations

from app.features.patch_map.queries import MapReply
from core.formatting import answer_words, number, percent


def title_of(reply: MapReply) -> str:
    """What its values are."""
    if reply.unit == "cosine":
        return f"Likeness (cosine) to {reply.of}"
    return f"Probability of “{answer_words(reply.of)}”, read at each patch"


def notes_of(reply: MapReply, stale: bool) -> tuple[str, ...]:
    """A line for each stage: the range of its colours, and its overlap with the mask."""
    of = title_of(reply)
    ends = [(float(values.min()), float(values.max())) for values in reply.values]
    lines = [f"{of}: from {number(low, 3)} (grey) to {number(high, 3)} (blue)" for low, high in ends]
    if reply.iou is not None and reply.best is not None:
        share = percent(reply.all_of_it)
        lines = [
            f"{line}. Overlap with the mask (IoU): {percent(iou)}, cut at the map's mean; {percent(best)} at the best "
            f"cut; {share} for the whole picture"
            for line, iou, best in zip(lines, reply.iou, reply.best, strict=True)
        ]
    return tuple(f"{'Of an earlier state. ' if stale else ''}{line}." for line in lines)
