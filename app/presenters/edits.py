"""The list of edits, and what is said of an edit beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from core.edits import ABLATIONS, KINDS, Edit, EditKind, EditTarget, edit_words
from core.formatting import BELOW, change_words, is_below_noise
from core.graph import Entries
from core.groups import Region
from core.project.document import Document
from core.project.step_names import key_words, position_words
from views.panels.edits.data import EditRow

WAITS = "waits for B"  # what is said of a patch that cannot be made now
FEW = 3  # changes of weights that are told one by one


def edit_label(
    edit: Edit, document: Document, change: float | None, labels: tuple[str, ...] = (), noise_floor: float = 0.0
) -> str:
    """What stands beside an edit on the canvas. document: with a B only if patches can take from it. change: of the
    metric, as measured, by all edits of the target. labels: of the positions; a cut at some of them says where.
    noise_floor: of the metric; a change below it is called that."""
    if document.waits(edit):
        return WAITS
    edits = document.edits_of(edit.target)  # type: ignore[arg-type]
    together = {place for other in edits for place in other.positions or ()}  # type: ignore[union-attr]
    everywhere = any(other.positions is None for other in edits)
    where = "" if everywhere else _where(replace(edit, positions=tuple(together)), labels, document.regions)
    if change is None:
        return where.strip()
    return f"{BELOW if is_below_noise(change, noise_floor) else change_words(change)}{where}"


def weights_label(
    edits: Sequence[Edit],
    document: Document,
    changes: Mapping[EditTarget, float],
    labels: tuple[str, ...] = (),
    noise_floor: float = 0.0,
) -> str:
    """What stands beside a head on the canvas, some weights of whose attention are edited. changes: of the metric, by
    all edits of one target. Of several weights: how many, and what each changes while they are few."""
    targets = {edit.target: edit for edit in edits}
    if len(targets) == 1:
        return edit_label(edits[-1], document, changes.get(edits[-1].target), labels, noise_floor)  # type: ignore[arg-type]
    known = [changes[target] for target in targets if target in changes]  # type: ignore[index]
    words = [BELOW if is_below_noise(change, noise_floor) else change_words(change) for change in known]
    each = f": {', '.join(words)}" if len(words) == len(targets) <= FEW else ""
    return f"{len(targets)} weights{each}"


def edit_rows(document: Document, labels: tuple[str, ...] = ()) -> list[EditRow]:
    """The rows of the list of edits, numbered in their order. document: with a B only if patches can take from it.
    labels: of the positions."""
    return [
        EditRow(key, edit.name, WAITS if document.waits(edit) else said(edit, document, labels))
        for key, edit in enumerate(document.edits)
    ]


def said(edit: Edit, document: Document, labels: tuple[str, ...] = ()) -> str:
    """What an edit does, with what a mean is over, and where: "mean of 24 rows at “John”", "zero from “Mary” at
    “John”"."""
    over = (
        f" of {len(document.mean_rows):,} rows"
        if edit.kind in ABLATIONS and KINDS[edit.kind].inputs and document.dataset
        else ""
    )
    source = f" {key_words(edit.target, labels, document.regions)}" if isinstance(edit.target, Entries) else ""
    return edit_words(edit) + over + source + _where(edit, labels, document.regions)


def _where(edit: Edit, labels: tuple[str, ...], regions: tuple[Region, ...]) -> str:
    """Where an edit of some positions is: " at “John”", " at 3 positions"; that the input has none of them."""
    places = [place for place in edit.positions or () if isinstance(place, int)]  # type: ignore[union-attr]
    named = [place for place in edit.places if isinstance(place, int)]
    if labels and any(place >= len(labels) for place in named):
        return f" at position {max(named)}, which A does not have"
    if not places:
        return ""
    return f" {position_words(places, labels, regions)}"


def mean_words(kind: EditKind, document: Document) -> str:
    """What a mean is taken over."""
    if kind not in ABLATIONS or not KINDS[kind].inputs:
        return ""
    rows = len(document.mean_rows)
    everywhere = " at all positions" if document.one_mean else ""
    return f" over the dataset ({rows} row{'s' * (rows != 1)}{everywhere})" if rows else " over A’s positions"
