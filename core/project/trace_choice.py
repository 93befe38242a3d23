"""What the user chose for tracing: the method, what it is told, and whether it goes over the pair or the dataset.
Imports no model library."""

from __future__ import annotations

from dataclasses import dataclass, replace

from core.tracing.method import METHODS
from core.tracing.options import Level

QUICK = "eap"  # the method of the estimates that are there without asking
MANY_STEPS = 20


@dataclass(frozen=True)
class TraceChoice:
    """method: a name of `core.tracing.methods`. options: what the method is told other than its defaults, by name.
    over_dataset: score the dataset's pairs, not the pair on the cards. file: nothing is scored, the scores are
    read. level: edges make circuits; nodes, and nodes at positions, are coloured."""

    method: str = "eap-ig"
    options: tuple[tuple[str, float], ...] = ()
    over_dataset: bool = False
    file: str = ""
    level: Level = "edges"

    def with_option(self, name: str, value: float) -> TraceChoice:
        return replace(self, options=tuple(sorted({**dict(self.options), name: value}.items())))

    @property
    def takes_long(self) -> bool:
        """Whether it is only run when somebody asks for it."""
        many, method = dict(self.options).get("steps", 0) > MANY_STEPS, METHODS.get(self.method)
        return not self.file and (self.over_dataset or many or (method is not None and method.slow))


ESTIMATES = TraceChoice(QUICK)
USUAL = TraceChoice()  # what Trace does until the user says otherwise
