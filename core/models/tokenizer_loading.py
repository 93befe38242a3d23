"""The tokenizer that a library reads from a model's folder or from the Hub."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.errors import ModelError

TOKENIZERS = ("tokenizer*", "vocab*", "merges.txt", "spiece.model", "*.bpe.model", "*.tiktoken", "tekken.json")
NO_TOKENIZER = "It has no tokenizer: it takes token ids, not text."


def at_revision(name: str) -> tuple[str, str]:
    """The id and the revision in a Hub model's name: `ID@REVISION` for a branch or tag, else the newest there is."""
    hub_id, _, revision = name.partition("@")
    return hub_id, revision or "main"


def tokenizer_of(path: str, *, local: bool) -> Any:
    """The tokenizer of a folder or Hub id; None where there is none. Raises ModelError for one that lacks its
    vocabulary."""
    import transformers

    if local and not any(any(Path(path).glob(pattern)) for pattern in TOKENIZERS):
        return None
    path, revision = (path, "main") if local else at_revision(path)
    options = {"trust_remote_code": False, "local_files_only": local, "revision": revision}
    tokenizer = transformers.AutoTokenizer.from_pretrained(path, **options)
    if len(tokenizer) > len(tokenizer.all_special_ids):
        return tokenizer
    if not local:  # the library makes an empty one where there are no files
        return None
    raise ModelError(
        f"The tokenizer in {path} has no vocabulary.",
        "Get its files (tokenizer.json) again; without any tokenizer file the model opens too, and takes token ids.",
    )
