"""Identities of a model's heads over a corpus, kept on disk by the model's weights and the corpus."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor

from core.heads.identity import TESTS, HeadIdentities, head_identities
from core.models.fingerprint import weights_hash
from core.models.model import Model
from core.studies.corpus import GENERATED_PERIOD, generated_words
from core.studies.kept_results import KeptResults, digest_of, studies_folder

TABLES = ("generated", "corpus", "covers", "rare", "rare_corpus")


def identities_over(model: Model, corpus: Tensor, seed: int = 0) -> HeadIdentities:
    """Those kept, or made now. Raises InputError, Cancelled."""
    digest = digest_of("heads", weights_hash(model.adapter.module), corpus.tolist(), seed, [t.name for t in TESTS])
    kept = KeptResults(digest, studies_folder())
    if "identities" not in kept:
        words = generated_words(model)
        given: dict[str, Any] = {"period": GENERATED_PERIOD, "tokens": words} if words else {}
        made = head_identities(model, corpus, seed, **given)
        kept.keep({"identities": {name: getattr(made, name).tolist() for name in TABLES} | {"heads": made.heads}})
    values = kept["identities"]
    tables = {name: np.array(values[name], dtype=np.float64) for name in TABLES}
    return HeadIdentities(TESTS[: len(tables["generated"])], tuple(values["heads"]), rows=len(corpus), **tables)
