"""Rows of a file or of a task as pairs of a model, checked against it, with what was left out and why. What imports
torch is imported when it is needed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.datasets.made_pairs import pair_of
from core.datasets.picture_regions import with_regions
from core.errors import InputError, NoPairFitsError, UnreadableFileError
from core.inputs.corruption_words import is_made

if TYPE_CHECKING:
    from core.inputs.dataset_columns import FileRow
    from core.inputs.misfits import Misfit
    from core.inputs.pair import Dataset, Pair
    from core.models.model import Model


@dataclass(frozen=True)
class AskedPairs:
    """words: what they are, "24 pairs of the task ioi". rows: as a file holds them; none for pictures of a task, which
    are drawn again. dataset: with the answers of each pair, where they have some. notes: what was left out. places: of
    each pair among those that were given or drawn, from 0."""

    words: str
    rows: tuple[FileRow, ...]
    dataset: Dataset
    notes: tuple[str, ...] = ()
    places: tuple[int, ...] = ()


def task_pairs(model: Model, task: str, pairs: int, seed: int, with_roles: bool = False) -> AskedPairs:
    """Pairs of a built-in task. with_roles: with what its template names. Raises ArgumentError for an unknown one,
    InputError where it does not fit the model."""
    from core.inputs.dataset_columns import FileRow
    from core.inputs.pair import Dataset
    from core.inputs.tasks import make_task

    made = make_task(task, model, pairs, seed)
    roles = made.roles if with_roles else ("",) * len(made.pairs)
    both = tuple(zip(made.pairs, made.answers, roles, strict=True))
    dataset_pairs = [
        _with_roles(model, model.pair(a, b), FileRow("", roles=spans), with_roles)
        for (a, b), spans in zip(made.pairs, roles, strict=True)
    ]
    dataset = Dataset(dataset_pairs, made.answers if made.answers[0][0] else ())
    rows = tuple(
        FileRow(a, b, *answers, spans) for (a, b), answers, spans in both if isinstance(a, str) and isinstance(b, str)
    )
    short = made.dropped or len(made.pairs) < pairs
    notes = (f"{task}: {made.words()}",) * bool(short)
    return AskedPairs(f"{_count(dataset)} of the task {task}", rows, dataset, notes, tuple(range(len(dataset))))


def _input_notes(pairs: Sequence[Pair]) -> tuple[str, ...]:
    """What was done to inputs when they were read, each once: a dataset may have it of every row."""
    counts = Counter(
        note for pair in pairs for side in (pair.clean, pair.counterfactual) if side for note in side.notes
    )
    return tuple(note if count == 1 else f"{note} (and {count - 1} more alike)" for note, count in counts.items())


@dataclass(frozen=True)
class RowNeeds:
    """What every row must have, since others have it."""

    counterfactual: bool
    target: bool
    foil: bool


def needs_of(rows: Sequence[FileRow]) -> RowNeeds:
    cells = [(bool(row.counterfactual), row.target != "", row.foil != "") for row in rows]
    return RowNeeds(*(any(column) for column in zip(*cells, strict=True)))


def row_pairs(
    model: Model,
    rows: Sequence[FileRow],
    origin: str,
    with_roles: bool = False,
    needs: RowNeeds | None = None,
    before: int = 0,
) -> AskedPairs:
    """Rows as pairs; those that do not fit the model, or not the others, are left out. with_roles: with the names of
    their spans. needs: what each must have where these are a part of the rows; None: what one of them has. before: rows
    before these, where they are a part: errors name a row by its number. Raises NoPairFitsError where none is left,
    with the reason of the first; InputError for roles that are none, UnreadableFileError for a picture's file that
    cannot be read."""
    from core.inputs.misfits import misfit_words
    from core.inputs.pair import Dataset

    needs = needs or needs_of(rows)
    places, misfits, first = [], [], ""
    for place, row in enumerate(rows):
        with _naming(before + place, origin):
            misfit = _misfit(model, row, needs)
        if misfit is None:
            places.append(place)
        else:
            misfits.append(misfit)
            first = first or f"Pair {before + place + 1:,} cannot be used: {misfit.why}"
    if not places:
        raise NoPairFitsError(first if len(rows) == 1 else f"No pair {origin} can be used. {first}", misfits[0].hint)
    kept, pairs = [rows[place] for place in places], []
    for place, row in zip(places, kept, strict=True):
        with _naming(before + place, origin):
            pair = pair_of(model, row.clean, row.counterfactual)
            pairs.append(_with_roles(model, pair, row, with_roles or not model.is_text))
    dataset = Dataset(pairs, [(row.target, row.foil) for row in kept] if needs.target else ())
    left_out = (f"{len(rows):,} pairs {origin}: {misfit_words(misfits)}",) if misfits else ()
    notes = (*left_out, *_input_notes(pairs))
    words = f"{_count(dataset)} {origin}" if origin else f"the pair {_short(kept[0].clean)!r}"
    return AskedPairs(words, tuple(kept), dataset, notes, tuple(places))


def check_files(row: FileRow, place: int, origin: str) -> None:
    """Raise UnreadableFileError where a picture of a row is not there; none is opened. place, origin: of the row, as
    `row_pairs` names it."""
    from core.inputs.images import check_file

    with _naming(place, origin):
        for path in (row.clean, row.counterfactual):
            if path and not is_made(path):
                check_file(path)


@contextmanager
def _naming(place: int, origin: str) -> Iterator[None]:
    """Have errors inside name the row, where it is of several."""
    try:
        yield
    except InputError as error:
        if not origin:
            raise
        raise type(error)(f"Pair {place + 1:,} {origin}: {error.message}", error.hint) from None


def _with_roles(model: Model, pair: Pair, row: FileRow, wanted: bool) -> Pair:
    """With the roles of a row, or the regions of its picture. Raises InputError for what is none."""
    from core.inputs.regions import split_regions
    from core.positions import parse_roles

    if not row.roles or not wanted:
        return pair
    try:
        if pair.grid is not None:
            return with_regions(model, pair, split_regions(row.roles), row.clean)
        return pair.with_roles(parse_roles(row.roles, pair.clean.lengths[0]))
    except InputError as error:
        raise type(error)(f"{_short(pair.clean.text)!r}: {error.message}", error.hint) from None


def _misfit(model: Model, row: FileRow, needs: RowNeeds) -> Misfit | None:
    """Why a row cannot be used among the others; None where it can. Raises UnreadableFileError."""
    from core.inputs.misfits import Misfit, misfit

    if needs.counterfactual and not row.counterfactual:
        return Misfit("no B", "It has no B, which others have.", "Give every row a B, or none.")
    if (needs.target and row.target == "") or (needs.foil and row.foil == ""):
        return Misfit("no answers", "It lacks answers, which others have.", "Give every row a target and a foil.")
    if not is_made(row.counterfactual):
        return misfit(model, row.clean, row.counterfactual, row.target, row.foil)
    try:
        pair_of(model, row.clean, row.counterfactual)
    except UnreadableFileError:
        raise
    except InputError as error:
        return Misfit("a B that cannot be made", error.message, error.hint)
    return misfit(model, row.clean, "", row.target, row.foil)


def _count(dataset: Dataset) -> str:
    return f"{len(dataset):,} pair{'s' * (len(dataset) != 1)}"


def _short(text: str) -> str:
    return text if len(text) <= 50 else f"{text[:49]}…"
