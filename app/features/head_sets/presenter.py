"""What is compared, how long it takes and what stays unexplained, in words. Pure."""

from __future__ import annotations

from core.formatting import counted
from core.studies.set_values import StudyShown, share_cell

LEAST, MOST = 0.1, 50.0  # percent of the heads
MANY = 12  # shares


def shares_of(text: str) -> tuple[float, ...]:
    """The shares that somebody has typed, in percent with commas between. Raises ValueError in words."""
    parts = [part.strip().removesuffix("%").strip() for part in text.replace(";", ",").split(",")]
    try:
        shares = sorted({float(part) for part in parts if part})
    except ValueError:
        raise ValueError("Shares are percent of the heads with commas between, such as 1, 5, 10, 20.") from None
    if not shares:
        raise ValueError("Type at least one share of the heads, in percent, such as 10.")
    if not all(LEAST <= share <= MOST for share in shares):  # also for what is no number
        raise ValueError(f"A share of the heads is {LEAST:g} to {MOST:g} %.")
    if len(shares) > MANY:
        raise ValueError(f"{len(shares)} shares are too many: take {MANY} or fewer.")
    return tuple(round(share / 100, 6) for share in shares)


def main_of(shares: tuple[float, ...], wanted: float) -> float:
    """The share that has controls: the one that is wanted, else the nearest to it."""
    return min(shares, key=lambda share: (abs(share - wanted), share))


def cost_words(seconds: float) -> str:
    """How long a comparison takes."""
    if seconds < 60:
        return "under a minute"
    return f"about {counted(round(seconds / 60), 'minute')}"


def left_words(shown: StudyShown) -> str:
    """What stays unexplained of each outcome, as numbers, and what the model does not show."""
    parts = [f"{each.title} {share_cell(each.unexplained)}" for each in shown.outcomes if each.unexplained is not None]
    left = f"Left unexplained: {' · '.join(parts)}." if parts else ""
    missing = f"Not shown by the model: {', '.join(shown.missing)}." if shown.missing else ""
    return f"{left} {missing}".strip()
