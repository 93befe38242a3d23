"""The running text that studies of language models read: the user's, or the bundled one, cut into windows."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from random import Random
from typing import Any

import torch
from torch import Tensor

from core.errors import InputError
from core.heads.generated import check_text_model, start_of
from core.inputs.generators import filler, induction
from core.models.model import Model
from core.text_files import read_text

ENDINGS = (".txt", ".md", ".rst", ".text")
LONGEST, SHORTEST = 256, 24  # tokens of a window
GENERATED = 900  # sentences for a model that knows generated English alone
KNOWS_GENERATED = "bundled:names"
GENERATED_PERIOD = 9  # tokens that come again, of that model


def text_of(path: str | Path) -> str:
    """The text of a file, or of the text files of a folder one after the other. Raises InputError."""
    place = Path(path)
    if not place.is_dir():
        return read_text(place)
    files = sorted(file for file in place.rglob("*") if file.suffix.lower() in ENDINGS and file.is_file())
    if not files:
        raise InputError(f"{place} holds no text files.", f"Give a folder with some ({', '.join(ENDINGS)}), or a file.")
    return "\n\n".join(read_text(file) for file in files)


def bundled_text(model: Model) -> tuple[str, str]:
    """The text for a model whose user gives none, and what it is, in words."""
    if model.name == KNOWS_GENERATED:
        rng = Random("corpus")
        sentences = [filler.sample(rng) for _ in range(GENERATED)]
        return " ".join(sentences), "sentences as the model was trained on, of another seed"
    text = (resources.files("resources") / "text" / "guides.txt").read_text(encoding="utf-8")
    return text, "the guides of Wirescope"


def generated_words(model: Model) -> tuple[int, ...]:
    """The words of a model that knows generated English alone: what its random tokens are drawn from. Of other models
    none."""
    if model.name != KNOWS_GENERATED or model.tokenizer is None:
        return ()
    encoded = [model.tokenizer(f" {word}", add_special_tokens=False)["input_ids"] for word in induction.WORDS]
    return tuple(sorted({ids[0] for ids in encoded if len(ids) == 1}))


def generated_options(model: Model) -> dict[str, Any]:
    """What `core.heads.identity.generated_tests` is told of a model that knows generated English alone; of other models
    nothing."""
    words = generated_words(model)
    return {"period": GENERATED_PERIOD, "tokens": words} if words else {}


def windows(model: Model, text: str, count: int, length: int = LONGEST) -> Tensor:
    """Pieces of a text that do not overlap, evenly spread over it: ids [count, positions], each with what the tokenizer
    puts before a text. length: of a piece with that, fewer tokens where the model takes no more or the text is short.
    Raises InputError for one that is too short, and for a model without a tokenizer."""
    check_text_model(model)
    tokenizer: Any = model.tokenizer
    if tokenizer is None:
        raise InputError(f"{model.title} has no tokenizer, so that text means nothing to it.", "Open one that has.")
    ids = list(tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"])
    begin = list(start_of(model))
    length = min(length, model.adapter.context_length or length, len(begin) + len(ids) // count)
    size = length - len(begin)
    if size < SHORTEST:
        raise InputError(
            f"The text is too short: it has {len(ids):,} tokens, and {count} pieces of {SHORTEST} or more are needed.",
            f"Give one of at least {count * SHORTEST:,} tokens, better {count * LONGEST:,}.",
        )
    step = (len(ids) - size) // max(count - 1, 1)
    rows = [begin + ids[number * step : number * step + size] for number in range(count)]
    return torch.tensor(rows, device=model.adapter.device)
