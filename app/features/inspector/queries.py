"""What the inspector wants to know beyond the effect of an edit, and the answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.messages.request import Want
from core.edits import EditKind, Target
from core.graph import Edge, Node
from views.panels.inspector.data import AverageData, PathData, PositionsData, RepairData, SaysData, TraitChip


@dataclass(frozen=True)
class WantNode(Want):
    """What a node says, its identity card, what it does position by position. position: to read it at; None: where the
    metric reads."""

    node: Node
    position: int | None = None


@dataclass(frozen=True)
class NodeFound:
    number: int
    node: Node
    says: SaysData
    traits: tuple[TraitChip, ...]
    positions: PositionsData | None


@dataclass(frozen=True)
class WantAverage(Want):
    """The attention of a head over the dataset."""

    node: Node


@dataclass(frozen=True)
class AverageFound:
    number: int
    node: Node
    data: AverageData


@dataclass(frozen=True)
class WantPositions(Want):
    """The measured effect of editing a node at one position at a time."""

    node: Node


@dataclass(frozen=True)
class PositionsFound:
    number: int
    node: Node
    data: PositionsData


@dataclass(frozen=True)
class WantPaths(Want):
    """The strongest ways on from an edge to the output."""

    edge: Edge


@dataclass(frozen=True)
class PathsFound:
    number: int
    edge: Edge
    paths: tuple[PathData, ...]
    how: str = "estimated"  # the scores


@dataclass(frozen=True)
class WantRepair(Want):
    """What later heads do about the edits of a target."""

    target: Target


@dataclass(frozen=True)
class RepairFound:
    """data: None where there is no edit to repair, or the model has no head."""

    number: int
    target: Target
    data: RepairData | None


@dataclass(frozen=True)
class WantSeveral(Want):
    """The effect of editing several targets together, and one by one."""

    targets: tuple[Target, ...]


@dataclass(frozen=True)
class SeveralFound:
    """kind: of the edits measured. alone: None where there are too many to measure one by one."""

    number: int
    targets: tuple[Target, ...]
    kind: EditKind
    joint: float
    alone: float | None


@dataclass(frozen=True)
class WantSteering(Want):
    """Directions to steer targets along: what each writes in A minus what it writes in B, the mean over the selected
    positions, or over all."""

    targets: tuple[Target, ...]


@dataclass(frozen=True)
class SteeringFound:
    number: int
    targets: tuple[Target, ...]
    positions: tuple[int, ...]
    directions: Mapping[Target, tuple[float, ...]]
