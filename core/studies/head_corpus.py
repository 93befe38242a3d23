"""Identities of a model's heads over a corpus, kept on disk by the model's weights and the corpus."""

from __future__ import annotations

import hashlib
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from core.heads.identity import TESTS, HeadIdentities, HeadTest, head_identities
from core.heads.picture_identity import PICTURE_TESTS, picture_identities
from core.inputs.few_shot import chosen_tasks
from core.inputs.picture_folder import is_picture, pictures_in
from core.models.fingerprint import weights_hash
from core.models.model import Model
from core.progress import stage
from core.studies.corpus import GENERATED_PERIOD, bundled_text, generated_words, text_of, windows
from core.studies.few_shot import screened, vectors_of
from core.studies.kept_results import KeptResults, digest_of, studies_folder

SHOTS, PROMPTS = 5, 4  # of few-shot prompts: examples in each, and how many of a task
PIECES = 12  # of a corpus, where nobody says otherwise
PHOTOS = "the bundled pictures"
TABLES = ("generated", "corpus", "covers", "rare", "rare_corpus")


def identities_over(model: Model, corpus: Tensor, seed: int = 0, *, function_vectors: bool = False) -> HeadIdentities:
    """Those kept, or made now. function_vectors: whether heads of text are also scored over few-shot tasks, which takes
    minutes of a model of a hundred million weights. Raises InputError, Cancelled."""
    kept = _kept(model, corpus, seed, function_vectors)
    if "identities" not in kept:
        made = _made(model, corpus, seed, kept if function_vectors else None)
        asked = [test.name for test in made.tests]
        tables = {name: getattr(made, name).tolist() for name in TABLES}
        kept.keep({"identities": tables | {"heads": made.heads, "tests": asked}})
    return _read(model, corpus, kept)


def kept_identities(model: Model, corpus: Tensor, seed: int = 0) -> HeadIdentities | None:
    """Those that were made before, without function vectors; None where there are none."""
    kept = _kept(model, corpus, seed, False)
    return _read(model, corpus, kept) if "identities" in kept else None


def _kept(model: Model, corpus: Tensor, seed: int, function_vectors: bool) -> KeptResults:
    plain = corpus.float() if corpus.is_floating_point() else corpus  # numpy has no bf16
    content = hashlib.sha256(plain.cpu().contiguous().numpy().tobytes()).hexdigest()
    names = [test.name for test in _tests(model)]
    digest = digest_of(
        "heads", weights_hash(model.adapter.module), content, list(corpus.shape), seed, names, function_vectors
    )
    return KeptResults(digest, studies_folder())


def _read(model: Model, corpus: Tensor, kept: KeptResults) -> HeadIdentities:
    values = kept["identities"]
    read = {name: np.array(values[name], dtype=np.float64) for name in TABLES}
    asked = tuple(test for test in _tests(model) if test.name in values["tests"])
    return HeadIdentities(asked, tuple(values["heads"]), rows=len(corpus), **read)


def _tests(model: Model) -> tuple[HeadTest, ...]:
    return TESTS if model.is_text else PICTURE_TESTS


def _made(model: Model, corpus: Tensor, seed: int, kept: KeptResults | None) -> HeadIdentities:
    """kept: where function vector scores are wanted."""
    if not model.is_text:
        return picture_identities(model, corpus, seed)
    vectors = None
    if kept is not None:
        with stage(0.0, 0.6):
            done = [task for task, result in screened(model, chosen_tasks(None), SHOTS, seed, kept) if not result.why]
            vectors = vectors_of(model, done, SHOTS, PROMPTS, seed, kept) if done else None
    words = generated_words(model)
    given: dict[str, Any] = {"period": GENERATED_PERIOD, "tokens": words} if words else {}
    with stage(0.6 if kept else 0.0, 1.0):
        return head_identities(model, corpus, seed, vectors=vectors, **given)


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
