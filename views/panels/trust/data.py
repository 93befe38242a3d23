"""What the trust panel shows: what is known of how far a circuit can be trusted, a statement each."""

from __future__ import annotations

from dataclasses import dataclass

from core.evaluation.statement import Statement, VerdictLine


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
