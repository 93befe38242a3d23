"""What is said of scores."""

from __future__ import annotations

from app.messages.replies import ScoresReply
from core.edits import KINDS
from core.errors import ALIKE, ANOTHER
from core.tracing.method import METHODS


def scored_words(scored: ScoresReply) -> str:
    """Why no edge is shown, where none has a score."""
    if len(scored.ranking.strongest_first(1)):
        return ""
    method = METHODS.get(scored.method)
    if KINDS[scored.kind].from_b or (method is not None and method.needs_counterfactual):
        return f"{ALIKE} {ANOTHER}"
    return "By these scores no edge has an effect on the metric. Choose another metric."
