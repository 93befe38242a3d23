"""The predictions before and after the edits."""

from __future__ import annotations

from app.messages.replies import RunReply
from views.panels.predictions.data import PredictionsData


def predictions(ran: RunReply, stale: bool, direction: int | None = 1) -> PredictionsData:
    """The predictions before and after. stale: a newer run is awaited. direction: A's."""
    return PredictionsData(
        ran.unit,
        ran.rows,
        ran.metric_name,
        ran.before,
        ran.after,
        bool(ran.edits),
        ran.words,
        stale,
        direction=direction,
        noise_floor=ran.noise_floor,
    )
