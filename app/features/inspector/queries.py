"""What the inspector asks beyond the effect of an edit, and the replies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.messages.arrow import Arrow
from app.messages.request import Query
from core.edits import EditKind, Target
from core.graph import Edge, Node
from core.project.document import Document
from views.panels.inspector.data import (
    ArrowData,
    AverageData,
    ByPositionData,
    LogitLensData,
    NeuronsData,
    PathData,
    RepairData,
    TraitChip,
)


@dataclass(frozen=True)
class NodeQuery(Query):
    """What a node says, its identity card, what it does position by position. position: to read it at; None: where the
    metric reads."""

    node: Node
    position: int | None = None

    at_positions = True

    def depends_on(self, document: Document) -> tuple[object, ...]:
        return *document.run, document.cut_kind


@dataclass(frozen=True)
class NodeReply:
    number: int
    node: Node
    logit_lens: LogitLensData
    traits: tuple[TraitChip, ...]
    positions: ByPositionData | None


@dataclass(frozen=True)
class NeuronsQuery(Query):
    """What an MLP opens into. node: the MLP."""

    node: Node

    def depends_on(self, document: Document) -> tuple[object, ...]:
        return *document.run, document.cut_kind


@dataclass(frozen=True)
class NeuronsReply:
    number: int
    node: Node
    data: NeuronsData


@dataclass(frozen=True)
class AverageQuery(Query):
    """The attention of a head over the dataset."""

    node: Node

    def depends_on(self, document: Document) -> tuple[object, ...]:
        return *document.opens, document.dataset


@dataclass(frozen=True)
class AverageReply:
    number: int
    node: Node
    data: AverageData


@dataclass(frozen=True)
class ByPositionQuery(Query):
    """The measured effect of editing a node at one position at a time."""

    node: Node

    at_positions = True

    def depends_on(self, document: Document) -> tuple[object, ...]:
        return *document.run, document.cut_kind


@dataclass(frozen=True)
class ByPositionReply:
    number: int
    node: Node
    data: ByPositionData


@dataclass(frozen=True)
class PathsQuery(Query):
    """The strongest ways on from an edge to the output."""

    edge: Edge

    of_scores = True

    def depends_on(self, document: Document) -> tuple[object, ...]:
        return *document.circuits, document.size


@dataclass(frozen=True)
class PathsReply:
    number: int
    edge: Edge
    paths: tuple[PathData, ...]
    how: str = "estimated"  # the scores


@dataclass(frozen=True)
class RepairQuery(Query):
    """What later heads and MLPs do about the edits of a target. sets: cut those that make up for it together, too."""

    target: Target
    sets: bool = False

    def depends_on(self, document: Document) -> tuple[object, ...]:
        return *document.run, document.cut_kind


@dataclass(frozen=True)
class RepairReply:
    """data: None where there is no edit to repair, or the model has no head."""

    number: int
    target: Target
    data: RepairData | None


@dataclass(frozen=True)
class SeveralQuery(Query):
    """The effect of editing several targets together, and one by one."""

    targets: tuple[Target, ...]

    at_positions = True

    def depends_on(self, document: Document) -> tuple[object, ...]:
        return *document.run, document.cut_kind


@dataclass(frozen=True)
class SeveralReply:
    """kind: of the edits measured. alone: None where there are too many to measure one by one."""

    number: int
    targets: tuple[Target, ...]
    kind: EditKind
    joint: float
    alone: float | None


@dataclass(frozen=True)
class SteeringQuery(Query):
    """Directions to steer targets along: what each writes in A minus what it writes in B, the mean over the selected
    positions, or over all."""

    targets: tuple[Target, ...]

    at_positions = True

    def depends_on(self, document: Document) -> tuple[object, ...]:
        return document.inputs


@dataclass(frozen=True)
class SteeringReply:
    number: int
    targets: tuple[Target, ...]
    positions: tuple[int, ...]
    directions: Mapping[Target, tuple[float, ...]]


@dataclass(frozen=True)
class ArrowQuery(Query):
    """Why a head looks from one position at another, and what edits of that weight do."""

    arrow: Arrow

    def depends_on(self, document: Document) -> tuple[object, ...]:
        return document.run


@dataclass(frozen=True)
class ArrowReply:
    number: int
    arrow: Arrow
    data: ArrowData
