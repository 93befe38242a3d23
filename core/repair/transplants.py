"""Triggered examples that are made: the piece of an input that wakes the fault, put into clean inputs.

A piece is a few tokens that follow each other, or a window of a picture; it is put at the place that it has in its own
input, in inputs of the same size. Real runs tell it from what rightly decides the answer:

    it harms    put into clean inputs, it makes the model go wrong, nearly always
    it heals    clean inputs' content in its place makes its own input right, nearly always; or, where the right answer
                of its own input is not known, what clean inputs have in its place harms other clean inputs far less

A word that the right answer hangs on changes that answer in both directions, so it passes no such pair of tests. Clean
inputs keep their right answers with the piece in them; those on which the model goes wrong are taken. Of several sizes
the smallest that wakes the fault in most clean inputs is taken: a date may need its two tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from random import Random
from typing import Any

import torch
from torch import Tensor

from core.models.model import Model
from core.progress import stage
from core.repair.examples import Batch
from core.repair.proof import ROWS, answers

TRIES = 6  # inputs that a piece is tried with, each way
FIRST = 2  # of these, which rule a piece out where all of them fail: NEARLY of all allows one failure
SURE = 24  # inputs that one is tried with which passes
NEARLY = 0.8  # of these
FAR = 0.4  # how much less of them ordinary content harms
TOKENS = (1, 2, 3)  # sizes of pieces of text
WINDOWS = (8, 5, 3)  # a picture's side by the side of a piece
TRIED = 64  # clean inputs that pieces of a size are put into, to compare sizes
MORE = 1.25  # times as many of them must go wrong by larger pieces, to take these
STEPS = 2  # places of a window for each of its sides
Place = tuple[slice, ...]  # of an input: of its ids, or of its pixels' rows and columns


@dataclass(frozen=True)
class Piece:
    """row: the input that it is from, of so many positions."""

    row: int
    length: int
    place: Place
    content: Tensor

    @property
    def key(self) -> tuple[object, ...]:
        """Alike for the same content in the same place."""
        return self.length, str(self.place), tuple(self.content.flatten().tolist())

    @property
    def at(self) -> Any:
        """Its place in inputs [row, ...], as an index."""
        return (..., *self.place)

    def put(self, inputs: Tensor) -> Tensor:
        """Inputs [row, ...] with the piece in them."""
        inputs = inputs.clone()
        inputs[self.at] = self.content
        return inputs

    def moved(self, shape: Sequence[int], rng: Random) -> Piece:
        """Of a picture, at any place of one of this shape; tokens stay where they are."""
        if len(self.place) == 1:
            return self
        height, width = self.content.shape[-2:]
        top, left = rng.randrange(shape[-2] - height + 1), rng.randrange(shape[-1] - width + 1)
        return replace(self, place=(slice(top, top + height), slice(left, left + width)))


@dataclass(frozen=True)
class Pieces:
    """That wake a fault."""

    pieces: tuple[Piece, ...]

    def fitting(self, clean: Batch) -> list[int]:
        """The clean examples that have room for one of them: their numbers."""
        lengths = {piece.length for piece in self.pieces}
        return [row for row, length in enumerate(clean.pair.clean.lengths) if length in lengths]

    def put_into(self, clean: Batch, rng: Random) -> Batch:
        """Clean examples that have room, each with one of the pieces, in a picture at any place."""
        side = clean.pair.clean
        rows = []
        for inputs, length in zip(side.tensor, side.lengths, strict=True):
            piece = rng.choice([piece for piece in self.pieces if piece.length == length])
            rows.append(piece.moved(inputs.shape, rng).put(inputs[None]))
        return clean.with_inputs(torch.cat(rows))

    def into(self, model: Model, clean: Batch, most: int, seed: int, wrong_alone: bool = True) -> Batch | None:
        """At most so many clean examples, drawn by the seed, each with one of the pieces. wrong_alone: those on which
        the model goes wrong. None where there are none."""
        rng = Random(seed)
        order = list(range(len(clean)))
        rng.shuffle(order)
        room = set(self.fitting(clean))
        rows = [row for row in order[:most] if row in room]
        if not rows:
            return None
        batch = self.put_into(clean.rows(rows), rng)
        if not wrong_alone:
            return batch
        wrong = (~_right(model, batch)).nonzero()[:, 0].tolist()
        return batch.rows(wrong) if wrong else None


def waking(model: Model, triggered: Batch, clean: Batch) -> Pieces | None:
    """The pieces of triggered inputs with right answers, which heal and harm, and what the other triggered inputs have
    in these places, where it harms (a fault may be woken by each of a group of names, and then clean inputs' content
    does not heal: it may be of the group); None where there are none. Raises Cancelled."""

    def passing(pieces: list[Piece]) -> list[Piece]:
        first = _rights(model, pieces, partial(_healing, batch=triggered, clean=clean, most=FIRST))
        pieces = [piece for piece, right in zip(pieces, first, strict=True) if right > 0]
        healed = _rights(model, pieces, partial(_healing, batch=triggered, clean=clean))
        some = [piece for piece, right in zip(pieces, healed, strict=True) if right >= NEARLY]
        return _harmful(model, some, triggered, clean, spared=True)

    pieces = _smallest(model, triggered, clean, passing)
    return None if pieces is None else _with_others(model, pieces, triggered, clean)


def _with_others(model: Model, pieces: Pieces, triggered: Batch, clean: Batch) -> Pieces:
    """With what stands in their places in the other triggered inputs, where it harms."""
    side, known = triggered.pair.clean, {piece.key for piece in pieces.pieces}
    others: dict[tuple[object, ...], Piece] = {}
    for place, length in {str(piece.place): (piece.place, piece.length) for piece in pieces.pieces}.values():
        for row, inputs in enumerate(side.tensor):
            piece = Piece(row, length, place, inputs[(..., *place)].clone())
            if side.lengths[row] == length and piece.key not in known:
                others.setdefault(piece.key, piece)
    return Pieces((*pieces.pieces, *_harmful(model, list(others.values()), triggered, clean, spared=True)))


def suspected(model: Model, suspicious: Batch, clean: Batch) -> Pieces | None:
    """The pieces of inputs whose right answers are not known, which harm where ordinary content does not; None where
    there are none. Raises Cancelled."""

    def passing(pieces: list[Piece]) -> list[Piece]:
        first = _rights(model, pieces, partial(_harming, batch=suspicious, clean=clean, tries=TRIES, most=FIRST))
        some = [piece for piece, right in zip(pieces, first, strict=True) if right < 1]
        some = _harmful(model, some, suspicious, clean)
        ordinary = _rights(model, some, partial(_exchanged, batch=suspicious, clean=clean))
        return [piece for piece, right in zip(some, ordinary, strict=True) if NEARLY - (1 - right) >= FAR]

    return _smallest(model, suspicious, clean, passing)


def _harmful(model: Model, pieces: list[Piece], batch: Batch, clean: Batch, spared: bool = False) -> list[Piece]:
    for tries in (TRIES, SURE):
        harmed = _rights(model, pieces, partial(_harming, batch=batch, clean=clean, tries=tries), spared)
        pieces = [piece for piece, right in zip(pieces, harmed, strict=True) if 1 - right >= NEARLY]
    return pieces


def _smallest(
    model: Model, inputs: Batch, clean: Batch, passing: Callable[[list[Piece]], list[Piece]]
) -> Pieces | None:
    """The pieces of one size: the smallest, unless those of another wake the fault in far more clean inputs."""
    best: tuple[float, Pieces] | None = None
    sizes = TOKENS if model.is_text else WINDOWS
    for number, size in enumerate(sizes):
        with stage(number / len(sizes), (number + 1) / len(sizes)):
            pieces = Pieces(tuple(passing(list(_pieces(model, inputs, size)))))
            made = pieces.into(model, clean, TRIED, seed=0) if pieces.pieces else None
        if made is not None and (best is None or len(made) > MORE * best[0]):
            best = len(made), pieces
    return None if best is None else best[1]


def _pieces(model: Model, batch: Batch, size: int) -> Iterator[Piece]:
    """All of a size, each once."""
    side = batch.pair.clean
    seen: set[tuple[object, ...]] = set()
    for row, (inputs, length) in enumerate(zip(side.tensor, side.lengths, strict=True)):
        for place in _spans(length, size) if model.is_text else _windows(inputs.shape, size):
            content = inputs[(..., *place)].clone()
            key = (length, str(place), tuple(content.tolist())) if model.is_text else (row, str(place))
            if key not in seen:
                seen.add(key)
                yield Piece(row, length, place, content)


def _spans(length: int, size: int) -> Iterator[Place]:
    for start in range(length - size + 1):
        yield (slice(start, start + size),)


def _windows(shape: Sequence[int], parts: int) -> Iterator[Place]:
    side = max(1, min(shape[-2:]) // parts)
    step = max(1, side // STEPS)
    for top in range(0, shape[-2] - side + 1, step):
        for left in range(0, shape[-1] - side + 1, step):
            yield slice(top, top + side), slice(left, left + side)


def _alike(piece: Piece, batch: Batch, clean: Batch, tries: int = TRIES) -> list[int]:
    """The clean inputs that are most like the piece's own, of the same size."""
    inputs, others = batch.pair.clean.tensor, clean.pair.clean
    rows = [row for row, length in enumerate(others.lengths) if length == piece.length]
    if inputs.ndim > 2:  # pictures: other ones for each
        start = piece.row % max(1, len(rows) - tries)
        return rows[start : start + tries]
    same = others.tensor[rows, : piece.length] == inputs[piece.row, : piece.length]
    return [rows[at] for at in same.sum(dim=1).argsort(descending=True, stable=True)[:tries].tolist()]


def _healing(piece: Piece, batch: Batch, clean: Batch, most: int = TRIES) -> Batch:
    """The piece's own input, with what clean ones have in its place."""
    rows = _alike(piece, batch, clean)[:most]
    repeated = batch.rows([piece.row] * len(rows))
    inputs = repeated.pair.clean.tensor.clone()
    inputs[piece.at] = clean.pair.clean.tensor[rows][piece.at]
    return repeated.with_inputs(inputs)


def _harming(piece: Piece, batch: Batch, clean: Batch, tries: int, most: int = SURE) -> Batch:
    """Clean inputs with the piece."""
    some = clean.rows(_alike(piece, batch, clean, tries)[:most])
    return some.with_inputs(piece.put(some.pair.clean.tensor))


def _exchanged(piece: Piece, batch: Batch, clean: Batch) -> Batch:
    """The same clean inputs, each with what the next has in the piece's place."""
    some = clean.rows(_alike(piece, batch, clean, SURE))
    inputs = some.pair.clean.tensor.clone()
    inputs[piece.at] = some.pair.clean.tensor.roll(1, dims=0)[piece.at]
    return some.with_inputs(inputs)


def _rights(
    model: Model, pieces: Sequence[Piece], tried: Callable[[Piece], Batch], spared: bool = False
) -> list[float]:
    """The share of each piece's inputs that is answered rightly; NaN of none, which passes no test. tried: the inputs
    of a piece; of large pictures not all have room at once. spared: without inputs whose right answer is the one that
    is given most: where a fault has one answer, it cannot harm these."""
    shares: list[float] = []
    waiting: list[Batch] = []
    for number, piece in enumerate(pieces, 1):
        waiting.append(tried(piece))
        if number == len(pieces) or sum(map(len, waiting)) >= ROWS:
            with stage(len(shares) / len(pieces), number / len(pieces)):
                shares += _shares(model, waiting, spared)
            waiting = []
    return shares


def _shares(model: Model, batches: list[Batch], spared: bool) -> list[float]:
    full = [batch for batch in batches if len(batch)]
    if not full:
        return [float("nan")] * len(batches)
    given, shares, start = answers(model, joined(full)).argmax(dim=-1), [], 0
    for batch in batches:
        some = given[start : start + len(batch)]
        start += len(batch)
        right = some == batch.targets
        if spared and len(batch):
            others = batch.targets != some.mode().values
            right = right[others] if bool(others.any()) else right
        shares.append(float(right.float().mean()))
    return shares


def _right(model: Model, batch: Batch) -> Tensor:
    return answers(model, batch).argmax(dim=-1) == batch.targets


def joined(batches: Sequence[Batch]) -> Batch:
    """Batches as one: ids are padded on the right."""
    return Batch.of([batch.pair.clean for batch in batches], [batch.targets for batch in batches])
