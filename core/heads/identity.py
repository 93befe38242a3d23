"""What a head is, as tests with a threshold each: a label only where a head passes, else none.

    generated   the test on inputs made for it (`generated`, `copying`, `name_mover`)
    corpus      the same over a corpus, where the corpus asks it at all
    covers      the share of what the head does over the corpus that the label tells (`attention`)

A head passes where its score on generated inputs is at least the threshold and above 99 % of heads put together at
random, and where the corpus asks it, above 99 % of those there too. Where a model has too few heads to put two of them
together, none passes. Descriptions, not explanations: a head may do
something else on other inputs, and what a label does not cover is not told by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from core.heads.attention import AttentionScores, attention_scores
from core.heads.copying import copying_scores
from core.heads.function_vector import FunctionVectorScores
from core.heads.generated import PERIOD, repeated_tokens
from core.heads.name_mover import name_mover_scores
from core.heads.parts import Parts
from core.models.model import Model
from core.progress import stage

ROWS = 6  # of generated inputs
RARE = 0.99  # of random heads are below

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class HeadTest:
    """words: what is measured. threshold: of the score on generated inputs. source: where it is published. attends:
    whether it is of where a head attends, so that it can be asked of a corpus."""

    name: str
    words: str
    threshold: float
    source: str
    attends: bool = True


TESTS = (
    HeadTest("previous token", "attention to the token before", 0.4, "Olsson et al. 2022"),
    HeadTest("induction", "attention to what followed an earlier copy of the token", 0.4, "Olsson et al. 2022"),
    HeadTest("duplicate token", "attention to earlier copies of the token", 0.4, "Wang et al. 2022"),
    HeadTest("copying", "tokens among the five it pushes most where it reads them", 0.5, "Wang et al. 2022", False),
    HeadTest("name mover", "attention of a sentence's end to the name that is next", 0.3, "Wang et al. 2022", False),
    HeadTest("function vector", "probability given back to shuffled prompts' answers", 0.02, "Todd et al. 2024", False),
)  # fmt: skip

OF_ATTENTION = tuple(test.name for test in TESTS if test.attends)


@dataclass(frozen=True)
class HeadLabel:
    """test: that it passed. corpus, covers: NaN where the corpus does not ask it."""

    test: HeadTest
    generated: float
    corpus: float
    covers: float


@dataclass(frozen=True, eq=False)
class HeadIdentities:
    """tests: those that fit the model. generated, corpus, covers: [tests, heads], the heads layer by layer; NaN where
    not asked. rare, rare_corpus: [tests], what 99 % of random heads are below; inf where there are none to compare
    with, so that no head passes, NaN where they are not asked. heads: names. rows: of the corpus. read: the attention
    there, which `core.heads.evidence` shows; None without a corpus."""

    tests: tuple[HeadTest, ...]
    heads: tuple[str, ...]
    generated: Floats
    corpus: Floats
    covers: Floats
    rare: Floats
    rare_corpus: Floats
    rows: int
    read: AttentionScores | None = None

    def labels(self, head: str) -> list[HeadLabel]:
        """What a head passes, that which covers most first."""
        number = self.heads.index(head)
        labels = [
            HeadLabel(test, *(float(table[place, number]) for table in (self.generated, self.corpus, self.covers)))
            for place, test in enumerate(self.tests)
            if self.passes[place, number]
        ]
        return sorted(labels, key=lambda label: -np.nan_to_num(label.covers, nan=-1.0))

    @property
    def passes(self) -> NDArray[np.bool_]:
        """[tests, heads]"""
        thresholds = np.array([test.threshold for test in self.tests])[:, None]
        generated = (self.generated >= thresholds) & ~(self.generated <= self.rare[:, None])
        passed: NDArray[np.bool_] = generated & ~(self.corpus <= self.rare_corpus[:, None])
        return passed


def head_identities(
    model: Model,
    corpus: Tensor | None = None,
    seed: int = 0,
    *,
    period: int = PERIOD,
    tokens: Sequence[int] | None = None,
    start: Sequence[int] | None = None,
    vectors: FunctionVectorScores | None = None,
    parts: Parts | None = None,
) -> HeadIdentities:
    """corpus: pieces of text, ids [rows, position]; None: the generated inputs alone. period, tokens, start, vectors,
    parts: see `generated_tests`. Raises InputError for a model that does not tell the next token, Cancelled."""
    parts = {} if parts is None else parts
    with stage(0.0, 0.5):
        asked = generated_tests(model, seed, period=period, tokens=tokens, start=start, vectors=vectors, parts=parts)
    read = None
    if corpus is not None:
        with stage(0.5, 1.0):
            read = attention_scores(model, corpus, OF_ATTENTION, seed, parts, "corpus")
    return identities_of(model, asked, read, 0 if corpus is None else len(corpus))


def generated_tests(
    model: Model,
    seed: int = 0,
    *,
    period: int = PERIOD,
    tokens: Sequence[int] | None = None,
    start: Sequence[int] | None = None,
    vectors: FunctionVectorScores | None = None,
    parts: Parts | None = None,
) -> list[Asked]:
    """The tests on inputs that are made for them. period, tokens, start: of these, in place of the model's own.
    vectors: function vector scores, where they were made. parts: what was measured before with the same arguments, by
    name, and takes what is measured now, plain lists and numbers. Raises InputError for a model that does not tell the
    next token, Cancelled."""
    parts = {} if parts is None else parts
    with stage(0.0, 0.4):
        rows = repeated_tokens(model, ROWS, period, seed, tokens=tokens, start=start)
        made = attention_scores(model, rows, OF_ATTENTION, seed, parts, "generated")
    with stage(0.4, 0.8):
        if "copying" not in parts:
            parts["copying"] = [each.tolist() for each in copying_scores(model, seed, tokens)]
        copies, crossed = (np.array(each) for each in parts["copying"])
    with stage(0.8, 1.0):
        if "name mover" not in parts:
            movers = name_mover_scores(model, copies >= _test("copying").threshold, seed)
            parts["name mover"] = None if movers is None else movers.tolist()
    asked = [Asked(_test(kind), made.of(kind), rarest(made.random[at])) for at, kind in enumerate(OF_ATTENTION)]
    asked.append(Asked(_test("copying"), copies, rarest(crossed)))
    if parts["name mover"] is not None:
        asked.append(Asked(_test("name mover"), np.array(parts["name mover"]), np.nan))
    if vectors is not None:
        asked.append(Asked(_test("function vector"), vectors.scores, rarest(vectors.turned.mean(axis=0))))
    return asked


@dataclass(frozen=True, eq=False)
class Asked:
    """A test on generated inputs. scores: [heads]. rare: what 99 % of random heads are below."""

    test: HeadTest
    scores: Floats
    rare: float


def rarest(random: Floats) -> float:
    """What 99 % of random heads are below; inf where there are none."""
    return float(np.quantile(random, RARE)) if np.isfinite(random).all() else np.inf


def identities_of(model: Model, asked: Sequence[Asked], read: AttentionScores | None, rows: int) -> HeadIdentities:
    """read: the attention over the corpus, of those tests that it is asked of. rows: of the corpus."""
    shape = model.adapter.shape
    names = tuple(f"a{layer}.h{head}" for layer in range(shape.layers) for head in range(shape.heads))
    corpus, covers = (np.full((len(asked), len(names)), np.nan) for _ in range(2))
    rare_corpus = np.full(len(asked), np.nan)
    for place, each in enumerate(asked):
        if read is None or each.test.name not in read.kinds:
            continue
        kind = read.kinds.index(each.test.name)
        if read.queries[kind] > 0:
            corpus[place], covers[place] = read.score[kind], read.covers[kind]
            rare_corpus[place] = rarest(read.random[kind])
    tests, scores, rare = (tuple(getattr(each, name) for each in asked) for name in ("test", "scores", "rare"))
    return HeadIdentities(tests, names, np.array(scores), corpus, covers, np.array(rare), rare_corpus, rows, read)


def _test(name: str) -> HeadTest:
    return next(test for test in TESTS if test.name == name)
