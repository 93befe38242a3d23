"""The long parts of a study go in pieces. Each is kept once it is done, so that a study that was stopped goes on; and
as a piece depends on itself and the model alone, it gives the same whoever does it: this process, or others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from core.models.model import Model
from core.progress import at, stage
from core.studies.kept_results import KeptResults


class Piece(Protocol):
    """A frozen dataclass of plain values and tensors, so that it travels to another process."""

    @property
    def key(self) -> str:
        """Under which it is kept: another one for each piece of a study."""

    def of(self, model: Model, shared: dict[str, Any]) -> Any:
        """What it gives, as JSON has it. shared: what pieces keep for each other where they are done, by all that it
        depends on. Raises WirescopeError, Cancelled."""


class PieceWorkers(Protocol):
    """Who does pieces."""

    def results(self, model: Model, pieces: Sequence[Piece]) -> Iterator[tuple[int, Any]]:
        """What pieces give, in any order, by their places. Raises WirescopeError, Cancelled."""


class InTurn:
    """This process, one piece after the other."""

    def results(self, model: Model, pieces: Sequence[Piece]) -> Iterator[tuple[int, Any]]:
        shared: dict[str, Any] = {}
        for place, piece in enumerate(pieces):
            with stage(place / len(pieces), (place + 1) / len(pieces)):
                value = piece.of(model, shared)
            yield place, value


def do_pieces(
    model: Model, pieces: Sequence[Piece], kept: KeptResults, workers: PieceWorkers | None = None
) -> list[Any]:
    """What each piece gives: kept ones, and those that are done now, by this process or `workers`. Raises what they
    raise."""
    missing = [piece for piece in pieces if piece.key not in kept]
    done = 1 - len(missing) / len(pieces) if pieces else 1.0
    at(done)  # a cancel is heard though all are kept
    if missing:
        with stage(done, 1.0):
            for place, value in (workers or InTurn()).results(model, missing):
                kept.keep({missing[place].key: value})
    return [kept[piece.key] for piece in pieces]
