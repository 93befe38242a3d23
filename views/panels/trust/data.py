"""What the trust panel shows: what is known of how far a circuit can be trusted, a statement each."""

from __future__ import annotations

from dataclasses import dataclass

from core.evaluation.statement import Statement, VerdictLine
from core.formatting import percent


@dataclass(frozen=True)
class TasksMatrix:
    """What a model keeps of each task where the edges chosen for one are cut. tasks: their titles. edges: how many are
    cut for each. kept, random: [cut][task], shares, and those with as many random edges. words: what it
    says, a sentence each."""

    tasks: tuple[str, ...]
    edges: tuple[int, ...]
    kept: tuple[tuple[float, ...], ...]
    random: tuple[tuple[float, ...], ...]
    words: tuple[str, ...]

    def tip(self, cut: int, task: int) -> str:
        """What one cell says."""
        whose = "its own edges" if cut == task else f"the edges of {self.tasks[cut]}"
        return (
            f"{self.tasks[task]} keeps {percent(self.kept[cut][task])} where {whose} are cut ({self.edges[cut]:,}); "
            f"{percent(self.random[cut][task])} where as many random edges are"
        )


@dataclass(frozen=True)
class TasksData:
    """The section of the other tasks. problem: why nothing can be compared. running: with the share that is done, in
    words."""

    able: bool = False
    problem: str = ""
    running: str = ""
    matrix: TasksMatrix | None = None


@dataclass(frozen=True)
class TrustData:
    """subject: what the statements are of. verdict: of all of them, at most three sentences, worst first. waiting: the
    titles of those that are still to come. stale: of an earlier size, other scores or other inputs. problem: why
    nothing can be evaluated. lacks: what a dataset is needed for; tasks: that it can be filled from, name and title."""

    subject: str = ""
    verdict: tuple[VerdictLine, ...] = ()
    statements: tuple[Statement, ...] = ()
    waiting: tuple[str, ...] = ()
    left: str = ""  # "about 3 min left"
    stale: bool = False
    problem: str = ""
    lacks: str = ""
    tasks: tuple[tuple[str, str], ...] = ()
    able: bool = False  # there is a circuit to evaluate

    @property
    def text(self) -> str:
        """For the clipboard."""
        verdict = [sentence.line for sentence in self.verdict]
        return "\n".join([self.subject, "", *verdict, "", *(statement.line for statement in self.statements)])
