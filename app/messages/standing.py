"""What every request asks, beside its queries: the inputs, the run, what each edit does, what is selected, the scores
of edges. They are no queries that are sent; they say what their replies are of, as queries do."""

from __future__ import annotations

from dataclasses import dataclass

from app.messages.request import Query
from core.edits import Target
from core.project.document import Document


@dataclass(frozen=True)
class InputsQuery(Query):
    """What the model sees of the inputs, and the metric's answers."""

    def depends_on(self, document: Document) -> tuple[object, ...]:
        return document.question


@dataclass(frozen=True)
class LabelsQuery(Query):
    """What the positions of A are called."""

    def depends_on(self, document: Document) -> tuple[object, ...]:
        return *document.opens, document.clean


@dataclass(frozen=True)
class RunQuery(Query):
    """The run with the edits."""

    def depends_on(self, document: Document) -> tuple[object, ...]:
        return document.run


@dataclass(frozen=True)
class DeltasQuery(Query):
    """What each edit does on top of the others."""

    def depends_on(self, document: Document) -> tuple[object, ...]:
        return document.run


@dataclass(frozen=True)
class EffectsQuery(Query):
    """The effects of edits that were measured one by one, over the pairs that the scores are over."""

    def depends_on(self, document: Document) -> tuple[object, ...]:
        return *document.run, document.cut_kind, document.traced_rows


@dataclass(frozen=True)
class InspectQuery(Query):
    """What the inspector shows of a target."""

    target: Target
    at_positions = True

    def depends_on(self, document: Document) -> tuple[object, ...]:
        return *document.run, document.cut_kind, document.traced_rows


@dataclass(frozen=True)
class ScoresQuery(Query):
    """The scores of edges that there are. By which method, over which pairs, is said by the reply: those of one stay
    until those of another come."""

    def depends_on(self, document: Document) -> tuple[object, ...]:
        return *document.session, document.cut_kind
