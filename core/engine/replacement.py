"""What a kind of replacement puts in: at a node or reader whose edit it is, and, if circuits can be run with it, in the
place of every edge outside. `core.replacements` holds a file a kind; its words are a row of `core.edit_kinds`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from core.edit_kinds import ABLATIONS
from core.errors import ArgumentError, EditError
from core.graph import Node, Reader
from core.models.units import Units
from core.plugins import Table

if TYPE_CHECKING:
    from core.engine.plan import Slot
    from core.engine.references import References
    from core.engine.state import RunState

Cancelled = Callable[[], bool] | None


class Runs(Protocol):
    """What an ablation asks of an engine."""

    @property
    def first_patched_row(self) -> int: ...

    def counterfactual(self) -> RunState | None: ...


class Spot(Protocol):
    """Where a value is put in: some rows of one pass. state: of that pass, as far as it has come."""

    @property
    def references(self) -> References: ...

    @property
    def state(self) -> RunState: ...

    def written(self, x: Tensor, node: Node) -> Tensor:
        """The rows of what a node wrote in a run of which the last layer may stand at the read positions alone."""

    def rows(self, x: Tensor) -> Tensor:
        """The rows of what stands at every position, or is one for all: [batch or 1, position or 1, width]."""

    def stream(self, x: Tensor, reader: Reader) -> Tensor:
        """The rows of the stream before a reader in such a run."""

    def unedited(self, reader: Reader) -> Tensor:
        """What a reader would read in this pass without edits of nodes."""


class Replacement(ABC):
    """What an edit puts in, broadcastable to the rows. name: the kind."""

    name: str

    def prepare(self, references: References, cancelled: Cancelled = None) -> None:  # noqa: B027
        """Make what it is taken from, if that takes long: once for all sessions that share a population. Raises
        EditError, Cancelled."""

    @abstractmethod
    def at_node(self, node: Node, slot: Slot, out: Tensor, spot: Spot) -> Tensor:
        """In the place of what a node writes. out: that, [batch, rows, width]. Raises EditError."""

    @abstractmethod
    def at_reader(self, reader: Reader, slot: Slot, x: Tensor, spot: Spot) -> Tensor:
        """In the place of all that a reader reads. x: that. Biases of no head stay. Raises EditError."""

    def prepare_units(self, units: Units, references: References, cancelled: Cancelled = None) -> None:  # noqa: B027
        """The same for the units of one MLP."""

    def at_units(self, units: Units, numbers: Sequence[int], slot: Slot, values: Tensor, spot: Spot) -> Tensor:
        """In the place of values of some units of an MLP [batch, rows, numbers * size] (`core.models.units`). Raises
        EditError, also for a kind that units do not take."""
        raise EditError(f"{units.node(numbers[0]).name} cannot have an edit of the kind {slot.kind}.")


class Ablation(Replacement):
    """A replacement that circuits are run with: every edge outside carries it. Shapes broadcast, [batch or 1, position
    or 1, width]; in a run that is not `full` the last layer may stand at the read positions alone.

    one_run: all its values are of one run, so that a node which reads nothing else writes its value of that run.
    nothing: its values are all 0."""

    one_run = False
    nothing = False

    def check(self, engine: Runs) -> None:
        """Raise EditError where there is nothing to take it from."""

    def runs(self, rows: int) -> float:
        """About how many forward runs of one row that is. rows: of the population."""
        return 0.0

    def constants(self, references: References) -> NDArray[np.float32] | None:
        """What was learned, to keep beside scores: [writers, width]. None of what is not learned."""
        return None

    def first_row(self, engine: Runs) -> int:
        """Rows before it carry what they carry in A."""
        return 0

    def run(self, references: References, full: bool = True) -> RunState:
        """That one run. Raises EditError where there is none."""
        raise EditError("This replacement is of no run.")

    @abstractmethod
    def out(self, references: References, node: Node, full: bool = True) -> Tensor:
        """In the place of what a writer writes."""

    @abstractmethod
    def before(self, references: References, reader: Reader, full: bool = True) -> Tensor:
        """The stream before a reader where every writer is replaced."""

    # ---- as an edit ----

    def at_node(self, node: Node, slot: Slot, out: Tensor, spot: Spot) -> Tensor:
        return spot.rows(self.out(spot.references, node))

    def at_reader(self, reader: Reader, slot: Slot, x: Tensor, spot: Spot) -> Tensor:
        return spot.rows(self.before(spot.references, reader))


REPLACEMENTS = Table("", Replacement, "core.replacements")  # type: ignore[type-abstract]


def ablation(kind: str) -> Ablation:
    """What removed edges carry. Raises ArgumentError for a kind that circuits are not run with."""
    row = REPLACEMENTS.get(kind)
    if not isinstance(row, Ablation):
        raise ArgumentError(f"Removed edges cannot carry {kind!r}.", f"There are: {', '.join(ABLATIONS)}.")
    return row
