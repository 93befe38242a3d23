"""The verdict on a circuit: at most three sentences over all that the evaluation found, the worst first."""

from __future__ import annotations

from collections.abc import Sequence

from core.evaluation.limits import MOST
from core.evaluation.statement import Statement, Tone, VerdictLine

LONGEST = 3  # sentences
ENOUGH = MOST  # of the behaviour: a circuit that recovers less leaves too much unexplained
TOO_MUCH = 1.2  # of the behaviour: beyond it the circuit is no good explanation
LEAST_SHARED = 0.5  # of a circuit's edges: with less, another trace gives another circuit

# How far up in the verdict: what the circuit does on the task comes before whether the same holds elsewhere, and that
# before what single edges are worth. Within each, by how bad the figure is (0 to 1).
FIRST, SECOND, THIRD, LAST = 3.0, 2.0, 1.0, 0.0


def is_bad(recovered: float) -> bool:
    """Whether a share of the behaviour is too little for an explanation, or too much."""
    return not ENOUGH <= recovered <= TOO_MUCH


def speaks_against(recovered: float, size: int, edges: int) -> bool:
    """Whether what a circuit of so many edges recovers speaks against it: by its share, or since it has most edges."""
    return is_bad(recovered) or 2 * size > edges


def tone_of(good: bool) -> Tone:
    return "plain" if good else "against"


def verdict(statements: Sequence[Statement], complete: bool = True) -> tuple[VerdictLine, ...]:
    """What speaks against the circuit, worst first, at most LONGEST sentences and one on single edges; where there is
    room, what speaks for it and how much could not be said. complete: all questions are answered. Nothing where none
    is."""
    if not statements:
        return ()
    against = sorted((each for each in statements if each.tone == "against"), key=lambda each: -each.severity)
    of_edges = [statement for statement in against if statement.severity < THIRD]
    lines = [VerdictLine(statement.verdict, True) for statement in against if statement not in of_edges[1:]]
    spoken_for = next((each for each in statements if each.tone == "plain" and each.severity >= FIRST), None)
    if spoken_for is not None:
        rest = "" if lines else "; nothing asked here speaks against it" if complete else "; nothing so far against it"
        lines.append(VerdictLine(f"{spoken_for.verdict}{rest}."))
    unknown = [statement.title.lower() for statement in statements if statement.tone == "unknown"]
    if unknown and complete:
        lines.append(
            VerdictLine(f"{len(unknown)} of {len(statements)} questions have no answer: {', '.join(unknown)}.")
        )
    return tuple(lines[:LONGEST])
