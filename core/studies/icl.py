"""How much of in-context learning two kinds of heads account for, and how much they leave.

    study = study_icl("pack:smollm2")

1. Heads are ranked by their induction score on random tokens that come again (`core.heads.attention`), and by their
   function vector score over few-shot tasks (`core.heads.function_vector`).
2. Few-shot tasks that the model does not do better than by chance are left out (a binomial test on prompts that take no
   part in the rest).
3. The sets of `core.studies.head_sets` are ablated, and what each accounts for is measured on few-shot accuracy, on the
   loss difference within running text, and on copying (`core.studies.heads`).
4. The induction pattern alone is taken out of the first heads by induction, and out of all heads
   (`core.studies.pattern_knockout`).
5. Nodes that are in neither set are ablated one at a time: which of them the right answers lose most by.

The design is that of Yin & Steinhardt 2025, "Which Attention Heads Matter for In-Context Learning?": two outcomes at
once, and each set also without what is at the top of the other ranking. A model that does none of the tasks has one
ranking and two outcomes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from core.edits import EditKind
from core.errors import ArgumentError, InputError
from core.heads.attention import AttentionScores, attention_scores
from core.heads.function_vector import FunctionVectorScores
from core.heads.generated import check_text_model, repeated_tokens
from core.heads.places import MASKS
from core.inputs.few_shot import FewShotTask, chance, chosen_tasks, few_shot_prompts
from core.models.fingerprint import tokenizer_hash, weights_hash
from core.models.loading import load_model
from core.models.model import Model
from core.progress import stage, watched
from core.studies.corpus import GENERATED_PERIOD, bundled_text, generated_words, windows
from core.studies.estimate import Floats
from core.studies.few_shot import TaskDone, screened, vectors_of
from core.studies.head_sets import Ranking, head_names
from core.studies.heads import (
    ABLATIONS,
    DRAWS,
    MAIN,
    MAIN_KIND,
    SHARES,
    Comparison,
    check_plan,
    compare_head_sets,
    plan_of,
)
from core.studies.kept_results import KeptResults, digest_of, folder_of
from core.studies.next_nodes import NextNodes, next_nodes
from core.studies.outcomes import Batch, Inputs, batches
from core.studies.pattern_knockout import without_induction
from core.studies.pieces import PieceWorkers

INDUCTION, FUNCTION_VECTOR = "induction", "function vector"
RANKED = (INDUCTION, FUNCTION_VECTOR)
RANKINGS = (*MASKS, FUNCTION_VECTOR)
OTHERS = 4  # rows of each kind that replacements are taken from


@dataclass(frozen=True, eq=False)
class IclStudy:
    """text: what was read, in words. window: tokens of a piece of it. losses: of each token but the first, the mean
    over rows, of text and of random tokens that come again [positions - 1]. seconds: of this run of the study."""

    model: str
    title: str
    layers: int
    heads_of_layer: int
    text: str
    window: int
    period: int
    shots: int
    tasks: tuple[TaskDone, ...]
    induction: AttentionScores
    function_vector: FunctionVectorScores | None
    comparison: Comparison
    losses: Mapping[str, Floats]
    next_nodes: NextNodes | None
    main: float
    seed: int
    seconds: float


def study_icl(
    model: str | Model,
    *,
    text: str | None = None,
    text_name: str = "the user's text",
    tasks: Sequence[str] | None = None,
    shots: int = 5,
    prompts: int = 4,
    pieces: int = 6,
    shares: Sequence[float] = SHARES,
    main: float = MAIN,
    kinds: Sequence[EditKind] = ABLATIONS,
    main_kind: EditKind = MAIN_KIND,
    draws: int = DRAWS,
    rank: Sequence[str | Ranking] = RANKED,
    seed: int = 0,
    fresh: bool = False,
    keep: bool | str | Path = True,
    workers: PieceWorkers | None = None,
    progress: Callable[[str, float], None] = lambda words, share: None,
    cancelled: Callable[[], bool] | None = None,
) -> IclStudy:
    """rank: one or two ways to rank heads, names of RANKINGS or rankings. text: running text; None: the bundled
    one. text_name: what it is, in the report. tasks: names of few-shot tasks; None: all bundled ones. shots:
    examples in a prompt. prompts: of each task to judge on, and as many to score heads on. pieces: of text, and
    rows of random tokens. shares: of heads that are ablated, by main_kind; main: with controls, `draws` of each,
    and with the other ablations, `kinds`. keep: what is measured is kept in the user's cache, or in a folder, so
    that a study that was stopped goes on. fresh: what was kept is left aside. workers: who does the long parts
    (`core.sharded.study_workers`); None: this process. progress: told what is done, and the share of all that is
    done.

    Raises ArgumentError for numbers that are too small, InputError for a model of another kind and a text that is too
    short, Cancelled, and what workers raise.
    """
    for name, number, least in (("shots", shots, 1), ("prompts", prompts, 2), ("pieces", pieces, 2)):
        if number < least:
            raise ArgumentError(f"The study takes at least {least} {name}, not {number}.")
    _check_rankings(rank)
    opened = model if isinstance(model, Model) else load_model(model)
    check_text_model(opened)
    check_plan(opened, (*shares, main), (*kinds, main_kind), draws)  # before what takes minutes
    words = "Inputs"

    def told(share: float) -> None:
        progress(words, share)

    started = time.perf_counter()
    with watched(told, cancelled):
        if text is None:
            text, text_name = bundled_text(opened)
        read = windows(opened, text, pieces + OTHERS)
        repeats = _repeats(opened, pieces + OTHERS, seed)
        settings: list[Any] = [
            opened.name,
            weights_hash(opened.adapter.module),
            tokenizer_hash(opened.tokenizer),
            text,
            tasks,
            shots,
            prompts,
            pieces,
            seed,
        ]
        settings += [list(shares), main, list(kinds), draws]
        if tuple(rank) != RANKED:
            settings.append([each if isinstance(each, str) else [each.name, each.scores.tolist()] for each in rank])
        if main_kind != MAIN_KIND:
            settings.append(main_kind)
        kept = KeptResults(digest_of(*settings), folder_of(keep), fresh)
        words = "Which tasks the model does"
        with stage(0.0, 0.05):
            screening = screened(opened, chosen_tasks(tasks), shots, seed, kept, workers)
        done = [task for task, result in screening if not result.why]
        words = "Attention scores"
        with stage(0.05, 0.07):
            scores = attention_scores(opened, repeats[:OTHERS], seed=seed)
        words = "Function vector scores"
        vectors = None
        if done and FUNCTION_VECTOR in rank:
            with stage(0.07, 0.2):
                vectors = vectors_of(opened, done, shots, prompts, seed, kept, workers)
        rankings = _rankings(opened, rank, scores, vectors)
        inputs = [
            *([_few_shot(opened, done, shots, prompts, seed)] if done else []),
            Inputs("text", tuple(read[OTHERS:]), tuple(read[:OTHERS])),
            Inputs("copying", tuple(repeats[OTHERS:]), tuple(repeats[:OTHERS])),
        ]
        words = "What is lost without each set of heads"
        plan = plan_of(opened, rankings, shares, main, kinds, draws, seed, main_kind)
        floor = float(np.mean([chance(task, opened) for task in done])) if done else 0.0
        first = [head_names(opened.graph)[head] for head in plan.sets[0].heads]
        with stage(0.2, 0.9):
            comparison = compare_head_sets(
                opened, rankings, inputs, plan, {"few-shot": floor}, kept, Knockouts(tuple(first)), seed, workers
            )
        words = "Losses by position"
        with stage(0.9, 0.92):
            losses = {each.outcome: _losses(opened, each) for each in inputs if each.outcome != "few-shot"}
        words = "The next best nodes"
        following = None
        if done:
            known = next((each for each in plan.sets if each.name == "both"), plan.sets[0])
            with stage(0.92, 1.0):
                following = next_nodes(opened, inputs[0], comparison.names(known.heads.tolist()), kept, workers)
    return IclStudy(
        model=opened.name,
        title=opened.title,
        layers=opened.graph.layers,
        heads_of_layer=opened.graph.heads,
        text=text_name,
        window=read.shape[1],
        period=repeats.shape[1] // 2,
        shots=shots,
        tasks=tuple(result for _, result in screening),
        induction=scores,
        function_vector=vectors,
        comparison=comparison,
        losses=losses,
        next_nodes=following,
        main=main,
        seed=seed,
        seconds=time.perf_counter() - started,
    )


def _check_rankings(rank: Sequence[str | Ranking]) -> None:
    """Raises ArgumentError."""
    names = [each if isinstance(each, str) else each.name for each in rank]
    unknown = next((each for each in rank if isinstance(each, str) and each not in RANKINGS), None)
    if unknown is not None:
        raise ArgumentError(f"Heads cannot be ranked by {unknown!r}.", f"There are: {', '.join(RANKINGS)}.")
    if not 1 <= len(names) <= 2 or len(set(names)) < len(names):
        raise ArgumentError("One ranking of heads is studied, or two different ones are compared.")


def _rankings(
    model: Model, rank: Sequence[str | Ranking], scores: AttentionScores, vectors: FunctionVectorScores | None
) -> list[Ranking]:
    """Raises InputError where nothing is left to rank by."""
    made = []
    for each in rank:
        if not isinstance(each, str):
            made.append(each)
        elif each != FUNCTION_VECTOR:
            made.append(Ranking(each, scores.of(each)))
        elif vectors is not None:
            made.append(Ranking(each, vectors.scores))
    if not made:
        raise InputError(
            f"{model.title} does none of these few-shot tasks, so that no head can be ranked by its function vector.",
            f"Take another ranking: {', '.join(MASKS)}.",
        )
    return made


def _repeats(model: Model, count: int, seed: int) -> Tensor:
    """Random tokens that come again; of a model that knows generated English alone, its words."""
    if words := generated_words(model):
        return repeated_tokens(model, count, GENERATED_PERIOD, seed, tokens=words)
    return repeated_tokens(model, count, seed=seed)


def _few_shot(model: Model, tasks: Sequence[FewShotTask], shots: int, prompts: int, seed: int) -> Inputs:
    """Prompts of all tasks, short ones first; others with more examples, so that they are long enough to take values
    from."""
    rows: list[tuple[Tensor, int, str]] = []
    others: list[Tensor] = []
    for task in tasks:
        made = few_shot_prompts(task, model, prompts, shots, seed)
        side = model.side(list(made.texts))
        for ids, length, answer in zip(side.tensor, side.lengths, made.answers, strict=True):
            rows.append((ids[:length], answer, task.name))
        longer = model.side(list(few_shot_prompts(task, model, 1, shots + 1, seed + 3).texts))
        others.append(longer.tensor[0, : longer.lengths[0]])
    rows.sort(key=lambda row: len(row[0]))
    longest = max(len(ids) for ids, _, _ in rows)
    if max(map(len, others)) < longest:  # by a token or two: another row of these is long enough then
        others.append(rows[-1][0])
    ids, answers, names = zip(*rows, strict=True)
    return Inputs("few-shot", ids, tuple(others), answers, names)


@dataclass(frozen=True)
class Knockouts:
    """What a batch gives without the induction pattern of some heads, and of all."""

    first: tuple[str, ...]

    def __call__(self, batch: Batch) -> dict[str, Floats]:
        shape = batch.engine.adapter.shape
        every = tuple(f"a{layer}.h{head}" for layer in range(shape.layers) for head in range(shape.heads))
        return {
            name: batch.read(without_induction(batch.engine, heads, renormalised=renormalised, full=batch.full))
            for name, heads, renormalised in (
                ("pattern of first", self.first, True),
                ("pattern of first, not renormalised", self.first, False),
                ("pattern of all", every, True),
            )
        }


def _losses(model: Model, inputs: Inputs) -> Floats:
    rows = [batch.losses() for batch in batches(model, inputs)]
    means: Floats = np.concatenate(rows).mean(axis=0)
    return means
