"""Cards of heads as a file, `heads.json`: what `identities_report` gives, with what it is of, and how attention over
the corpus is spread. It is read as data alone, without torch."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from core.errors import InputError
from core.formatting import counted
from core.heads.report import identities_report
from core.heads.scores import ScoresOfTest
from core.inputs.real_files import check_real_file
from core.text_files import read_text

if TYPE_CHECKING:
    from core.heads.identity import HeadIdentities

LARGEST = 2**26  # bytes: tens of thousands of heads
AGAIN = "Run the command again that made it: what is done in its folder is kept."

# Shares, or differences of two; rounding may bring them a little beyond 1. Far beyond there is no score to draw.
Score = Annotated[float, Meta(ge=-2.0, le=2.0)]
Deciles = Annotated[list[Score], Meta(min_length=11, max_length=11)]


class HeadsAbout(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the scores are of. weights_hash: as `core.models.fingerprint` has it. precision: what the model computed in.
    weights: their place, where they are in 8 bits. pairs: whose A is the corpus. corpus: that, in words. tasks: over
    which few-shot tasks function vectors were scored, None where they were not; left_out: the others, with why."""

    model: str
    weights_hash: str
    pairs: Annotated[int, Meta(ge=1)]
    corpus: str
    precision: str = "fp32"
    weights: str = ""
    tasks: tuple[str, ...] | None = None
    left_out: tuple[str, ...] = ()


class _Test(msgspec.Struct):
    name: str
    words: str
    threshold: Score
    rare: Score | None = msgspec.field(name="99 % of random heads below")
    rare_corpus: Score | None = msgspec.field(name="99 % of random heads below, corpus")
    too_few: bool = msgspec.field(name="too few heads to compare with")


class _Score(msgspec.Struct):
    generated: Score | None
    corpus: Score | None
    covers: Score | None


class _Head(msgspec.Struct):
    labels: list[str]
    scores: dict[str, _Score]


class _Spread(msgspec.Struct):
    queries: Annotated[int, Meta(ge=0)]
    deciles: dict[str, Deciles]


class _File(msgspec.Struct):
    about: HeadsAbout
    tests: Annotated[list[_Test], Meta(min_length=1)]
    heads: Annotated[dict[str, _Head], Meta(min_length=1)]
    spread: dict[str, _Spread] = {}


@dataclass(frozen=True, eq=False)
class HeadsFile:
    """heads: names, in their order."""

    about: HeadsAbout
    heads: tuple[str, ...]
    tests: tuple[ScoresOfTest, ...]

    @property
    def labelled(self) -> int:
        """How many heads pass a test."""
        return int(np.any([test.passes for test in self.tests], axis=0).sum())


def labelled_words(labelled: int, heads: int) -> str:
    """ "12 of 32 heads pass a test"."""
    return f"{labelled:,} of {counted(heads, 'head')} {'passes' if labelled == 1 else 'pass'} a test"


def heads_text(identities: HeadIdentities, about: HeadsAbout) -> str:
    """The file's text."""
    spread: dict[str, Any] = {}
    if read := identities.read:
        for name, queries, deciles in zip(read.kinds, read.queries.tolist(), read.deciles.tolist(), strict=True):
            if queries:
                spread[name] = {"queries": queries, "deciles": dict(zip(identities.heads, deciles, strict=True))}
    said = {"about": msgspec.to_builtins(about), **identities_report(identities), "spread": spread}
    return json.dumps(said, ensure_ascii=False, indent=1)


def is_cards(content: object) -> bool:
    """Whether the content of a JSON file looks like cards of heads; `read_heads` says whether it is."""
    return isinstance(content, dict) and {"about", "tests", "heads"} <= {*content}


def read_heads(path: str | Path) -> HeadsFile:
    """Raises InputError for a file that is none, with what is wrong."""
    check_real_file(path)
    name, text = Path(path).name, read_text(path, LARGEST)
    try:
        file = msgspec.json.decode(text, type=_File)
    except (msgspec.DecodeError, RecursionError) as error:
        raise InputError(f"{name} holds no cards of heads over many pairs: {error}.", AGAIN) from None
    names = [test.name for test in file.tests]
    for head, each in file.heads.items():
        if sorted(each.scores) != sorted(names) or not {*each.labels} <= {*names}:
            raise InputError(f"{name} does not say the same tests of {head} as it lists.", AGAIN)
    if odd := next((kind for kind, each in file.spread.items() if {*each.deciles} != {*file.heads}), ""):
        raise InputError(f"{name} does not say of every head how its {odd} scores are spread.", AGAIN)
    tests = tuple(_test(file, test) for test in file.tests)
    _check_scores(name, tests)
    return HeadsFile(file.about, tuple(file.heads), tests)


def _check_scores(name: str, tests: Sequence[ScoresOfTest]) -> None:
    """Raise InputError for scores that no run leaves so: of some heads alone, of none at all, or a label without one. A
    test that could not be asked has none, and no label. name: of the file."""
    for test in tests:
        for words, column in (("on made inputs", test.generated), ("over the corpus", test.corpus)):
            there = np.isfinite(column)
            if there.any() and not there.all():
                raise InputError(f"{name} has {test.name} scores {words} of some heads alone.", AGAIN)
        if test.passes.any() and not np.isfinite(test.generated).any():
            raise InputError(f"{name} says which heads pass {test.name}, and has no scores by which they do.", AGAIN)
    if not any(np.isfinite(test.generated).any() for test in tests):
        raise InputError(f"{name} has no scores of any head.", AGAIN)


def _test(file: _File, test: _Test) -> ScoresOfTest:
    heads, spread = file.heads.values(), file.spread.get(test.name)

    def column(which: str) -> NDArray[np.float64]:
        return np.array([_known(getattr(each.scores[test.name], which)) for each in heads])

    corpus = column("corpus")
    told = test.rare, test.rare_corpus
    rare, rare_corpus = (math.inf if each is None and test.too_few else _known(each) for each in told)
    return ScoresOfTest(
        test.name,
        test.words,
        test.threshold,
        column("generated"),
        corpus,
        column("covers"),
        rare,
        rare_corpus if np.isfinite(corpus).any() else math.nan,
        np.array([test.name in each.labels for each in heads]),
        0 if spread is None else spread.queries,
        () if spread is None else tuple(tuple(spread.deciles[head]) for head in file.heads),
    )


def _known(value: float | None) -> float:
    return math.nan if value is None else value
