"""What the predictions panel draws: plain values that the application fills in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from core.formatting import is_below_noise
from core.project.outcome import PredictionRow


@dataclass(frozen=True)
class PredictionsData:
    """Before and after. `unit` says what the rows are: probabilities, class probabilities, cosines. rows: the pinned
    ones first, then the others, the likeliest first; the view shows as many as it was told to."""

    unit: Literal["probability", "cosine"]
    rows: tuple[PredictionRow, ...]
    metric_name: str
    metric_before: float
    metric_after: float
    edited: bool  # any edits at all
    run_words: str = ""  # "14 ms · 0.12 of a forward · layers 24–29"
    stale: bool = False
    preview: str = ""  # the step of the history that this is of, where it is not the present state
    direction: int | None = 1  # A's: which changes of the metric lead towards A
    noise_floor: float = 0.0  # of the metric: a smaller change is rounding

    @property
    def below_noise(self) -> bool:
        """Whether rounding alone may have made the change of the metric."""
        return self.edited and is_below_noise(self.metric_after - self.metric_before, self.noise_floor)
