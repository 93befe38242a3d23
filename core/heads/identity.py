"""What a head is, as tests with a threshold each: a label only where a head passes, else none.

    generated   the test on inputs made for it (`generated`, `copying`, `name_mover`)
    corpus      the same over a corpus, where the corpus asks it at all
    covers      the share of what the head does over the corpus that the label tells (`attention`)

A head passes where its score on generated inputs is at least the threshold and above 99 % of heads put together at
random, and where the corpus asks it, above 99 % of those there too. Descriptions, not explanations: a head may do
something else on other inputs, and what a label does not cover is not told by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from core.heads.attention import attention_scores
from core.heads.copying import copying_scores
from core.heads.function_vector import FunctionVectorScores
from core.heads.generated import PERIOD, repeated_tokens
from core.heads.name_mover import name_mover_scores
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
    not asked. rare, rare_corpus: [tests], what 99 % of random heads are below. heads: names. rows: of the corpus."""

    tests: tuple[HeadTest, ...]
    heads: tuple[str, ...]
    generated: Floats
    corpus: Floats
    covers: Floats
    rare: Floats
    rare_corpus: Floats
    rows: int

    def labels(self, head: str) -> list[HeadLabel]:
        """What a head passes, that which covers most first."""
        number = self.heads.index(head)
        found = [
            HeadLabel(test, *(float(table[place, number]) for table in (self.generated, self.corpus, self.covers)))
            for place, test in enumerate(self.tests)
            if self.passes[place, number]
        ]
        return sorted(found, key=lambda label: -np.nan_to_num(label.covers, nan=-1.0))

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
) -> HeadIdentities:
    """corpus: pieces of text, ids [rows, position]; None: the generated inputs alone. period, tokens, start: of the
    generated inputs, in place of the model's own. vectors: function vector scores, where they were made. Raises
    InputError for a model that does not tell the next token, Cancelled."""
    shape = model.adapter.shape
    with stage(0.0, 0.2):
        rows = repeated_tokens(model, ROWS, period, seed, tokens=tokens, start=start)
        kinds = [test.name for test in TESTS if test.attends]
        made = attention_scores(model, rows, kinds, seed)
    with stage(0.2, 0.4):
        copies, crossed = copying_scores(model, seed, tokens)
    with stage(0.4, 0.5):
        movers = name_mover_scores(model, copies >= _test("copying").threshold, seed)
    nothing = np.full(shape.layers * shape.heads, np.nan)
    tests = [test for test in TESTS if test.attends or test.name == "copying"]
    generated = [*made.score, copies]
    rare = [*np.quantile(made.random, RARE, axis=1), np.quantile(crossed, RARE)]
    if movers is not None:
        tests, generated, rare = [*tests, _test("name mover")], [*generated, movers], [*rare, np.nan]
    if vectors is not None:
        of_turned = np.quantile(vectors.turned.mean(axis=0), RARE)
        tests, generated = [*tests, _test("function vector")], [*generated, vectors.scores]
        rare = [*rare, of_turned]
    count = len(generated)
    of_corpus, covers = np.tile(nothing, (count, 1)), np.tile(nothing, (count, 1))
    rare_corpus = np.full(count, np.nan)
    if corpus is not None:
        with stage(0.5, 1.0):
            read = attention_scores(model, corpus, kinds, seed)
        asked = read.queries > 0
        of_corpus[: len(kinds)][asked], covers[: len(kinds)][asked] = read.score[asked], read.covers[asked]
        rare_corpus[: len(kinds)][asked] = np.quantile(read.random[asked], RARE, axis=1)
    return HeadIdentities(
        tuple(tests),
        tuple(f"a{layer}.h{head}" for layer in range(shape.layers) for head in range(shape.heads)),
        np.array(generated),
        of_corpus,
        covers,
        np.array(rare),
        rare_corpus,
        0 if corpus is None else len(corpus),
    )


def _test(name: str) -> HeadTest:
    return next(test for test in TESTS if test.name == name)
