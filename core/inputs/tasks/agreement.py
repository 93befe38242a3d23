"""Agreement of subject and verb across another noun. B has the subject in the other number (Finlayson et al. 2021)."""

from __future__ import annotations

import re
from random import Random

from core.inputs.generators import lexicon
from core.inputs.tasks.prompts import another, sampler_of
from core.inputs.tasks.task import Row, Task
from core.inputs.token_texts import TokenText

_NOUNS = lexicon.NOUNS + lexicon.HELD_OUT_NOUNS
_OTHER_NUMBER = {a: b for one, many in _NOUNS for a, b in ((one, many), (many, one))}
_PLURALS = {many for _, many in _NOUNS}
_NOUN = re.compile(rf"\b({'|'.join(sorted(_OTHER_NUMBER, key=len, reverse=True))})\b")
_PAST = ("Yesterday ", "Last year ")


def match(source: TokenText, rng: Random) -> Row | None:
    """A text that ends in a noun after another one: the verb is still to come."""
    nouns = list(_NOUN.finditer(source.text))
    if len(nouns) < 2 or nouns[-1].end() != len(source.text):
        return None
    subject = nouns[0][0]
    changed = another(source, nouns[0].span(), [_OTHER_NUMBER[subject]], rng)
    verbs = (" was", " were") if source.text.startswith(_PAST) else (" is", " are")
    if source.text.startswith("For years "):
        verbs = (" has", " have")
    target, foil = reversed(verbs) if subject in _PLURALS else verbs
    return None if changed is None else Row(source.text, changed[0], target, foil)


TASK = Task(
    "agreement",
    "Agreement",
    "Is or are, with another noun in between (Finlayson et al. 2021)",
    lambda model: (sampler_of("agreement"),),
    match=match,
)
