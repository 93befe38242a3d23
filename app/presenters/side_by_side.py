"""An estimate and a measurement of one edit: whether they are of the same, and else what each is of."""

from __future__ import annotations

from dataclasses import dataclass

from app.messages.replies import ScoresReply
from core.formatting import pairs_words


@dataclass(frozen=True)
class SideBySide:
    """estimated, measured: of what each is, in a word or two; empty where both are of the same. words: the same in a
    sentence."""

    estimated: str = ""
    measured: str = ""
    words: str = ""


def side_by_side(scored: ScoresReply | None, others: bool, over_pairs: bool = False) -> SideBySide:
    """scored: what the estimate is from: of the model without edits. others: the measurement is on top of other edits.
    over_pairs: it is over the pairs that the scores are over, else of the pair on the cards."""
    if scored is None:
        return SideBySide()
    from_file = scored.from_file
    pairs = scored.file_pairs if from_file else scored.pairs
    apart = from_file or (pairs > 0 and not over_pairs)
    if not apart and not others:
        return SideBySide()
    estimate = f"the mean over {pairs_words(pairs)}" if pairs else "of this pair"
    short, real = "no edits", "with edits"
    if apart:
        short = pairs_words(pairs) if pairs else "from file"
        real = pairs_words(scored.pairs) if over_pairs and scored.pairs else "this pair"
    if from_file:
        estimate = f"of the {pairs_words(pairs)} of its file" if pairs else "of the inputs that its file was made on"
    made = f"over {pairs_words(scored.pairs)}" if over_pairs and scored.pairs else "of the pair on the cards"
    if others:
        estimate, made = f"{estimate}, without edits", f"{made}, with the other edits in place"
    return SideBySide(short, real, f"Not of the same: the estimate is {estimate}; the measurement is {made}.")
