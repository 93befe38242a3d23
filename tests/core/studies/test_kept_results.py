"""What is kept of a study is found by all that it depends on: the weights, the tokenizer, and the code."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from tokenizers import Tokenizer, models
from tokenizers.pre_tokenizers import Whitespace

import wirescope as ws
from core.models.fingerprint import tokenizer_hash
from core.models.token_file import TokenFile
from core.studies import kept_results


def tokenizer(before: Whitespace | None = None) -> Tokenizer:
    """Of the same three tokens, whatever cuts texts before."""
    made = Tokenizer(models.WordLevel({"[UNK]": 0, "a": 1, "b": 2}, unk_token="[UNK]"))
    if before is not None:
        made.pre_tokenizer = before
    return made


def test_another_tokenizer_is_another_key() -> None:
    plain, split, none = (
        tokenizer_hash(None if rules is None else SimpleNamespace(backend_tokenizer=rules, all_special_ids=[0]))
        for rules in (tokenizer(), tokenizer(Whitespace()), None)
    )
    assert len({plain, split, none}) == 3
    own = ws.load_model("bundled:names").tokenizer
    assert isinstance(own, TokenFile)
    assert tokenizer_hash(own) == tokenizer_hash(own)
    assert "library" not in vars(own)  # it takes seconds to load


def test_other_code_is_another_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    present = kept_results.digest_of("heads", 1)
    for name in kept_results.COMPUTED_BY:
        (tmp_path / name).mkdir()
    (tmp_path / "heads" / "copying.py").write_text("TOP = 5\n", encoding="utf-8")
    monkeypatch.setattr(kept_results, "ROOT", tmp_path)
    digests = [present]
    for source in ("TOP = 5\n", "TOP = 6\n"):
        (tmp_path / "heads" / "copying.py").write_text(source, encoding="utf-8")
        kept_results.sources_hash.cache_clear()
        digests.append(kept_results.digest_of("heads", 1))
    kept_results.sources_hash.cache_clear()
    assert len(set(digests)) == 3
