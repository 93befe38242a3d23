"""Regions, positions of a picture with a name: naming, naming anew, brushing anew, forgetting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from core.groups import Region
from core.inputs.regions import check_name
from core.project.change import Change
from core.project.document import Document


def region_of(document: Document, positions: Sequence[int]) -> Region | None:
    """The region of just these positions."""
    return next((region for region in document.regions if set(region.positions) == set(positions)), None)


def name_region(document: Document, positions: Sequence[int], name: str, taken: Sequence[str]) -> Change | None:
    """Give positions a name. A name that a region has moves that region here, and positions that have a name get this
    one; None where nothing changes. taken: what other positions are called. Raises InputError for what no region can be
    called."""
    check_name(name, taken)
    made = Region(name, tuple(sorted(positions)))
    present, called = region_of(document, positions), next((r for r in document.regions if r.name == name), None)
    if present is not None and present.name == name:
        return None
    count = len(made.positions)
    words = f"Region {name}: {count} patch{'es' * (count != 1)}"
    if present is not None:
        words = f"Rename region {present.name} to {name}"
    elif called is not None:
        words = f"Move region {name}"
    kept = [region for region in document.regions if region not in (present, called)]
    at = document.regions.index(present or called) if present or called else len(kept)
    return Change(words, replace(document, regions=(*kept[:at], made, *kept[at:])))


def forget_region(document: Document, positions: Sequence[int]) -> Change | None:
    """Take away the name of positions; edits there stay. None where they have none."""
    gone = region_of(document, positions)
    if gone is None:
        return None
    return Change(
        f"Forget region {gone.name}",
        replace(document, regions=tuple(region for region in document.regions if region is not gone)),
    )
