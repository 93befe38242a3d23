"""What the window tells its user beside its panels: a line in the status strip, or a dialog."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.messages.request import FailureReply


@dataclass(frozen=True)
class Notifier:
    """say: a line, until the next one. problem: what is wrong and what to do, in a dialog that does not block."""

    say: Callable[[str], None]
    problem: Callable[[FailureReply], None]
