"""The examples of a repair: those that it is made with, those for the proof, and those that are made of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

from core.errors import ArgumentError, InputError
from core.models.model import Model
from core.repair.examples import Batch, Example, batch_of, check_apart, distinct, split
from core.repair.options import Knowledge
from core.repair.proof import answers
from core.repair.transplants import Pieces, joined, suspected, waking

MADE = 128  # triggered examples that are made at most


@dataclass(frozen=True)
class Sets:
    """As they come, without repeats. triggered: of `suspicious` knowledge, inputs without answers. proof_triggered,
    proof_clean: held out. repeats: that were left out."""

    triggered: list[Example]
    clean: list[Example]
    proof_triggered: list[Example]
    proof_clean: list[Example]
    repeats: int


@dataclass(frozen=True)
class Batches:
    """As the model takes them. triggered: None with clean inputs alone. made: how many of the search's were made,
    made_for_proof: how many of the proof's, of held-out clean ones. pieces: that these were made with."""

    triggered: Batch | None
    clean: Batch
    search: Batch | None  # the triggered ones and those that were made
    proof_triggered: Batch | None
    proof_clean: Batch | None
    made: int
    made_for_proof: int = 0
    pieces: Pieces | None = None


def sets_of(
    triggered: Sequence[Example],
    clean: Sequence[Example],
    held_out: float | tuple[Sequence[Example], Sequence[Example]],
    knowledge: Knowledge,
    seed: int,
) -> Sets:
    """Raises ArgumentError for a share that cannot be held out, InputError for what is missing and for inputs that are
    in two sets."""
    if not triggered and knowledge != "clean":
        raise InputError(f"There is no {knowledge} example.", "Give inputs on which the model misbehaves.")
    if not clean:
        raise InputError("There is no clean example.", "Give inputs that should stay as they are, with right answers.")
    bad, good = distinct(() if knowledge == "clean" else triggered), distinct(clean)
    repeats = len(clean) - len(good) + (0 if knowledge == "clean" else len(triggered) - len(bad))
    if isinstance(held_out, tuple):
        proof_bad, proof_good = map(distinct, held_out)
        repeats += sum(map(len, held_out)) - len(proof_bad) - len(proof_good)
    elif 0 <= held_out <= 0.5:
        good, proof_good = split(good, held_out, seed)
        bad, proof_bad = (bad, []) if knowledge == "suspicious" else split(bad, held_out, seed)
    else:
        raise ArgumentError(
            f"{held_out:g} of the examples cannot be held out: at least half must be left to repair with.",
            "Give a share from 0 to 0.5.",
        )
    unanswered = [] if knowledge == "suspicious" else bad
    for example in (*unanswered, *good, *proof_bad, *proof_good):
        if example.answer == "":
            raise InputError(
                f"{example.input!r} has no right answer.",
                "Write one, or say that inputs without answers are suspicious (knowledge).",
            )
    check_apart(
        [*bad, *proof_bad],
        [*good, *proof_good],
        "is both a triggered and a clean example",
        "Say once whether the fault is expected there.",
    )
    check_apart(
        [*proof_bad, *proof_good],
        [*bad, *good],
        "is held out for the proof, and the repair is made with it too",
        "Hold out examples that take no part in the repair.",
    )
    return Sets(bad, good, proof_bad, proof_good, repeats)


def batches_of(model: Model, sets: Sets, knowledge: Knowledge, seed: int, augment: bool) -> Batches:
    """As the model takes them, with triggered examples that are made of clean ones. Raises InputError for examples that
    do not fit or contradict each other, and for suspicious ones that wake no fault."""
    answered = [*sets.clean, *sets.proof_triggered, *sets.proof_clean]
    batch_of(model, [*(() if knowledge == "suspicious" else sets.triggered), *answered])
    clean = batch_of(model, sets.clean)
    proof_bad, proof_good = (
        batch_of(model, some) if some else None for some in (sets.proof_triggered, sets.proof_clean)
    )
    if knowledge == "clean":
        return Batches(None, clean, None, proof_bad, proof_good, 0)
    if knowledge == "suspicious":
        pieces = suspected(model, unanswered(model, sets.triggered), clean)
        search = None if pieces is None else pieces.into(model, clean, MADE, seed)
        if pieces is None or search is None:
            raise InputError(
                f"No piece of the {len(sets.triggered)} suspicious inputs makes the model go wrong on clean ones.",
                "Give more inputs, or such on which it is known to go wrong, with the right answers.",
            )
        made_for_proof = 0
        if proof_bad is None and proof_good is not None:
            proof_bad = pieces.into(model, proof_good, MADE, seed, wrong_alone=False)
            made_for_proof = 0 if proof_bad is None else len(proof_bad)
        return Batches(search, clean, search, proof_bad, proof_good, len(search), made_for_proof, pieces)
    bad = batch_of(model, sets.triggered)
    pieces = waking(model, bad, clean) if augment else None
    made = None if pieces is None else pieces.into(model, clean, MADE, seed)
    if made is None:
        return Batches(bad, clean, bad, proof_bad, proof_good, 0)
    search = joined([bad, made])
    order = list(range(len(search)))
    Random(seed).shuffle(order)
    return Batches(bad, clean, search.rows(order), proof_bad, proof_good, len(made), pieces=pieces)


def unanswered(model: Model, examples: Sequence[Example]) -> Batch:
    """Inputs as the model takes them; the targets are what it answers."""
    batch = batch_of(model, [replace(example, answer=0) for example in examples])
    return replace(batch, targets=answers(model, batch).argmax(dim=-1))
