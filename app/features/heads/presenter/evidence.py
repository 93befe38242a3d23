"""The evidence of one head, made for the panel. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from app.features.heads.presenter.scores import NONE, head_words, known, passed_tests
from app.features.heads.queries import Corpus, HeadScores
from core.formatting import number, visible_token
from core.heads.scores import ScoresOfTest
from views.panels.heads.data import EvidenceData, KindShare, PictureMoment, SequenceLine, Token

BEFORE, AROUND = 10, 2  # tokens that are shown before a query, and around what it reads
READ = 0.1  # of the attention: what gets less is shown where it is near alone
NO_PLACES = ". Where they are most is not kept over many pairs"
COVERS_OF = "Of its attention, covered by:"


def evidence_of(scores: HeadScores, chosen: Sequence[str], kind: str) -> EvidenceData | None:
    """Of the selected head; None where that is not one, or where the corpus was asked nothing. kind: the test whose
    evidence is shown; empty for the head's own label, and without one for what tells most of it."""
    asked = [test for test in scores.tests if test.name in scores.best]
    if len(chosen) != 1 or chosen[0] not in scores.heads or not asked:
        return None
    place, passed = scores.heads.index(chosen[0]), passed_tests(scores, scores.heads.index(chosen[0]))
    test = _shown(asked, passed, place, kind)
    best = scores.best[test.name][place]
    queries = f"{test.queries:,} {'queries' if scores.corpus.sees else 'tokens'}"
    places = "" if scores.corpus.texts or scores.corpus.pictures else NO_PLACES
    return EvidenceData(
        chosen[0],
        ", ".join(each.name for each in passed) or NONE,
        tuple(KindShare(each.name, known(each.covers[place]), bool(each.passes[place])) for each in asked),
        test.name,
        COVERS_OF,
        f"Deciles over {queries}{places}" if test.queries else f"Nothing in the corpus has it: {test.words}.",
        test.deciles[place] if test.deciles else (),
        tuple(_line(scores.corpus, test.name, *each) for each in best) if scores.corpus.texts else (),
        tuple(_picture(scores.corpus, test.name, *each) for each in best) if scores.corpus.pictures else (),
        head_words(scores, chosen).partition(": ")[2].removeprefix(f"{NONE}. "),
    )


def _shown(asked: Sequence[ScoresOfTest], passed: Sequence[ScoresOfTest], place: int, kind: str) -> ScoresOfTest:
    for test in asked:
        if test.name == kind:
            return test
    of_label = [test for test in passed if test in asked]
    return of_label[0] if of_label else max(asked, key=lambda test: np.nan_to_num(test.covers[place], nan=-1.0))


def _line(
    corpus: Corpus, kind: str, weight: float, row: int, query: int, keys: Sequence[int], shares: Sequence[float]
) -> SequenceLine:
    """A query with the tokens before it, and what it reads with those around."""
    texts, read = corpus.texts[row], dict(zip(keys, shares, strict=True))
    places = set(range(max(0, query - BEFORE), query + 1))
    far = [key for key, share in read.items() if share >= READ]
    for key in far:
        places |= set(range(max(0, key - AROUND), min(key + AROUND, query) + 1))
    shown = sorted(places)
    tokens = tuple(
        Token(texts[place], place, place == query, read.get(place, 0.0), place != query and place + 1 not in places)
        for place in shown
    )
    told = ", ".join(f"“{visible_token(texts[key])}” ({key}) {number(read[key])}" for key in far or keys[:1])
    words = (
        f"{kind} {number(weight)} in piece {row + 1} at “{visible_token(texts[query])}” ({query}), which reads {told}"
    )
    return SequenceLine(number(weight), tokens, words)


def _picture(
    corpus: Corpus, kind: str, weight: float, row: int, query: int, keys: Sequence[int], shares: Sequence[float]
) -> PictureMoment:
    prefix, (_, columns) = len(corpus.prefix), corpus.grid
    weights = np.zeros(corpus.grid[0] * columns, dtype=np.float32)
    for key, share in zip(keys, shares, strict=True):
        if key >= prefix:
            weights[key - prefix] = share

    def name(position: int) -> str:
        if position < prefix:
            return corpus.prefix[position]
        down, across = divmod(position - prefix, columns)
        return f"patch {down},{across}"

    told = ", ".join(f"{name(key)} {number(share)}" for key, share in list(zip(keys, shares, strict=True))[:3])
    words = f"{kind} {number(weight)} in picture {row + 1} at {name(query)}, which reads most: {told}"
    offers = next((key - prefix for key in keys if key >= prefix), -1)
    return PictureMoment(corpus.pictures[row], corpus.grid, weights, max(query - prefix, -1), offers, words)
