"""What can be done to the edits of a document: each operation gives the change that it would be.

positions: of the stream, where the edits are meant to be; none: everywhere. labels: of all positions, for the words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import cast

from core.edits import KINDS, Edit, EditKind, EditTarget, Target
from core.graph import Entries, Node
from core.groups import Region
from core.project.change import Change
from core.project.document import Document, PairSource
from core.project.step_names import CARRIES, VERBS, key_words, places, position_words


def can_edit(target: EditTarget) -> bool:
    """Whether an edit of it changes anything: what only reads the stream writes nothing that could be replaced."""
    return not (isinstance(target, Node) and target.kind == "logits")


def is_edited(document: Document, target: EditTarget, positions: Sequence[int] = ()) -> bool:
    """Whether there is an edit of it at these positions; without positions, any."""
    if positions:
        return document.edit_of(target, tuple(positions)) is not None
    return bool(document.edits_of(target))


def edit(
    document: Document,
    targets: Sequence[EditTarget],
    kind: EditKind,
    amount: float = 1.0,
    positions: Sequence[int] = (),
    labels: Sequence[str] = (),
    cut: bool = False,
    directions: Mapping[Target, tuple[float, ...]] | None = None,
) -> Change | None:
    """Edit targets in one way; None without a target. amount: the factor of a kind that turns a value, else the
    strength: from 0 to 1, or how often a direction is added. cut: the step is called a cut, whatever a cut puts in.
    directions: [width] of each target, for a kind that adds one; without them those of the targets' edits stay, and
    None comes back where not all of them have one."""
    at = tuple(positions) or None
    if KINDS[kind].turns_value:
        edits = [Edit(target, kind, at, amount) for target in targets]
    elif not KINDS[kind].along:
        edits = [Edit(target, kind, at, strength=amount) for target in targets]
    elif directions is not None:
        edits = [Edit(target, kind, at, directions[cast(Target, target)], amount) for target in targets]
    else:
        present = [document.edit_of(target, tuple(positions)) for target in targets]
        edits = [replace(each, strength=amount) for each in present if each is not None and each.kind == kind]
        if len(edits) < len(present):
            return None
    return put(document, edits, KINDS[kind].amount_words(amount), labels, cut)


def put(
    document: Document, edits: Sequence[Edit], amount_words: str, labels: Sequence[str] = (), cut: bool = False
) -> Change | None:
    """Put edits of one kind, at the same positions, into a document; None without an edit. Moves of a slider, which
    change how strong edits are that are there already, merge."""
    if not edits:
        return None
    kind, positions = edits[0].kind, positions_of(edits[0])
    targets = [target_of(each) for each in edits]
    before = [document.edit_of(target, positions) for target in targets]
    moved = all(each is not None and each.kind == kind for each in before)
    for each in edits:
        document = document.with_edit(each)
    verb = "Cut" if cut else VERBS[kind]
    carries = f" ({CARRIES[kind]})" if verb == "Cut" and kind in CARRIES else ""
    words = f"{verb} {places_words(targets, positions, labels, document.regions)}{carries}"
    return Change(words + amount_words, document, merge=words if moved or KINDS[kind].turns_value else "")


def restore(
    document: Document, targets: Sequence[EditTarget], positions: Sequence[int] = (), labels: Sequence[str] = ()
) -> Change:
    """Take the edits of targets back."""
    words = f"Restore {places_words(targets, positions, labels, document.regions)}"
    for target in targets:
        document = document.without_edit(target, tuple(positions))
    return Change(words, _usual_means(document))


def restore_at(document: Document, place: int, labels: Sequence[str] = ()) -> Change:
    """Take back the edit at a place of the list. Raises IndexError where there is none."""
    gone = document.edits[place]
    words = f"Restore {places_words([target_of(gone)], positions_of(gone), labels, document.regions)}"
    left = (*document.edits[:place], *document.edits[place + 1 :])
    return Change(words, _usual_means(replace(document, edits=left)))


def reset(document: Document) -> Change | None:
    """Take all edits back; None where there are none."""
    return Change("Reset all", replace(document, edits=(), one_mean=False)) if document.edits else None


def _usual_means(document: Document) -> Document:
    """With a mean at each position again once no edit is left that the repair's one mean of all was for."""
    return document if any(KINDS[each.kind].inputs for each in document.edits) else replace(document, one_mean=False)


def repair(document: Document, cuts: Sequence[Edit], clean: Sequence[PairSource]) -> Change:
    """Put the cuts of a repair into a document. clean: the inputs that means are taken over: they become the dataset
    where a cut asks for them. Cuts of nodes everywhere carry one mean of all positions, others that of each. (Where
    texts differ in length, the repair counts positions from the start, and the window from the nearer end.)"""
    for each in cuts:
        document = document.with_edit(each)
    if any(KINDS[each.kind].inputs for each in cuts):
        of_nodes = all(isinstance(each.target, Node) and not each.positions for each in cuts)
        document = replace(document, dataset=tuple(clean), one_mean=of_nodes)
    return Change(f"Repair: {len(cuts):,} cut{'s' * (len(cuts) != 1)}", document)


def target_of(each: Edit) -> EditTarget:
    """What an edit of a document is of: documents hold no names."""
    return cast(EditTarget, each.target)


def positions_of(each: Edit) -> tuple[int, ...]:
    """Where an edit of a document is; none: everywhere. Documents hold numbers of positions, from the start."""
    return cast("tuple[int, ...]", each.positions or ())


def places_words(
    targets: Sequence[EditTarget], positions: Sequence[int], labels: Sequence[str], regions: Sequence[Region] = ()
) -> str:
    """What a step is about: "a0.h1 → m2 at “John”", "a5.h1 from “Mary” at “John”"."""
    if len(targets) == 1 and isinstance(targets[0], Entries):
        words = f"{targets[0].head.name} {key_words(targets[0], labels, regions)}"
        return f"{words} {position_words(positions, labels, regions)}" if positions else words
    return f"{places(targets)} {position_words(positions, labels, regions)}" if positions else places(targets)
