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


def test_another_version_is_another_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """The packages that its results rest on are not in the hash of the code."""
    present = kept_results.digest_of("heads", 1)
    assert kept_results.digest_of("heads", 1) == present
    monkeypatch.setattr(kept_results, "program_version", lambda: "another")
    assert kept_results.digest_of("heads", 1) != present


def test_what_is_new_is_a_line_more_and_what_is_replaced_is_there_once(tmp_path: Path) -> None:
    file = tmp_path / "key.jsonl"
    kept = kept_results.KeptResults("key", tmp_path)
    kept.keep({"a": [1.5], "b": None})
    first = file.read_bytes()
    kept["c"] = {"d": 0.1}
    assert file.read_bytes().startswith(first)
    assert file.read_text().count("\n") == 3
    kept["c"] = float("nan")
    again = kept_results.KeptResults("key", tmp_path)
    assert (again["a"], again["b"]) == ([1.5], None)
    assert again["c"] != again["c"]
    assert file.read_text().count('"c"') == 1
    fresh = kept_results.KeptResults("key", tmp_path, fresh=True)
    assert "a" not in fresh
    fresh["e"] = 2
    assert file.read_text() == '{"e": 2}\n'
    file.write_text('[1]\n{"e": 2}\n7\n\ud800'.encode("utf-8", "replace").decode())
    damaged = kept_results.KeptResults("key", tmp_path)
    assert damaged["e"] == 2
    damaged["f"] = 3
    assert file.read_text() == '{"e": 2}\n{"f": 3}\n'
    (tmp_path / "folder.jsonl").mkdir()
    elsewhere = kept_results.KeptResults("folder", tmp_path)
    elsewhere["a"] = 1  # it cannot be written, and is kept until the program ends
    assert elsewhere["a"] == 1
