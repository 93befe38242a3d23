"""What questions are asked of: a circuit, and what it is evaluated on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from core.circuit import Circuit
from core.edits import EditKind
from core.inputs.pair import Dataset
from core.metrics import METRICS
from core.session import Session
from core.tracing.scores import Scores
from core.tracing.told_options import Options

Listener = Callable[[float], None]
Cancel = Callable[[], bool] | None
JUMPS = "the metric jumps, so edges cannot be scored by its slope"


@dataclass(frozen=True)
class Subject:
    """A circuit (`size` edges, chosen by the scores' own rule), and what it is evaluated on. options: of the method
    that scored the edges. memory: what is found out is kept here, so that a question which is asked again after
    Cancelled goes on."""

    session: Session
    scores: Scores
    dataset: Dataset
    kind: EditKind
    size: int
    options: Options
    memory: dict[Any, Any] = field(default_factory=dict, compare=False)

    def memory_of(self, question: str) -> dict[Any, Any]:
        memory: dict[Any, Any] = self.memory.setdefault(question, {})
        return memory

    @property
    def circuit(self) -> Circuit:
        return self.scores.select(self.size)

    @property
    def graded(self) -> bool:
        """Whether edges can be scored by the metric's gradient."""
        return METRICS[self.session.metric.metric.kind].graded
