"""What the window asks about sets of heads, and the replies. Imports no model library."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.messages.request import OneShotQuery
from core.project.document import Document
from core.studies.set_values import StudyShown
from views.panels.head_sets.data import SetsChoice

COMPARING = "Comparing head sets"


@dataclass(frozen=True)
class _OfWeights:
    """choice: what is compared. shares: of the heads, as the choice types them."""

    choice: SetsChoice
    shares: tuple[float, ...]

    def depends_on(self, document: Document) -> tuple[object, ...]:
        """On the weights alone: a study has inputs of its own, and no edits."""
        return document.model, document.precision


@dataclass(frozen=True)
class HeadSetsQuery(_OfWeights, OneShotQuery):
    """What is lost without two sets of heads?"""


@dataclass(frozen=True)
class CostQuery(_OfWeights, OneShotQuery):
    """How long does it take?"""


@dataclass(frozen=True, eq=False)
class HeadSetsReply:
    """texts: of the report, by the ending of their file."""

    number: int
    query: HeadSetsQuery
    shown: StudyShown
    texts: Mapping[str, str]


@dataclass(frozen=True)
class CostReply:
    number: int
    query: CostQuery
    seconds: float
