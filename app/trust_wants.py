"""What the window asks about how far to trust a circuit, and the answers. `trust_parts` serves them."""

from __future__ import annotations

from dataclasses import dataclass

from app.messages import Want
from views.trust_data import Statement

EVALUATING = "Evaluating the circuit"  # while that is done


@dataclass(frozen=True)
class WantTrust(Want):
    """Evaluate the circuit of the best `size` edges. serial tells one asking from the next."""

    serial: int
    size: int


@dataclass(frozen=True)
class TrustFound:
    """statements: those that are known. waiting: the questions that are not answered yet. pairs: it was evaluated
    on."""

    number: int
    want: WantTrust
    statements: tuple[Statement, ...]
    waiting: tuple[str, ...]
    pairs: int
