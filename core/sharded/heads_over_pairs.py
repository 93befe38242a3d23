"""Cards of heads over the A of many pairs, for the command line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from core.datasets.session_over import SessionOver
from core.formatting import pairs_words
from core.heads.heads_file import HeadsAbout, heads_text
from core.models.fingerprint import tokenizer_hash, weights_hash
from core.precision_words import PRECISION, USUAL_PRECISION, WEIGHTS
from core.progress import Cancel, watched
from core.saving import save_text
from core.sharded.executors import Workers
from core.sharded.file_names import HEADS, PIECES
from core.sharded.heads import HeadsWork, identities_from
from core.sharded.job import PAIRS, PAIRS_OF, Sums
from core.sharded.many_pairs import ManyPairs, do_pairs
from core.sharded.preview import ref_of
from core.sharded.progress import PERCENT, RunProgress, say_words
from core.sharded.study_workers import StudyWorkers
from core.studies.head_corpus import kept_vectors, measure_vectors, tasks_told
from core.studies.kept_results import KeptResults, digest_of

if TYPE_CHECKING:
    from core.heads.function_vector import FunctionVectorScores
    from core.heads.identity import HeadIdentities
    from core.models.model import Model


def heads_over_pairs(
    model: Model,
    folder: Path,
    pairs: ManyPairs,
    work: HeadsWork,
    workers: Workers,
    command: Sequence[str] = (),
    listener: Callable[[RunProgress], None] | None = None,
    cancelled: Cancel = lambda: False,
) -> tuple[HeadIdentities, str]:
    """What the heads are, which is written into the folder too, and what the corpus was, in words. Raises what
    `do_pairs` raises, and InputError for a model that neither tells the next token nor sees."""
    made: list[HeadIdentities] = []
    first: list[Tensor] = []

    def begin(over: SessionOver) -> str:
        from core.heads.generated import check_text_model
        from core.heads.picture_identity import grid_of

        if not work.sees:
            check_text_model(model)
            return "Heads"
        pictures = [pair.clean.tensor for pair in over.dataset.pairs]
        grid_of(model, pictures[0])
        first.append(torch.cat([each for each in pictures if each.shape == pictures[0].shape]))
        return "Heads"

    def finish(sums: Sums, about: dict[str, str]) -> str:
        vectors = None
        if work.vectors:
            with watched(_telling(folder, listener), cancelled):
                vectors = vectors_in(model, folder, work, workers)
        with watched(None, cancelled):
            made.append(identities_from(work, model, sums, first[0] if work.sees else None, vectors))
        tasks = tasks_in(model, folder, work) if work.vectors else None
        save_text(folder / HEADS, heads_text(made[0], _about(model, sums, about, tasks)))
        return HEADS

    sums, about = do_pairs(model, folder, pairs, work, begin, finish, workers, command, listener, cancelled)
    return made[0], _corpus_words(sums, about)


def _telling(folder: Path, listener: Callable[[RunProgress], None] | None) -> Callable[[float], None]:
    """Told the share of the function vectors that are scored: `progress.json` counts the pairs, and has it in words."""
    last = [""]

    def tell(share: float) -> None:
        words = f"Function vectors, {int(100 * share)} %"
        if words != last[0]:
            last[0] = words
            say_words(folder, words)
        if listener is not None:
            listener(RunProgress("running", words, 100 * share, 100, unit=PERCENT))

    return tell


def vectors_in(model: Model, folder: Path, work: HeadsWork, workers: Workers) -> FunctionVectorScores | None:
    """Function vector scores over the few-shot tasks that the model does, each task by itself; None where it does none.
    What is done is kept in the folder of the run. Raises Cancelled, and what workers raise."""
    kept = _kept(model, folder, work)
    with StudyWorkers(workers.workers, workers.cluster, workers.tell) as others:
        measure_vectors(model, work.seed, kept, others)
    return kept_vectors(kept)


def tasks_in(model: Model, folder: Path, work: HeadsWork) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """Over which tasks that was, and which were left out, with why; None where they were not scored."""
    return tasks_told(_kept(model, folder, work))


def _kept(model: Model, folder: Path, work: HeadsWork) -> KeptResults:
    weights = weights_hash(model.adapter.module)
    return KeptResults(digest_of("vectors", weights, tokenizer_hash(model.tokenizer), work.seed), folder / PIECES)


def _corpus_words(sums: Sums, about: dict[str, str]) -> str:
    return f"the A of {pairs_words(int(sums[PAIRS]))} of {about[PAIRS_OF]}"


def _about(
    model: Model, sums: Sums, about: dict[str, str], tasks: tuple[tuple[str, ...], tuple[str, ...]] | None
) -> HeadsAbout:
    return HeadsAbout(
        model.name,
        ref_of(model).weights,
        int(sums[PAIRS]),
        _corpus_words(sums, about),
        about.get(PRECISION, USUAL_PRECISION),
        about.get(WEIGHTS, ""),
        *(tasks or ()),
    )
