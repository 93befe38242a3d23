"""Greater-than: "The war lasted from 1732 to 17" -> a later year. B starts in the century's year 01, after which almost
any ending is right (Hanna et al. 2023, "How does GPT-2 compute greater-than?").

Where two digits are one token the answer is the year; where every digit is a token of its own it is the decade's digit.
"""

from __future__ import annotations

import re
from dataclasses import replace
from random import Random

from core.inputs.generators import SPLITS, sample
from core.inputs.tasks.task import Row, Task
from core.inputs.token_texts import TokenText

APART = 15  # years between the span's start and either answer at most: far ones are easy for another reason
_START = re.compile(r"\d\d(\d\d)")
_SPAN = re.compile(r"\D*(?P<century>\d\d)(?P<start>\d\d)\b\D*\b(?P=century)")


def by_year(rng: Random) -> Row:
    """Target and foil are two digits: a year soon after the start, and one soon before."""
    prompt = sample("years", rng, rng.choice(SPLITS))
    later, earlier = prompt.targets[:APART], prompt.foils[1 : APART + 1] or prompt.foils
    return Row(prompt.clean, prompt.counterfactual, rng.choice(later), rng.choice(earlier), parts=prompt.parts)


def by_decade(rng: Random) -> Row:
    """Target and foil are one digit: that of a later decade, and of an earlier one."""
    row = by_year(rng)
    year = _START.search(str(row.clean))
    assert year is not None
    decade = int(year[1][0])
    if not 1 <= decade <= 8:
        return by_decade(rng)
    return replace(row, target=str(rng.randint(decade + 1, 9)), foil=str(rng.randint(0, decade - 1)))


def match(source: TokenText, rng: Random) -> Row | None:
    """A text with a year that ends in that century's two digits."""
    years = _SPAN.fullmatch(source.text)
    if years is None or years["start"] in ("00", "01", "99"):
        return None
    start = int(years["start"])
    changed = source.with_part(*years.span("start"), "01")
    if changed is None:
        return None
    if len(source.tokenizer(years["start"], add_special_tokens=False)["input_ids"]) == 1:
        later = rng.randint(start + 1, min(start + APART, 99))
        return Row(source.text, changed, f"{later:02d}", f"{max(start - rng.randint(1, APART), 0):02d}")
    decade = start // 10
    if not 1 <= decade <= 8:
        return None
    return Row(source.text, changed, str(rng.randint(decade + 1, 9)), str(rng.randint(0, decade - 1)))


TASK = Task(
    "greater-than",
    "Greater-than",
    "A span of years ends after it began (Hanna et al. 2023)",
    lambda model: (by_year, by_decade),
    match=match,
)
