"""What heads do, in words."""

from __future__ import annotations

from collections.abc import Sequence

TEXT_TRAITS = ("previous token", "duplicate token", "induction", "first position", "copying")
IMAGE_TRAITS = ("itself", "neighbours", "class token")
SHOWN_FROM = 0.2  # of a trait's score, as among the inspector's chips


def trait_words(traits: Sequence[tuple[str, float]]) -> str:
    """ "induction .81, copying .44": what stands out of a head's scores."""
    shown = [each for each in traits if each[1] >= SHOWN_FROM and each[0] in (*TEXT_TRAITS, *IMAGE_TRAITS)]
    return ", ".join(f"{name} {value:.2f}" for name, value in shown[:3])
