"""All heads by two scores, what each of them is, and that in words. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.features.heads.queries import HeadScores
from core.formatting import counted, number, percent
from core.heads.heads_file import labelled_words
from core.heads.scores import ScoresOfTest
from views.panels.heads.data import AxisChoice, HeadRow

MADE, CORPUS = "made", "corpus"  # the inputs that a score is on
VECTORS = f"function vector/{MADE}"  # the key of that score
NONE = "none found"
NO_RANDOM = "This model has too few heads to put random ones together, and without a comparison there is no label"
MOST_TOLD = 6  # heads


def choices(scores: HeadScores) -> tuple[AxisChoice, ...]:
    """The scores that an axis can show: of each test on the inputs made for it, then those over the corpus. What was
    asked of no head, or came to no number for any, is left out."""
    made = [
        AxisChoice(f"{test.name}/{MADE}", test.name, _least(test), f"{test.words}, on inputs made for it")
        for test in scores.tests
        if np.isfinite(test.generated).any()
    ]
    read = [
        AxisChoice(
            f"{test.name}/{CORPUS}",
            f"{test.name}, corpus",
            known(test.rare_corpus),
            f"{test.words}, over the corpus: {scores.corpus.words}",
        )
        for test in scores.tests
        if np.isfinite(test.corpus).any()
    ]
    return (*made, *read)


def on_made(key: str) -> str:
    """The key of the same test on the inputs made for it."""
    return f"{key.rpartition('/')[0]}/{MADE}"


def rows(scores: HeadScores, across: str, up: str) -> tuple[HeadRow, ...]:
    """Of every head. across, up: keys of `choices`."""
    xs, ys = values_of(scores, across), values_of(scores, up)
    made = []
    for place, name in enumerate(scores.heads):
        passed = passed_tests(scores, place)
        covers = known(float(passed[0].covers[place])) if passed else None
        kind = scores.tests.index(passed[0]) if passed else None
        words = ", ".join(test.name for test in passed)
        made.append(HeadRow(name, words, kind, covers, known(xs[place]), known(ys[place])))
    return tuple(made)


def values_of(scores: HeadScores, key: str) -> NDArray[np.float64]:
    """[heads]. key: of `choices`."""
    name, _, which = key.rpartition("/")
    test = next(test for test in scores.tests if test.name == name)
    return test.corpus if which == CORPUS else test.generated


def passed_tests(scores: HeadScores, head: int) -> list[ScoresOfTest]:
    """What a head passes, that which covers most first."""
    passed = [test for test in scores.tests if test.passes[head]]
    return sorted(passed, key=lambda test: -np.nan_to_num(test.covers[head], nan=-1.0))


def headline(scores: HeadScores) -> str:
    """How many have a label, and what it was measured on."""
    labelled = int(np.any([test.passes for test in scores.tests], axis=0).sum())
    return f"{labelled_words(labelled, len(scores.heads))}. Corpus: {scores.corpus.words}."


def source_words(scores: HeadScores, file: str) -> str:
    """That the corpus is not the bundled one. file: the path of what these scores were read from; empty for none."""
    if not file:
        return ""
    return f"Over {scores.corpus.words} ({Path(file).name} in {Path(file).parent.name})"


def vector_words(scores: HeadScores) -> str:
    """Over which few-shot tasks function vectors were scored; empty where they were not."""
    if scores.vectors is None:
        return ""
    left_out = "; ".join(scores.vectors.left_out)
    if not scores.vectors.done:
        return f"No function vector scores, for the model does none of the few-shot tasks: {left_out}."
    done = f"Function vectors: over {counted(len(scores.vectors.done), 'few-shot task')}."
    return f"{done} Left out, no better than chance: {left_out}." if left_out else done


def head_words(scores: HeadScores, chosen: Sequence[str]) -> str:
    """What is known of the selected heads: all of one, the labels of several."""
    places = [scores.heads.index(name) for name in chosen if name in scores.heads]
    if len(places) == 1:
        return _words_of_one(scores, places[0])
    told = [f"{scores.heads[place]}: {_labels(scores, place)}" for place in places[:MOST_TOLD]]
    more = f" and {len(places) - MOST_TOLD} more" if len(places) > MOST_TOLD else ""
    return "; ".join(told) + more


def _words_of_one(scores: HeadScores, place: int) -> str:
    passed, name = passed_tests(scores, place), scores.heads[place]
    if not passed:
        told = [test for test in scores.tests if known(test.generated[place]) is not None]
        parts = (f"{test.name} {number(test.generated[place])} of {number(_least(test))}" for test in told)
        lone = [test.name for test in scores.tests if math.isinf(test.rare)]
        words = f"{name}: {NONE}. On made inputs, and what a label needs: {', '.join(parts)}."
        return f"{words} {NO_RANDOM}: {', '.join(lone)}." if lone else words
    return f"{name}: " + " ".join(_label_words(test, place) for test in passed)


def _label_words(test: ScoresOfTest, place: int) -> str:
    covers = float(test.covers[place])
    words = f"{test.name}, {number(float(test.generated[place]))} on made inputs"
    if known(test.rare) is not None:
        words += f" (99 % of random heads are below {number(test.rare)})"
    if math.isnan(covers):
        return f"{words}; over the corpus there is no such test."
    return f"{words}; over the corpus the label covers {percent(covers)} of where it attends."


def _labels(scores: HeadScores, place: int) -> str:
    return ", ".join(test.name for test in passed_tests(scores, place)) or NONE


def _least(test: ScoresOfTest) -> float:
    """What a head has to reach on made inputs."""
    return max(test.threshold, test.rare) if math.isfinite(test.rare) else test.threshold


def known(value: float) -> float | None:
    """None for what is not asked."""
    return float(value) if math.isfinite(value) else None
