"""The map of the logit lens in words."""

from __future__ import annotations

from app.features.lens_map.queries import LensMapReply
from core.formatting import answer_words


def note_of(reply: LensMapReply, answer: int, stale: bool) -> str:
    """What the map shows. answer: the place of the answer that its colours are of, -1 for the likeliest of each."""
    of = "" if answer < 0 else f" “{answer_words(reply.answers[answer])}”"
    words = f"Cells: the likeliest answer if the model ended there; the bluer, the more probable{of}."
    if reply.tuned:
        trained = f", trained for {reply.trained_on}" if reply.trained_on else ""
        words += f" Read through the tuned lens {reply.tuned}{trained}, which maps what stands between layers."
    return f"Of an earlier state. {words}" if stale else words


def title_of(reply: LensMapReply, answer: int) -> str:
    """Of its figure."""
    title = "Logit lens: the likeliest answer"
    if answer >= 0:
        title += f"; the colour is the probability of “{answer_words(reply.answers[answer])}”"
    return f"{title}; tuned lens {reply.tuned}" if reply.tuned else title
