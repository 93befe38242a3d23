"""Identities of a model's heads over a corpus, kept on disk by the model's weights and tokenizer and the corpus."""

from __future__ import annotations

import hashlib
from importlib import resources
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from core.heads.function_vector import FunctionVectorScores
from core.heads.identity import HeadIdentities, head_identities
from core.heads.picture_identity import picture_identities
from core.inputs.few_shot import chosen_tasks
from core.inputs.picture_folder import is_picture, pictures_in
from core.models.fingerprint import tokenizer_hash, weights_hash
from core.models.model import Model
from core.progress import stage
from core.studies.corpus import bundled_text, generated_options, text_of, windows
from core.studies.few_shot import screened, vectors_of
from core.studies.kept_results import KeptResults, digest_of, studies_folder
from core.studies.pieces import PieceWorkers

SHOTS, PROMPTS = 5, 4  # of few-shot prompts: examples in each, and how many of a task
PIECES = 12  # of a corpus, where nobody says otherwise
PHOTOS = "the bundled pictures"


def identities_over(
    model: Model,
    corpus: Tensor,
    seed: int = 0,
    *,
    function_vectors: bool = False,
    workers: PieceWorkers | None = None,
) -> HeadIdentities:
    """What is kept, and measured now what is not: one that was stopped goes on where it was. function_vectors: whether
    heads of text are also scored over few-shot tasks, which takes minutes of a model of a hundred million weights.
    workers: who does that; None: this process. Raises InputError, Cancelled, and what workers raise."""
    kept = _kept(model, corpus, seed)
    with stage(0.0, 0.4 if function_vectors else 1.0):
        identities = _identities(model, corpus, seed, kept)
        kept["whole"] = True
    if not (function_vectors and model.is_text):
        return identities
    with stage(0.4, 1.0):
        measure_vectors(model, seed, kept, workers)
    return _identities(model, corpus, seed, kept)


def kept_identities(model: Model, corpus: Tensor, seed: int = 0) -> HeadIdentities | None:
    """Those that were measured before; None where there are none."""
    kept = _kept(model, corpus, seed)
    return _identities(model, corpus, seed, kept) if "whole" in kept else None


def _kept(model: Model, corpus: Tensor, seed: int) -> KeptResults:
    plain = corpus.float() if corpus.is_floating_point() else corpus  # numpy has no bf16
    content = hashlib.sha256(plain.cpu().contiguous().numpy().tobytes()).hexdigest()
    weights = weights_hash(model.adapter.module)
    digest = digest_of("heads", weights, tokenizer_hash(model.tokenizer), content, list(corpus.shape), seed)
    return KeptResults(digest, studies_folder())


def _identities(model: Model, corpus: Tensor, seed: int, kept: KeptResults) -> HeadIdentities:
    if not model.is_text:
        return picture_identities(model, corpus, seed, kept)
    return head_identities(model, corpus, seed, vectors=kept_vectors(kept), parts=kept, **generated_options(model))


def measure_vectors(model: Model, seed: int, kept: KeptResults, workers: PieceWorkers | None = None) -> None:
    """Function vector scores over the tasks that the model does. Raises Cancelled, and what workers raise."""
    if "vectors of" in kept:
        return
    with stage(0.0, 0.1):
        results = screened(model, chosen_tasks(None), SHOTS, seed, kept, workers)
    done = [task for task, result in results if not result.why]
    with stage(0.1, 1.0):
        if done:
            vectors_of(model, done, SHOTS, PROMPTS, seed, kept, workers)
    left = [[result.title, result.why] for _, result in results if result.why]
    kept.keep({"vectors of": [task.name for task in done], "left out": left})


def kept_vectors(kept: KeptResults) -> FunctionVectorScores | None:
    """None where there are none: they were not measured, or the model does no task."""
    names = tuple(kept["vectors of"]) if "vectors of" in kept else ()
    if not names:
        return None
    of_tasks = [kept[f"function vectors {name}"] for name in names]
    effects, turned = (np.array([each[which] for each in of_tasks]) for which in (0, 1))
    return FunctionVectorScores(names, effects, turned)


def tasks_of_vectors(model: Model, corpus: Tensor, seed: int = 0) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """Over which few-shot tasks function vectors were scored, and which were left out, with why; None where none were
    scored yet."""
    return tasks_told(_kept(model, corpus, seed))


def tasks_told(kept: KeptResults) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """The same of what was kept."""
    if "vectors of" not in kept:
        return None
    return tuple(kept["vectors of"]), tuple(f"{title} ({why})" for title, why in kept["left out"])


def corpus_of(model: Model, path: str | None, pieces: int) -> tuple[Tensor, str]:
    """The corpus of a model, and what it is, in words: ids [rows, position] of text, pixels of pictures. path: of texts
    or of a folder of pictures; None: bundled ones. pieces: at most so many. Raises InputError."""
    if model.is_text:
        text, what = bundled_text(model) if path is None else (text_of(path), path)
        return windows(model, text, pieces), what
    if path is None:
        folder = resources.files("resources") / "samples"
        paths = sorted(
            str(each) for name in ("photos", "shapes") for each in (folder / name).iterdir() if is_picture(each.name)
        )
    else:
        paths = pictures_in(path)[0] if Path(path).is_dir() else [path]
    return torch.cat([model.side(each).tensor for each in paths[:pieces]]), PHOTOS if path is None else path
