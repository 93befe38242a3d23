"""The tokenizer of a bundled model, read from its tokenizer.json without the library around it.

What prompts and labels need is here; for anything else the library's own class is made from the same folder, so that a
notebook finds all that it knows.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer


class TokenFile:
    """Speaks as the library's tokenizers do. folder: with tokenizer.json and tokenizer_config.json."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        config = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
        self.model_max_length = int(config["model_max_length"])

        def number(name: str) -> int | None:
            token = config.get(name)
            return None if token is None else self._tokenizer.token_to_id(token)

        self.eos_token_id, self.pad_token_id = number("eos_token"), number("pad_token")
        self.bos_token_id, self.unk_token_id = number("bos_token"), number("unk_token")
        special = (self.bos_token_id, self.eos_token_id, self.unk_token_id, self.pad_token_id)
        self.all_special_ids = list(dict.fromkeys(token for token in special if token is not None))

    def __call__(self, text: str, *, add_special_tokens: bool = True, verbose: bool = True, **more: Any) -> Any:
        if more or not isinstance(text, str):
            return self.library(text, add_special_tokens=add_special_tokens, verbose=verbose, **more)
        return {"input_ids": self.encode(text, add_special_tokens=add_special_tokens)}

    def __len__(self) -> int:
        return int(self._tokenizer.get_vocab_size())

    def encode(self, text: str, *, add_special_tokens: bool = True) -> list[int]:
        return list(self._tokenizer.encode(text, add_special_tokens=add_special_tokens).ids)

    def decode(
        self, ids: int | Sequence[int], skip_special_tokens: bool = False, clean_up_tokenization_spaces: bool = False
    ) -> str:
        if clean_up_tokenization_spaces:
            tidied: str = self.library.decode(ids, skip_special_tokens, clean_up_tokenization_spaces)
            return tidied
        text: str = self._tokenizer.decode(
            [ids] if isinstance(ids, int) else list(ids), skip_special_tokens=skip_special_tokens
        )
        return text

    def convert_ids_to_tokens(self, ids: int | Sequence[int]) -> Any:
        if isinstance(ids, int):
            return self._tokenizer.id_to_token(ids)
        return [self._tokenizer.id_to_token(token) for token in ids]

    def convert_tokens_to_ids(self, tokens: str | Sequence[str]) -> Any:
        """The number of a token's name, or of each of several; the unknown token's for a name that there is not."""
        if not isinstance(tokens, str):
            return [self.convert_tokens_to_ids(token) for token in tokens]
        number = self._tokenizer.token_to_id(tokens)
        return self.unk_token_id if number is None else number

    @property
    def backend_tokenizer(self) -> Tokenizer:
        """What the library's own calls so."""
        return self._tokenizer

    @cached_property
    def library(self) -> Any:
        """The library's own tokenizer of this folder."""
        from transformers import AutoTokenizer

        return AutoTokenizer.from_pretrained(str(self._folder), local_files_only=True)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self.library, name)
