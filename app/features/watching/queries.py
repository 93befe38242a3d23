"""What the window asks of inputs while parts of the model are watched, and the replies. Imports no model library.

What is learnt, the worker keeps as long as the model is open: a session of it is of one pair of inputs, and the next
input is what is waited for.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.messages.request import OneShotQuery, Query
from core.edits import Target
from core.project.document import Document, PairSource


@dataclass(frozen=True)
class WatchQuery(Query):
    """Does A, or B, make parts of the model carry more than the clean inputs of rows do? parts: none for every node.
    serial: tells it from an earlier one that asked for the same."""

    serial: int
    parts: tuple[Target, ...]
    rows: tuple[PairSource, ...]

    def depends_on(self, document: Document) -> tuple[object, ...]:
        return document.inputs


@dataclass(frozen=True)
class Verdict:
    """Of one input. more: the share of reference inputs that carry more. farthest: the parts that are farthest out,
    with their standard deviations."""

    unusual: bool
    more: float
    farthest: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class WatchReply:
    """a, b: of the cards; b None where there is none. fitted, calibrated: how many inputs the statistics, and the
    threshold, are from. false_alarms: share of inputs like these that may be alarms."""

    number: int
    query: WatchQuery
    a: Verdict
    b: Verdict | None
    fitted: int
    calibrated: int
    false_alarms: float


@dataclass(frozen=True, kw_only=True)
class ExportMonitorQuery(OneShotQuery):
    """Write what was learnt for a query to a new folder."""

    watched: WatchQuery
    folder: str = ""

    def depends_on(self, document: Document) -> tuple[object, ...]:
        return document.opens


@dataclass(frozen=True)
class ExportMonitorReply:
    number: int
    query: ExportMonitorQuery
