"""How large a message may be."""

from __future__ import annotations

from app.messages.wire.errors import WireError

MOST_BYTES = 1 << 30  # of one message, with its parts


def check_size(size: int, most: int, what: str) -> None:
    """Raises WireError for more bytes than there may be."""
    if size > most:
        raise WireError(
            f"{what} has {size / 1e6:,.0f} MB, and {most / 1e6:,.0f} MB are the most.",
            "Take fewer rows, or smaller pictures.",
        )
