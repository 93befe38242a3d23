"""Whether the processes that are to share work have room beside each other. Imports no torch, so that dialogs can
ask."""

from __future__ import annotations

from dataclasses import dataclass

GIB = 2**30


@dataclass(frozen=True)
class WorkersShort:
    """They do not fit. fitting: how many do, perhaps none. words: a sentence."""

    fitting: int
    words: str


def short_of_workers(workers: int, each: int, free: int) -> WorkersShort | None:
    """None where they fit. each: bytes that one of them holds, about. free: bytes."""
    if workers * each <= free:
        return None
    fitting = free // each
    total, one, there = (f"{size / GIB:.3g} GB" for size in (workers * each, each, free))
    if workers == 1:
        return WorkersShort(0, f"A worker holds about {one} of memory, and {there} are free.")
    fit = {0: "not even one fits", 1: "one fits"}.get(fitting, f"{fitting} fit")
    return WorkersShort(
        fitting, f"{workers} workers hold about {total} of memory, {one} each, and {there} are free: {fit}."
    )
