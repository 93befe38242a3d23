"""What is done with a shard, and what that gives: plain values, so that they travel to another process."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from core.datasets.row_pairs import RowNeeds
from core.edit_kinds import KINDS, EditKind
from core.errors import ArgumentError
from core.inputs.dataset_columns import FileRow

if TYPE_CHECKING:
    from core.datasets.row_pairs import AskedPairs
    from core.datasets.session_over import Shared
    from core.models.model import Model

Sums = dict[str, NDArray[np.float64]]
Columns = dict[str, Any]  # lists or arrays, a value a pair
PAIRS, LEFT_OUT = "pairs", "left out"  # sums that every shard has
METRIC_NAME, SHARD, PAIRS_OF = "metric", "shard", "pairs of"  # what results say of themselves


@dataclass(frozen=True)
class ShardResult:
    """sums: arrays that are added up over shards. columns: a value a pair, in the order of the pairs."""

    sums: Sums
    columns: Columns = field(default_factory=dict)


class Work(Protocol):
    """What is done with each shard: a frozen dataclass of plain values."""

    @property
    def metric(self) -> str | None:
        """KIND[:TARGET[:FOIL]]; None: the usual one of the pairs."""

    @property
    def memory(self) -> float | None:
        """Megabytes for runs that are kept; None: the usual."""

    @property
    def draws(self) -> bool:
        """Whether replacements are taken from the first shard's pairs, whichever shard it is."""

    def told(self) -> dict[str, Any]:
        """As `run.json` says it: all that the numbers depend on."""

    def of(self, model: Model, pairs: AskedPairs, like: Shared | None) -> tuple[ShardResult, Shared | None]:
        """Raises WirescopeError, Cancelled."""


@dataclass(frozen=True)
class ModelRef:
    """A model by what opens it, and the hash of its weights, which must be the same everywhere. folder: that it lies
    in, where its name is that of a folder: each node reads its own; else empty. place: of the weights, as `load_model`
    takes it."""

    name: str
    precision: str
    weights: str
    folder: str = ""
    place: str = "auto"


@dataclass(frozen=True)
class TaskPart:
    """Pairs of a built-in task, which are drawn where they are needed."""

    task: str
    pairs: int
    seed: int


@dataclass(frozen=True)
class RowsPart:
    """Rows. needs: what each must have, since others of the run have it. origin: "of pairs.csv". before: rows of the
    run before these."""

    rows: tuple[FileRow, ...]
    needs: RowNeeds
    origin: str
    before: int


Part = TaskPart | RowsPart


def check_replacement(kind: EditKind) -> None:
    """Raise ArgumentError for what removed edges cannot carry in shards."""
    if KINDS[kind].learned:
        raise ArgumentError(
            f"{kind} learns its constants from all pairs together.",
            "Take patch, zero or mean, or leave out the folder.",
        )
