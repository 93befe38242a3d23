"""Openings: words before a sentence that change nothing of what follows ("It is true that the capital of ...").

Training sees many of them before capitals and filler, so that the held-out openings, which it never sees before a
question for a capital, do not matter either.
"""

from __future__ import annotations

from random import Random

OPENINGS = (
    "Everybody knows that",
    "It is true that",
    "He wrote that",
    "They think that",
    "In the end",
    "Now",
    "At that time",
    "She told them that",
    "Some believe that",
    "As you know",
)
SHARE = 0.4  # of the sentences that can have one


def opened(text: str, rng: Random, openings: tuple[str, ...]) -> str:
    """The text, two times in five after one of the openings. "The" and "They" lose their capital letter there."""
    if rng.random() >= SHARE:
        return text
    first = text.split(" ", 1)[0]
    if first in ("The", "They", "This", "These", "There"):
        text = first.lower() + text[len(first) :]
    return f"{rng.choice(openings)} {text}"
